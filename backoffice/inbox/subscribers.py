"""One open stream and what it is owed: changed conversations, then one rendered batch at a time. Rendering is not here.

A reader that lags is owed each conversation once, however often it changed: it gets fewer and newer renderings.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from backoffice.inbox.changes import Desk, Event, Known, Telling
from backoffice.inbox.tabs import Opening

BATCH = 50  # conversations rendered at once for one reader
MOST_OWED = 1000  # beyond that the page is cheaper than the changes
RELOAD = Event("reload", "-")


@dataclass(frozen=True)
class Heard:
    """What a stream has to do next. `alarmed`: access may have ended, look up before anything else is told."""

    events: tuple[Event, ...]
    alarmed: bool
    ended: bool


@dataclass(eq=False)
class Subscriber:
    """The hub's side gives (`owe`, `tell`, `reload`, `alarm`, `end`), the stream's side takes (`next`)."""

    desk: Desk
    tab: str
    on_hungry: Callable[["Subscriber"], None]
    _known: Known = field(default_factory=Known)
    _owed: dict[UUID, None] = field(default_factory=dict)
    _afresh: bool = False
    _told: tuple[Event, ...] = ()
    _alarmed: bool = False
    _ended: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def client_id(self) -> UUID:
        assert self.desk.visitor.client_id is not None
        return self.desk.visitor.client_id

    @property
    def is_hungry(self) -> bool:
        """Whether it took what was rendered and is owed more."""
        return (bool(self._owed) or self._afresh) and not self._told

    @property
    def held(self) -> tuple[int, int]:
        """What waits in memory: conversations owed, and events rendered."""
        return len(self._owed), len(self._told)

    def owe(self, ids: Iterable[UUID]) -> None:
        """Conversations changed; more than it may be owed are told as a reload."""
        self._owed.update(dict.fromkeys(ids))
        if len(self._owed) > MOST_OWED:
            self.reload()

    def taken(self, opening: Opening) -> tuple[Telling, bool]:
        """The next batch to render, and whether it is all that was owed."""
        batch = tuple(self._owed)[:BATCH]
        for one in batch:
            del self._owed[one]
        is_afresh, self._afresh = self._afresh, False
        return Telling(self.desk, batch, opening, self._known, is_afresh), not self._owed

    def tell(self, events: Iterable[Event]) -> None:
        """A rendered batch; after a reload that overtook it, nothing."""
        if not self._told:
            self._told = tuple(events)
            self._woken.set()

    def refresh(self) -> None:
        """Nobody here knows what it missed: it is told the whole list and the whole thread, and keeps its page."""
        self._afresh = True

    def reload(self) -> None:
        self._owed.clear()
        self._afresh = False
        self._told = (RELOAD,)
        self._woken.set()

    def alarm(self) -> None:
        self._alarmed = True
        self._woken.set()

    def end(self) -> None:
        self._ended = True
        self._woken.set()

    async def next(self, patience: float) -> Heard:
        """Waits at most `patience` seconds; taking a batch is what asks for the next one."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), max(patience, 0))
        self._woken.clear()
        heard = Heard(self._told, self._alarmed, self._ended)
        self._told, self._alarmed = (), False
        if self._owed or self._afresh:
            self.on_hungry(self)
        return heard
