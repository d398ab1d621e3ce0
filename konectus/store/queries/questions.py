"""Parts whose outcome nobody knows: whose turn it is to be asked for, and what is known of their like here."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, text
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.conversations import Author, Direction
from konectus.store.models.connectors import Connector
from konectus.store.models.inbox import Attachment, Conversation, EndContact, Message, Outbox


@dataclass(frozen=True, slots=True)
class Open:
    """A part written to the wire at `written_at` whose fate is not known; asked for `asked` times, this included."""

    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    channel: Channel
    account_id: str
    app: str | None
    contact_id: UUID
    written_at: datetime
    asked: int
    has_file: bool
    secret_sealed: bytes | None = field(repr=False)
    recipient_sealed: bytes = field(repr=False)
    text_sealed: bytes | None = field(repr=False)


# Nobody else asks for it before the lease is over. What an echo has named meanwhile needs no question any more.
_CLAIM = text(
    """
    with due as (
      select o.client_id, o.id from tenant.outbox o
      where o.ask_after <= :now order by o.ask_after, o.id limit :most for update skip locked
    )
    update tenant.outbox o
    set asked = o.asked + 1,
        ask_after = case when m.external_key is null and o.written_at is not null then :leased_until end
    from due, tenant.message m
    where o.client_id = due.client_id and o.id = due.id and m.client_id = o.client_id and m.id = o.id
    returning o.client_id, o.id, o.ask_after is not null as is_open
    """
)


def claim(session: Session, now: datetime, leased_until: datetime, most: int) -> list[Open]:
    """Parts whose turn it is."""
    rows = session.execute(_CLAIM, {"now": now, "leased_until": leased_until, "most": most}).all()
    wanted = [row.id for row in rows if row.is_open]
    return _opened(session, {row.client_id for row in rows}, wanted) if wanted else []


def _opened(session: Session, clients: Collection[UUID], wanted: Collection[UUID]) -> list[Open]:
    has_file = (
        select(Attachment.id)
        .where(Attachment.client_id == Message.client_id, Attachment.message_id == Message.id)
        .exists()
    )
    rows = session.execute(
        select(
            Outbox.client_id,
            Outbox.id,
            Outbox.connector_id,
            Outbox.conversation_id,
            Connector.channel,
            Connector.account_id,
            Connector.app,
            Conversation.contact_id,
            Outbox.written_at,
            Outbox.asked,
            has_file.label("has_file"),
            Connector.secret_sealed,
            EndContact.external_id_sealed,
            Message.text_sealed,
        )
        .join(Message, and_(Message.client_id == Outbox.client_id, Message.id == Outbox.id))
        .join(Connector, and_(Connector.client_id == Outbox.client_id, Connector.id == Outbox.connector_id))
        .join(Conversation, and_(Conversation.client_id == Outbox.client_id, Conversation.id == Outbox.conversation_id))
        .join(EndContact, and_(EndContact.client_id == Outbox.client_id, EndContact.id == Conversation.contact_id))
        .where(Outbox.client_id.in_(clients), Outbox.id.in_(wanted))
        .order_by(Outbox.written_at, Outbox.id)
    )
    return [_part(row) for row in rows if row.written_at is not None]


def _part(row: Row[*tuple[Any, ...]]) -> Open:
    return Open(
        client_id=row.client_id,
        id=row.id,
        connector_id=row.connector_id,
        conversation_id=row.conversation_id,
        channel=Channel(row.channel),
        account_id=row.account_id,
        app=row.app,
        contact_id=row.contact_id,
        written_at=row.written_at,
        asked=row.asked,
        has_file=row.has_file,
        secret_sealed=row.secret_sealed,
        recipient_sealed=row.external_id_sealed,
        text_sealed=row.text_sealed,
    )


@dataclass(frozen=True, slots=True)
class EchoRow:
    """A message that went out from here and is no part of ours; its id and words still sealed."""

    id: UUID
    author: Author
    occurred_at: datetime
    has_file: bool
    external_id_sealed: bytes = field(repr=False)
    text_sealed: bytes | None = field(repr=False)


def echoes(session: Session, part: Open, since: datetime, until: datetime) -> list[EchoRow]:
    """What the channel has told us of in a span of the part's conversation, and that no part has been named after."""
    has_file = (
        select(Attachment.id)
        .where(Attachment.client_id == Message.client_id, Attachment.message_id == Message.id)
        .exists()
    )
    rows = session.execute(
        select(
            Message.id,
            Message.author,
            Message.occurred_at,
            has_file.label("has_file"),
            Message.external_id_sealed,
            Message.text_sealed,
        )
        .where(Message.client_id == part.client_id, Message.conversation_id == part.conversation_id)
        .where(Message.direction == Direction.OUT, Message.reply_id.is_(None))
        .where(Message.external_key.is_not(None), Message.occurred_at.between(since, until))
    )
    return [
        EchoRow(row.id, Author(row.author), row.occurred_at, row.has_file, row.external_id_sealed, row.text_sealed)
        for row in rows
        if row.external_id_sealed is not None
    ]


def named_parts(session: Session, part: Open, keys: Collection[bytes]) -> set[bytes]:
    """Of these external keys those that are parts of ours already."""
    rows = session.scalars(
        select(Message.external_key).where(
            Message.client_id == part.client_id,
            Message.connector_id == part.connector_id,
            Message.external_key.in_(keys),
            Message.reply_id.is_not(None),
        )
    )
    return {key for key in rows if key is not None}
