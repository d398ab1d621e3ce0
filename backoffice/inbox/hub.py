"""Who is looking live: one listening connection per process, fanned out to the open inboxes of each Client.

What a change looks like is in changes.py, the wire format in stream.py.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

import psycopg
from anyio import to_thread

from backoffice.inbox import changes
from backoffice.inbox.changes import Desk, Telling
from backoffice.inbox.subscribers import Subscriber
from backoffice.inbox.tabs import CHANNEL, Opening, Tabs
from konectus.services.work import Works
from konectus.store import signals
from konectus.store.roles import Role

log = logging.getLogger(__name__)

_KEPT = 2000  # changes remembered for those who come back
_AGAIN_AFTER = 1.0


@dataclass(frozen=True)
class Place:
    """Which loaded page listens, after what, and what it showed when it was loaded. `is_again`: it listened before."""

    tab: str
    last_id: str
    shown: UUID | None = None
    is_again: bool = False


@dataclass(eq=False)
class Hub:
    """The live side of one web process."""

    works: Works
    tabs: Tabs = field(default_factory=Tabs)
    _epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    _sequence: int = 0
    _past: deque[tuple[int, UUID, tuple[UUID, ...]]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _open: dict[UUID, set[Subscriber]] = field(default_factory=dict)
    _tasks: dict[UUID | None, asyncio.Task[None]] = field(default_factory=dict)
    _closed: bool = False

    @property
    def position(self) -> str:
        """Where the stream stands now; what happens after it is told to whoever names it."""
        return f"{self._epoch}-{self._sequence}"

    def start(self) -> None:
        self._tasks[None] = asyncio.create_task(self._listen())

    def end_streams(self) -> None:
        """End every open stream, so that the process can stop."""
        self._closed = True
        for subscriber in self._everybody():
            subscriber.end()

    async def stop(self) -> None:
        self.end_streams()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextmanager
    def subscribed(self, desk: Desk, place: Place) -> Iterator[Subscriber]:
        """A stream from a place on. A place of another process is none here: then everything shown is told afresh.

        `reload` for a page that was open before and that this process never heard of.
        """
        subscriber = Subscriber(desk, place.tab, self._feed)
        group = self._open.setdefault(subscriber.client_id, set())
        group.add(subscriber)
        if not place.is_again:
            self.tabs.adopt(desk.visitor.user_id, place.tab, place.shown)
        missed = self._missed(subscriber.client_id, place.last_id)
        if self._shown(subscriber) is None:
            subscriber.reload()
        elif missed is None:
            subscriber.refresh()
            self._feed(subscriber)
        else:
            subscriber.owe(missed)
            self._feed(subscriber)
        if self._closed:
            subscriber.end()
        try:
            yield subscriber
        finally:
            group.discard(subscriber)
            if not group:
                self._open.pop(subscriber.client_id, None)

    def _missed(self, client_id: UUID, last_id: str) -> list[UUID] | None:
        """The conversations that changed after a place in the stream; None where that cannot be told."""
        epoch, _, number = last_id.rpartition("-")
        if epoch != self._epoch or not number.isdigit() or self._forgot(int(number)):
            return None
        found: list[UUID] = []
        for sequence, client, ids in self._past:
            if sequence > int(number) and client == client_id:
                found.extend(ids)
        return found

    def _shown(self, subscriber: Subscriber) -> Opening | None:
        return self.tabs.shown(subscriber.desk.visitor.user_id, subscriber.tab)

    def _everybody(self) -> list[Subscriber]:
        return [subscriber for group in self._open.values() for subscriber in group]

    def _forgot(self, number: int) -> bool:
        oldest = self._past[0][0] if len(self._past) == _KEPT else 1
        return number < oldest - 1 or number > self._sequence

    async def _listen(self) -> None:
        """For as long as the process lives; after a lost connection everybody loads again, since we missed things."""
        lost = False
        while True:
            with suppress(psycopg.Error, OSError):
                conninfo = self.works.database.conninfo(Role.APP)
                async with signals.listening(conninfo, signals.LIVE, signals.ACCESS, CHANNEL) as conn:
                    for subscriber in self._everybody() if lost else ():
                        subscriber.reload()
                    async for notice in conn.notifies():
                        self._hear(notice.channel, notice.payload)
            lost = True
            await asyncio.sleep(_AGAIN_AFTER)

    def _hear(self, channel: str, payload: str) -> None:
        if channel == signals.ACCESS:
            for subscriber in self._open.get(UUID(payload), ()):
                subscriber.alarm()
            return
        if channel == CHANNEL:
            self.tabs.hear(payload)
            return
        client_id, ids = signals.read_live(payload)
        self._sequence += 1
        self._past.append((self._sequence, client_id, ids))
        for subscriber in self._open.get(client_id, ()):
            subscriber.owe(ids)
            self._feed(subscriber)

    def _feed(self, subscriber: Subscriber) -> None:
        client_id = subscriber.client_id
        if subscriber.is_hungry and client_id not in self._tasks:
            self._tasks[client_id] = asyncio.create_task(self._tell(client_id))

    async def _tell(self, client_id: UUID) -> None:
        """Tell those of one Client's open inboxes who took what they had; what comes in meanwhile makes one batch."""
        try:
            while hungry := [one for one in self._open.get(client_id, ()) if one.is_hungry]:
                await self._tell_batch(client_id, hungry)
        except Exception as error:  # noqa: BLE001 -- whatever failed, an inbox that loads again is right again
            log.warning("live update failed", extra={"error": type(error).__name__})
            for subscriber in self._open.get(client_id, ()):
                subscriber.reload()
        finally:
            self._tasks.pop(client_id, None)

    async def _tell_batch(self, client_id: UUID, hungry: list[Subscriber]) -> None:
        position = self.position
        told: list[tuple[Subscriber, bool]] = []
        tellings: list[Telling] = []
        for subscriber in hungry:
            opening = self._shown(subscriber)
            if opening is None:
                subscriber.reload()
                continue
            telling, is_all = subscriber.taken(opening)
            tellings.append(telling)
            told.append((subscriber, is_all))
        rendered = await to_thread.run_sync(partial(changes.render, self.works, client_id, tellings))
        for (subscriber, is_all), events in zip(told, rendered, strict=True):
            # Only the end of all that was owed is a place to go on from: a stream cut before it is told again.
            events[-1] = replace(events[-1], id=position if is_all else "")
            subscriber.tell(events)
