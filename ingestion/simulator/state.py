"""What the simulator remembers: apps, accounts, persons, threads, messages. Plain data and look-ups, no HTTP."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from ingestion.simulator import people_es
from ingestion.simulator.mint import Mint
from konectus.errors import NotFound

Channel = Literal["messenger", "instagram", "telegram"]
Json = dict[str, Any]

_PERSON_ID_DIGITS = {"messenger": 16, "instagram": 15, "telegram": 10}
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


@dataclass
class Thread:
    """One person with one account, under the id the account knows the person by."""

    account: Account
    person: Person
    person_id: str
    messages: list[Message] = field(default_factory=list)
    blocked: bool = False
    last_customer_at: datetime | None = None

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


@dataclass
class World:
    """Everything that is registered. Raises NotFound, in words, for what is not.

    `life` counts how often a saved world was taken up again.
    """

    mint: Mint
    life: int = 0
    apps: dict[str, MetaApp] = field(default_factory=dict)
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    persons: dict[str, Person] = field(default_factory=dict)
    threads: dict[tuple[str, str, str], Thread] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Grant] = field(default_factory=dict)

    def app(self, name: str) -> MetaApp:
        if name not in self.apps:
            raise NotFound(f"no Meta app {name!r}; POST /sim/meta/apps registers one")
        return self.apps[name]

    def app_by_id(self, app_id: str) -> MetaApp | None:
        return next((app for app in self.apps.values() if app.id == app_id), None)

    def account(self, channel: str, account_id: str) -> Account:
        if (channel, account_id) not in self.accounts:
            raise NotFound(f"no {channel} account {account_id!r}")
        return self.accounts[channel, account_id]

    def linked_instagram(self, page_id: str) -> Account | None:
        return next((a for a in self.accounts.values() if a.page == page_id), None)

    def subscriptions(self, account: Account) -> dict[str, tuple[str, ...]]:
        """App id → fields; an Instagram account under a Page lives by the Page's subscription."""
        return self.account("messenger", account.page).subscribed if account.page else account.subscribed

    def is_connected(self, account: Account) -> bool:
        return bool(account.webhook.url) if account.channel == "telegram" else bool(self.subscriptions(account))

    def person(self, key: str) -> Person:
        if key == "new":
            return self.invent_person()
        if key not in self.persons:
            raise NotFound(f"no person {key!r}; POST /sim/persons makes one")
        return self.persons[key]

    def invent_person(self, name: str = "", handle: str = "", language: str = "es") -> Person:
        key = f"p{len(self.persons) + 1}"
        first, _, last = name.partition(" ")
        if not name:
            first, last = people_es.full_name(self.mint, "person", key)
        handle = handle or people_es.handle_of(self.mint, f"{first} {last}", "person", key)
        self.persons[key] = Person(key, first, last, handle, language)
        return self.persons[key]

    def thread(self, account: Account, person: Person) -> Thread:
        """The thread of a person with an account; ids are scoped to the account, but for Telegram's."""
        key = (*account.key, person.key)
        if key not in self.threads:
            scope = "" if account.channel == "telegram" else account.id
            person_id = self.mint.digits(_PERSON_ID_DIGITS[account.channel], account.channel, scope, person.key)
            self.threads[key] = Thread(account, person, person_id)
        return self.threads[key]

    def thread_of(self, account: Account, person_id: str) -> Thread | None:
        return next((t for t in self.threads_of(account) if t.person_id == person_id), None)

    def threads_of(self, account: Account) -> Iterator[Thread]:
        return (t for t in self.threads.values() if t.account is account)
