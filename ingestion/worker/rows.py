"""Events as rows: sealed under their Client's key, looked up by keyed hashes. Pure, no session."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ingestion.routing.pieces import Piece
from ingestion.wire import Attachment, Json, Message
from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.domain.conversations import Author, Delivery, Direction
from konectus.ids import uuid7
from konectus.sealing import ClientKeys
from konectus.store.queries.accounts import Holder
from konectus.store.queries.intake import NewAttachment, NewContact, NewConversation, NewMessage, Ref, Thread

# The Page Inbox: somebody of the Client answered by hand (channels.md 2.2; the sheet doubts one digit).
_PAGE_INBOX = frozenset({"263902037430900", "26390203743090"})
_FETCHED = frozenset(
    {
        AttachmentKind.IMAGE,
        AttachmentKind.AUDIO,
        AttachmentKind.VIDEO,
        AttachmentKind.FILE,
        AttachmentKind.STICKER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A message on its way to the store: whose, by which keys, and the channel's id of it."""

    piece: Piece
    message: Message
    holder: Holder
    keys: ClientKeys = field(repr=False)
    person: str
    contact: Ref
    key: Ref
    external_id: str

    @property
    def occurred_at(self) -> datetime:
        return self.message.occurred_at or self.piece.event.received_at

    @property
    def stirred_at(self) -> datetime:
        """When it moves its conversation: a sender's clock that runs ahead must not pin it to the top."""
        return min(self.occurred_at, self.piece.event.received_at)


def spoken(piece: Piece, message: Message, holder: Holder, keys: ClientKeys) -> Spoken | None:
    """A message with its keys; None where nobody is at the other end (groups, the owner alone)."""
    if message.contact is None:
        return None
    external_id = message.external_id or _tap_id(piece, message, keys)
    who = holder.client_id, holder.connector_id
    return Spoken(
        piece=piece,
        message=message,
        holder=holder,
        keys=keys,
        person=message.contact,
        contact=(*who, keys.key_of("contact", message.contact)),
        key=(*who, keys.key_of("message", external_id)),
        external_id=external_id,
    )


def _tap_id(piece: Piece, message: Message, keys: ClientKeys) -> str:
    """A tap without an id is the same tap if person, time and payload are the same (decisions.md)."""
    at = message.occurred_at or piece.event.received_at
    tap = keys.key_of("postback", message.contact or "", at.isoformat(), message.payload or "")
    return f"postback:{tap.hex()}"


def new_contact(spoken: Spoken) -> NewContact:
    """The person, with the name where the channel tells it along."""
    client_id, connector_id, external_key = spoken.contact
    row = uuid7(spoken.piece.event.received_at)
    told = spoken.message.person
    told = told if told and told.id == spoken.person else None

    def sealed(value: str | None, column: str) -> bytes | None:
        return spoken.keys.seal_text(value, "contact", column, row) if value else None

    return NewContact(
        client_id=client_id,
        id=row,
        connector_id=connector_id,
        external_key=external_key,
        external_id_sealed=spoken.keys.seal_text(spoken.person, "contact", "external_id_sealed", row),
        name_sealed=sealed(told.name if told else None, "name_sealed"),
        handle_sealed=sealed(told.handle if told else None, "handle_sealed"),
        first_seen_at=spoken.stirred_at,
    )


def new_conversation(spoken: Spoken, thread: Thread) -> NewConversation:
    return NewConversation(
        client_id=spoken.holder.client_id,
        id=uuid7(spoken.piece.event.received_at),
        connector_id=spoken.holder.connector_id,
        contact_id=thread.contact_id,
        channel=spoken.holder.channel,
        opened_at=spoken.stirred_at,
    )


def new_message(spoken: Spoken, row: UUID, conversation_id: UUID) -> NewMessage:
    """The message sealed for its row. `row` is made beforehand: ids of one batch keep the order of arrival."""
    message, keys = spoken.message, spoken.keys
    client_id, connector_id, external_key = spoken.key
    return NewMessage(
        client_id=client_id,
        id=row,
        connector_id=connector_id,
        conversation_id=conversation_id,
        direction=message.direction,
        author=author_of(message),
        kind=kind_of(message),
        external_key=external_key,
        external_id_sealed=keys.seal_text(spoken.external_id, "message", "external_id_sealed", row),
        text_sealed=keys.seal_text(message.text, "message", "text_sealed", row) if message.text else None,
        reply_to_key=keys.key_of("message", message.reply_to) if message.reply_to else None,
        occurred_at=spoken.occurred_at,
        received_at=spoken.piece.event.received_at,
        status=Delivery.RECEIVED if message.direction is Direction.IN else Delivery.SENT,
    )


def author_of(message: Message) -> Author:
    """The person; of what went out the owner by hand, or a program where one is named."""
    if message.direction is Direction.IN:
        return Author.CONTACT
    by_program = message.app_id and message.app_id not in _PAGE_INBOX
    return Author.PROGRAM if by_program or message.facts.get("sent_through_us") else Author.OWNER


def kind_of(message: Message) -> str:
    """What the channel called it; an echo is a message like any other."""
    if message.unsupported:
        return "unsupported"
    return "message" if message.kind == "echo" else message.kind


def new_attachments(spoken: Spoken, message_id: UUID) -> Iterator[NewAttachment]:
    for position, attachment in enumerate(spoken.message.attachments):
        row = uuid7(spoken.piece.event.received_at)
        source = json.dumps(source_of(attachment))
        name = attachment.name
        yield NewAttachment(
            client_id=spoken.holder.client_id,
            id=row,
            message_id=message_id,
            position=position,
            kind=attachment.kind,
            state=state_of(attachment),
            source_sealed=spoken.keys.seal_text(source, "attachment", "source_sealed", row),
            name_sealed=spoken.keys.seal_text(name, "attachment", "name_sealed", row) if name else None,
            media_type=attachment.mime,
            size=attachment.size,
        )


def source_of(attachment: Attachment) -> Mapping[str, Json]:
    """What `source_sealed` holds: the channel's own word, where the bytes are, and the details."""
    told: dict[str, Json] = {
        "type": attachment.type,
        "url": attachment.url,
        "file_id": attachment.file_id,
        "title": attachment.title,
        "facts": attachment.facts or None,
    }
    return {key: value for key, value in told.items() if value is not None}


def state_of(attachment: Attachment) -> AttachmentState:
    """Fetched by a job of its own, a link that is only shown, or nothing to fetch at all."""
    has_bytes = attachment.file_id is not None or (attachment.url is not None and not attachment.link_only)
    if has_bytes and attachment.kind in _FETCHED:
        return AttachmentState.PENDING
    return AttachmentState.LINK_ONLY if attachment.url else AttachmentState.NO_BYTES
