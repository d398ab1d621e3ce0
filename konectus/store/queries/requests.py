"""Requests to channels: claiming, finishing, and the Connector with the secrets a call needs."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, RequestKind, RequestState
from konectus.store.models.connectors import Account, Connector, ConnectorRequest


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request this process works on until its lease is over."""

    id: UUID
    client_id: UUID
    connector_id: UUID
    kind: RequestKind
    target_state: ConnectorState | None
    reason: str | None
    attempts: int
    channel: Channel
    # A token to try, sealed; what a backfill has done so far.
    secret_sealed: bytes | None = field(default=None, repr=False)
    progress: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A Connector with its secrets, still sealed."""

    client_id: UUID
    id: UUID
    channel: Channel
    account_id: str
    app: str | None
    name: str
    state: ConnectorState
    reason: str | None
    secret_sealed: bytes | None = field(repr=False)
    webhook_secret_sealed: bytes | None = field(repr=False)
    generation: int = 1
    page_id: str | None = None
    created_at: datetime | None = None
    last_event_at: datetime | None = None
    reconciled_until: datetime | None = None


# One request of a Connector at a time, disconnections first: a leased one is running, an earlier due one goes before.
_CLAIM = text(
    """
    update platform.connector_request r
    set state = 'running', attempts = r.attempts + 1, not_before = :leased_until
    from tenant.connector c
    where c.client_id = r.client_id and c.id = r.connector_id and r.id in (
      select q.id from platform.connector_request q
      join tenant.connector k on k.client_id = q.client_id and k.id = q.connector_id
      where q.state in ('queued', 'running') and q.not_before <= :now and k.channel = any(:channels)
        and not exists (
          select from platform.connector_request e
          where e.connector_id = q.connector_id and e.id <> q.id
            and (e.state = 'running' and e.not_before > :now
              or e.state in ('queued', 'running') and e.not_before <= :now
                and (e.kind <> 'disconnect', e.requested_at, e.id) < (q.kind <> 'disconnect', q.requested_at, q.id)))
      order by q.kind <> 'disconnect', q.requested_at, q.id limit :most
      for update of q skip locked)
    returning r.id, r.client_id, r.connector_id, r.kind, r.target_state, r.reason, r.attempts, c.channel,
      r.secret_sealed, r.progress
    """
)


@dataclass(frozen=True, slots=True)
class Room:
    """How much a process can take on."""

    channels: Collection[str]
    most: int


def claim(session: Session, now: datetime, leased_until: datetime, room: Room) -> list[Claimed]:
    """Requests that are due, disconnections first; nobody else gets them before the lease ends."""
    values = {"now": now, "leased_until": leased_until, "channels": list(room.channels), "most": room.most}
    rows = session.execute(_CLAIM, values)
    return [
        Claimed(
            id=row.id,
            client_id=row.client_id,
            connector_id=row.connector_id,
            kind=RequestKind(row.kind),
            target_state=ConnectorState(row.target_state) if row.target_state else None,
            reason=row.reason,
            attempts=row.attempts,
            channel=Channel(row.channel),
            secret_sealed=row.secret_sealed,
            progress=row.progress,
        )
        for row in rows
    ]


def finish(session: Session, request_id: UUID, state: RequestState, error: str | None, now: datetime) -> None:
    """It is done with, well or not; a token that was pasted with it, and the channel's ids of conversations by which a
    walk finds its place, are forgotten.
    """
    counts = ConnectorRequest.progress.op("-")(cast(["done_here", "after"], ARRAY(Text)))
    session.execute(
        update(ConnectorRequest)
        .where(ConnectorRequest.id == request_id)
        .values(state=state, error=error, finished_at=now, secret_sealed=None, progress=counts)
    )


def postpone(session: Session, request_id: UUID, error: str | None, not_before: datetime) -> None:
    """It goes back to the queue."""
    session.execute(
        update(ConnectorRequest)
        .where(ConnectorRequest.id == request_id)
        .values(state=RequestState.QUEUED, error=error, not_before=not_before)
    )


def note_progress(session: Session, request_id: UUID, progress: dict[str, Any], leased_until: datetime) -> None:
    """A long request says how far it is, and keeps its claim."""
    session.execute(
        update(ConnectorRequest)
        .where(ConnectorRequest.id == request_id)
        .values(progress=progress, not_before=leased_until)
    )


def go_on(session: Session, request_id: UUID, not_before: datetime) -> None:
    """Its turn is over and there is more to do: back to the queue, as if it had not been tried."""
    session.execute(
        update(ConnectorRequest)
        .where(ConnectorRequest.id == request_id)
        .values(state=RequestState.QUEUED, error=None, not_before=not_before, attempts=0)
    )


def give_up_claim(session: Session, request_id: UUID, now: datetime) -> None:
    """It was not begun: back to the queue, and the attempt does not count."""
    session.execute(
        update(ConnectorRequest)
        .where(ConnectorRequest.id == request_id)
        .values(state=RequestState.QUEUED, not_before=now, attempts=ConnectorRequest.attempts - 1)
    )


def line(session: Session, client_id: UUID, connector_id: UUID) -> Line | None:
    """A Connector as a call to its channel needs it."""
    row = session.execute(
        select(
            Connector.client_id,
            Connector.id,
            Connector.channel,
            Connector.account_id,
            Connector.app,
            Connector.name,
            Connector.state,
            Connector.reason,
            Connector.secret_sealed,
            Connector.webhook_secret_sealed,
            Connector.generation,
            Connector.page_id,
            Connector.created_at,
            Connector.last_event_at,
            Connector.reconciled_until,
        ).where(Connector.client_id == client_id, Connector.id == connector_id)
    ).one_or_none()
    if row is None:
        return None
    told = row._asdict()
    return Line(**told | {"channel": Channel(row.channel), "state": ConnectorState(row.state)})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands."""

    id: UUID
    state: RequestState
    error: str | None
    progress: dict[str, Any]


def newest(session: Session, connector_id: UUID, kind: RequestKind) -> Standing | None:
    """The last thing of a kind that was asked for a Connector."""
    found = session.scalar(
        select(ConnectorRequest.id)
        .where(ConnectorRequest.connector_id == connector_id, ConnectorRequest.kind == kind)
        .order_by(ConnectorRequest.id.desc())
        .limit(1)
    )
    return standing(session, found) if found is not None else None


def standing(session: Session, request_id: UUID) -> Standing:
    row = session.execute(
        select(ConnectorRequest.state, ConnectorRequest.error, ConnectorRequest.progress).where(
            ConnectorRequest.id == request_id
        )
    ).one()
    return Standing(request_id, RequestState(row.state), row.error, row.progress or {})


def rename(session: Session, client_id: UUID, connector_id: UUID, name: str) -> None:
    session.execute(
        update(Connector).where(Connector.client_id == client_id, Connector.id == connector_id).values(name=name)
    )


def is_live(session: Session, channel: Channel, account_id: str) -> bool:
    """Whether any Client's Connector receives events of this account now."""
    found = select(Account.id).where(
        Account.channel == channel, Account.account_id == account_id, Account.state.in_(LIVE)
    )
    return session.scalar(found) is not None
