"""The worker's loop: claim, handle, commit; smaller bites after a failure; a bell instead of a busy wait."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError

from ingestion.worker.batch import Batch, Handled, index, tell
from ingestion.worker.papers import bury_oldest
from ingestion.worker.settling import Scene, wake
from ingestion.worker.talk import Talk
from konectus import meters
from konectus.clock import monotonic
from konectus.meters import Counters
from konectus.services import jobs
from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.queries import intake
from konectus.store.roles import Role
from konectus.store.session import DatabaseDown
from konectus.stream.postgres import claim

BATCH = 500
_LOG = logging.getLogger(__name__)
_IDLE = 1.0
_BEAT_EVERY = 15.0
_WAKE_EVERY = 2.0
_SLEEPERS = timedelta(minutes=15)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_BURIED = 20
# A deadlock, a lock that took too long: nothing is wrong with the batch.
_PASSING = ("40001", "40P01", "55P03", "57014")
# No such table, column, function, schema, or no right to it: it is being migrated, and no body is to blame (P35).
_ABOUT_SCHEMA = ("42P01", "42703", "42883", "3F000", "42501")


@dataclass
class Bell:
    """Waits for a notification of the database, or some seconds. Where it begins to listen it does not wait: something
    may have come before.
    """

    conninfo: str = field(repr=False)
    _conn: psycopg.Connection[tuple[object, ...]] | None = field(default=None, init=False, repr=False)

    def wait(self, seconds: float, stop: threading.Event) -> None:
        try:
            if self._conn is None:
                self._conn = psycopg.connect(self.conninfo, autocommit=True, connect_timeout=2)
                self._conn.execute(f"listen {signals.INTAKE}".encode())
                return
            for _ in self._conn.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.Error:
            self.close()
            stop.wait(seconds)

    def close(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with suppress(psycopg.Error):
                conn.close()


def _passes(error: Exception) -> bool:
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) in _PASSING


def _is_about_schema(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _ABOUT_SCHEMA


@dataclass
class Worker:
    """One worker process. Any number may run side by side on one log."""

    installation: Installation
    stop: threading.Event = field(default_factory=threading.Event)
    counters: Counters = field(default_factory=Counters)
    _bite: int = field(default=BATCH, init=False)
    _drained: bool = field(default=False, init=False)
    _buried: int = field(default=0, init=False)
    _beat_at: float = field(default=float("-inf"), init=False)
    _woken_at: float = field(default=float("-inf"), init=False)
    _woken: bool = field(default=False, init=False)

    def run(self) -> None:
        """Work until `stop` is set; what is begun is finished."""
        bell = Bell(self.installation.database.conninfo(Role.WORKER))
        try:
            while not self.stop.is_set():
                try:
                    handled = self.step()
                    self._rest()
                except DatabaseDown:
                    _LOG.warning("the database does not answer")
                    self.stop.wait(_IDLE)
                    continue
                if handled == 0 or self._drained:
                    bell.wait(_IDLE, self.stop)
        finally:
            bell.close()

    def step(self) -> int:
        """One batch; how many bodies it finished. A failing batch is tried again in smaller bites, down to one.

        Raises DatabaseDown.
        """
        self._drained = False
        try:
            handled = self._transaction()
        except DatabaseDown:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it must cost one item and not the log
            if _passes(error):
                _LOG.info("batch given back")
                return 1
            if _is_about_schema(error):
                _LOG.warning("the log waits for the schema", exc_info=error)
                self.stop.wait(_IDLE)
                return 0
            _LOG.warning("batch failed", extra={"bodies": self._bite}, exc_info=error)
            return self._smaller()
        self._bite, self._buried = min(BATCH, self._bite * 2), 0
        for (channel, outcome), items in handled.items.items():
            self.counters.add(meters.INTAKE_EVENTS, channel, outcome, by=items)
        return handled.events

    def _transaction(self) -> Handled:
        with self.installation.database.session(Role.WORKER) as session:
            claimed = claim(session, self.installation.keys, self._bite)
            if not claimed:
                return Handled()
            batch = Batch(session, self.installation.keys, self.installation.clock.now(), claimed, self.own_apps)
            handled = batch.handle(apart=self._bite == 1)
        # The bell rings for whatever comes after this claim, also while it is not listened to.
        self._drained = len(claimed) < self._bite
        return handled

    def _smaller(self) -> int:
        if self._bite > 1:
            self._bite = max(1, self._bite // 8)
            return 1
        if self._buried >= _MOST_BURIED:
            # So many in a row are not poisoned: something of ours is broken, and the log must wait for its mend.
            self.stop.wait(_IDLE)
            return 0
        self._buried += 1
        with self.installation.database.session(Role.WORKER) as session:
            return bury_oldest(session, self.installation.keys, self.installation.clock.now())

    def _rest(self) -> None:
        """What is due between batches: what waited for its message, and a sign of life."""
        if monotonic() - self._woken_at >= _WAKE_EVERY:
            self._woken_at = monotonic()
            self._beside(self.wake)
        if monotonic() - self._beat_at >= _BEAT_EVERY:
            self._beat_at = monotonic()
            self._beside(self._beat)

    def _beside(self, work: Callable[[], None]) -> None:
        """Beside the batches, which must go on whatever it meets. Raises DatabaseDown."""
        try:
            work()
        except DatabaseDown:
            raise
        except Exception as error:  # noqa: BLE001 - one row that cannot be applied must not stop every worker
            if _passes(error):
                _LOG.info("what waits, waits on")
            else:
                _LOG.warning("what waits was not applied", exc_info=error)

    def _beat(self) -> None:
        name = f"{socket.gethostname()}:{os.getpid()}"
        jobs.beat(self.installation, "worker", name, self.counters.snapshot())

    def wake(self) -> None:
        """Apply what waited for a message or a person that has come since; the first time, however long it waited."""
        now = self.installation.clock.now()
        since = now - _SLEEPERS if self._woken else _EVER
        with self.installation.database.session(Role.WORKER) as session:
            intake.forget_plans(session)
            settled = wake(Scene(session, self.installation.keys, now, self.own_apps), since)
            index(session, now, Talk(), settled)
            tell(session, settled.places)
        self._woken = True

    @property
    def own_apps(self) -> frozenset[str]:
        """The ids of our apps at Meta: a thread that one of them holds is ours."""
        return frozenset(app.id for app in self.installation.settings.meta_apps)
