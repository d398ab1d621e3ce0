"""The doors' map of accounts in memory: told by NOTIFY, read again each second, never trusted when it is old."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import psycopg

from konectus.clock import monotonic
from konectus.store import signals
from konectus.store.queries import accounts
from konectus.store.queries.accounts import Holder, Pair

_LOG = logging.getLogger(__name__)
POLL = 1.0
# Reloads asked for by events of accounts that are not in the map are at least this far apart.
_SPACING = 0.1
_PATIENCE = 0.9
_RETRY = 0.5


@dataclass
class LiveAccounts:
    """Which accounts are live, at most a second old; and the counts of what was dropped on its word."""

    conninfo: str = field(repr=False)
    _by_account: dict[Pair, Holder] = field(default_factory=dict, init=False, repr=False)
    _by_connector: dict[UUID, Holder] = field(default_factory=dict, init=False, repr=False)
    _dropped: Counter[tuple[datetime, str, str]] = field(default_factory=Counter, init=False, repr=False)
    _read_at: float = field(default=float("-inf"), init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)
    _fresh: asyncio.Condition = field(default_factory=asyncio.Condition, init=False, repr=False)

    def any_live(self, pairs: Iterable[Pair]) -> bool:
        return any(holder.live for pair in pairs if (holder := self._by_account.get(pair)))

    def of_connector(self, connector_id: UUID | None) -> Holder | None:
        return self._by_connector.get(connector_id) if connector_id else None

    async def refreshed(self) -> bool:
        """Wait for a reading that began after this call; False where the database gives none in time."""
        asked = monotonic()
        self._wanted.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE), self._fresh:
                await self._fresh.wait_for(lambda: self._read_at >= asked)
        return self._read_at >= asked

    def count(self, now: datetime, pairs: Iterable[Pair]) -> None:
        """One event dropped for each account named, or one for nobody we know."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        known = [holder for pair in pairs if (holder := self._by_account.get(pair))]
        for channel, connector in {(h.channel, str(h.connector_id)) for h in known} or {("unknown", "unknown")}:
            self._dropped[hour, channel, connector] += 1

    async def run(self) -> None:
        """Keep the map until cancelled; the counts are written before it ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._load())
        finally:
            with contextlib.suppress(psycopg.Error, OSError):
                async with asyncio.timeout(1), await self._connect() as conn:
                    await self._write_counts(conn)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                async with signals.listening(self.conninfo, signals.ACCOUNTS) as conn:
                    self._wanted.set()
                    async for _ in conn.notifies():
                        self._wanted.set()
            await asyncio.sleep(_RETRY)

    async def _load(self) -> None:
        while True:
            try:
                async with await self._connect() as conn:
                    await self._keep_reading(conn)
            except Exception as error:  # noqa: BLE001 - a map that is read no more would keep suspended accounts live
                _LOG.warning("accounts not read", extra={"reason": type(error).__name__})
            await asyncio.sleep(_RETRY)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)

    async def _keep_reading(self, conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        while True:
            self._wanted.clear()
            began = monotonic()
            found = await accounts.all_holders(conn)
            self._by_account = {(h.channel, h.account): h for h in found}
            self._by_connector = {h.connector_id: h for h in found}
            async with self._fresh:
                self._read_at = began
                self._fresh.notify_all()
            await self._write_counts(conn)
            await asyncio.sleep(_SPACING)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL - _SPACING):
                    await self._wanted.wait()

    async def _write_counts(self, conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        """A failed write may have taken effect; a count more is better than a loop."""
        dropped, self._dropped = self._dropped, Counter()
        if dropped:
            await accounts.count_dropped(conn, dropped)
