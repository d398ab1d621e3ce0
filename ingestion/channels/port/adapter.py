"""The protocol of a channel adapter and the values that go in and out of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import httpx

from ingestion.channels.port.failures import Action, Permanent
from ingestion.wire import Item, Person
from konectus.domain.channels import FILE_LIMITS, TEXT_LIMIT, AttachmentKind, Channel, text_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a call needs: where, for which account, with which secrets. Secrets stay out of every repr.

    `account` is the Page, Instagram account or bot id; `app_id` and `app_secret` are those of the Meta app;
    `flavour` tells a Page token (graph.facebook.com) from an Instagram Login token (graph.instagram.com).
    """

    base_url: str
    account: str
    token: str = field(repr=False)
    app_id: str | None = None
    app_secret: str | None = field(default=None, repr=False)
    flavour: Literal["page", "instagram"] = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A file to send: its bytes, or an address the channel fetches. `kind` is image, audio, video or file."""

    kind: AttachmentKind
    name: str
    mime: str
    content: bytes | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One part of a reply. `part` is our own id of it, which Messenger hands back in the echo.

    `late` asks for the human agent tag (24 hours to 7 days). `recipient` is the person, in a Telegram group the chat.
    """

    recipient: str
    part: str
    reply_to: str | None = None
    late: bool = False
    business_connection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The channel took it: its id of the message, and when (None where it does not say).

    `usage`: percent of its allowance that the channel says are used.
    """

    external_id: str
    at: datetime | None = None
    usage: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What is looked for in a channel's own record: our words to one person between two instants.

    `pause` waits until one more question may be asked.
    """

    person: str
    since: datetime
    until: datetime
    pause: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something we are recorded to have said."""

    external_id: str
    at: datetime
    text: str = field(repr=False)
    has_file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Whom a token speaks for."""

    account: str
    name: str
    handle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where events shall go. Meta knows the address from its app settings and ignores both."""

    url: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether events reach us, as the channel sees it. `pending` and `last_error` where the channel tells them."""

    subscribed: bool
    url: str | None = None
    pending: int | None = None
    last_error: str | None = None


def must_fit(channel: Channel, text: str) -> None:
    """Raises Permanent for a text the channel would refuse."""
    if not 0 < text_length(channel, text) <= TEXT_LIMIT[channel]:
        raise Permanent("text length", action=Action.REFUSED)


def must_carry(channel: Channel, file: OutgoingFile) -> None:
    """Raises Permanent for a file that is too big, of no type the channel takes, or without bytes and address."""
    limits = FILE_LIMITS[channel]
    if file.content is not None and len(file.content) > limits.most_bytes(file.kind):
        raise Permanent("file size", action=Action.MEDIA)
    if file.kind is AttachmentKind.FILE and not limits.any_file and limits.kind_of(file.mime) is not file.kind:
        raise Permanent("file type", action=Action.MEDIA)
    if not file.content and not file.url:
        raise Permanent("file without content", action=Action.MEDIA)


class Adapter(Protocol):
    """One channel: reading what it delivers, calling what it offers.

    Calls take the HTTP client, raise Transient or Permanent and nothing else, and keep the token out of every text.
    """

    channel: Channel

    def accounts(self, body: object) -> frozenset[str]:
        """The accounts a decoded body names; empty where the address tells the account (Telegram)."""
        ...

    def parse(self, body: object, account: str | None = None) -> tuple[Item, ...]:
        """Every item of a decoded body in its order. Never raises; foreign bodies yield nothing."""
        ...

    def split(self, body: object, account: str | None = None) -> tuple[object, ...]:
        """For each item of `parse`, the least body that holds it alone."""
        ...

    def send_text(self, http: httpx.Client, access: Access, out: Outgoing, text: str) -> Sent: ...

    def send_file(self, http: httpx.Client, access: Access, out: Outgoing, file: OutgoingFile) -> Sent: ...

    def wants_address(self, access: Access) -> bool:
        """Whether files go as an address that the channel fetches, and not as bytes."""
        ...

    def take_thread(self, http: httpx.Client, access: Access, recipient: str) -> None:
        """Take a person's thread over from another app (Meta's conversation routing)."""
        ...

    def said(self, http: httpx.Client, access: Access, span: Span) -> tuple[Said, ...]:
        """What the channel records of our words in a span; nothing where it keeps no record for us (Telegram)."""
        ...

    def profile(self, http: httpx.Client, access: Access) -> Profile:
        """Whom the token of `access` speaks for; the `account` in it need not be known yet."""
        ...

    def person(self, http: httpx.Client, access: Access, contact: str) -> Person:
        """What the channel tells of an End Contact; names may be None."""
        ...

    def media_url(self, http: httpx.Client, access: Access, file_id: str) -> str:
        """Where a file named by its id can be fetched for an hour (Telegram alone). The address may hold the token."""
        ...

    def subscribe(self, http: httpx.Client, access: Access, hook: Hook) -> None: ...

    def unsubscribe(self, http: httpx.Client, access: Access) -> None: ...

    def check(self, http: httpx.Client, access: Access) -> Standing: ...
