"""Writes of the inbox that are single statements, and the locked read a reply decides on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from konectus.store.models.inbox import Conversation, Draft, Message, Reply


def lock(session: Session, client_id: UUID, conversation_id: UUID) -> Conversation | None:
    """A conversation of this Client, locked until the transaction ends."""
    return session.get(Conversation, (client_id, conversation_id), with_for_update=True)


def claim_reply(session: Session, reply: Reply) -> bool:
    """Write down a click on Send; False where this very click was written before."""
    values = {
        "client_id": reply.client_id,
        "id": reply.id,
        "conversation_id": reply.conversation_id,
        "author_id": reply.author_id,
        "created_at": reply.created_at,
    }
    written = session.execute(insert(Reply).values(values).on_conflict_do_nothing().returning(Reply.id))
    return written.scalar() is not None


def parts_of(session: Session, client_id: UUID, conversation_id: UUID, reply_id: UUID) -> list[UUID]:
    """The messages a reply was split into, in order."""
    statement = select(Message.id).where(
        Message.client_id == client_id, Message.conversation_id == conversation_id, Message.reply_id == reply_id
    )
    return list(session.scalars(statement.order_by(Message.part)))


def save_draft(session: Session, draft: Draft) -> None:
    values = {"text_sealed": draft.text_sealed, "updated_at": draft.updated_at}
    key = {"client_id": draft.client_id, "conversation_id": draft.conversation_id, "user_id": draft.user_id}
    statement = insert(Draft).values(**key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def delete_draft(session: Session, client_id: UUID, conversation_id: UUID, user_id: UUID) -> None:
    session.execute(
        delete(Draft).where(
            Draft.client_id == client_id, Draft.conversation_id == conversation_id, Draft.user_id == user_id
        )
    )


def touch_replied(session: Session, client_id: UUID, conversation_id: UUID, now: datetime) -> None:
    """A reply moves its conversation up; watermarks only grow, so it commutes with the worker's batches."""
    session.execute(
        update(Conversation)
        .where(Conversation.client_id == client_id, Conversation.id == conversation_id)
        .values(
            last_at=func.greatest(Conversation.last_at, now),
            first_reply_at=func.coalesce(Conversation.first_reply_at, now),
            unread=0,
        )
    )


def mark_read(session: Session, client_id: UUID, conversation_id: UUID) -> bool:
    """Nothing unread any more; False where nothing was."""
    statement = update(Conversation).where(
        Conversation.client_id == client_id, Conversation.id == conversation_id, Conversation.unread > 0
    )
    return session.execute(statement.values(unread=0).returning(Conversation.id)).scalar() is not None
