"""Writes of the inbox that are single statements, and the locked read a reply decides on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentKind
from konectus.domain.conversations import Delivery
from konectus.store.models.inbox import Attachment, Conversation, Draft, Message, Reply
from konectus.store.queries.sending import FileRow


def lock(session: Session, client_id: UUID, conversation_id: UUID) -> Conversation | None:
    """A conversation of this Client, locked until the transaction ends. Before its messages, as the worker does.

    Messages of it can be added meanwhile: they only ask that its key stays.
    """
    only_us = {"key_share": True}
    return session.get(Conversation, (client_id, conversation_id), with_for_update=only_us, populate_existing=True)


def by_id(session: Session, client_id: UUID, conversation_id: UUID) -> Conversation | None:
    """A conversation of this Client as it is now; what depends on it is decided again under `lock`."""
    return session.get(Conversation, (client_id, conversation_id))


def is_clicked(session: Session, client_id: UUID, reply_id: UUID) -> bool:
    """Whether this click was written down before."""
    return session.get(Reply, (client_id, reply_id)) is not None


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of a reply as an agent decides on it; its words still sealed."""

    client_id: UUID
    id: UUID
    conversation_id: UUID
    author_id: UUID | None
    status: Delivery
    failure: str | None
    text_sealed: bytes | None = field(repr=False)


def part(session: Session, client_id: UUID, message_id: UUID) -> PartRow | None:
    """A part of a reply of this Client as it is now; what depends on it is decided again under `lock_part`."""
    return _part(session, client_id, message_id, _PART)


def lock_part(session: Session, client_id: UUID, message_id: UUID) -> PartRow | None:
    """The same, locked until the transaction ends; the sender's hold is waited for. After its conversation."""
    return _part(session, client_id, message_id, _PART.with_for_update())


_PART = select(Message.conversation_id, Message.author_id, Message.status, Message.failure, Message.text_sealed)


def _part(session: Session, client_id: UUID, message_id: UUID, found: Select[*tuple[Any, ...]]) -> PartRow | None:
    row = session.execute(
        found.where(Message.client_id == client_id, Message.id == message_id, Message.reply_id.is_not(None))
    ).one_or_none()
    if row is None:
        return None
    state = Delivery(row.status), row.failure, row.text_sealed
    return PartRow(client_id, message_id, row.conversation_id, row.author_id, *state)


def file_of(session: Session, client_id: UUID, message_id: UUID) -> FileRow | None:
    """The file of a part; a part has one at most."""
    row = session.execute(
        select(
            Attachment.id,
            Attachment.kind,
            Attachment.media_type,
            Attachment.size,
            Attachment.width,
            Attachment.height,
            Attachment.name_sealed,
        ).where(Attachment.client_id == client_id, Attachment.message_id == message_id)
    ).one_or_none()
    if row is None:
        return None
    pixels = row.width, row.height
    return FileRow(row.id, AttachmentKind(row.kind), row.media_type, row.size, *pixels, row.name_sealed)


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
