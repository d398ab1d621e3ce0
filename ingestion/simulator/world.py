"""Everything that is registered, and how it is found: apps, accounts, persons, groups, threads, consents."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestion.simulator import people_es
from ingestion.simulator.mint import Mint
from ingestion.simulator.state import Account, BusinessConnection, Grant, Group, MetaApp, Person, Thread, Writer
from konectus.errors import Invalid, NotFound

_PERSON_ID_DIGITS = {"messenger": 16, "instagram": 15, "telegram": 10}


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
    groups: dict[str, Group] = field(default_factory=dict)
    connections: dict[str, BusinessConnection] = field(default_factory=dict)
    threads: dict[tuple[str, str, str, str], Thread] = field(default_factory=dict)
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
        """A person or a group by its key; `new` makes a person."""
        if key == "new":
            return self.invent_person()
        found = self.groups.get(key) or self.persons.get(key)
        if found is None:
            raise NotFound(f"no person {key!r}; POST /sim/persons makes one, POST /sim/groups a group")
        return found

    def invent_person(self, name: str = "", handle: str = "", language: str = "es") -> Person:
        key = f"p{len(self.persons) + 1}"
        first, _, last = name.partition(" ")
        if not name:
            first, last = people_es.full_name(self.mint, "person", key)
        handle = handle or people_es.handle_of(self.mint, f"{first} {last}", "person", key)
        self.persons[key] = Person(key, first, last, handle, language)
        return self.persons[key]

    def person_id(self, account: Account, person: Person) -> str:
        """The id an account knows a person by: scoped to the account, but for Telegram's."""
        if isinstance(person, Group):
            return person.chat_id
        scope = "" if account.channel == "telegram" else account.id
        return self.mint.digits(_PERSON_ID_DIGITS[account.channel], account.channel, scope, person.key)

    def thread(self, account: Account, person: Person, connection: BusinessConnection | None = None) -> Thread:
        """The thread of a person with an account, or with the owner who connected it."""
        if isinstance(person, Group) and account.channel != "telegram":
            raise Invalid("groups are of Telegram alone")
        key = (*account.key, person.key, connection.id if connection else "")
        if key not in self.threads:
            person_id = self.person_id(account, person)
            self.threads[key] = Thread(account, person, person_id, connection=connection)
        return self.threads[key]

    def connection(self, connection_id: str) -> BusinessConnection:
        if connection_id not in self.connections:
            raise NotFound(f"no business connection {connection_id!r}; POST /sim/business makes one")
        return self.connections[connection_id]

    def writer(self, account: Account, key: str) -> Writer:
        """Somebody who writes in a group of that bot."""
        person = self.person(key)
        return Writer(person, self.person_id(account, person))

    def thread_of(self, account: Account, person_id: str, connection_id: str = "") -> Thread | None:
        theirs = (t for t in self.threads_of(account) if t.person_id == person_id)
        return next((t for t in theirs if (t.connection.id if t.connection else "") == connection_id), None)

    def threads_of(self, account: Account) -> Iterator[Thread]:
        return (t for t in self.threads.values() if t.account is account)
