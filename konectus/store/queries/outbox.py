"""What becomes of outgoing parts: one statement each.

Every change names the state it starts from, so that an echo, a receipt and an answer may come in any order.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select, text, update
from sqlalchemy.orm import Session

from konectus.domain.conversations import Delivery
from konectus.store.models.connectors import Account
from konectus.store.models.inbox import Message, Outbox


def write_down(session: Session, client_id: UUID, part_id: UUID, now: datetime) -> None:
    """The part is about to go on the wire. Committed before it does: found so after a crash, it is `unknown`."""
    session.execute(
        update(Outbox)
        .where(Outbox.client_id == client_id, Outbox.id == part_id)
        .values(written_at=now, attempts=Outbox.attempts + 1)
    )
    move(session, client_id, part_id, (Delivery.QUEUED,), status=Delivery.SENDING)


def put_back(session: Session, client_id: UUID, part_id: UUID, not_before: datetime) -> None:
    """Nothing of it took effect at the channel: it is queued again."""
    if move(session, client_id, part_id, (Delivery.SENDING, Delivery.QUEUED), status=Delivery.QUEUED):
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


def leave_open(session: Session, client_id: UUID, part_id: UUID, failure: str) -> bool:
    """The outcome is not known; False where an echo has told it meanwhile. `failure` says whether anybody is asked."""
    return move(session, client_id, part_id, (Delivery.SENDING,), status=Delivery.UNKNOWN, failure=failure)


def ask(session: Session, client_id: UUID, part_id: UUID, ask_after: datetime | None) -> None:
    """When the channel is asked for the part's outcome; None: not any more."""
    session.execute(
        update(Outbox).where(Outbox.client_id == client_id, Outbox.id == part_id).values(ask_after=ask_after)
    )


def refuse(session: Session, client_id: UUID, part_id: UUID, failure: str) -> bool:
    """The channel, or we before it, will not have this part."""
    open_states = (Delivery.QUEUED, Delivery.SENDING, Delivery.UNKNOWN)
    return move(session, client_id, part_id, open_states, status=Delivery.FAILED, failure=failure)


def cancel(session: Session, client_id: UUID, part_id: UUID, failure: str) -> bool:
    """It is not sent any more; its text goes back to its author with the next `returnable`."""
    return move(session, client_id, part_id, (Delivery.QUEUED,), status=Delivery.CANCELLED, failure=failure)


def move(session: Session, client_id: UUID, part_id: UUID, known: tuple[Delivery, ...], **values: object) -> bool:
    """Change a part that is in one of the states known; whether it was."""
    moved = session.execute(
        update(Message)
        .where(Message.client_id == client_id, Message.id == part_id, Message.status.in_(known))
        .values(**values)
        .returning(Message.id)
    )
    return moved.scalar() is not None


# The writer of a part holds an advisory lock on a connection of its own, which dies with its process; one that hangs
# is given up after its lease. A part that can be asked for is asked, of Telegram only in the owner's own account.
_STRAND = text(
    """
    with dead as (
      select client_id, id, conversation_id from tenant.outbox
      where done_at is null and written_at is not null
        and (written_at < :lease_over or pg_try_advisory_xact_lock(hashtextextended(id::text, 4)))
      order by client_id, id limit 500 for update skip locked
    ), asked as (
      select d.client_id, d.id, v.channel <> 'telegram' or v.business_at is not null as can_ask
      from dead d join tenant.conversation v on v.client_id = d.client_id and v.id = d.conversation_id
    ), closed as (
      update tenant.outbox o set done_at = o.written_at, ask_after = case when a.can_ask then :ask_after end
      from asked a where o.client_id = a.client_id and o.id = a.id
    )
    update tenant.message m set status = 'unknown', failure = case when a.can_ask then :checking else :unconfirmed end
    from asked a
    where m.client_id = a.client_id and m.id = a.id and m.status = 'sending'
    returning m.client_id, m.conversation_id
    """
)


def strand(
    session: Session, lease_over: datetime, ask_after: datetime, words: tuple[str, str]
) -> list[tuple[UUID, UUID]]:
    """Parts that a dead process had on the wire become unknown; (client, conversation) of each.

    `words` are the failures of one that will be asked for and of one that nobody can tell of.
    """
    values = {"lease_over": lease_over, "ask_after": ask_after, "checking": words[0], "unconfirmed": words[1]}
    return [(row.client_id, row.conversation_id) for row in session.execute(_STRAND, values)]


def hold_account(session: Session, connector_id: UUID, until: datetime) -> None:
    """The channel asked the whole page or bot to wait; a wait only grows."""
    session.execute(
        update(Account)
        .where(Account.connector_id == connector_id)
        .values(send_after=func.greatest(func.coalesce(Account.send_after, literal(until)), until))
    )


def cancel_queued(session: Session, client_id: UUID, failure: str) -> int:
    """Cancel what waits; the sender then puts the text back as a draft. Parts on the wire stay as they are.

    The outbox row stays undone until the draft is written: only roles with keys can move the text.
    """
    waiting = select(Outbox.id).where(Outbox.client_id == client_id, Outbox.done_at.is_(None))
    cancelled = session.scalars(
        update(Message)
        .where(Message.client_id == client_id, Message.status == Delivery.QUEUED, Message.id.in_(waiting))
        .values(status=Delivery.CANCELLED, failure=failure)
        .returning(Message.id)
    )
    return len(cancelled.all())
