"""What list, composer and contact receive: frozen values, their words already chosen. A thread's are in bubbles.py."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backoffice.inbox.bubbles import Badge, Turn


@dataclass(frozen=True)
class Person:
    id: UUID
    name: str
    is_reader: bool = False


@dataclass(frozen=True)
class Window:
    """A reply window for scanning; `title` is its whole story: what opened it and the exact instant it closes."""

    glyph: str
    words: str
    tone: str = ""
    title: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    id: UUID
    name: str
    channel: str
    at: datetime
    snippet: str
    window: Window
    glyph: str = ""
    tone: str = ""
    unread: int = 0
    assignee: Person | None = None
    chips: tuple[Badge, ...] = ()


@dataclass(frozen=True)
class Allowed:
    """Files as a channel takes them, for the page to tell before the click. Sizes in bytes, `types` empty for all.

    `said_…` is what the page says of a file that is not taken.
    """

    most: int
    size: int
    image_size: int
    types: tuple[str, ...]
    words: str
    said_most: str
    said_size: str
    said_image: str
    said_type: str


@dataclass(frozen=True)
class Box:
    """The composer: what may be written now, and why not. `refreshes_at` is when that changes by itself."""

    window: Window
    window_until: datetime | None
    limit: int
    counts: str
    files: Allowed
    is_shut: bool = False
    button: str = ""
    heading: str = ""
    explanation: str = ""
    refreshes_at: datetime | None = None
    notices: tuple["Notice", ...] = ()


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
    later: str | None = None
    draft: str = ""
    sought: UUID | None = None
    chips: tuple[Badge, ...] = ()


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
    short: str = ""


@dataclass(frozen=True)
class Side:
    house: str
    views: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    reader: Person
    apart: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A band over the list: what is so, since when, what comes next."""

    glyph: str
    heading: str
    what_next: str
    tone: str = "warn"
    link: Choice | None = None


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


@dataclass(frozen=True)
class Piece:
    """A bit of a found text; marked where it is what was looked for."""

    words: str
    is_marked: bool = False


@dataclass(frozen=True)
class Hit:
    """A message that was found, and the way to its place in its thread."""

    id: UUID
    conversation_id: UUID
    name: str
    channel: str
    at: datetime
    pieces: tuple[Piece, ...]
    is_ours: bool = False


@dataclass(frozen=True)
class PersonHit:
    """A person or group found by name."""

    conversation_id: UUID
    name: str
    handle: str
    channel: str
    chips: tuple[Badge, ...] = ()


@dataclass(frozen=True)
class Found:
    """What a search has to show. `before` leads to older hits."""

    words: str
    hits: tuple[Hit, ...] = ()
    people: tuple[PersonHit, ...] = ()
    before: str = ""
    said: str = ""
    is_page: bool = False
