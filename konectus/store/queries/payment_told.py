"""Reads of what payment providers told us, as it came: events, other bodies under their ids. Not what was booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from konectus.store.models.clients import Client
from konectus.store.models.payments import PaymentEvent, PaymentEventOther


@dataclass(frozen=True, slots=True)
class Told:
    """One event; `trade_name` is None where it names no Client."""

    id: UUID
    provider: str
    event_id: str
    client_id: UUID | None
    trade_name: str | None
    received_at: datetime
    outcome: str
    body_sha256: bytes
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Other:
    """Another body that came under the id of an event."""

    received_at: datetime
    body_sha256: bytes
    raw: Mapping[str, Any]


def event(session: Session, provider: str, event_id: str) -> Told:
    """One that is known."""
    named = (PaymentEvent.provider == provider, PaymentEvent.event_id == event_id)
    return Told(*session.execute(_told().where(*named)).one())


def by_id(session: Session, row_id: UUID) -> Told | None:
    row = session.execute(_told().where(PaymentEvent.id == row_id)).one_or_none()
    return Told(*row) if row else None


def events(session: Session, *, outcome: str = "", term: str = "", after: UUID | None = None, most: int) -> list[Told]:
    """The newest first; `term` is how an event's id begins."""
    statement = _told().order_by(PaymentEvent.id.desc()).limit(most)
    if outcome:
        statement = statement.where(PaymentEvent.outcome == outcome)
    if term:
        statement = statement.where(PaymentEvent.event_id.startswith(term, autoescape=True))
    if after is not None:
        statement = statement.where(PaymentEvent.id < after)
    return [Told(*row) for row in session.execute(statement)]


def others(session: Session, row_id: UUID, most: int = 20) -> list[Other]:
    """In the order in which they came."""
    columns = (PaymentEventOther.received_at, PaymentEventOther.body_sha256, PaymentEventOther.raw)
    rows = session.execute(
        select(*columns).where(PaymentEventOther.event == row_id).order_by(PaymentEventOther.id).limit(most)
    )
    return [Other(*row) for row in rows]


def _told() -> Select[*tuple[Any, ...]]:
    named = (PaymentEvent.id, PaymentEvent.provider, PaymentEvent.event_id, PaymentEvent.client_id, Client.trade_name)
    what = (PaymentEvent.received_at, PaymentEvent.outcome, PaymentEvent.body_sha256, PaymentEvent.raw)
    return select(*named, *what).outerjoin(Client, Client.id == PaymentEvent.client_id)
