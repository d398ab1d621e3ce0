"""What an operator's commands list: Clients with their Plan, Plan versions, requests to channels, an event's life."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from konectus.domain.connectors import RequestState
from konectus.store.models.clients import PlanVersion
from konectus.store.models.connectors import Connector, ConnectorRequest

# A Meta body holds a thousand updates at most.
MOST_ITEMS = 2000


@dataclass(frozen=True, slots=True)
class ClientLine:
    id: UUID
    trade_name: str
    plan: str | None
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What the sender was asked to do at a channel, and how that ended."""

    id: UUID
    kind: str
    state: RequestState
    error: str | None


@dataclass(frozen=True, slots=True)
class ItemLine:
    """What became of one item of a webhook body."""

    item: int
    channel: str | None
    account: str | None
    kind: str
    outcome: str
    error: str | None
    processed_at: datetime


@dataclass(frozen=True, slots=True)
class EventLife:
    """A webhook body from its arrival on."""

    id: int
    door: str
    received_at: datetime
    processed_at: datetime | None
    items: tuple[ItemLine, ...]
    replays: int = 0
    replayed_at: datetime | None = None


def client_lines(session: Session, most: int) -> list[ClientLine]:
    """Clients, newest first; the status says what blocks them, else that of their subscription."""
    rows = session.execute(
        text(
            "select c.id, c.trade_name, v.plan_code, c.created_at, case when cardinality(a.causes) > 0"
            " then 'suspended: ' || array_to_string(a.causes, ', ') else coalesce(s.status, 'no subscription') end"
            " as status from ledger.client c join ledger.client_access a on a.client_id = c.id"
            " left join ledger.subscription s on s.client_id = c.id and s.status <> 'ended'"
            " left join ledger.plan_version v on v.id = s.plan_version_id order by c.id desc limit :most"
        ),
        {"most": most},
    )
    return [ClientLine(row.id, row.trade_name, row.plan_code, row.status, row.created_at) for row in rows]


def newest_plan_version(session: Session, code: str) -> PlanVersion | None:
    """What is contracted today under a Plan's code."""
    statement = select(PlanVersion).where(PlanVersion.plan_code == code).order_by(PlanVersion.version.desc()).limit(1)
    return session.scalar(statement)


def plan_codes(session: Session) -> list[str]:
    return list(session.scalars(select(PlanVersion.plan_code).distinct().order_by(PlanVersion.plan_code)))


def client_of_connector(session: Session, connector_id: UUID) -> UUID | None:
    return session.scalar(select(Connector.client_id).where(Connector.id == connector_id))


def newest_request(session: Session, connector_id: UUID) -> Request | None:
    """The last thing that was asked for a Connector."""
    row = session.execute(
        select(ConnectorRequest.id, ConnectorRequest.kind, ConnectorRequest.state, ConnectorRequest.error)
        .where(ConnectorRequest.connector_id == connector_id)
        .order_by(ConnectorRequest.id.desc())
        .limit(1)
    ).one_or_none()
    return row and Request(row.id, row.kind, RequestState(row.state), row.error)


def event_life(session: Session, event_id: int, received_at: datetime | None = None) -> EventLife | None:
    """Received, parsed, stored, or why not. None for an id that is unknown or older than the log.

    Without its instant, every day of the log is looked through.
    """
    at = " and received_at = :at" if received_at else ""
    row = session.execute(
        text(
            "select id, door, received_at, processed_at, replays, replayed_at from platform.webhook_event"  # noqa: S608 - a constant
            f" where id = :id{at} limit 1"
        ),
        {"id": event_id} | ({"at": received_at} if received_at else {}),
    ).one_or_none()
    if row is None:
        return None
    items = session.execute(
        text(
            "select item, channel, account, kind, outcome, error, processed_at from platform.webhook_item"
            " where received_at = :at and event_id = :id order by item limit :most"
        ),
        {"at": row.received_at, "id": event_id, "most": MOST_ITEMS},
    )
    lines = tuple(ItemLine(*item) for item in items)
    return EventLife(row.id, row.door, row.received_at, row.processed_at, lines, row.replays, row.replayed_at)
