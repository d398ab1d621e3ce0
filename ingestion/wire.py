"""Normalised events: what a channel said, in the product's words.

Values only: reading bodies is `channels`, finding the Client is `routing`, storing is `worker`. Structs, since a batch
makes thousands of them and a frozen dataclass takes ten times as long; none is ever part of a circle.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from konectus.domain.channels import AttachmentKind
from konectus.domain.conversations import Direction

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


class Receipts(StrEnum):
    DELIVERED = "delivered"
    READ = "read"


class Person(Struct, frozen=True, kw_only=True, gc=False):
    """What a message tells of the one who wrote it. Messenger and Instagram tell the id alone."""

    id: str
    name: str | None = None
    handle: str | None = None
    language: str | None = None


class Attachment(Struct, frozen=True, kw_only=True, gc=False):
    """One thing sent along: what it is to us and, as `type`, the channel's own word.

    `link_only`: keep the address as text and never fetch what is behind it.
    """

    kind: AttachmentKind
    type: str
    url: str | None = None
    file_id: str | None = None
    name: str | None = None
    mime: str | None = None
    size: int | None = None
    title: str | None = None
    link_only: bool = False
    facts: Mapping[str, Json] = field(default_factory=dict)


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """Common to all: the account it belongs to, the person it is about and when it happened.

    `occurred_at` is the channel's instant in UTC, None where the channel names none. `facts` are details that
    have no column of their own (referral, story, album …), as JSON values without NUL and half surrogates.
    """

    account: str | None
    contact: str | None = None
    occurred_at: datetime | None = None
    standby: bool = False
    facts: Mapping[str, Json] = field(default_factory=dict)


class Message(Event, frozen=True, kw_only=True, gc=False):
    """A message in, a message out or a tap on a button. A tap may have no id of its own.

    `kind` is message, echo, postback or callback. `metadata` and `app_id` come with echoes.
    """

    kind: str
    direction: Direction
    external_id: str | None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    payload: str | None = None
    metadata: str | None = None
    app_id: str | None = None
    unsupported: bool = False
    person: Person | None = None


class Edit(Event, frozen=True, kw_only=True, gc=False):
    """The message as it reads now. `number`: which edit it is as the channel counts them, of Telegram the update's."""

    external_id: str
    direction: Direction
    text: str | None
    attachments: tuple[Attachment, ...] = ()
    number: int | None = None
    kind: str = "message_edit"


class Deletion(Event, frozen=True, kw_only=True, gc=False):
    external_id: str
    direction: Direction | None
    kind: str = "message_deleted"


class Reaction(Event, frozen=True, kw_only=True, gc=False):
    """`emoji` None takes the person's reaction away. `number` tells two of one instant apart, where there is one."""

    external_id: str
    emoji: str | None
    number: int | None = None
    direction: Direction = Direction.IN
    kind: str = "reaction"


class Receipt(Event, frozen=True, kw_only=True, gc=False):
    """Messages of ours arrived or were read: those named, and all up to `watermark` or up to `external_id`."""

    state: Receipts
    external_ids: tuple[str, ...] = ()
    watermark: datetime | None = None
    external_id: str | None = None

    @property
    def kind(self) -> str:
        return "delivery" if self.state is Receipts.DELIVERED else "read"


class Signal(Event, frozen=True, kw_only=True, gc=False):
    """Everything that is no message: referral, optin, handover, policy, bot_membership, test_event, unknown …"""

    kind: str
    direction: Direction | None = None
    external_id: str | None = None
    text: str | None = None


class Broken(Struct, frozen=True, kw_only=True, gc=False):
    """An item that cannot be read; its neighbours can. `raw` is the least body that holds it, for the dead letters."""

    reason: str
    raw: object
    account: str | None = None

    def __repr__(self) -> str:
        """Without the body, which would stand in a log."""
        return f"Broken(reason={self.reason!r}, account={self.account!r})"


class Unroutable(Struct, frozen=True, kw_only=True, gc=False):
    """An item on which the body contradicts itself: it belongs to nobody."""

    reason: str
    account: str | None = None


class Duplicate(Struct, frozen=True, kw_only=True, gc=False):
    """The same message once more inside one body."""

    account: str | None
    external_id: str | None


Item = Message | Edit | Deletion | Reaction | Receipt | Signal | Broken | Unroutable | Duplicate

_PART = "konectus:"


def part_name(message_id: UUID) -> str:
    """What we hang on a part we send, so that its echo tells which one it was."""
    return f"{_PART}{message_id}"


def part_of(metadata: str | None) -> UUID | None:
    """The part an echo's metadata names; None when it is not of our making."""
    if metadata is None or not metadata.startswith(_PART):
        return None
    try:
        return UUID(metadata.removeprefix(_PART))
    except ValueError:
        return None
