"""What admin pages are made of, as values: cells, facts, listings, details, fields. Templates only lay them out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from konectus.domain.channels import Channel
from konectus.errors import NotFound

LONGEST_TERM = 200


@dataclass(frozen=True, slots=True)
class State:
    """A state in words with its tone (ok, warn, danger, info, mute) and its symbol."""

    words: str
    tone: str
    glyph: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing to show: text, a link, an instant, a state or a channel, with a small line below."""

    text: str = ""
    small: str = ""
    href: str = ""
    at: datetime | None = None
    state: State | None = None
    channel: Channel | None = None
    numeric: bool = False
    # What may be done about this row, at its end.
    acts: tuple["Act", ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: Cell


@dataclass(frozen=True, slots=True)
class Tab:
    words: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the first cell of a row names it. `empty` is said where there are none."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    title: str = ""
    more_href: str = ""
    note: str = ""
    # How many there are, where not all of them are rows.
    count: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list. `term` is None where the list has no search of its own."""

    title: str
    identity: str
    table: Table
    lead: str = ""
    tabs: tuple[Tab, ...] = ()
    term: str | None = None
    search_hint: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    next_href: str = ""
    first_href: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do next; `kind` is a class of the button, empty for the quiet one."""

    words: str
    href: str
    glyph: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """One thing with its facts and what belongs to it."""

    title: str
    identity: str
    facts: tuple[Fact, ...]
    lead: str = ""
    crumbs: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    acts: tuple[Act, ...] = ()
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form with what was typed in it and what is wrong with that."""

    name: str
    label: str
    value: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    error: str = ""
    is_wide: bool = False
    longest: int = 300
    # The words that have to be typed here, shown in the label and compared while typing.
    expected: str = ""
    # The first and last day of a field of days, as the browser bounds its calendar.
    least: str = ""
    most: str = ""

    def with_error(self, words: str) -> "Field":
        return replace(self, error=words)


@dataclass(frozen=True)
class Asked:
    """What a page is asked for, and what its reader may do: `may(identity, action)`."""

    may: Callable[[str, str], bool]
    pk: str = ""
    query: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return typed(self.query.get(name, ""))[:LONGEST_TERM]

    def id(self, name: str) -> UUID | None:
        """An id from the query, None where there is none or it is no id."""
        try:
            return UUID(self.query.get(name, ""))
        except ValueError:
            return None


def typed(text: object) -> str:
    """What a person typed, as the database can hold it: no outer blanks, no NUL; a file is nothing."""
    return text.replace("\0", "").strip() if isinstance(text, str) else ""


def id_of(text: str) -> UUID:
    """Raises NotFound where an address names no id: it is the same as an absent one."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
