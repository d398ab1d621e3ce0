"""What the inbox templates receive: frozen values with their words already chosen. Making them is present.py's work."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Badge:
    """A state in an icon and words; `tone` is a class of look.css."""

    glyph: str
    words: str
    tone: str = ""


@dataclass(frozen=True)
class Person:
    id: UUID
    name: str
    is_reader: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    id: UUID
    name: str
    channel: str
    at: datetime
    snippet: str
    window: Badge
    glyph: str = ""
    tone: str = ""
    unread: int = 0
    assignee: Person | None = None


@dataclass(frozen=True)
class File:
    """An attachment by kind and name; `url` only where we hold its bytes."""

    glyph: str
    name: str
    about: str
    url: str | None = None
    is_image: bool = False


@dataclass(frozen=True)
class Node:
    """One bubble of the thread. `id` is its element's, `key` orders it among its neighbours."""

    id: str
    thread: UUID
    key: str
    at: datetime
    is_ours: bool
    text: str = ""
    author: str = ""
    files: tuple[File, ...] = ()
    state: Badge | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Day:
    """A line between two days; `key` sorts before every message of the day."""

    id: str
    thread: UUID
    key: str
    words: str
    is_new_mark: bool = False


Turn = Node | Day


@dataclass(frozen=True)
class Box:
    """The composer: what may be written now, and why not. `refreshes_at` is when that changes by itself."""

    window: Badge
    window_until: datetime | None
    limit: int
    counts: str
    is_shut: bool = False
    button: str = ""
    heading: str = ""
    explanation: str = ""
    refreshes_at: datetime | None = None


@dataclass(frozen=True)
class Thread:
    id: UUID
    name: str
    channel: str
    handle: str
    account: str
    is_open: bool
    assignee: Person | None
    turns: tuple[Turn, ...]
    box: Box
    reply_id: UUID
    earlier: str | None = None
    draft: str = ""


@dataclass(frozen=True)
class Fact:
    label: str
    words: str
    at: datetime | None = None


@dataclass(frozen=True)
class Contact:
    id: UUID
    name: str
    subtitle: str
    facts: tuple[Fact, ...]
    window: tuple[Fact, ...] = ()
    hours_left: float | None = None
    hours_words: str = ""


@dataclass(frozen=True)
class Choice:
    """A view, a status or a channel to filter by."""

    words: str
    url: str
    glyph: str = ""
    hue: str = ""
    count: int | None = None
    is_current: bool = False


@dataclass(frozen=True)
class Side:
    house: str
    views: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    reader: Person


@dataclass(frozen=True)
class Notice:
    """A band over the list: what is so, since when, what comes next."""

    glyph: str
    heading: str
    what_next: str
    tone: str = "warn"


@dataclass(frozen=True)
class Listing:
    title: str
    statuses: tuple[Choice, ...]
    rows: tuple[Row, ...]
    more: str | None = None
    empty_heading: str = ""
    empty_words: str = ""
    empty_link: Choice | None = None
    notices: tuple[Notice, ...] = ()
