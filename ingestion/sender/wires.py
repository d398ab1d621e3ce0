"""Which parts this process has on the wire, so that others know at once when it is gone.

Each holds an advisory lock on a connection that lives and dies with the process: what a killed sender leaves behind is
found by the next sweep of any other and becomes `unknown`. No pooled connection: a lock there would outlive its owner.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

log = logging.getLogger(__name__)

# The second argument is the purpose; the sweep (queries.outbox) tries the same.
_HOLD = b"select pg_try_advisory_lock(hashtextextended(%s, 4))"
_RELEASE = b"select pg_advisory_unlock(hashtextextended(%s, 4))"


@dataclass
class Wires:
    """One connection for all threads. Without it parts still go out: then only the lease tells that we are dead."""

    conninfo: str
    _conn: psycopg.Connection[tuple[object, ...]] | None = field(default=None, init=False)
    _held: set[UUID] = field(default_factory=set, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @contextlib.contextmanager
    def held(self, part_id: UUID) -> Iterator[bool]:
        """For as long as the part may be on the wire; False where another process has it there."""
        with self._lock:
            is_ours = self._say(_HOLD, part_id)
            if is_ours:
                self._held.add(part_id)
        try:
            yield is_ours
        finally:
            with self._lock:
                if is_ours:
                    self._held.discard(part_id)
                    self._say(_RELEASE, part_id)

    def close(self) -> None:
        with self._lock:
            if self._conn is not None:
                self._conn.close()
                self._conn = None

    def _say(self, statement: bytes, part_id: UUID) -> bool:
        """What the database answers; yes where it cannot be asked."""
        try:
            told = self._open().execute(statement, (str(part_id),)).fetchone()
        except (psycopg.Error, OSError) as trouble:
            log.warning("wire not marked", extra={"reason": type(trouble).__name__})
            self._conn = None
            return True
        return told == (True,)

    def _open(self) -> psycopg.Connection[tuple[object, ...]]:
        """The connection; a new one takes again what the lost one held."""
        if self._conn is None or self._conn.closed:
            self._conn = psycopg.connect(self.conninfo, autocommit=True, connect_timeout=5)
            for part_id in self._held:
                self._conn.execute(_HOLD, (str(part_id),))
        return self._conn
