"""The parts every list by id shares: which rows to show, the way to the next page, tabs of states."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from backoffice.admin.pieces import Asked, Cell, Tab
from backoffice.admin.shell import list_of
from backoffice.admin.view import PAGE_SIZE
from konectus.i18n import gettext


class Row(Protocol):
    @property
    def id(self) -> UUID: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list stands: its identity, the state it is narrowed to and the words searched for."""

    identity: str
    show: str = ""
    term: str = ""
    after: UUID | None = None

    @classmethod
    def of(cls, identity: str, asked: Asked, states: Sequence[str]) -> "Place":
        wanted = asked.query.get("show", "")
        return cls(identity, wanted if wanted in states else "", asked.text("search"), asked.id("after"))

    def tabs(self, states: Sequence[tuple[str, str]]) -> tuple[Tab, ...]:
        here = list_of(self.identity)
        return (
            Tab(gettext("All of them"), here, not self.show),
            *(Tab(words, f"{here}?show={name}", name == self.show) for name, words in states),
        )

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        return (("show", self.show),) if self.show else ()

    def next_href(self, rows: Sequence[Row]) -> str:
        """The page after this one, where one row more was read than is shown."""
        return self._to({"after": str(rows[PAGE_SIZE - 1].id)}) if len(rows) > PAGE_SIZE else ""

    @property
    def first_href(self) -> str:
        return self._to({}) if self.after else ""

    def _to(self, more: dict[str, str]) -> str:
        given = {"show": self.show, "search": self.term, **more}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{list_of(self.identity)}?{query}" if query else list_of(self.identity)


def cells(rows: Sequence[R], of: Callable[[R], tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    """The rows of one page."""
    return tuple(of(row) for row in rows[:PAGE_SIZE])
