"""Ledger: versions of the documents a Client accepts, who accepted which, and what proves its authority."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.terms import AUTHORITY_TYPES, Acceptance, Document
from konectus.store.base import Base
from konectus.store.columns import Id, one_of, to_tenant_row

LEDGER = {"schema": "ledger"}


class DocumentVersion(Base):
    """A version of Terms, Privacy Policy or DPA. Spanish prevails (Terms 18); immutable once published (trigger)."""

    __tablename__ = "document_version"
    __table_args__ = (
        UniqueConstraint("document", "version"),
        one_of("document", Document),
        CheckConstraint("published_at is null or effective_at is not null", name="effective"),
        LEDGER,
    )

    id: Mapped[Id]
    document: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)
    body_es: Mapped[str]
    body_en: Mapped[str | None]
    sha256_es: Mapped[bytes] = mapped_column(LargeBinary)
    is_material: Mapped[bool] = mapped_column(Boolean)
    published_at: Mapped[datetime | None]
    effective_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class DocumentAcceptance(Base):
    """What a Client was shown and what it answered (Terms 1): version, language, person, address, instant."""

    __tablename__ = "document_acceptance"
    __table_args__ = (
        to_tenant_row("user_id", "ledger.authorized_user"),
        one_of("outcome", Acceptance),
        one_of("language", ("es", "en")),
        LEDGER,
    )

    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), primary_key=True)
    document_version_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.document_version.id"), primary_key=True)
    user_id: Mapped[UUID | None]
    language: Mapped[str]
    shown_at: Mapped[datetime]
    binds_from: Mapped[datetime | None]
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    ip: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)


class AuthorityDocument(Base):
    """What proves that a person may bind its entity (Terms 5.1), sealed under a key of the ledger.

    It belongs to the contract and not to Client Content: an erasure of the Client leaves it.
    """

    __tablename__ = "authority_document"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("user_id", "ledger.authorized_user"),
        one_of("media_type", AUTHORITY_TYPES),
        CheckConstraint("size_bytes > 0", name="size_bytes"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    user_id: Mapped[UUID]
    # Opened for the Client's owners and for the staff's legal role, which have that key; not marked as sealed, since
    # the mark speaks of the Client's own key.
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_at: Mapped[datetime]
    # Taken back by an owner before anybody decided.
    withdrawn_at: Mapped[datetime | None]
