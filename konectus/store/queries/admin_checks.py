"""Runs of jobs and versions of documents as the staff see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from konectus.store.models.clients import Client
from konectus.store.models.documents import DocumentAcceptance, DocumentVersion


@dataclass(frozen=True, slots=True)
class Run:
    """How a job fares: its newest slot, when it last ended well, what went wrong last."""

    job: str
    slot: datetime
    worker: str
    finished_at: datetime | None
    error: str | None
    succeeded_at: datetime | None
    failed: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a document, without its text. `accepted`: how many Clients it binds."""

    id: UUID
    document: str
    version: int
    sha256_es: bytes
    is_material: bool
    has_english: bool
    published_at: datetime | None
    effective_at: datetime | None
    withdrawn_at: datetime | None
    accepted: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a Client was shown of a document and what it answered."""

    client_id: UUID
    trade_name: str
    document_version_id: UUID
    document: str
    version: int
    language: str
    shown_at: datetime
    binds_from: datetime | None
    outcome: str | None
    outcome_at: datetime | None


def runs(session: Session) -> list[Run]:
    """The newest slot of every job, by name; failures of the slots that are kept."""
    found = session.execute(
        text(
            "select distinct on (s.job) s.job, s.slot, s.worker, s.finished_at, s.error,"
            " (select max(o.finished_at) from platform.job_slot o where o.job = s.job and o.error is null),"
            " (select count(*) from platform.job_slot f where f.job = s.job and f.error is not null)"
            " from platform.job_slot s order by s.job, s.slot desc"
        )
    )
    return [Run(*row) for row in found]


def versions(session: Session, document_version_id: UUID | None = None) -> list[Version]:
    """Newest of each document first; one where an id is given."""
    accepted = (
        select(func.count())
        .where(DocumentAcceptance.document_version_id == DocumentVersion.id, DocumentAcceptance.outcome.is_not(None))
        .scalar_subquery()
    )
    statement = select(
        DocumentVersion.id,
        DocumentVersion.document,
        DocumentVersion.version,
        DocumentVersion.sha256_es,
        DocumentVersion.is_material,
        DocumentVersion.body_en.is_not(None),
        DocumentVersion.published_at,
        DocumentVersion.effective_at,
        DocumentVersion.withdrawn_at,
        accepted,
    ).order_by(DocumentVersion.document.desc(), DocumentVersion.version.desc())
    if document_version_id is not None:
        statement = statement.where(DocumentVersion.id == document_version_id)
    return [Version(*row) for row in session.execute(statement)]


def text_of(session: Session, document_version_id: UUID) -> str | None:
    """The Spanish text, which prevails (Terms 18)."""
    return session.scalar(select(DocumentVersion.body_es).where(DocumentVersion.id == document_version_id))


def accepted(
    session: Session, *, client_id: UUID | None = None, version_id: UUID | None = None, most: int
) -> list[Accepted]:
    """Who was shown what, the latest first."""
    statement = (
        select(
            DocumentAcceptance.client_id,
            Client.trade_name,
            DocumentVersion.id,
            DocumentVersion.document,
            DocumentVersion.version,
            DocumentAcceptance.language,
            DocumentAcceptance.shown_at,
            DocumentAcceptance.binds_from,
            DocumentAcceptance.outcome,
            DocumentAcceptance.outcome_at,
        )
        .join(DocumentVersion, DocumentVersion.id == DocumentAcceptance.document_version_id)
        .join(Client, Client.id == DocumentAcceptance.client_id)
        .order_by(DocumentAcceptance.shown_at.desc())
        .limit(most)
    )
    if client_id is not None:
        statement = statement.where(DocumentAcceptance.client_id == client_id)
    if version_id is not None:
        statement = statement.where(DocumentAcceptance.document_version_id == version_id)
    found: Iterable[Any] = session.execute(statement)
    return [Accepted(*row) for row in found]
