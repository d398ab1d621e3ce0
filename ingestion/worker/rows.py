"""Events as rows: sealed under their Client's key, looked up by keyed hashes. Pure, no session."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from ingestion.routing.pieces import Piece
from ingestion.wire import Attachment, Event, Json, Message
from konectus.domain.channels import AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery, Direction, Party
from konectus.domain.windows import Opener
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


class Spoken(Struct, frozen=True, kw_only=True, gc=False):
    """A message on its way to the store: whose, by which keys, and the channel's id of it.

    `person`: with whom the conversation is, of a group or channel of Telegram its chat. `occurred_at`: when the channel
    says it was, else when it came in.
    """

    piece: Piece
    message: Message
    holder: Holder
    keys: ClientKeys
    person: str
    party: Party
    contact: Ref
    key: Ref
    external_id: str
    occurred_at: datetime

    def __repr__(self) -> str:
        """Without what was said, which would stand in a log."""
        return f"Spoken(piece={self.piece.key!r})"

    @property
    def stirred_at(self) -> datetime:
        """When it moves its conversation: a sender's clock that runs ahead must not pin it to the top."""
        return min(self.occurred_at, self.piece.event.received_at)

    @property
    def opener(self) -> Opener | None:
        """What the person did that opens the reply window (channels.md 2.4); None for a message out."""
        message = self.message
        if message.direction is Direction.OUT:
            return None
        if message.kind in ("postback", "callback"):
            return Opener.POSTBACK
        if "story" in message.facts:
            return Opener.STORY_REPLY
        if any(attachment.type == "story_mention" for attachment in message.attachments):
            return Opener.STORY_MENTION
        return Opener.MESSAGE


def placed_at(spoken: Spoken) -> datetime:
    """The instant in a message's id, by which it stands among others of its own instant (P10): when it came in; of
    Telegram, whose clock knows seconds alone, the number the chat gave it.
    """
    number = spoken.external_id.rpartition(":")[2]
    if spoken.holder.channel == Channel.TELEGRAM and spoken.message.occurred_at and number.isdecimal():
        return spoken.message.occurred_at + timedelta(microseconds=int(number[-6:]))
    return spoken.piece.event.received_at


def party_of(event: Event) -> Party:
    kind = event.facts.get("chat_type")
    if kind in (None, "private"):
        return Party.PERSON
    return Party.CHANNEL if kind == "channel" else Party.GROUP


def thread_of(event: Event) -> str | None:
    """With whom the conversation is: the person, of a group or channel its chat; None for the owner alone."""
    return event.contact or (str(chat) if (chat := event.facts.get("chat")) else None)


def spoken(piece: Piece, message: Message, holder: Holder, keys: ClientKeys) -> Spoken | None:
    """A message with its keys; None where nobody is at the other end (the owner alone, a guest without an id)."""
    person = thread_of(message)
    if person is None:
        return None
    external_id = message.external_id or _tap_id(piece, message, keys)
    who = holder.client_id, holder.connector_id
    return Spoken(
        piece=piece,
        message=message,
        holder=holder,
        keys=keys,
        person=person,
        party=party_of(message),
        contact=(*who, keys.key_of("contact", person)),
        key=(*who, keys.key_of("message", external_id)),
        external_id=external_id,
        occurred_at=message.occurred_at or piece.event.received_at,
    )


def _tap_id(piece: Piece, message: Message, keys: ClientKeys) -> str:
    """A tap without an id is the same tap if person, time and payload are the same (decisions.md)."""
    at = message.occurred_at or piece.event.received_at
    tap = keys.key_of("postback", thread_of(message) or "", at.isoformat(), message.payload or "")
    return f"postback:{tap.hex()}"


def new_contact(spoken: Spoken) -> NewContact:
    """The person or chat, with the name where the channel tells it along."""
    client_id, connector_id, external_key = spoken.contact
    row = uuid7(spoken.piece.event.received_at)
    name, handle = _called(spoken)

    def sealed(value: str | None, column: str) -> bytes | None:
        return spoken.keys.seal_text(value, "contact", column, row) if value else None

    return NewContact(
        client_id=client_id,
        id=row,
        connector_id=connector_id,
        external_key=external_key,
        external_id_sealed=spoken.keys.seal_text(spoken.person, "contact", "external_id_sealed", row),
        name_sealed=sealed(name, "name_sealed"),
        handle_sealed=sealed(handle, "handle_sealed"),
        first_seen_at=spoken.stirred_at,
        kind=spoken.party,
    )


def _called(spoken: Spoken) -> tuple[str | None, str | None]:
    """Name and handle of whom the conversation is with: in a group that is not the one who writes."""
    told, facts = spoken.message.person, spoken.message.facts
    if spoken.party is not Party.PERSON:
        title, handle = facts.get("chat_title"), facts.get("chat_handle")
        return str(title) if title else None, str(handle) if handle else None
    return (told.name, told.handle) if told and told.id == spoken.person else (None, None)


def new_conversation(spoken: Spoken, thread: Thread) -> NewConversation:
    return NewConversation(
        client_id=spoken.holder.client_id,
        id=uuid7(spoken.piece.event.received_at),
        connector_id=spoken.holder.connector_id,
        contact_id=thread.contact_id,
        channel=spoken.holder.channel,
        kind=spoken.party,
        opened_at=spoken.stirred_at,
    )


def new_message(spoken: Spoken, row: UUID, conversation_id: UUID) -> NewMessage:
    """The message sealed for its row. `row` is made beforehand: ids of one batch keep the order of arrival."""
    message, keys = spoken.message, spoken.keys
    client_id, connector_id, external_key = spoken.key
    facts, seal = facts_of(spoken), keys.sealer("message", row)
    return NewMessage(
        client_id=client_id,
        id=row,
        connector_id=connector_id,
        conversation_id=conversation_id,
        direction=message.direction,
        author=author_of(message),
        kind=kind_of(message),
        external_key=external_key,
        external_id_sealed=seal("external_id_sealed", spoken.external_id),
        text_sealed=seal("text_sealed", message.text) if message.text else None,
        reply_to_key=keys.key_of("message", message.reply_to) if message.reply_to else None,
        occurred_at=spoken.occurred_at,
        received_at=spoken.piece.event.received_at,
        status=Delivery.RECEIVED if message.direction is Direction.IN else Delivery.SENT,
        facts_sealed=seal("facts_sealed", json.dumps(facts)) if facts else None,
    )


# Of a group these are the contact's own columns.
_ON_THE_CONTACT = ("chat_type", "chat_title", "chat_handle")


def facts_of(spoken: Spoken) -> Mapping[str, Json]:
    """What stands beside the text: facts of the channel, and what has no column here. Empty for most messages."""
    message = spoken.message
    facts = {key: value for key, value in message.facts.items() if key not in _ON_THE_CONTACT}
    if message.payload is not None:
        facts["payload"] = message.payload
    if message.app_id is not None:
        facts["app_id"] = message.app_id
    if message.standby:
        facts["standby"] = True
    if message.unsupported:
        facts["unsupported"] = True
    if spoken.party is not Party.PERSON and (told := message.person):
        facts["sender"] = {key: value for key, value in asdict(told).items() if value is not None}
    return facts


def author_of(message: Message) -> Author:
    """The person; of what went out the owner by hand, or a program where one is named."""
    if message.direction is Direction.IN:
        return Author.CONTACT
    if message.facts.get("backfilled"):
        return Author.OWNER  # the history does not tell which program wrote
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
        yield new_attachment(spoken.keys, attachment, row, (message_id, position))


def new_attachment(keys: ClientKeys, attachment: Attachment, row: UUID, place: tuple[UUID, int]) -> NewAttachment:
    """At its place: the message, and which of it."""
    source, name = json.dumps(source_of(attachment)), attachment.name
    return NewAttachment(
        client_id=keys.client_id,
        id=row,
        message_id=place[0],
        position=place[1],
        kind=attachment.kind,
        state=state_of(attachment),
        source_sealed=keys.seal_text(source, "attachment", "source_sealed", row),
        name_sealed=keys.seal_text(name, "attachment", "name_sealed", row) if name else None,
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
