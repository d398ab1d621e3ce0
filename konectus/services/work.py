"""One unit of work: session, instant, actor and keys. A write without an audit entry cannot commit."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, event, insert
from sqlalchemy.orm import Session, SessionTransaction

from konectus.clock import Clock
from konectus.domain.suspension import require_reason
from konectus.ids import uuid7
from konectus.sealing import ClientKeys
from konectus.store.keystore import Keys
from konectus.store.models.audit import AuditEntry
from konectus.store.registry import BY_TABLE
from konectus.store.roles import Role
from konectus.store.session import BEFORE_COMMIT, Database

TOUCHED = "audited_tables_touched"
ENTRIES = "audited_kinds_recorded"
PROOF = "proved_by"
_WRITE = re.compile(r"(?i)\b(?:insert\s+into|update|delete\s+from|merge\s+into)\s+(?:only\s+)?\"?(\w+)\"?\.\"?(\w+)")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person of the staff, an Authorized User, the system itself or a provider."""

    kind: Literal["staff", "agent", "system", "provider"]
    id: str
    name: str
    ip: str | None = None
    request_id: str | None = None
    # How they proved anew who they are, for this one command (services.proving); audit entries say so.
    proof: str = ""


SYSTEM = Actor("system", "konectus", "Konectus")


class Unaudited(AssertionError):
    """A unit of work changed an audited table and recorded nothing: a mistake of ours, so nothing is committed."""


@dataclass(frozen=True)
class Work:
    """What a use case gets. `client_id` is the tenant in sight, None for staff and system."""

    session: Session
    now: datetime
    actor: Actor
    keys: Keys
    client_id: UUID | None = None

    def new_id(self) -> UUID:
        return uuid7(self.now)

    def client_keys(self, client_id: UUID) -> ClientKeys:
        return self.keys.of(client_id)

    def record(self, action: str, subject: tuple[str, object], change: "Change") -> None:
        """Write the audit entry of a change, in its transaction. Staff must give a reason of ten characters.

        The kind of the subject is its table's name, so that a change nobody spoke of is noticed.
        """
        reason = require_reason(change.reason or "") if self.actor.kind == "staff" else change.reason
        values = {
            "client_id": change.client_id or self.client_id,
            "at": self.now,
            "actor_kind": self.actor.kind,
            "actor_id": self.actor.id,
            "actor_name": self.actor.name,
            "ip": self.actor.ip,
            "request_id": self.actor.request_id,
            "action": action,
            "subject_kind": subject[0],
            "subject_id": str(subject[1]),
            "reason": reason,
            "before": change.before,
            "after": change.after | ({PROOF: self.actor.proof} if self.actor.proof else {}),
        }
        self.session.execute(insert(AuditEntry.__table__), values)  # type: ignore[arg-type]  # the stub says FromClause
        self.session.info.setdefault(ENTRIES, set()).add(subject[0])


@dataclass(frozen=True, slots=True)
class Change:
    """What changed and why: facts before and after, never secrets or Client Content."""

    client_id: UUID | None = None
    reason: str | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Works:
    """Begins units of work on one installation."""

    database: Database
    keys: Keys
    clock: Clock

    @contextmanager
    def staff(self, actor: Actor) -> Iterator[Work]:
        """For /admin: ledger and metadata of all Clients, no sealed column."""
        with self._begin(Role.STAFF, actor, None) as work:
            yield work

    @contextmanager
    def tenant(self, client_id: UUID, actor: Actor) -> Iterator[Work]:
        """For a Client's people and programs: rows of that Client alone."""
        with self._begin(Role.APP, actor, client_id) as work:
            yield work

    @contextmanager
    def visitor(self) -> Iterator[Work]:
        """For somebody who is not known yet: no Client's rows are in sight before `store.session.enter`."""
        with self._begin(Role.APP, SYSTEM, None) as work:
            yield work

    @contextmanager
    def system(self, actor: Actor = SYSTEM) -> Iterator[Work]:
        """For workers, the sender, the scheduler and the command line: every Client."""
        with self._begin(Role.WORKER, actor, None) as work:
            yield work

    @contextmanager
    def rehearsal(self, actor: Actor) -> Iterator[Work]:
        """The staff's own transaction that never commits: a preview runs the same code as the command."""
        with self._begin(Role.STAFF, actor, None) as work:
            yield work
            work.session.rollback()
            work.session.info.pop(TOUCHED, None)

    @contextmanager
    def _begin(self, role: Role, actor: Actor, client_id: UUID | None) -> Iterator[Work]:
        with self.database.session(role, client_id) as session:
            event.listen(session, "after_begin", _watch)
            session.info[BEFORE_COMMIT] = lambda: _require_audit(session)
            yield Work(session, self.clock.now(), actor, self.keys, client_id)


def _require_audit(session: Session) -> None:
    """Every changed kind of row is spoken of: one entry about a Client does not cover a change of its Connector."""
    missing = session.info.get(TOUCHED, set()) - session.info.get(ENTRIES, set())
    if missing:
        raise Unaudited(f"changed without an audit entry: {', '.join(sorted(missing))}")


def _watch(session: Session, transaction: SessionTransaction, conn: Connection) -> None:
    """Listen to the unit's own connection: there is no way to write past it, be it ORM, Core or SQL text."""
    if transaction.nested:
        return

    @event.listens_for(conn, "before_cursor_execute")
    def note(*executed: Any) -> None:
        for schema, table in _WRITE.findall(executed[2]):
            entry = BY_TABLE.get(f"{schema}.{table}")
            if entry is not None and entry.audited:
                session.info.setdefault(TOUCHED, set()).add(entry.table.name)
