"""Messages for a Client's programs: which one answers which, and whether a conversation is theirs. Pages: threads."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from konectus.store.models.inbox import Conversation, Message


def quoted(session: Session, client_id: UUID, message_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Message -> the message it answers, where both are here."""
    answered = aliased(Message)
    rows = session.execute(
        select(Message.id, answered.id.label("answered_id"))
        .join(
            answered,
            and_(
                answered.client_id == Message.client_id,
                answered.connector_id == Message.connector_id,
                answered.external_key == Message.reply_to_key,
            ),
        )
        .where(Message.client_id == client_id, Message.id.in_(message_ids))
    )
    return {row.id: row.answered_id for row in rows}


def has_conversation(session: Session, client_id: UUID, conversation_id: UUID) -> bool:
    statement = select(Conversation.id).where(Conversation.client_id == client_id, Conversation.id == conversation_id)
    return session.scalar(statement) is not None
