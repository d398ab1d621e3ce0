"""Reads for the papers in an archive: invoices, texts a Client accepted, proofs of its authority. Rows: archive."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from konectus.domain.money import InvoiceStatus
from konectus.domain.terms import Document
from konectus.store.models.billing import Invoice
from konectus.store.models.documents import AuthorityDocument, DocumentAcceptance, DocumentVersion


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice that was issued."""

    id: UUID
    number: str
    issued_at: datetime
    total_cents: int
    status: InvoiceStatus


@dataclass(frozen=True, slots=True)
class Text:
    """A version of a document without its text; `sha256` is of the Spanish one, which prevails (Terms 18)."""

    id: UUID
    document: Document
    version: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """A paper of authority, sealed under a key of the ledger."""

    id: UUID
    media_type: str
    content_sealed: bytes


def bills(session: Session, client_id: UUID, after: str | None, limit: int) -> list[Bill]:
    """In the order of their ids, behind one of them."""
    statement = select(Invoice.id, Invoice.number, Invoice.issued_at, Invoice.total_cents, Invoice.status).where(
        Invoice.client_id == client_id, Invoice.status != InvoiceStatus.DRAFT
    )
    if after is not None:
        statement = statement.where(Invoice.id > UUID(after))
    rows = session.execute(statement.order_by(Invoice.id).limit(limit))
    return [Bill(row.id, row.number, row.issued_at, row.total_cents, InvoiceStatus(row.status)) for row in rows]


def texts(session: Session, client_id: UUID) -> list[Text]:
    """Every version that the Client was shown and answered, by document and number."""
    answered = select(DocumentAcceptance.document_version_id).where(
        DocumentAcceptance.client_id == client_id, DocumentAcceptance.outcome.is_not(None)
    )
    found = session.execute(_TEXTS.where(DocumentVersion.id.in_(answered)))
    return [Text(row.id, Document(row.document), row.version, row.sha256_es) for row in found]


def text_of(session: Session, version_id: UUID) -> Text:
    row = session.execute(_TEXTS.where(DocumentVersion.id == version_id)).one()
    return Text(row.id, Document(row.document), row.version, row.sha256_es)


def bodies(session: Session, version_id: UUID) -> tuple[str, str | None]:
    """The text in Spanish, and in English where there is one."""
    statement = select(DocumentVersion.body_es, DocumentVersion.body_en).where(DocumentVersion.id == version_id)
    row = session.execute(statement).one()
    return row.body_es, row.body_en


def proofs(session: Session, client_id: UUID, after: str | None, limit: int) -> list[Proof]:
    """In the order of their ids, without those that were taken back."""
    statement = select(AuthorityDocument.id, AuthorityDocument.media_type, AuthorityDocument.content_sealed).where(
        AuthorityDocument.client_id == client_id, AuthorityDocument.withdrawn_at.is_(None)
    )
    if after is not None:
        statement = statement.where(AuthorityDocument.id > UUID(after))
    rows = session.execute(statement.order_by(AuthorityDocument.id).limit(limit))
    return [Proof(row.id, row.media_type, row.content_sealed) for row in rows]


_TEXTS: Select[UUID, str, int, bytes] = select(
    DocumentVersion.id, DocumentVersion.document, DocumentVersion.version, DocumentVersion.sha256_es
).order_by(DocumentVersion.document, DocumentVersion.version)
