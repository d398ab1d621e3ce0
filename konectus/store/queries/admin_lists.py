"""Lists and single rows of Plans, Subscriptions, Suspensions and Connectors for the staff, bounded and joined once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text, tuple_
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.plans import SubscriptionStatus
from konectus.domain.suspension import Cause
from konectus.store.models.clients import Client, Plan, PlanVersion, Subscription, Suspension
from konectus.store.models.connectors import Connector, ConnectorChange, ConnectorRequest
from konectus.store.queries.admin import needs_care


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A version of a Plan and how many contracted it that are not ended."""

    id: UUID
    code: str
    name: str
    active: bool
    version: int
    price_cents: int
    interval: str
    seats: int
    connectors: int
    published_at: datetime | None
    extra_seat_cents: int | None
    live: int


@dataclass(frozen=True, slots=True)
class SubscriptionLine:
    id: UUID
    client_id: UUID
    trade_name: str
    plan: str
    version: int
    price_cents: int
    interval: str
    status: SubscriptionStatus
    seats: int
    started_at: datetime
    period_ends_at: datetime
    trial_ends_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SuspensionLine:
    id: UUID
    client_id: UUID
    trade_name: str
    cause: Cause
    clause: str
    subject_ref: str
    opened_at: datetime
    opened_by: str
    reason: str
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


@dataclass(frozen=True, slots=True)
class ConnectorLine:
    id: UUID
    client_id: UUID
    trade_name: str
    channel: Channel
    account_id: str
    name: str
    state: ConnectorState
    reason: str | None
    since: datetime
    generation: int
    last_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a Connector's state."""

    at: datetime
    from_state: str | None
    to_state: str
    reason: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Request:
    """Something asked of the channel on behalf of a page."""

    id: UUID
    kind: str
    state: str
    requested_at: datetime
    finished_at: datetime | None
    attempts: int
    error: str | None


def estimate(session: Session, table: str) -> int | None:
    """About how many rows a table has, without counting; None before the server knows."""
    found = session.scalar(
        text("select reltuples::bigint from pg_class where oid = to_regclass(:name)"), {"name": table}
    )
    return None if found is None or found < 0 else int(found)


def plans(session: Session, *, most: int) -> list[PlanLine]:
    """Versions of all Plans, each Plan's newest first. The catalogue is small; `most` bounds it all the same."""
    rows = session.execute(_plan().order_by(Plan.code, PlanVersion.version.desc()).limit(most))
    return [PlanLine(*row) for row in rows]


def _plan() -> Select[*tuple[Any, ...]]:
    live = (
        select(func.count())
        .select_from(Subscription)
        .where(Subscription.plan_version_id == PlanVersion.id, Subscription.status != SubscriptionStatus.ENDED)
        .scalar_subquery()
    )
    named = (PlanVersion.id, Plan.code, Plan.name, Plan.active, PlanVersion.version, PlanVersion.price_cents)
    offered = (PlanVersion.interval, PlanVersion.seats, PlanVersion.connectors, PlanVersion.published_at)
    extra = PlanVersion.extra_seat_cents
    return select(*named, *offered, extra, live).join(Plan, Plan.code == PlanVersion.plan_code)


def subscriptions(session: Session, *, status: str, after: UUID | None, most: int) -> list[SubscriptionLine]:
    """Newest first; ids are ordered by time."""
    statement = _subscription().order_by(Subscription.id.desc()).limit(most)
    if status:
        statement = statement.where(Subscription.status == status)
    if after is not None:
        statement = statement.where(Subscription.id < after)
    return [_subscription_line(row) for row in session.execute(statement)]


def subscription(session: Session, subscription_id: UUID) -> SubscriptionLine | None:
    row = session.execute(_subscription().where(Subscription.id == subscription_id)).one_or_none()
    return _subscription_line(row) if row else None


def _subscription() -> Select[*tuple[Any, ...]]:
    plan = (Plan.name, PlanVersion.version, PlanVersion.price_cents, PlanVersion.interval)
    dates = (Subscription.started_at, Subscription.period_ends_at, Subscription.trial_ends_at, Subscription.ended_at)
    return (
        select(
            Subscription.id,
            Subscription.client_id,
            Client.trade_name,
            *plan,
            Subscription.status,
            Subscription.seats,
            *dates,
        )
        .join(Client, Client.id == Subscription.client_id)
        .join(PlanVersion, PlanVersion.id == Subscription.plan_version_id)
        .join(Plan, Plan.code == PlanVersion.plan_code)
    )


def _subscription_line(row: Row[*tuple[Any, ...]]) -> SubscriptionLine:
    found: list[Any] = list(row)
    found[7] = SubscriptionStatus(row[7])
    return SubscriptionLine(*found)


def suspensions(session: Session, *, which: str, after: UUID | None, most: int) -> list[SuspensionLine]:
    """Newest first; `which` is open, lifted or empty for both."""
    statement = _suspension().order_by(Suspension.id.desc()).limit(most)
    if which:
        lifted = Suspension.lifted_at
        statement = statement.where(lifted.is_(None) if which == "open" else lifted.is_not(None))
    if after is not None:
        statement = statement.where(Suspension.id < after)
    return [_suspension_line(row) for row in session.execute(statement)]


def suspension(session: Session, suspension_id: UUID) -> SuspensionLine | None:
    row = session.execute(_suspension().where(Suspension.id == suspension_id)).one_or_none()
    return _suspension_line(row) if row else None


def _suspension() -> Select[*tuple[Any, ...]]:
    opened = (Suspension.cause, Suspension.clause, Suspension.subject_ref, Suspension.opened_at, Suspension.opened_by)
    ended = (Suspension.reason, Suspension.lifted_at, Suspension.lifted_by, Suspension.lift_reason)
    columns = (Suspension.id, Suspension.client_id, Client.trade_name, *opened, *ended)
    return select(*columns).join(Client, Client.id == Suspension.client_id)


def _suspension_line(row: Row[*tuple[Any, ...]]) -> SuspensionLine:
    found: list[Any] = list(row)
    found[3] = Cause(row[3])
    return SuspensionLine(*found)


def connectors(
    session: Session, *, term: str, sick: bool, after: tuple[UUID, UUID] | None, most: int
) -> list[ConnectorLine]:
    """By Client, newest first, along the primary key; `term` is an account id or the beginning of a name."""
    statement = _connector().order_by(Connector.client_id.desc(), Connector.id.desc()).limit(most)
    if term:
        named = func.lower(Connector.name).startswith(term.casefold(), autoescape=True)
        statement = statement.where((Connector.account_id == term) | named)
    if sick:
        statement = statement.where(needs_care())
    if after is not None:
        statement = statement.where(tuple_(Connector.client_id, Connector.id) < tuple_(*after))
    return [_connector_line(row) for row in session.execute(statement)]


def connector(session: Session, client_id: UUID, connector_id: UUID) -> ConnectorLine | None:
    statement = _connector().where(Connector.client_id == client_id, Connector.id == connector_id)
    row = session.execute(statement).one_or_none()
    return _connector_line(row) if row else None


def _connector() -> Select[*tuple[Any, ...]]:
    named = (Connector.id, Connector.client_id, Client.trade_name, Connector.channel, Connector.account_id)
    state = (Connector.name, Connector.state, Connector.reason, Connector.since, Connector.generation)
    return select(*named, *state, Connector.last_event_at).join(Client, Client.id == Connector.client_id)


def _connector_line(row: Row[*tuple[Any, ...]]) -> ConnectorLine:
    found: list[Any] = list(row)
    found[3], found[6] = Channel(row[3]), ConnectorState(row[6])
    return ConnectorLine(*found)


def steps(session: Session, client_id: UUID, connector_id: UUID, most: int) -> list[Step]:
    """A Connector's changes, newest first."""
    change = ConnectorChange
    rows = session.execute(
        select(change.at, change.from_state, change.to_state, change.reason, change.by)
        .where(change.client_id == client_id, change.connector_id == connector_id)
        .order_by(change.at.desc(), change.id.desc())
        .limit(most)
    )
    return [Step(*row) for row in rows]


def requests(session: Session, client_id: UUID, connector_id: UUID, most: int) -> list[Request]:
    """What was asked of the channel for a Connector, newest first; never the pasted token."""
    asked = ConnectorRequest
    rows = session.execute(
        select(asked.id, asked.kind, asked.state, asked.requested_at, asked.finished_at, asked.attempts, asked.error)
        .where(asked.client_id == client_id, asked.connector_id == connector_id)
        .order_by(asked.requested_at.desc(), asked.id.desc())
        .limit(most)
    )
    return [Request(*row) for row in rows]
