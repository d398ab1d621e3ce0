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
from konectus.domain.connectors import HOLDING, ConnectorState
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
    app: str | None = None
    page_id: str | None = None
    last_event_at: datetime | None = None
    checked_at: datetime | None = None
    check_failure: str | None = None
    token_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pasted:
    """A token as it is kept, with the webhook secret of ours and its hash where the channel has one."""

    secret_sealed: bytes = field(repr=False)
    webhook_secret_sealed: bytes | None = field(repr=False)
    webhook_secret_hash: bytes | None = field(repr=False)
    app: str | None = None
    page_id: str | None = None
    granted_by_hash: bytes | None = None
    token_expires_at: datetime | None = None


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
                .values(
                    state=ConnectorState.PENDING_AUTH,
                    webhook_secret_hash=pasted.webhook_secret_hash,
                    granted_by_hash=pasted.granted_by_hash,
                )
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
            app=pasted.app or Connector.app,
            page_id=pasted.page_id or Connector.page_id,
            token_expires_at=pasted.token_expires_at,
            check_failure=None,
        )
    )
    return True


_COLUMNS = (
    Connector.id,
    Connector.client_id,
    Connector.channel,
    Connector.account_id,
    Connector.name,
    Connector.state,
    Connector.reason,
    Connector.since,
    Connector.generation,
    Connector.app,
    Connector.page_id,
    Connector.last_event_at,
    Connector.checked_at,
    Connector.check_failure,
    Connector.token_expires_at,
)


def of_client(session: Session, client_id: UUID) -> list[ConnectorRow]:
    """A Client's Connectors that are not removed, oldest first."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(Connector.client_id == client_id, Connector.state != ConnectorState.REMOVED)
        .order_by(Connector.created_at, Connector.id)
    )
    return [_row(row) for row in rows]


def of_account(session: Session, client_id: UUID, channel: Channel, account_id: str) -> ConnectorRow | None:
    """The Client's own Connector of an account, whatever its state but removed; the newest where there are several."""
    row = session.execute(
        select(*_COLUMNS)
        .where(
            Connector.client_id == client_id,
            Connector.channel == channel,
            Connector.account_id == account_id,
            Connector.state != ConnectorState.REMOVED,
        )
        .order_by(Connector.created_at.desc())
        .limit(1)
    ).one_or_none()
    return row and _row(row)


def lock(session: Session, client_id: UUID, connector_id: UUID) -> ConnectorRow | None:
    """One Connector, locked until the transaction ends."""
    row = session.execute(
        select(*_COLUMNS).where(Connector.client_id == client_id, Connector.id == connector_id).with_for_update()
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


def take_secret(session: Session, row: ConnectorRow, pasted: Pasted) -> None:
    """A live Connector goes on with another token; what is not known of it stays as it was."""
    session.execute(
        update(Connector)
        .where(Connector.client_id == row.client_id, Connector.id == row.id)
        .values(
            secret_sealed=pasted.secret_sealed,
            app=pasted.app or Connector.app,
            page_id=pasted.page_id or Connector.page_id,
            token_expires_at=pasted.token_expires_at,
            check_failure=None,
        )
    )
    if pasted.granted_by_hash is not None:
        session.execute(
            update(Account).where(Account.connector_id == row.id).values(granted_by_hash=pasted.granted_by_hash)
        )


def refresh_secret(
    session: Session, row: ConnectorRow, before: bytes, after: bytes, expires_at: datetime | None
) -> bool:
    """Replace a token by its refreshed self, unless somebody has given the Connector another one meanwhile."""
    changed = session.execute(
        update(Connector)
        .where(Connector.client_id == row.client_id, Connector.id == row.id, Connector.secret_sealed == before)
        .values(secret_sealed=after, token_expires_at=expires_at, check_failure=None)
        .returning(Connector.id)
    )
    return changed.scalar() is not None


def granted_by(session: Session, person_hash: bytes) -> list[tuple[UUID, UUID]]:
    """(Client, Connector) of everything this person granted and that still holds its account, in a stable order."""
    rows = session.execute(
        select(Account.client_id, Account.connector_id)
        .where(Account.granted_by_hash == person_hash, Account.state.in_(HOLDING))
        .order_by(Account.client_id, Account.connector_id)
    )
    return [(row.client_id, row.connector_id) for row in rows]


def grantor_of(session: Session, connector_id: UUID) -> bytes | None:
    return session.scalar(select(Account.granted_by_hash).where(Account.connector_id == connector_id))


def forget_grantor(session: Session, person_hash: bytes) -> None:
    """No account names this person any more."""
    session.execute(update(Account).where(Account.granted_by_hash == person_hash).values(granted_by_hash=None))


def freed(session: Session, channel: Channel, account_id: str) -> list[tuple[UUID, UUID]]:
    """(Client, Connector) of those who once held an account and would have to connect it again."""
    rows = session.execute(
        select(Account.client_id, Account.connector_id)
        .where(
            Account.channel == channel,
            Account.account_id == account_id,
            Account.state == ConnectorState.NEEDS_RECONFIGURATION,
        )
        .order_by(Account.client_id, Account.connector_id)
    )
    return [(row.client_id, row.connector_id) for row in rows]


def _row(row: Row[*tuple[Any, ...]]) -> ConnectorRow:
    told = row._asdict()
    return ConnectorRow(**told | {"channel": Channel(row.channel), "state": ConnectorState(row.state)})
