"""What waits for something that is not here yet: receipts, withdrawals, edits and reactions for their message, events
for their person. What they then change is `receipts` and `amendments`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.store.arrays import byteas, columns, uuids
from konectus.store.queries.intake import Ref
from konectus.store.queries.sets import statement, unnested


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message's or a contact's key and what was said of it. `at`: when it was said to us."""

    client_id: UUID
    connector_id: UUID
    external_key: bytes
    status: str | None
    withdrawn_at: datetime | None
    at: datetime
    delivered_until: datetime | None = None
    read_until: datetime | None = None

    @property
    def ref(self) -> Ref:
        return self.client_id, self.connector_id, self.external_key


@dataclass(frozen=True, slots=True)
class Met:
    """A message for which something waited."""

    client_id: UUID
    connector_id: UUID
    external_key: bytes
    status: str | None
    conversation_id: UUID
    occurred_at: datetime
    direction: str

    @property
    def ref(self) -> Ref:
        return self.client_id, self.connector_id, self.external_key


@dataclass(frozen=True, slots=True)
class Taken:
    """What had waited, at the end."""

    client_id: UUID
    connector_id: UUID
    external_key: bytes
    status: str | None
    withdrawn_at: datetime | None
    delivered_until: datetime | None = None
    read_until: datetime | None = None

    @property
    def ref(self) -> Ref:
        return self.client_id, self.connector_id, self.external_key


_KEY = {"client_id": "uuid", "connector_id": "uuid", "external_key": "bytea"}
_WATERMARKS = {"delivered_until": "timestamptz", "read_until": "timestamptz"}
_REFS = unnested("k", **_KEY)
_MET = (
    "select t.client_id, t.connector_id, t.external_key, t.status, m.conversation_id, m.occurred_at, m.direction"
    " from {t} join tenant.message m using (client_id, connector_id, external_key)"
)
_CALLERS = (
    "select t.client_id, t.connector_id, t.external_key"
    " from {t} join tenant.contact c using (client_id, connector_id, external_key)"
)
_GIVEN = f"{_REFS} join tenant.tombstone t using (client_id, connector_id, external_key)"
_RECENT = "(select * from tenant.tombstone where at >= :since) t"


def bury(session: Session, rows: Sequence[Waiting]) -> None:
    """Keep what waits; the greater receipt and the first withdrawal count."""
    session.execute(
        statement(
            "insert into tenant.tombstone as t (client_id, connector_id, external_key, status, withdrawn_at, at,"
            " delivered_until, read_until)"
            " select * from {n} on conflict (client_id, connector_id, external_key) do update set"
            " at = greatest(t.at, excluded.at),"
            " delivered_until = greatest(t.delivered_until, excluded.delivered_until),"
            " read_until = greatest(t.read_until, excluded.read_until),"
            " withdrawn_at = least(t.withdrawn_at, excluded.withdrawn_at),"
            " status = case when 'read' in (t.status, excluded.status) then 'read'"
            " else coalesce(excluded.status, t.status) end",
            n=unnested("n", **_KEY, status="text", withdrawn_at="timestamptz", at="timestamptz", **_WATERMARKS),
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.connector_id.int, r.external_key))),
    )


def met(session: Session, refs: Iterable[Ref]) -> list[Met]:
    """The messages among these for which something waits."""
    return [Met(*row) for row in session.execute(statement(_MET, t=_GIVEN), listed(refs)).all()]


def met_since(session: Session, since: datetime) -> list[Met]:
    """Messages that are there and for which something was kept since: batches side by side miss each other's rows."""
    return [Met(*row) for row in session.execute(statement(_MET, t=_RECENT), {"since": since}).all()]


def callers(session: Session, refs: Iterable[Ref]) -> list[Ref]:
    """The contacts among these for whom an event waits."""
    return [_ref(row) for row in session.execute(statement(_CALLERS, t=_GIVEN), listed(refs)).all()]


def callers_since(session: Session, since: datetime) -> list[Ref]:
    """Contacts that are there and for whom an event was kept since."""
    return [_ref(row) for row in session.execute(statement(_CALLERS, t=_RECENT), {"since": since}).all()]


def take(session: Session, refs: Iterable[Ref]) -> list[Taken]:
    """Nothing waits for these any more; what had, as another batch may have left it a moment ago."""
    rows = session.execute(
        statement(
            "delete from tenant.tombstone t using {k} where t.client_id = k.client_id"
            " and t.connector_id = k.connector_id and t.external_key = k.external_key"
            " returning t.client_id, t.connector_id, t.external_key, t.status, t.withdrawn_at, t.delivered_until,"
            " t.read_until",
            k=_REFS,
        ),
        listed(refs),
    )
    return [Taken(*row) for row in rows.all()]


def listed(refs: Iterable[Ref]) -> dict[str, Any]:
    """Keys as columns, in the order in which every batch locks them."""
    wanted = sorted(refs, key=lambda ref: (ref[0].int, ref[1].int, ref[2]))
    return {
        "client_id": uuids([ref[0] for ref in wanted]),
        "connector_id": uuids([ref[1] for ref in wanted]),
        "external_key": byteas([ref[2] for ref in wanted]),
    }


def _ref(row: Any) -> Ref:
    return row.client_id, row.connector_id, row.external_key
