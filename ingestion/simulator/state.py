"""What the simulator remembers: apps, accounts, persons, threads, messages. Plain data; what finds them is world."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from konectus.errors import NotFound

Channel = Literal["messenger", "instagram", "telegram"]
Json = dict[str, Any]

_TICK = timedelta(milliseconds=1)


@dataclass
class MetaApp:
    """A Meta app as its owner configured it on the dashboard."""

    name: str
    id: str
    secret: str
    verify_token: str
    flavour: str
    webhook_url: str
    instagram_secret: str | None = None

    @property
    def signing_secret(self) -> str:
        return self.instagram_secret or self.secret if self.flavour == "instagram" else self.secret


@dataclass
class BotWebhook:
    """What setWebhook left behind. An empty list of updates means all but the three kinds that must be named."""

    url: str = ""
    secret_token: str = ""
    allowed_updates: tuple[str, ...] = ()
    max_connections: int = 40


@dataclass
class Account:
    """A Page, an Instagram professional account or a bot. `page` is set where Instagram hangs on a Page."""

    channel: Channel
    id: str
    name: str
    username: str
    token: str
    app: str = ""
    business: str = "tienda"
    page: str | None = None
    subscribed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    webhook: BotWebhook = field(default_factory=BotWebhook)
    token_dead: bool = False
    dead_subcode: int = 463
    token_expires_at: datetime | None = None
    last_message: int = 0
    last_update: int = 0
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> tuple[str, str]:
        return (self.channel, self.id)

    def next_message_id(self) -> int:
        self.last_message += 1
        return self.last_message

    def next_update_id(self) -> int:
        self.last_update += 1
        return self.last_update


@dataclass
class Person:
    key: str
    first_name: str
    last_name: str
    handle: str
    language: str = "es"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


GroupKind = Literal["group", "supergroup", "channel"]


@dataclass
class Group(Person):
    """A group, supergroup or channel of Telegram: heard and answered like a person, its key begins with g.

    `migrated_to` is the chat id of the supergroup it has become.
    """

    kind: GroupKind = "group"
    chat_id: str = ""
    migrated_to: str | None = None


@dataclass(frozen=True)
class Writer:
    """Who wrote in a chat that is not his own, under the id the chat knows him by."""

    person: Person
    person_id: str


@dataclass
class BusinessConnection:
    """An owner who lets a bot answer the chats of his own account; `chats` counts their messages."""

    id: str
    bot: "Account"
    owner: Writer
    rights: Json
    at: datetime
    is_enabled: bool = True


@dataclass
class Attachment:
    """One thing beside the text; `url` is where it can be fetched, `facts` what the type alone has."""

    type: str
    url: str = ""
    name: str = ""
    media_type: str = ""
    size: int | None = None
    sha256: str = ""
    facts: Json = field(default_factory=dict)


@dataclass
class Message:
    id: str
    direction: Literal["in", "out"]
    at: datetime
    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    reply_to: str | None = None
    metadata: str | None = None
    tag: str | None = None
    app_id: str | None = None
    buttons: list[Json] = field(default_factory=list)
    reaction: str | None = None
    edits: int = 0
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    native: Json = field(default_factory=dict)
    writer: Writer | None = None


@dataclass
class Thread:
    """One person (or group) with one account, under the id the account knows the person by.

    `connection` where it is a chat of an owner who connected the bot; `owner_app` the other app that has the thread;
    `is_request` while it lies in the folder of message requests; `last_message` counts where ids belong to the chat.
    """

    account: Account
    person: Person
    person_id: str
    messages: list[Message] = field(default_factory=list)
    blocked: bool = False
    last_customer_at: datetime | None = None
    connection: BusinessConnection | None = None
    owner_app: str | None = None
    is_request: bool = False
    last_message: int = 0
    taps: int = 0

    def next_message_id(self) -> int:
        self.last_message += 1
        return self.last_message

    @property
    def group(self) -> Group | None:
        return self.person if isinstance(self.person, Group) else None

    @property
    def keeps_count(self) -> bool:
        """Whether message ids count in this chat alone, as in supergroups, channels and business chats."""
        return self.connection is not None or (self.group is not None and self.group.kind != "group")

    def message(self, message_id: str) -> Message:
        found = next((m for m in self.messages if m.id == message_id), None)
        if found is None:
            raise NotFound(f"message {message_id} is not in this thread")
        return found

    def add(self, message: Message) -> Message:
        """Keep a message; two in the same millisecond never share their instant, because watermarks compare by it."""
        same = [m.at for m in self.messages if m.at >= message.at and m.at - message.at < timedelta(seconds=1)]
        if same:
            message.at = max(same) + _TICK
        self.messages.append(message)
        return message

    def received(self) -> list[Message]:
        return [m for m in self.messages if m.direction == "out"]


@dataclass
class Grant:
    """A consent for an app: its token and until when that lives. `instagram` where an account itself consented."""

    token: str
    app: MetaApp
    user_id: str
    expires_at: datetime
    issued_at: datetime
    instagram: Account | None = None
