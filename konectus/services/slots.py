"""Slots of jobs: claiming, taking over from the dead, and the fence that keeps a run from committing once another
scheduler has its slot. What jobs do is theirs; which slots there are is the scheduler's.

A claim commits before the effect, so that everybody sees it. A scheduler that stood still meanwhile (SIGSTOP, a
frozen machine) wakes up in the middle of a run that another one has taken over and finished. Therefore every
transaction of a run ends by locking its slot's row as still its own; who no longer owns it is rolled back. What a run
does in the released database is committed under that lock too. With roles that have no fence it can only read.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from konectus.clock import Clock
from konectus.errors import Conflict
from konectus.services.installation import Installation
from konectus.store.queries import jobs as read
from konectus.store.roles import Role
from konectus.store.session import Database

# Those as which a run writes; as others it can only read.
_WRITERS = (Role.WORKER, Role.RELEASER)


class SlotLost(Conflict):
    """Another scheduler has taken this slot over: nothing of this transaction stays."""

    code = "slot_lost"


class TwoTransactions(AssertionError):
    """A job that was said to be one transaction began another: a mistake of ours."""


@dataclass(frozen=True)
class Slots:
    """Claims of one scheduler. Each runs in a transaction of its own, so that what it decides is seen at once."""

    installation: Installation
    worker: str

    def last(self, job: str) -> datetime | None:
        with self.installation.database.session(Role.WORKER) as session:
            return read.last_slot(session, job)

    def claim(self, job: str, slot: datetime) -> bool:
        now = self.installation.clock.now()
        with self.installation.database.session(Role.WORKER) as session:
            return read.claim(session, job, slot, self.worker, now)

    def inherit(self, job: str, silent_for: timedelta) -> list[datetime]:
        """Slots of a scheduler that died in the middle of them."""
        now = self.installation.clock.now()
        with self.installation.database.session(Role.WORKER) as session:
            return read.inherit(session, job, self.worker, now, now - silent_for)

    def finish(self, job: str, slot: datetime, error: str | None = None) -> None:
        """Note the end of a run; nothing where the slot is another's by now, or finished already."""
        now = self.installation.clock.now()
        with self.installation.database.session(Role.WORKER) as session:
            read.finish(session, read.Claim(job, slot, self.worker), now, error)

    def release(self, job: str, slot: datetime) -> None:
        with self.installation.database.session(Role.WORKER) as session:
            read.release(session, read.Claim(job, slot, self.worker))

    def fenced(self, job: str, slot: datetime, *, whole: bool) -> Installation:
        """The installation as a run of this slot gets it: what it writes commits only while the slot is ours.

        `whole`: the run is one transaction, which finishes the slot as well, so its effect is there exactly once
        whenever its process dies.
        """
        fence = _Fence(read.Claim(job, slot, self.worker), self.installation.clock, whole)
        main, released = self.installation.database, self.installation.released
        return replace(
            self.installation, database=_FencedDatabase(main, fence), released=_FencedBeside(released, main, fence)
        )


@dataclass
class _Fence:
    claim: read.Claim
    clock: Clock
    whole: bool
    _passed: bool = field(default=False, init=False)

    def hold(self, session: Session) -> None:
        """Lock the slot until this transaction ends. Raises SlotLost where it is not ours any more."""
        if not read.hold(session, self.claim):
            raise self._lost()

    def pass_through(self, session: Session) -> None:
        """Hold the slot, or finish it with the one transaction of a whole run. Raises SlotLost or TwoTransactions."""
        if not self.whole:
            self.hold(session)
        elif self._passed:
            raise TwoTransactions(f"{self.claim.job} is more than one transaction")
        else:
            self._passed = read.finish(session, self.claim, self.clock.now(), None)
            if not self._passed:
                raise self._lost()

    def _lost(self) -> SlotLost:
        return SlotLost(f"another scheduler has taken over {self.claim.job} of {self.claim.slot:%Y-%m-%d %H:%M:%S}")


class _FencedDatabase(Database):
    """The pools of another one; its writing sessions pass the fence before they commit, the others cannot write."""

    def __init__(self, inner: Database, fence: _Fence) -> None:
        super().__init__(_no_pool)
        self._inner = inner
        self._fence = fence

    def engine(self, role: Role) -> Engine:
        return self._inner.engine(role)

    def conninfo(self, role: Role) -> str:
        return self._inner.conninfo(role)

    @contextmanager
    def session(self, role: Role, client_id: UUID | None = None) -> Iterator[Session]:
        with super().session(role, client_id) as session:
            event.listen(session, "after_begin", _bound_idle if role in _WRITERS else _read_only)
            yield session
            if role in _WRITERS:
                self._fence.pass_through(session)


class _FencedBeside(_FencedDatabase):
    """The second database, which has no slots: the slot is held in the main one until this one has committed."""

    def __init__(self, inner: Database, main: Database, fence: _Fence) -> None:
        super().__init__(inner, fence)
        self._main = main

    @contextmanager
    def session(self, role: Role, client_id: UUID | None = None) -> Iterator[Session]:
        with ExitStack() as held, self._inner.session(role, client_id) as session:
            event.listen(session, "after_begin", _bound_idle if role in _WRITERS else _read_only)
            yield session
            if role in _WRITERS:
                session.flush()  # its last statement: idle from here on, it is ended before the lock is
                slots = held.enter_context(self._main.session(Role.WORKER))
                event.listen(slots, "after_begin", _bound_idle)
                self._fence.hold(slots)


def _bound_idle(session: Session, transaction: SessionTransaction, conn: Connection) -> None:
    """A process that stands still must not keep its locks: the server ends its transaction."""
    del session
    if not transaction.nested:
        read.bound_idle(conn)


def _read_only(session: Session, transaction: SessionTransaction, conn: Connection) -> None:
    del session
    if not transaction.nested:
        read.forbid_writing(conn)


def _no_pool(role: Role) -> URL:
    raise AssertionError(f"{role}: this database has no pool of its own")
