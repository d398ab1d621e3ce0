"""Reads of document versions and of what a Client accepted. Who may accept is decided in services.documents."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from konectus.domain.terms import ACCEPTED, Document
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client
from konectus.store.models.documents import DocumentAcceptance, DocumentVersion
from konectus.store.models.identity import AuthorizedUser

AUTHORITY_REQUESTED = "client.authority_requested"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a document, published; `body_es` prevails and `sha256_es` is its hash (Terms 18)."""

    id: UUID
    document: Document
    version: int
    body_es: str
    body_en: str | None
    sha256_es: bytes
    is_material: bool
    published_at: datetime
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which version a Client accepted, who did it, when and in which language they read it."""

    document: Document
    version: int
    sha256_es: bytes
    outcome: str
    outcome_at: datetime
    language: str
    person: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Documents that the staff asked for (Terms 5.1)."""

    what: str
    at: datetime


def current(session: Session, document: Document, now: datetime) -> Version | None:
    """The version in force: the latest that is effective and was not withdrawn."""
    statement = _published(document).where(DocumentVersion.effective_at <= now)
    return _version(session, statement.order_by(DocumentVersion.version.desc()).limit(1))


def by_number(session: Session, document: Document, version: int) -> Version | None:
    return _version(session, _published(document).where(DocumentVersion.version == version))


def last_number(session: Session, document: Document) -> int:
    """The highest number given out, 0 where there is none."""
    statement = select(func.max(DocumentVersion.version)).where(DocumentVersion.document == document)
    return session.scalar(statement) or 0


def outcome(session: Session, client_id: UUID, version_id: UUID) -> str | None:
    """What a Client answered to a version."""
    return session.scalar(
        select(DocumentAcceptance.outcome).where(
            DocumentAcceptance.client_id == client_id, DocumentAcceptance.document_version_id == version_id
        )
    )


def accepted_before(session: Session, client_id: UUID, document: Document) -> bool:
    """Whether the Client ever accepted a version of it."""
    statement = (
        select(DocumentAcceptance.document_version_id)
        .join(DocumentVersion, DocumentVersion.id == DocumentAcceptance.document_version_id)
        .where(
            DocumentAcceptance.client_id == client_id,
            DocumentVersion.document == document,
            DocumentAcceptance.outcome.in_(ACCEPTED),
        )
    )
    return session.scalar(statement.limit(1)) is not None


def of_client(session: Session, client_id: UUID) -> list[Accepted]:
    """Everything a Client accepted, the latest first."""
    rows = session.execute(
        select(
            DocumentVersion.document,
            DocumentVersion.version,
            DocumentVersion.sha256_es,
            DocumentAcceptance.outcome,
            DocumentAcceptance.outcome_at,
            DocumentAcceptance.language,
            AuthorizedUser.name,
        )
        .join(DocumentVersion, DocumentVersion.id == DocumentAcceptance.document_version_id)
        .outerjoin(
            AuthorizedUser,
            (AuthorizedUser.client_id == DocumentAcceptance.client_id)
            & (AuthorizedUser.id == DocumentAcceptance.user_id),
        )
        .where(DocumentAcceptance.client_id == client_id, DocumentAcceptance.outcome.is_not(None))
        .order_by(DocumentAcceptance.outcome_at.desc(), DocumentVersion.version.desc())
    )
    return [
        Accepted(Document(row.document), row.version, row.sha256_es, outcome, at, row.language, row.name)
        for row in rows
        if (outcome := row.outcome) is not None and (at := row.outcome_at) is not None
    ]


def authority(session: Session, client_id: UUID) -> str:
    """How far the proof of authority is: declared, requested, verified or rejected (Terms 5.1)."""
    return session.scalars(select(Client.authority).where(Client.id == client_id)).one()


def asked_authority(session: Session, client_id: UUID) -> Asked | None:
    """What the staff asked for last, as the audit trail has it."""
    row = session.execute(
        select(AuditEntry.after, AuditEntry.at)
        .where(AuditEntry.client_id == client_id, AuditEntry.action == AUTHORITY_REQUESTED)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()
    return Asked(str(row.after.get("asked", "")), row.at) if row else None


def _published(document: Document) -> Select[DocumentVersion]:
    return select(DocumentVersion).where(
        DocumentVersion.document == document,
        DocumentVersion.published_at.is_not(None),
        DocumentVersion.withdrawn_at.is_(None),
    )


def _version(session: Session, statement: Select[DocumentVersion]) -> Version | None:
    row = session.scalar(statement)
    if row is None or row.published_at is None or row.effective_at is None:
        return None
    which = (row.id, Document(row.document), row.version, row.body_es, row.body_en, row.sha256_es)
    return Version(*which, row.is_material, row.published_at, row.effective_at)
