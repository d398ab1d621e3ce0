"""Parts that go back to the agent who wrote them: cancelled, too old, or of a Connector that is gone."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from konectus.domain.conversations import Delivery
from konectus.store.models.inbox import Draft, Message, Outbox


@dataclass(frozen=True, slots=True)
class Returned:
    """A part that will not be sent; `failure` says why."""

    client_id: UUID
    id: UUID
    conversation_id: UUID
    author_id: UUID | None
    failure: str
    text_sealed: bytes | None = field(repr=False)


_RETURNABLE = text(
    """
    select o.client_id, o.id, o.conversation_id, m.author_id, m.text_sealed,
           case when m.status = 'cancelled' then coalesce(m.failure, 'cancelled')
                when c.state in ('disconnecting', 'needs_reconfiguration', 'removed') then 'disconnected'
                else 'expired' end as failure
    from tenant.outbox o
    join tenant.message m on m.client_id = o.client_id and m.id = o.id
    join tenant.connector c on c.client_id = o.client_id and c.id = o.connector_id
    where o.done_at is null and o.written_at is null
      and (m.status = 'cancelled'
           or m.status = 'queued' and (o.queued_at <= :too_old
              or c.state in ('disconnecting', 'needs_reconfiguration', 'removed')))
    order by o.client_id, o.position limit :most for update of o, m skip locked
    """
)


def returnable(session: Session, too_old: datetime, most: int) -> list[Returned]:
    """Parts to give back, in the order they were written, locked until the transaction ends."""
    rows = session.execute(_RETURNABLE, {"too_old": too_old, "most": most})
    return [Returned(r.client_id, r.id, r.conversation_id, r.author_id, r.failure, r.text_sealed) for r in rows]


def close_returned(session: Session, parts: Collection[Returned], now: datetime) -> None:
    """They are cancelled and done with."""
    for part in parts:
        session.execute(
            update(Message)
            .where(Message.client_id == part.client_id, Message.id == part.id)
            .values(status=Delivery.CANCELLED, failure=part.failure)
        )
    keys = [part.id for part in parts]
    clients = {part.client_id for part in parts}
    session.execute(update(Outbox).where(Outbox.client_id.in_(clients), Outbox.id.in_(keys)).values(done_at=now))


def lock_draft(session: Session, client_id: UUID, conversation_id: UUID, user_id: UUID) -> bytes | None:
    """The sealed text an agent has in the conversation already, locked until the transaction ends."""
    return session.scalar(
        select(Draft.text_sealed)
        .where(Draft.client_id == client_id, Draft.conversation_id == conversation_id, Draft.user_id == user_id)
        .with_for_update()
    )
