"""Rows of budgets and breakers: read under lock by the one who decides, and plain by those who only tell of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from konectus.domain import budgets
from konectus.domain.budgets import Breaker, Bucket, Budget, Level, Tally
from konectus.store.models.connectors import Connector
from konectus.store.models.limits import ConnectorPace, SendBudget


def lock_level(session: Session, scope_id: UUID, bucket: Bucket, budget: Budget, now: datetime) -> Level:
    """What the bucket holds, full where nobody has asked yet; locked until the transaction ends."""
    wanted = (
        select(SendBudget.tokens, SendBudget.at)
        .where(SendBudget.scope_id == scope_id, SendBudget.kind == bucket)
        .with_for_update()
    )
    row = session.execute(wanted).one_or_none()
    if row is None:
        fresh = budgets.full(budget, now)
        values = {"scope_id": scope_id, "kind": bucket, "tokens": fresh.tokens, "at": fresh.at}
        session.execute(insert(SendBudget).values(values).on_conflict_do_nothing())
        row = session.execute(wanted).one()
    return Level(row.tokens, row.at)


def keep_level(session: Session, scope_id: UUID, bucket: Bucket, level: Level) -> None:
    session.execute(
        update(SendBudget)
        .where(SendBudget.scope_id == scope_id, SendBudget.kind == bucket)
        .values(tokens=level.tokens, at=level.at)
    )


def forget_levels(session: Session, unused_since: datetime) -> None:
    """A bucket nobody asked for so long was full again long before."""
    session.execute(delete(SendBudget).where(SendBudget.at < unused_since))


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a Connector's channel, without a lock."""

    has_failures: bool
    usage: int | None


def standing(session: Session, connector_id: UUID, said_since: datetime) -> Standing:
    """Whether failures are being counted, and the usage the channel told of not earlier than `said_since`."""
    row = session.execute(
        select(ConnectorPace.tallies, ConnectorPace.usage, ConnectorPace.usage_at).where(
            ConnectorPace.connector_id == connector_id
        )
    ).one_or_none()
    if row is None:
        return Standing(has_failures=False, usage=None)
    is_fresh = row.usage_at is not None and row.usage_at >= said_since
    return Standing(has_failures=bool(row.tallies), usage=row.usage if is_fresh else None)


def lock_breaker(session: Session, client_id: UUID, connector_id: UUID) -> Breaker:
    """The Connector's breaker, closed where nothing has gone wrong yet; locked until the transaction ends."""
    fresh = {"client_id": client_id, "connector_id": connector_id, "tallies": [], "openings": 0, "is_probing": False}
    session.execute(insert(ConnectorPace).values(fresh).on_conflict_do_nothing())
    row = session.execute(
        select(ConnectorPace).where(ConnectorPace.connector_id == connector_id).with_for_update()
    ).scalar_one()
    tallies = tuple(Tally(datetime.fromisoformat(at), well, ill) for at, well, ill in row.tallies)
    return Breaker(tallies, row.open_until, row.openings, row.is_probing)


def keep_breaker(session: Session, connector_id: UUID, breaker: Breaker) -> None:
    session.execute(
        update(ConnectorPace)
        .where(ConnectorPace.connector_id == connector_id)
        .values(
            tallies=[[tally.at.isoformat(), tally.well, tally.ill] for tally in breaker.tallies],
            open_until=breaker.open_until,
            openings=breaker.openings,
            is_probing=breaker.is_probing,
        )
    )


def keep_usage(session: Session, client_id: UUID, connector_id: UUID, usage: int, now: datetime) -> None:
    said: dict[str, Any] = {"usage": usage, "usage_at": now}
    fresh = {"client_id": client_id, "connector_id": connector_id, "tallies": [], "openings": 0, "is_probing": False}
    statement = insert(ConnectorPace).values(**fresh, **said)
    session.execute(statement.on_conflict_do_update(index_elements=["connector_id"], set_=said))


def resting(session: Session, client_id: UUID, now: datetime) -> dict[UUID, datetime]:
    """The Client's Connectors whose channel does not answer, and when each is tried again; for the inbox's line."""
    rows = session.execute(
        select(ConnectorPace.connector_id, ConnectorPace.open_until).where(
            ConnectorPace.client_id == client_id, ConnectorPace.open_until.is_not(None)
        )
    )
    return {row.connector_id: max(row.open_until, now) for row in rows if row.open_until is not None}


def open_by_channel(session: Session) -> dict[str, int]:
    """How many breakers are open, for operators."""
    rows = session.execute(
        select(Connector.channel, func.count())
        .join(
            ConnectorPace,
            (ConnectorPace.client_id == Connector.client_id) & (ConnectorPace.connector_id == Connector.id),
        )
        .where(ConnectorPace.open_until.is_not(None))
        .group_by(Connector.channel)
    )
    return {str(channel): number for channel, number in rows}
