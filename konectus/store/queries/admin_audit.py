"""The audit trail as the staff read it: newest first by its own number. Nobody writes through here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.orm import Session

from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with the name of its Client."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    action: str
    client_id: UUID | None
    client_name: str | None
    reason: str | None
    subject_kind: str
    subject_id: str
    ip: str | None
    request_id: str | None
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to narrow the trail to; empty = everything. `before` is the last number of the page before."""

    client_id: UUID | None = None
    action: str = ""
    actor: str = ""
    before: int | None = None


def entries(session: Session, asked: Asked, most: int) -> list[Entry]:
    statement = _entry().order_by(AuditEntry.id.desc()).limit(most)
    if asked.client_id is not None:
        statement = statement.where(AuditEntry.client_id == asked.client_id)
    if asked.action:
        statement = statement.where(AuditEntry.action == asked.action)
    if asked.actor:
        statement = statement.where(AuditEntry.actor_id == asked.actor)
    if asked.before is not None:
        statement = statement.where(AuditEntry.id < asked.before)
    return [Entry(*row) for row in session.execute(statement)]


def entry(session: Session, number: int) -> Entry | None:
    row = session.execute(_entry().where(AuditEntry.id == number)).one_or_none()
    return Entry(*row) if row else None


def opening(session: Session, suspension_id: UUID, client_id: UUID) -> Entry | None:
    """The entry that recorded the opening of a Suspension, with what it did."""
    statement = _entry().where(
        AuditEntry.client_id == client_id,
        AuditEntry.action == "suspension.opened",
        AuditEntry.subject_id == str(suspension_id),
    )
    row = session.execute(statement).one_or_none()
    return Entry(*row) if row else None


def _entry() -> Select[*tuple[Any, ...]]:
    who = (AuditEntry.id, AuditEntry.at, AuditEntry.actor_kind, AuditEntry.actor_id, AuditEntry.actor_name)
    what = (AuditEntry.action, AuditEntry.client_id, Client.trade_name, AuditEntry.reason)
    where = (AuditEntry.subject_kind, AuditEntry.subject_id, AuditEntry.ip, AuditEntry.request_id)
    columns = (*who, *what, *where, AuditEntry.before, AuditEntry.after)
    return select(*columns).outerjoin(Client, Client.id == AuditEntry.client_id)


@dataclass(frozen=True, slots=True)
class Alone:
    """One kind of thing that one person of the staff did to one Client since then."""

    client_id: UUID
    staff_id: str
    action: str
    since: datetime


def cents_alone(session: Session, asked: Alone, limit: int) -> int:
    """What those came to together; each above the limit was done by two and does not count."""
    amount = cast(AuditEntry.after["amount_cents"].astext, BigInteger)
    done = select(func.coalesce(func.sum(amount), 0)).where(
        AuditEntry.client_id == asked.client_id,
        AuditEntry.actor_kind == "staff",
        AuditEntry.actor_id == asked.staff_id,
        AuditEntry.action == asked.action,
        AuditEntry.at > asked.since,
        amount <= limit,
    )
    return int(session.scalar(done) or 0)
