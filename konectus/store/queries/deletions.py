"""Data-deletion requests of people who granted Connectors, and logins at Meta that name them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from konectus.store.models.compliance import DataDeletionRequest as Request
from konectus.store.models.connectors import Consent


@dataclass(frozen=True, slots=True)
class Deletion:
    """A call as it is written down."""

    id: UUID
    code: str
    app: str
    person_hash: bytes
    issued_at: datetime


class Stand(NamedTuple):
    """How a request stands."""

    requested_at: datetime
    finished_at: datetime | None
    outcome: str | None
    connectors: int


def add(session: Session, new: Deletion, now: datetime, connectors: int) -> str:
    """Write the request down; its code, which is the first one's where this very call was here before."""
    values: dict[str, Any] = {
        "id": new.id,
        "code": new.code,
        "app": new.app,
        "person_hash": new.person_hash,
        "issued_at": new.issued_at,
        "requested_at": now,
        "connectors": connectors,
    }
    session.execute(insert(Request).values(values).on_conflict_do_nothing())
    code: str = session.execute(
        select(Request.code).where(
            Request.app == new.app, Request.person_hash == new.person_hash, Request.issued_at == new.issued_at
        )
    ).scalar_one()
    return code


def is_open(session: Session, person_hash: bytes) -> bool:
    found = select(Request.id).where(Request.person_hash == person_hash, Request.finished_at.is_(None)).limit(1)
    return session.scalar(found) is not None


def finish(session: Session, person_hash: bytes, now: datetime, outcome: str) -> None:
    session.execute(
        update(Request)
        .where(Request.person_hash == person_hash, Request.finished_at.is_(None))
        .values(finished_at=now, outcome=outcome)
    )


def by_code(session: Session, code: str) -> Stand | None:
    row = session.execute(
        select(Request.requested_at, Request.finished_at, Request.outcome, Request.connectors).where(
            Request.code == code
        )
    ).one_or_none()
    return row and Stand(*row)


def forget_consents(session: Session, person_hash: bytes) -> None:
    """Logins of this person that wait for a choice are gone with their tokens."""
    session.execute(delete(Consent).where(Consent.granted_by_hash == person_hash))
