"""What generated traffic says, and a ledger of its own: what must be stored once a body was acknowledged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

NEVER = datetime.min.replace(tzinfo=UTC)
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Place:
    """One connected account of a Client. `secret` is the header's of a bot; `door` the path its bodies come to."""

    client_id: UUID
    connector_id: UUID
    channel: str
    account: str
    door: str
    secret: str = ""


@dataclass(frozen=True)
class Fact:
    """What one item says, in the words of the ledger. `key` is the channel's id of the message it is about, `at` the
    sender's time (NEVER where the channel tells none).
    """

    kind: str
    place: Place
    key: str = ""
    person: str = ""
    at: datetime = NEVER
    text: str | None = None
    direction: str = "in"
    number: int = 0

    def saying(self, text: str | None) -> "Fact":
        """The same with these words, as they are promised to be kept."""
        return replace(self, text=cleaned(text))


@dataclass(frozen=True)
class Item:
    """One item of a Meta body or one update, with what it says; `facts` is empty for what leaves no message behind."""

    place: Place
    content: Any
    facts: tuple[Fact, ...] = ()
    listing: str = "messaging"


@dataclass(frozen=True)
class Body:
    """The bytes of one POST. `answer` is the status it must get; only what gets 200 tells facts."""

    door: str
    raw: bytes
    items: tuple[Item, ...] = ()
    secret: str = ""
    signature: str = "valid"
    times: int = 1

    @property
    def facts(self) -> Iterator[Fact]:
        return (fact for item in self.items for fact in item.facts)


@dataclass
class Expected:
    """One message as it must read in the end."""

    direction: str
    at: datetime
    first: str | None
    person: str
    edits: list[tuple[datetime, int, str | None]] = field(default_factory=list)
    reactions: dict[str, tuple[datetime, int, str | None]] = field(default_factory=dict)
    withdrawn: bool = False
    status: str = ""

    def receive(self, delivered: datetime, read: datetime) -> None:
        """What is known of a message out once a person was delivered to and has read until these instants."""
        if self.direction == "in":
            self.status = "received"
        elif self.at <= read:
            self.status = "read"
        else:
            self.status = "delivered" if self.at <= delivered else "sent"

    @property
    def text(self) -> str | None:
        if self.withdrawn:
            return None
        return max(self.edits)[2] if self.edits else self.first

    @property
    def emojis(self) -> list[str]:
        return sorted(emoji for _, _, emoji in self.reactions.values() if emoji)


def cleaned(text: str | None) -> str | None:
    """What is promised of a text: every code point but NUL and half surrogates."""
    return None if text is None else _UNREADABLE.sub("\ufffd", text)


@dataclass
class Ledger:
    """What was acknowledged, by (Client, connector) and the channel's id of the message."""

    learnt: list[Fact] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def learn(self, body: Body) -> None:
        self.learnt += body.facts

    def expected(self) -> dict[UUID, dict[tuple[UUID, str], Expected]]:
        """By Client. What changes a message that was never told is left out: it shows nowhere."""
        told: dict[UUID, dict[tuple[UUID, str], Expected]] = {}
        facts = sorted(self.learnt, key=lambda fact: fact.kind != "said")
        for fact in facts:
            mine = told.setdefault(fact.place.client_id, {})
            where = (fact.place.connector_id, fact.key)
            if fact.kind == "said":
                mine.setdefault(where, Expected(fact.direction, fact.at, fact.text, fact.person))
            elif where in mine:
                _apply(mine[where], fact)
        return told

    def receipts(self) -> dict[tuple[UUID, str], tuple[datetime, datetime]]:
        """Until when a person has been delivered to and has read, by (connector, person).

        A read of Instagram names its message and no instant: it tells nothing where that message never came.
        """
        told: dict[tuple[UUID, str], tuple[datetime, datetime]] = {}
        said = {(fact.place.connector_id, fact.key) for fact in self.learnt if fact.kind == "said"}
        for fact in self.learnt:
            is_placed = fact.place.channel != "instagram" or (fact.place.connector_id, fact.key) in said
            if fact.kind in {"delivered", "read"} and is_placed:
                delivered, read = told.get((fact.place.connector_id, fact.person), (NEVER, NEVER))
                delivered = max(delivered, fact.at)
                read = max(read, fact.at) if fact.kind == "read" else read
                told[fact.place.connector_id, fact.person] = (delivered, read)
        return told


def _apply(message: Expected, fact: Fact) -> None:
    if fact.kind == "edited":
        message.edits.append((fact.at, fact.number, fact.text))
    elif fact.kind == "withdrawn":
        message.withdrawn = True
    elif fact.kind == "reacted":
        when = (fact.at, fact.number)
        if when >= message.reactions.get(fact.person, (*when, None))[:2]:
            message.reactions[fact.person] = (*when, fact.text)
