"""Rows of a Client as they are shown in a dispute: its Suspensions and the documents it accepted, whole."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.store.models.clients import Suspension
from konectus.store.models.documents import DocumentAcceptance, DocumentVersion
from konectus.store.models.identity import AuthorizedUser


@dataclass(frozen=True, slots=True)
class ShownSuspension:
    cause: str
    clause: str
    subject: str
    opened_at: datetime
    reason: str
    lifted_at: datetime | None
    lift_reason: str | None
    notice_id: UUID | None


@dataclass(frozen=True, slots=True)
class ShownAcceptance:
    """`sha256_es` is of the Spanish text, which prevails."""

    document: str
    version: int
    sha256_es: bytes
    language: str
    shown_at: datetime
    binds_from: datetime | None
    outcome: str | None
    outcome_at: datetime | None
    person: str | None
    email: str | None
    ip: str | None


def suspensions(session: Session, client_id: UUID, most: int) -> list[ShownSuspension]:
    """Newest first."""
    rows = session.execute(
        select(
            Suspension.cause,
            Suspension.clause,
            Suspension.subject_ref,
            Suspension.opened_at,
            Suspension.reason,
            Suspension.lifted_at,
            Suspension.lift_reason,
            Suspension.notice_id,
        )
        .where(Suspension.client_id == client_id)
        .order_by(Suspension.opened_at.desc(), Suspension.id)
        .limit(most)
    )
    return [ShownSuspension(*row) for row in rows]


def acceptances(session: Session, client_id: UUID, most: int) -> list[ShownAcceptance]:
    """Newest first; who accepted is named as they are now."""
    rows = session.execute(
        select(
            DocumentVersion.document,
            DocumentVersion.version,
            DocumentVersion.sha256_es,
            DocumentAcceptance.language,
            DocumentAcceptance.shown_at,
            DocumentAcceptance.binds_from,
            DocumentAcceptance.outcome,
            DocumentAcceptance.outcome_at,
            AuthorizedUser.name,
            AuthorizedUser.email,
            DocumentAcceptance.ip,
        )
        .join(DocumentVersion, DocumentVersion.id == DocumentAcceptance.document_version_id)
        .outerjoin(AuthorizedUser, AuthorizedUser.id == DocumentAcceptance.user_id)
        .where(DocumentAcceptance.client_id == client_id)
        .order_by(DocumentAcceptance.shown_at.desc(), DocumentVersion.id)
        .limit(most)
    )
    return [ShownAcceptance(*row) for row in rows]
