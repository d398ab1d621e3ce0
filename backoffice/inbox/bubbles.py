"""What the templates of a thread receive: bubbles, albums, lines, with their words already chosen. Made by turns.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True)
class Badge:
    """A state in an icon and words; `tone` is a class of look.css."""

    glyph: str
    words: str
    tone: str = ""


@dataclass(frozen=True)
class Link:
    """An address of somebody else's: shown as words, opened by a click alone, never loaded by the page."""

    url: str
    words: str


@dataclass(frozen=True)
class File:
    """An attachment. `form` is image, sticker, audio, video, card or file; `url` only where we hold its bytes."""

    id: UUID
    glyph: str
    name: str
    about: str
    form: str = "file"
    url: str | None = None
    preview: str | None = None
    width: int | None = None
    height: int | None = None
    lines: tuple[str, ...] = ()
    link: Link | None = None
    state: str = ""
    can_retry: bool = False


@dataclass(frozen=True)
class Quote:
    """The message that this one answers; `url` leads to it where it is here."""

    who: str
    words: str
    message: UUID | None = None
    url: str = ""


@dataclass(frozen=True)
class Beside:
    """What a message came with: a story, an advertisement, a button. `heading` says what, `words` which."""

    glyph: str
    heading: str
    words: str = ""
    link: Link | None = None


@dataclass(frozen=True)
class Mark:
    """One reaction: what, and for readers of the screen also who."""

    emoji: str
    words: str


@dataclass(frozen=True)
class Version:
    """A text as it stood before an edit."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Act:
    """A button under a part: a POST. `asks` is what a person confirms first."""

    url: str
    words: str
    value: str = ""
    asks: str = ""


@dataclass(frozen=True)
class Node:
    """One bubble of the thread. `id` is its element's, `key` orders it among its neighbours."""

    shape: ClassVar[str] = "bubble"
    id: str
    thread: UUID
    key: str
    message: UUID
    at: datetime
    is_ours: bool
    text: str = ""
    placeholder: str = ""
    gone: str = ""
    author: str = ""
    author_glyph: str = ""
    quote: Quote | None = None
    beside: tuple[Beside, ...] = ()
    files: tuple[File, ...] = ()
    marks: tuple[Mark, ...] = ()
    versions: tuple[Version, ...] = ()
    is_edited: bool = False
    state: Badge | None = None
    acts: tuple[Act, ...] = ()
    notes: tuple[str, ...] = ()
    part: str = ""
    album: str = ""

    @property
    def holds(self) -> tuple[str, ...]:
        return (self.id,)


@dataclass(frozen=True)
class Album:
    """Consecutive parts of one album in one block; its element is named after the first of them."""

    shape: ClassVar[str] = "album"
    nodes: tuple[Node, ...]

    @property
    def id(self) -> str:
        return self.nodes[0].id

    @property
    def thread(self) -> UUID:
        return self.nodes[0].thread

    @property
    def key(self) -> str:
        return self.nodes[0].key

    @property
    def holds(self) -> tuple[str, ...]:
        """The elements that this one stands for; none of them may stand beside it."""
        return tuple(node.id for node in self.nodes)


@dataclass(frozen=True)
class Line:
    """Something that happened and is no message: a line across the thread."""

    shape: ClassVar[str] = "line"
    id: str
    thread: UUID
    key: str
    at: datetime
    glyph: str
    words: str
    tone: str = ""


@dataclass(frozen=True)
class Day:
    """A line between two days; `key` sorts before every message of the day."""

    shape: ClassVar[str] = "day"
    id: str
    thread: UUID
    key: str
    words: str
    is_new_mark: bool = False


Turn = Node | Album | Line | Day
