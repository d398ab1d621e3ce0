"""Reads and set-based changes of Connectors, their accounts and requests."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.store.models.connectors import Account, Connector


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """A Connector without its secrets."""

    id: UUID
    client_id: UUID
    channel: Channel
    account_id: str
    name: str
    state: ConnectorState
    reason: str | None
    since: datetime
    generation: int


@dataclass(frozen=True, slots=True)
class Pasted:
    """A token as it is kept, with the webhook secret of ours and its hash where the channel has one."""

    secret_sealed: bytes = field(repr=False)
    webhook_secret_sealed: bytes | None = field(repr=False)
    webhook_secret_hash: bytes | None = field(repr=False)


def hold(session: Session, account: Account) -> bool:
    """Take an account; False where somebody holds it, also one whom this session cannot see or who is not done yet."""
    columns = [column.name for column in Account.__table__.columns]
    values = {name: getattr(account, name) for name in columns}
    written = session.execute(insert(Account).values(values).on_conflict_do_nothing().returning(Account.id))
    return written.scalar() is not None


def hold_again(session: Session, row: ConnectorRow, pasted: Pasted, now: datetime) -> bool:
    """Begin the next generation of a disconnected Connector; False where somebody else holds its account now."""
    try:
        with session.begin_nested():
            session.execute(
                update(Account)
                .where(Account.connector_id == row.id)
                .values(state=ConnectorState.PENDING_AUTH, webhook_secret_hash=pasted.webhook_secret_hash)
            )
    except IntegrityError:
        return False
    session.execute(
        update(Connector)
        .where(Connector.client_id == row.client_id, Connector.id == row.id)
        .values(
            state=ConnectorState.PENDING_AUTH,
            reason=None,
            since=now,
            generation=Connector.generation + 1,
            secret_sealed=pasted.secret_sealed,
            webhook_secret_sealed=pasted.webhook_secret_sealed,
        )
    )
    return True


def of_client(session: Session, client_id: UUID) -> list[ConnectorRow]:
    """A Client's Connectors that are not removed, oldest first."""
    columns = (Connector.id, Connector.client_id, Connector.channel, Connector.account_id, Connector.name)
    state = (Connector.state, Connector.reason, Connector.since, Connector.generation)
    rows = session.execute(
        select(*columns, *state)
        .where(Connector.client_id == client_id, Connector.state != ConnectorState.REMOVED)
        .order_by(Connector.created_at, Connector.id)
    )
    return [_row(row) for row in rows]


def lock(session: Session, client_id: UUID, connector_id: UUID) -> ConnectorRow | None:
    """One Connector, locked until the transaction ends."""
    columns = (Connector.id, Connector.client_id, Connector.channel, Connector.account_id, Connector.name)
    state = (Connector.state, Connector.reason, Connector.since, Connector.generation)
    row = session.execute(
        select(*columns, *state).where(Connector.client_id == client_id, Connector.id == connector_id).with_for_update()
    ).one_or_none()
    return row and _row(row)


def set_state(session: Session, row: ConnectorRow, state: ConnectorState, reason: str | None, now: datetime) -> None:
    """Change a Connector's state and its account's with it; a disconnected one loses its secret in the same breath."""
    gone = state in (ConnectorState.NEEDS_RECONFIGURATION, ConnectorState.REMOVED)
    erased = {"secret_sealed": None, "webhook_secret_sealed": None} if gone else {}
    session.execute(
        update(Connector)
        .where(Connector.client_id == row.client_id, Connector.id == row.id)
        .values(state=state, reason=reason, since=now, **erased)
    )
    session.execute(update(Account).where(Account.connector_id == row.id).values(state=state))


def _row(row: Row[*tuple[Any, ...]]) -> ConnectorRow:
    channel, state = Channel(row.channel), ConnectorState(row.state)
    who = (row.id, row.client_id, channel, row.account_id, row.name)
    return ConnectorRow(*who, state, row.reason, row.since, row.generation)
