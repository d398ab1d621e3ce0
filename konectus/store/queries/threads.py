"""Messages of a thread with their attachments, opened with the Client's keys; keyset pages. The list lives in inbox."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.domain.conversations import Author, Delivery, Direction
from konectus.sealing import ClientKeys
from konectus.store.models.identity import AuthorizedUser
from konectus.store.models.inbox import Attachment, Message

PAGE = 50


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """An attachment without its bytes."""

    id: UUID
    kind: AttachmentKind
    state: AttachmentState
    name: str
    media_type: str | None
    size: int | None
    failure: str | None
    source: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message or a part of a reply as the thread shows it."""

    id: UUID
    conversation_id: UUID
    connector_id: UUID
    direction: Direction
    author: Author
    author_name: str | None
    kind: str
    text: str
    external_id: str | None
    occurred_at: datetime
    received_at: datetime
    status: Delivery
    failure: str | None
    reply_id: UUID | None
    part: int | None
    attachments: tuple[AttachmentRow, ...] = ()


def thread_page(
    session: Session, keys: ClientKeys, conversation_id: UUID, *, before: tuple[datetime, UUID] | None = None
) -> list[MessageRow]:
    """The newest page of a thread, or the one before a message; oldest first, in the order of the senders' times."""
    statement = _messages(keys.client_id).where(Message.conversation_id == conversation_id)
    if before is not None:
        at, first_id = before
        earlier = and_(Message.occurred_at == at, Message.id < first_id)
        statement = statement.where(or_(Message.occurred_at < at, earlier))
    newest = statement.order_by(Message.occurred_at.desc(), Message.id.desc()).limit(PAGE)
    rows = [_message_row(keys, row) for row in session.execute(newest)]
    return with_attachments(session, keys, rows[::-1])


def message(session: Session, keys: ClientKeys, message_id: UUID) -> MessageRow | None:
    row = session.execute(_messages(keys.client_id).where(Message.id == message_id)).one_or_none()
    return with_attachments(session, keys, [_message_row(keys, row)])[0] if row is not None else None


def messages_after(
    session: Session, keys: ClientKeys, after: UUID | None, *, connector_id: UUID | None, limit: int
) -> list[MessageRow]:
    """A Client's messages by id, for programs that take everything along."""
    statement = _messages(keys.client_id)
    if after is not None:
        statement = statement.where(Message.id > after)
    if connector_id is not None:
        statement = statement.where(Message.connector_id == connector_id)
    rows = session.execute(statement.order_by(Message.id).limit(limit))
    return with_attachments(session, keys, [_message_row(keys, row) for row in rows])


def with_attachments(session: Session, keys: ClientKeys, rows: Sequence[MessageRow]) -> list[MessageRow]:
    """The same messages with their attachments, read in one query."""
    if not rows:
        return []
    columns = (Attachment.id, Attachment.message_id, Attachment.kind, Attachment.state, Attachment.failure)
    sealed = (Attachment.source_sealed, Attachment.name_sealed, Attachment.media_type, Attachment.size)
    found = session.execute(
        select(*columns, *sealed)
        .where(Attachment.client_id == keys.client_id, Attachment.message_id.in_([row.id for row in rows]))
        .order_by(Attachment.position)
    )
    by_message: dict[UUID, list[AttachmentRow]] = {}
    for row in found:
        by_message.setdefault(row.message_id, []).append(_attachment_row(keys, row))
    return [replace(row, attachments=tuple(by_message.get(row.id, ()))) for row in rows]


def _messages(client_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Message.id,
            Message.conversation_id,
            Message.connector_id,
            Message.direction,
            Message.author,
            Message.kind,
            Message.text_sealed,
            Message.external_id_sealed,
            Message.occurred_at,
            Message.received_at,
            Message.status,
            Message.failure,
            Message.reply_id,
            Message.part,
            AuthorizedUser.name.label("author_name"),
        )
        .outerjoin(AuthorizedUser, and_(AuthorizedUser.client_id == client_id, AuthorizedUser.id == Message.author_id))
        .where(Message.client_id == client_id)
    )


def _message_row(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> MessageRow:
    external = row.external_id_sealed
    return MessageRow(
        id=row.id,
        conversation_id=row.conversation_id,
        connector_id=row.connector_id,
        direction=Direction(row.direction),
        author=Author(row.author),
        author_name=row.author_name,
        kind=row.kind,
        text=keys.read(row.text_sealed, "message", "text_sealed", row.id),
        external_id=keys.read(external, "message", "external_id_sealed", row.id) if external else None,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        status=Delivery(row.status),
        failure=row.failure,
        reply_id=row.reply_id,
        part=row.part,
    )


def _attachment_row(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> AttachmentRow:
    return AttachmentRow(
        id=row.id,
        kind=AttachmentKind(row.kind),
        state=AttachmentState(row.state),
        name=keys.read(row.name_sealed, "attachment", "name_sealed", row.id),
        media_type=row.media_type,
        size=row.size,
        failure=row.failure,
        source=keys.read(row.source_sealed, "attachment", "source_sealed", row.id),
    )
