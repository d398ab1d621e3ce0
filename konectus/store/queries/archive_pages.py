"""Reads for the part of an archive that people leaf through: conversations, files, letters. Rows as data: archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentState, Channel
from konectus.domain.conversations import Status
from konectus.sealing import ClientKeys, Unreadable
from konectus.store.models.connectors import Connector
from konectus.store.models.inbox import Attachment, Conversation, EndContact
from konectus.store.models.notices import Notice


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A conversation with whom it is."""

    id: UUID
    channel: Channel
    connector: str
    name: str
    handle: str
    status: Status
    opened_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file whose bytes are in the store."""

    id: UUID
    name: str
    media_type: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice as it was sent."""

    id: UUID
    message: bytes


def conversations(session: Session, keys: ClientKeys, after: str | None, limit: int) -> list[ConversationLine]:
    """In the order of their ids, behind one of them."""
    return _lines(session, keys, _CONVERSATION.id > UUID(after) if after else None, (_CONVERSATION.id,), limit)


def conversation(session: Session, keys: ClientKeys, conversation_id: UUID) -> ConversationLine | None:
    found = _lines(session, keys, _CONVERSATION.id == conversation_id, (_CONVERSATION.id,), 1)
    return found[0] if found else None


def newest(session: Session, keys: ClientKeys, before: Sequence[str] | None, limit: int) -> list[ConversationLine]:
    """The last talked to first; `before` is (last at as ISO, id) of the one above."""
    place = tuple_(_CONVERSATION.last_at, _CONVERSATION.id)
    older = None
    if before is not None:
        older = place < tuple_(datetime.fromisoformat(before[0]), UUID(before[1]))
    return _lines(session, keys, older, (_CONVERSATION.last_at.desc(), _CONVERSATION.id.desc()), limit)


def files(session: Session, keys: ClientKeys, after: str | None, limit: int) -> list[FileLine]:
    """Files in the order of their ids, behind one of them."""
    statement = select(Attachment.id, _TABLE.c.name_sealed, Attachment.media_type, Attachment.size).where(
        Attachment.client_id == keys.client_id, Attachment.state == AttachmentState.STORED
    )
    if after is not None:
        statement = statement.where(Attachment.id > UUID(after))
    rows = session.execute(statement.order_by(Attachment.id).limit(limit))
    return [
        FileLine(r.id, read(keys, r.name_sealed, ("attachment", "name"), r.id), r.media_type, r.size or 0) for r in rows
    ]


def count_files(session: Session, client_id: UUID) -> int:
    statement = select(func.count()).where(
        Attachment.client_id == client_id, Attachment.state == AttachmentState.STORED
    )
    return session.scalar(statement) or 0


def letters(session: Session, client_id: UUID, after: str | None, limit: int) -> list[Letter]:
    """Notices of which the whole message is kept, in the order of their ids, behind one of them."""
    message = Notice.__table__.c.message
    statement = select(Notice.id, message).where(Notice.client_id == client_id, message.is_not(None))
    if after is not None:
        statement = statement.where(Notice.id > UUID(after))
    return [Letter(row.id, bytes(row.message)) for row in session.execute(statement.order_by(Notice.id).limit(limit))]


def read(keys: ClientKeys, sealed: bytes | None, place: tuple[str, str], row_id: UUID) -> str:
    """A name; empty where there is none or it does not open, which the rows as data tell."""
    try:
        return keys.read(sealed, place[0], f"{place[1]}_sealed", row_id)
    except Unreadable:
        return ""


_CONVERSATION, _CONTACT, _TABLE = Conversation, EndContact.__table__, Attachment.__table__


def _lines(
    session: Session, keys: ClientKeys, where: object, order: Sequence[object], limit: int
) -> list[ConversationLine]:
    which = (Conversation.id, Conversation.channel, Conversation.status, Conversation.opened_at, Conversation.last_at)
    statement = (
        select(*which, Connector.name, _CONTACT.c.id.label("contact"), _CONTACT.c.name_sealed, _CONTACT.c.handle_sealed)
        .join(Connector, (Connector.client_id == Conversation.client_id) & (Connector.id == Conversation.connector_id))
        .join(_CONTACT, (_CONTACT.c.client_id == Conversation.client_id) & (_CONTACT.c.id == Conversation.contact_id))
        .where(Conversation.client_id == keys.client_id)
    )
    if where is not None:
        statement = statement.where(where)  # type: ignore[arg-type]  # a condition, made by our own two callers
    rows = session.execute(statement.order_by(*order).limit(limit))  # type: ignore[arg-type]  # columns of theirs
    return [
        ConversationLine(
            id=row.id,
            channel=Channel(row.channel),
            connector=row.name,
            name=read(keys, row.name_sealed, ("contact", "name"), row.contact),
            handle=read(keys, row.handle_sealed, ("contact", "handle"), row.contact),
            status=Status(row.status),
            opened_at=row.opened_at,
            last_at=row.last_at,
        )
        for row in rows
    ]
