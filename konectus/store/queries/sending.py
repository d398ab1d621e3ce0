"""The outbox as the sender sees it: which parts are due, one part with all it needs, and what became of it.

Every change names the state it starts from, so that an echo, a receipt and an answer may come in any order.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, literal, select, text, update
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason
from konectus.domain.conversations import Delivery, Direction
from konectus.store.models.connectors import Account, Connector
from konectus.store.models.inbox import Conversation, EndContact, Message, Outbox

# A degraded Connector still sends with these reasons; with any other its outbox waits.
SENDING_REASONS = (Reason.SILENT, Reason.PROVIDER_DOWN)


@dataclass(frozen=True, slots=True)
class Head:
    """The first undone part of a conversation, due now, on a Connector that may send."""

    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    channel: Channel


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part with what is needed to decide on it and to send it; sealed values still sealed."""

    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    channel: Channel
    account_id: str
    app: str | None
    state: ConnectorState
    reason: str | None
    by_person: bool
    queued_at: datetime
    attempts: int
    window_opened_at: datetime | None
    contact_id: UUID
    secret_sealed: bytes | None = field(repr=False)
    recipient_sealed: bytes = field(repr=False)
    text_sealed: bytes | None = field(repr=False)

    @property
    def can_send(self) -> bool:
        if self.secret_sealed is None:
            return False
        return self.state is ConnectorState.CONNECTED or self.is_degraded

    @property
    def is_degraded(self) -> bool:
        """Not well, and still sending."""
        return self.state is ConnectorState.DEGRADED and self.reason in SENDING_REASONS


# A part waits for every earlier undone part of its conversation, and one busy Connector leaves room for the others.
_HEADS = text(
    """
    select client_id, id, connector_id, conversation_id, channel from (
      select o.client_id, o.id, o.connector_id, o.conversation_id, a.channel,
             row_number() over (partition by o.connector_id order by o.position) as place
      from tenant.outbox o
      join tenant.message m on m.client_id = o.client_id and m.id = o.id
      join tenant.connector c on c.client_id = o.client_id and c.id = o.connector_id
      join platform.account a on a.connector_id = o.connector_id
      where o.done_at is null and o.written_at is null and o.not_before <= :now and m.status = 'queued'
        and not a.paused and (a.send_after is null or a.send_after <= :now)
        and (c.state = 'connected' or c.state = 'degraded' and c.reason = any(:reasons))
        and a.channel = any(:channels) and o.connector_id <> all(:resting)
        and not exists (
          select from tenant.outbox e
          where e.client_id = o.client_id and e.conversation_id = o.conversation_id
            and e.done_at is null and e.position < o.position)
    ) due where place <= :per_connector order by place, id limit :most
    """
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts a process has room for; `resting` Connectors are left alone."""

    channels: Collection[str]
    resting: Collection[UUID]
    per_connector: int
    most: int


def heads(session: Session, now: datetime, wanted: Wanted) -> list[Head]:
    """Parts that may go out now, the Connectors' first parts first."""
    values = {"now": now, "channels": list(wanted.channels), "resting": list(wanted.resting)}
    limits = {"per_connector": wanted.per_connector, "most": wanted.most}
    rows = session.execute(_HEADS, {**values, **limits, "reasons": list(SENDING_REASONS)})
    return [Head(r.client_id, r.id, r.connector_id, r.conversation_id, Channel(r.channel)) for r in rows]


def lock_part(session: Session, client_id: UUID, part_id: UUID) -> PartRow | None:
    """A queued part nobody else is at, locked until the transaction ends; None where there is none any more."""
    statement = (
        select(
            Outbox.connector_id,
            Outbox.conversation_id,
            Outbox.by_person,
            Outbox.queued_at,
            Outbox.attempts,
            Connector.channel,
            Connector.account_id,
            Connector.app,
            Connector.state,
            Connector.reason,
            Connector.secret_sealed,
            Conversation.window_opened_at,
            Conversation.contact_id,
            EndContact.external_id_sealed,
            Message.text_sealed,
        )
        .join(Message, _same(Message, Outbox.id))
        .join(Connector, _same(Connector, Outbox.connector_id))
        .join(Conversation, _same(Conversation, Outbox.conversation_id))
        .join(EndContact, _same(EndContact, Conversation.contact_id))
        .where(Outbox.client_id == client_id, Outbox.id == part_id)
        .where(Outbox.done_at.is_(None), Outbox.written_at.is_(None), Message.status == Delivery.QUEUED)
        # Receipts and echoes lock messages; a part that one of them holds is taken a moment later.
        .with_for_update(of=[Outbox, Message], skip_locked=True)
    )
    row = session.execute(statement).one_or_none()
    return row and _part(client_id, part_id, row)


def _same(model: Any, column: Any) -> Any:
    return and_(model.client_id == Outbox.client_id, model.id == column)


def _part(client_id: UUID, part_id: UUID, row: Row[*tuple[Any, ...]]) -> PartRow:
    return PartRow(
        client_id=client_id,
        id=part_id,
        connector_id=row.connector_id,
        conversation_id=row.conversation_id,
        channel=Channel(row.channel),
        account_id=row.account_id,
        app=row.app,
        state=ConnectorState(row.state),
        reason=row.reason,
        by_person=row.by_person,
        queued_at=row.queued_at,
        attempts=row.attempts,
        window_opened_at=row.window_opened_at,
        contact_id=row.contact_id,
        secret_sealed=row.secret_sealed,
        recipient_sealed=row.external_id_sealed,
        text_sealed=row.text_sealed,
    )


def last_inbound(session: Session, client_id: UUID, conversation_id: UUID) -> tuple[UUID, bytes] | None:
    """Id and sealed external id of the person's newest message; of Telegram it tells the business connection."""
    row = session.execute(
        select(Message.id, Message.external_id_sealed)
        .where(Message.client_id == client_id, Message.conversation_id == conversation_id)
        .where(Message.direction == Direction.IN, Message.kind == "message", Message.external_id_sealed.is_not(None))
        .order_by(Message.occurred_at.desc(), Message.id.desc())
        .limit(1)
    ).one_or_none()
    return row and (row.id, row.external_id_sealed)


def write_down(session: Session, client_id: UUID, part_id: UUID, now: datetime) -> None:
    """The part is about to go on the wire. Committed before it does: found so after a crash, it is `unknown`."""
    session.execute(
        update(Outbox)
        .where(Outbox.client_id == client_id, Outbox.id == part_id)
        .values(written_at=now, attempts=Outbox.attempts + 1)
    )
    _move(session, client_id, part_id, (Delivery.QUEUED,), status=Delivery.SENDING)


def put_back(session: Session, client_id: UUID, part_id: UUID, not_before: datetime) -> None:
    """Nothing of it took effect at the channel: it is queued again."""
    if _move(session, client_id, part_id, (Delivery.SENDING, Delivery.QUEUED), status=Delivery.QUEUED):
        session.execute(
            update(Outbox)
            .where(Outbox.client_id == client_id, Outbox.id == part_id, Outbox.done_at.is_(None))
            .values(written_at=None, not_before=not_before)
        )


def close_part(session: Session, client_id: UUID, part_id: UUID, now: datetime) -> None:
    """Nothing more is to be done for the part; the next one of its conversation may go."""
    session.execute(
        update(Outbox)
        .where(Outbox.client_id == client_id, Outbox.id == part_id, Outbox.done_at.is_(None))
        .values(done_at=now)
    )


def leave_open(session: Session, client_id: UUID, part_id: UUID) -> bool:
    """The outcome is not known; False where an echo has told it meanwhile."""
    return _move(session, client_id, part_id, (Delivery.SENDING,), status=Delivery.UNKNOWN)


def refuse(session: Session, client_id: UUID, part_id: UUID, failure: str) -> bool:
    """The channel, or we before it, will not have this part."""
    open_states = (Delivery.QUEUED, Delivery.SENDING, Delivery.UNKNOWN)
    return _move(session, client_id, part_id, open_states, status=Delivery.FAILED, failure=failure)


def cancel(session: Session, client_id: UUID, part_id: UUID, failure: str) -> bool:
    """It is not sent any more; its text goes back to its author with the next `returnable`."""
    return _move(session, client_id, part_id, (Delivery.QUEUED,), status=Delivery.CANCELLED, failure=failure)


def _move(session: Session, client_id: UUID, part_id: UUID, known: tuple[Delivery, ...], **values: object) -> bool:
    moved = session.execute(
        update(Message)
        .where(Message.client_id == client_id, Message.id == part_id, Message.status.in_(known))
        .values(**values)
        .returning(Message.id)
    )
    return moved.scalar() is not None


def strand(session: Session, written_before: datetime) -> list[tuple[UUID, UUID]]:
    """Parts that a dead process had on the wire become unknown; (client, conversation) of each."""
    rows = session.execute(
        text(
            """
            with dead as (
              select client_id, id, conversation_id from tenant.outbox
              where done_at is null and written_at < :before order by client_id, id limit 500 for update skip locked
            ), closed as (
              update tenant.outbox o set done_at = o.written_at from dead
              where o.client_id = dead.client_id and o.id = dead.id
            )
            update tenant.message m set status = 'unknown' from dead
            where m.client_id = dead.client_id and m.id = dead.id and m.status = 'sending'
            returning m.client_id, m.conversation_id
            """
        ),
        {"before": written_before},
    )
    return [(row.client_id, row.conversation_id) for row in rows]


def hold_account(session: Session, connector_id: UUID, until: datetime) -> None:
    """The channel asked the whole page or bot to wait; a wait only grows."""
    session.execute(
        update(Account)
        .where(Account.connector_id == connector_id)
        .values(send_after=func.greatest(func.coalesce(Account.send_after, literal(until)), until))
    )
