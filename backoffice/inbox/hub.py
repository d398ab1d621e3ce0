"""Who is looking live: one listening connection per process, fanned out to the open inboxes of each Client.

What a change looks like is in changes.py, the wire format in stream.py.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import psycopg
from anyio import to_thread

from backoffice.inbox import changes
from backoffice.inbox.changes import Desk, Event, Known
from konectus.services.work import Works
from konectus.store import signals
from konectus.store.roles import Role

log = logging.getLogger(__name__)

_KEPT = 2000  # changes remembered for those who come back
_MOST_WAITING = 64  # events one slow reader may owe before it is told to load again
_AGAIN_AFTER = 1.0
RELOAD = Event("reload", "-")
ALARM = Event("alarm", "")  # access may have ended: look up before anything else is told
END = Event("end", "")


@dataclass(eq=False)
class Subscriber:
    """One open stream and what it still has to be told."""

    desk: Desk
    queue: asyncio.Queue[Event] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))

    @property
    def client_id(self) -> UUID:
        assert self.desk.visitor.client_id is not None
        return self.desk.visitor.client_id

    def give(self, event: Event) -> None:
        """Never waits: a reader that lags loads the page again instead of holding everybody up."""
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(event if event in (ALARM, END) else RELOAD)


@dataclass(eq=False)
class Hub:
    """The live side of one web process."""

    works: Works
    _epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    _sequence: int = 0
    _past: deque[tuple[int, UUID, tuple[UUID, ...] | None]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _open: dict[UUID, set[Subscriber]] = field(default_factory=dict)
    _known: dict[UUID, Known] = field(default_factory=dict)
    _dirty: dict[UUID, dict[UUID, None]] = field(default_factory=dict)
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
        for group in self._open.values():
            self._give(group, END)

    async def stop(self) -> None:
        self.end_streams()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextmanager
    def subscribed(self, desk: Desk) -> Iterator[Subscriber]:
        subscriber = Subscriber(desk)
        group = self._open.setdefault(subscriber.client_id, set())
        group.add(subscriber)
        if self._closed:
            subscriber.give(END)
        try:
            yield subscriber
        finally:
            group.discard(subscriber)
            if not group:
                self._open.pop(subscriber.client_id, None)
                self._known.pop(subscriber.client_id, None)

    async def missed(self, subscriber: Subscriber, last_id: str) -> list[Event]:
        """What happened after a place in the stream; `reload` where that is too long ago or another process."""
        epoch, _, number = last_id.rpartition("-")
        if epoch != self._epoch or not number.isdigit() or self._forgot(int(number)):
            return [RELOAD]
        past = [
            ids for sequence, client, ids in self._past if sequence > int(number) and client == subscriber.client_id
        ]
        if not past:
            return []
        if any(ids is None for ids in past):
            return [RELOAD]
        ids = list(dict.fromkeys(one for group in past if group for one in group))
        position = self.position
        rendering = partial(changes.render, self.works, subscriber.client_id, ids, [subscriber.desk], Known())
        (events,) = await to_thread.run_sync(rendering)
        return [Event(event.name, event.data, position) for event in events]

    def _forgot(self, number: int) -> bool:
        oldest = self._past[0][0] if len(self._past) == _KEPT else 1
        return number < oldest - 1 or number > self._sequence

    async def _listen(self) -> None:
        """For as long as the process lives; after a lost connection everybody loads again, since we missed things."""
        lost = False
        while True:
            with suppress(psycopg.Error, OSError):
                conninfo = self.works.database.conninfo(Role.APP)
                async with signals.listening(conninfo, signals.LIVE, signals.ACCESS) as conn:
                    for group in self._open.values() if lost else ():
                        self._give(group, RELOAD)
                    async for notice in conn.notifies():
                        self._hear(notice.channel, notice.payload)
            lost = True
            await asyncio.sleep(_AGAIN_AFTER)

    def _hear(self, channel: str, payload: str) -> None:
        if channel == signals.ACCESS:
            self._give(self._open.get(UUID(payload), set()), ALARM)
            return
        client_id, ids = signals.read_live(payload)
        self._sequence += 1
        self._past.append((self._sequence, client_id, ids))
        if client_id not in self._open:
            return
        if ids is None:
            self._give(self._open[client_id], RELOAD)
            return
        self._dirty.setdefault(client_id, {}).update(dict.fromkeys(ids))
        if client_id not in self._tasks:
            self._tasks[client_id] = asyncio.create_task(self._tell(client_id))

    def _give(self, group: set[Subscriber], event: Event) -> None:
        for subscriber in group:
            subscriber.give(event)

    async def _tell(self, client_id: UUID) -> None:
        """Tell one Client's open inboxes; what comes in meanwhile makes one batch, the next."""
        try:
            while ids := self._dirty.pop(client_id, None):
                await self._tell_batch(client_id, list(ids))
        except Exception as error:  # noqa: BLE001 -- whatever failed, an inbox that loads again is right again
            log.warning("live update failed", extra={"error": type(error).__name__})
            self._give(self._open.get(client_id, set()), RELOAD)
        finally:
            self._tasks.pop(client_id, None)

    async def _tell_batch(self, client_id: UUID, ids: list[UUID]) -> None:
        position = self.position
        subscribers = list(self._open.get(client_id, ()))
        if not subscribers:
            return
        known = self._known.setdefault(client_id, Known())
        desks = [subscriber.desk for subscriber in subscribers]
        told = await to_thread.run_sync(partial(changes.render, self.works, client_id, ids, desks, known))
        for subscriber, events in zip(subscribers, told, strict=True):
            for event in events:
                subscriber.give(Event(event.name, event.data, position))
