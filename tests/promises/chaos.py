"""What may happen to a running installation: kills, halts, lost connections, locked tables. Nothing here is gentle."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from konectus.store.roles import Role
from tests.promises.running import Running
from tests.support.processes import until
from tests.support.traffic_delivery import Postman

_LOCKED = ("platform.webhook_event", "tenant.message", "tenant.conversation")
_READY_WITHIN = 90


@dataclass
class Chaos:
    """Troubles one after another, each while requests are without an answer, until somebody says stop."""

    running: Running
    postman: Postman
    rng: random.Random
    # Seconds for which something stands still or is locked.
    shortest: float = 0.5
    longest: float = 2.0
    happened: Counter[str] = field(default_factory=Counter)
    unanswered: list[int] = field(default_factory=list)

    async def reign(self, stop: asyncio.Event) -> None:
        """Every trouble at least once when there is time; then any of them."""
        troubles = self._troubles()
        while not stop.is_set():
            for name in self.rng.sample(list(troubles), len(troubles)):
                if stop.is_set():
                    break
                await self._while_unanswered(stop)
                self.unanswered.append(self.postman.waiting)
                await troubles[name]()
                self.happened[name] += 1
                await asyncio.sleep(self.rng.uniform(0.1, 0.6))
        await asyncio.to_thread(self.wait_until_ready)

    def wait_until_ready(self) -> None:
        site = self.running.site
        until(site.is_ready, seconds=_READY_WITHIN, what=lambda: f"all is back\n{site.log('up.log')}")

    def _troubles(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "kill web": lambda: self._killed("web"),
            "kill worker": lambda: self._killed("worker"),
            "kill sender": lambda: self._killed("sender"),
            "kill scheduler": lambda: self._killed("scheduler"),
            "kill postgresql": lambda: self._killed("postgresql"),
            "halt web": lambda: self._halted("web"),
            "halt worker": lambda: self._halted("worker"),
            "terminate backends": self._terminated,
            "lock a table": self._locked,
        }

    async def _while_unanswered(self, stop: asyncio.Event) -> None:
        while self.postman.waiting == 0 and not stop.is_set():  # noqa: ASYNC110 reason: the very moment counts
            await asyncio.sleep(0.001)

    def _pick(self, kind: str) -> int:
        site = self.running.site
        return site.pid("postgresql" if kind == "postgresql" else self.rng.choice(site.names(kind)))

    async def _killed(self, kind: str) -> None:
        """kill -9. What is not there at the moment is on its way back already."""
        if kind == "postgresql" and not await asyncio.to_thread(self._takes_connections):
            return
        try:
            os.kill(self._pick(kind), signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError, IndexError):
            return
        if kind in {"web", "postgresql"}:  # each start of the web is put off for longer than the one before
            await asyncio.to_thread(self.wait_until_ready)

    async def _halted(self, kind: str) -> None:
        try:
            pid = self._pick(kind)
            os.kill(pid, signal.SIGSTOP)
        except (ProcessLookupError, FileNotFoundError, IndexError):
            return
        try:
            await asyncio.sleep(self.rng.uniform(self.shortest, self.longest))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _terminated(self) -> None:
        """Every connection to the database ends, as when it is failed over."""
        for pid in backends(self._pick("postgresql")):
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue

    async def _locked(self) -> None:
        table, seconds = self.rng.choice(_LOCKED), self.rng.uniform(self.shortest, self.longest)
        await asyncio.to_thread(self._hold, table, seconds)

    def _takes_connections(self) -> bool:
        try:
            psycopg.connect(self.running.installation.database.conninfo(Role.WORKER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _hold(self, table: str, seconds: float) -> None:
        conninfo = self.running.installation.database.conninfo(Role.WORKER)
        try:
            with psycopg.connect(conninfo) as conn:
                conn.execute(f"lock table {table} in access exclusive mode")
                conn.execute("select pg_sleep(%s)", (seconds,))
        except psycopg.OperationalError:
            return


def backends(postmaster: int) -> Iterator[int]:
    """Server processes that serve a client."""
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
            title = (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and int(words[1]) == postmaster and b"konectus" in title:
            yield int(entry.name)
