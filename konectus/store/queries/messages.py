"""Whether a conversation is a Client's, for its programs. Pages of messages are threads."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.store.models.inbox import Conversation


def has_conversation(session: Session, client_id: UUID, conversation_id: UUID) -> bool:
    statement = select(Conversation.id).where(Conversation.client_id == client_id, Conversation.id == conversation_id)
    return session.scalar(statement) is not None
