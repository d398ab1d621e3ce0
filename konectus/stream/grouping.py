"""Group commit without a timer: all that arrived during one commit goes into the next (engine.md 2)."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import psycopg

from konectus.errors import Unavailable
from konectus.store.keystore import Keys
from konectus.stream.postgres import Arrival, append

_LOG = logging.getLogger(__name__)
# Together they bound what a door holds in memory while the log is slow.
MOST_WAITING = 2000
MOST_WAITING_BYTES = 64 << 20
_MOST_AT_ONCE = 500
_MOST_BYTES_AT_ONCE = 8 << 20
# Channels give up after 5 s (Meta); they must hear a clear no before that.
PATIENCE = 4.0
_LOOKS = 20
_CONNECT_PATIENCE = 0.8
_APPEND_PATIENCE = 10.0


class NotTaken(Unavailable):
    """The log did not take it in time: send it again."""

    code = "not_taken"


@dataclass(slots=True, eq=False)
class _Waiter:
    arrival: Arrival
    done: asyncio.Future[None]
    until: float


@dataclass
class GroupCommit:
    """One flusher and one connection per process. `take` returns when the arrival is durable."""

    conninfo: str = field(repr=False)
    keys: Keys
    _waiting: deque[_Waiter] = field(default_factory=deque, init=False, repr=False)
    _writing: Sequence[_Waiter] = field(default=(), init=False, repr=False)
    _bytes: int = field(default=0, init=False)
    _bell: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)
    _closing: bool = field(default=False, init=False)
    _conn: psycopg.AsyncConnection[tuple[object, ...]] | None = field(default=None, init=False, repr=False)

    def take(self, arrival: Arrival) -> asyncio.Future[None]:
        """Await it: the arrival is in the log. Raises NotTaken when it is not, or not known to be, in 4 s."""
        size = len(arrival.body)
        if self._closing or len(self._waiting) >= MOST_WAITING or self._bytes + size > MOST_WAITING_BYTES:
            raise NotTaken
        loop = asyncio.get_running_loop()
        waiter = _Waiter(arrival, loop.create_future(), loop.time() + PATIENCE)
        self._waiting.append(waiter)
        self._bytes += size
        self._bell.set()
        return waiter.done

    async def run(self) -> None:
        """Flush until cancelled, or until `close` was called and all is written."""
        watching = asyncio.create_task(self._watch())
        try:
            while not (self._closing and not self._waiting):
                await self._bell.wait()
                self._bell.clear()
                while batch := self._next():
                    await self._write(batch)
        finally:
            watching.cancel()
            self._refuse(self._waiting)
            await self._drop()

    async def _watch(self) -> None:
        """Tell those who waited too long; one clock for all costs less than a timer of each."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PATIENCE / _LOOKS)
            for line in (self._writing, self._waiting):
                # Oldest first, so the first one in time ends the line.
                self._refuse(takewhile(lambda waiter: waiter.until <= loop.time(), line))

    def close(self) -> None:
        """Take nothing more; `run` ends when what waits is written."""
        self._closing = True
        self._bell.set()

    def _next(self) -> list[_Waiter]:
        """What waits, oldest first, without those who gave up."""
        batch: list[_Waiter] = []
        size = 0
        while self._waiting and len(batch) < _MOST_AT_ONCE and size < _MOST_BYTES_AT_ONCE:
            waiter = self._waiting.popleft()
            self._bytes -= len(waiter.arrival.body)
            if not waiter.done.done():
                batch.append(waiter)
                size += len(waiter.arrival.body)
        return batch

    async def _write(self, batch: list[_Waiter]) -> None:
        self._writing = batch
        try:
            conn = await self._connected()
            async with asyncio.timeout(_APPEND_PATIENCE):
                await append(conn, self.keys, [waiter.arrival for waiter in batch])
        except asyncio.CancelledError:
            self._refuse(batch)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its waiters hear no and the next batch is tried
            _LOG.warning("log not written", extra={"bodies": len(batch), "reason": type(error).__name__})
            self._refuse(batch)
            await self._drop()
            return
        finally:
            self._writing = ()
        for waiter in batch:
            if not waiter.done.done():
                waiter.done.set_result(None)

    async def _connected(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        if self._conn is None or self._conn.closed:
            async with asyncio.timeout(_CONNECT_PATIENCE):
                self._conn = await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)
        return self._conn

    async def _drop(self) -> None:
        """A connection that failed once is not trusted again."""
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await conn.close()

    @staticmethod
    def _refuse(batch: Iterable[_Waiter]) -> None:
        for waiter in batch:
            if not waiter.done.done():
                waiter.done.set_exception(NotTaken())
