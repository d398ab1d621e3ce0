"""What the staff's home page counts and lists: suspensions, connectors, requests, dead letters, trials, processes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.connectors import MOOT, ConnectorState, Reason, RequestState
from konectus.domain.plans import SubscriptionStatus
from konectus.domain.suspension import Cause
from konectus.store.models.clients import Client, Subscription, Suspension
from konectus.store.models.connectors import Connector, ConnectorRequest
from konectus.store.models.identity import Staff
from konectus.store.models.traffic import DeadLetter, Heartbeat, WebhookEvent

FAILED_SINCE = timedelta(days=7)
TRIALS_WITHIN = timedelta(days=7)
# Ended on purpose: nobody has to look after these.
_MEANT = (Reason.SUSPENDED, Reason.REQUESTED, Reason.PAUSED_BY_STAFF)


@dataclass(frozen=True, slots=True)
class Queues:
    """How much waits for the staff."""

    suspensions: int
    connectors: int
    requests: int
    dead_letters: int
    trials: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open causes and letters nobody has decided."""

    suspensions: int
    letters: int


@dataclass(frozen=True, slots=True)
class SuspendedClient:
    suspension_id: UUID
    client_id: UUID
    trade_name: str
    cause: Cause
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class SickConnector:
    client_id: UUID
    connector_id: UUID
    trade_name: str
    channel: Channel
    name: str
    state: ConnectorState
    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class FailedRequest:
    client_id: UUID
    connector_id: UUID
    trade_name: str
    kind: str
    error: str | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndingTrial:
    client_id: UUID
    trade_name: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Process:
    """A running part of the product and when it last said so."""

    name: str
    at: datetime


def waiting(session: Session) -> Waiting:
    """What the menu counts, in one statement; bounded by the partial indexes of what is open."""
    suspensions = select(func.count()).select_from(Suspension).where(Suspension.lifted_at.is_(None))
    letters = select(func.count()).select_from(DeadLetter).where(DeadLetter.decided_at.is_(None))
    row = session.execute(select(suspensions.scalar_subquery(), letters.scalar_subquery())).one()
    return Waiting(row[0], row[1])


def needs_care() -> ColumnElement[bool]:
    """Connectors that somebody has to look after: degraded, or disconnected by the channel."""
    lost = (Connector.state == ConnectorState.NEEDS_RECONFIGURATION) & (
        or_(Connector.reason.is_(None), Connector.reason.not_in(_MEANT))
    )
    return or_(Connector.state == ConnectorState.DEGRADED, lost)


def queues(session: Session, now: datetime) -> Queues:
    """All of them in one statement."""

    def counted(table: type, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return select(func.count()).select_from(table).where(*conditions).scalar_subquery()

    row = session.execute(
        select(
            counted(Suspension, Suspension.lifted_at.is_(None)),
            counted(Connector, needs_care()),
            counted(ConnectorRequest, *_failed(now)),
            counted(DeadLetter, DeadLetter.decided_at.is_(None)),
            counted(Subscription, *_ending(now)),
        )
    ).one()
    return Queues(*row)


def suspended(session: Session, most: int) -> list[SuspendedClient]:
    """The newest open causes."""
    rows = session.execute(
        select(Suspension.id, Suspension.client_id, Client.trade_name, Suspension.cause, Suspension.opened_at)
        .join(Client, Client.id == Suspension.client_id)
        .where(Suspension.lifted_at.is_(None))
        .order_by(Suspension.opened_at.desc(), Suspension.id)
        .limit(most)
    )
    return [SuspendedClient(row[0], row[1], row[2], Cause(row[3]), row[4]) for row in rows]


def sick_connectors(session: Session, most: int) -> list[SickConnector]:
    """Those that need care, longest first."""
    columns = (Connector.client_id, Connector.id, Client.trade_name, Connector.channel, Connector.name)
    rows = session.execute(
        select(*columns, Connector.state, Connector.reason, Connector.since)
        .join(Client, Client.id == Connector.client_id)
        .where(needs_care())
        .order_by(Connector.since, Connector.id)
        .limit(most)
    )
    return [
        SickConnector(r[0], r[1], r[2], Channel(r[3]), r[4], ConnectorState(r[5]), reason=r[6], since=r[7])
        for r in rows
    ]


def failed_requests(session: Session, now: datetime, most: int) -> list[FailedRequest]:
    """What a channel refused in the last seven days, newest first."""
    asked = ConnectorRequest
    rows = session.execute(
        select(asked.client_id, asked.connector_id, Client.trade_name, asked.kind, asked.error, asked.finished_at)
        .join(Client, Client.id == asked.client_id)
        .where(*_failed(now))
        .order_by(asked.finished_at.desc(), asked.id)
        .limit(most)
    )
    return [FailedRequest(*row) for row in rows]


def ending_trials(session: Session, now: datetime, most: int) -> list[EndingTrial]:
    rows = session.execute(
        select(Subscription.client_id, Client.trade_name, Subscription.trial_ends_at)
        .join(Client, Client.id == Subscription.client_id)
        .where(*_ending(now))
        .order_by(Subscription.trial_ends_at, Subscription.id)
        .limit(most)
    )
    return [EndingTrial(row[0], row[1], row[2]) for row in rows if row[2] is not None]


def processes(session: Session) -> list[Process]:
    """Each process with its latest sign of life."""
    rows = session.execute(
        select(Heartbeat.process, func.max(Heartbeat.at)).group_by(Heartbeat.process).order_by(Heartbeat.process)
    )
    return [Process(row[0], row[1]) for row in rows]


def oldest_waiting(session: Session) -> datetime | None:
    """Since when the oldest webhook waits that is not processed yet; one that is read again waits since then."""
    since = func.greatest(WebhookEvent.received_at, WebhookEvent.replayed_at)
    found: datetime | None = session.scalar(select(func.min(since)).where(WebhookEvent.processed_at.is_(None)))
    return found


def staff_names(session: Session, references: set[str]) -> dict[str, str]:
    """Names for references as rows keep them (`staff:<id>`)."""
    ids = {reference: _staff_id(reference) for reference in references}
    wanted = {found for found in ids.values() if found is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))
    names = {row[0]: row[1] for row in rows}
    return {reference: names[found] for reference, found in ids.items() if found in names}


def staff(session: Session) -> list[tuple[str, str]]:
    """Id and name of everybody of the staff, for a choice; a house's own people are few."""
    rows = session.execute(select(Staff.id, Staff.name).order_by(func.lower(Staff.name), Staff.id).limit(500))
    return [(str(row[0]), row[1]) for row in rows]


def _staff_id(reference: str) -> UUID | None:
    kind, _, found = reference.partition(":")
    try:
        return UUID(found) if kind == "staff" else None
    except ValueError:
        return None


def _failed(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What a channel refused. A request that became moot because its Connector went another way refuses nothing."""
    asked = ConnectorRequest
    moot = asked.error.startswith(MOOT)
    return (asked.state == RequestState.FAILED, asked.finished_at > now - FAILED_SINCE, moot.is_not(True))


def _ending(now: datetime) -> tuple[ColumnElement[bool], ...]:
    soon = Subscription.trial_ends_at.between(now, now + TRIALS_WITHIN)
    return (Subscription.status == SubscriptionStatus.TRIALING, soon)
