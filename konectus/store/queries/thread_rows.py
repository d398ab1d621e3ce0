"""What a thread shows, as frozen rows: messages and what stands beside them. Reading them is threads and beside."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.domain.conversations import Author, Delivery, Direction


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
    width: int | None = None
    height: int | None = None
    has_preview: bool = False


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A text a message had before the one it shows now."""

    at: datetime
    text: str
    number: int | None


@dataclass(frozen=True, slots=True)
class ReactionRow:
    """A reaction that holds; those taken away are not here."""

    emoji: str
    direction: Direction
    at: datetime


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """The message that another one answers."""

    id: UUID
    conversation_id: UUID
    occurred_at: datetime
    direction: Direction
    author_name: str | None
    text: str
    kind: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened in a conversation and is no message. `facts`: JSON, or empty."""

    id: UUID
    kind: str
    at: datetime
    facts: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message or a part of a reply as the thread shows it: `text` is what is shown now, `versions` what was before.

    `facts`: JSON, or empty. `answered` is None where the answered message is not here, which `is_reply` tells.
    """

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
    facts: str = ""
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    versions: tuple[VersionRow, ...] = ()
    reactions: tuple[ReactionRow, ...] = ()
    answered: AnsweredRow | None = None
    is_reply: bool = False
