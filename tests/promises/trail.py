"""What a database did, by triggers of the test, and where rows and audit entries do not meet; no test is here.

A change is one row of any table that one transaction left otherwise; an entry is one row of the audit trail.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import psycopg

from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.registry import ENTRIES
from tests.support.cluster import connect

Connection = psycopg.Connection[tuple[object, ...]]
AUDITED = frozenset(entry.name for entry in ENTRIES if entry.audited)
KEYS = {entry.name: tuple(column.name for column in entry.table.primary_key) for entry in ENTRIES}
TRAIL = "ledger.audit_entry"

_WATCH = """
create schema watching;
create table watching.change (n bigint generated always as identity, what text not null, before jsonb, after jsonb,
  transaction xid8 not null);
create table watching.entry (n bigint generated always as identity, entry jsonb not null, transaction xid8 not null);
create function watching.change() returns trigger language plpgsql security definer as $$
begin
  insert into watching.change (what, before, after, transaction) values (tg_argv[0],
    case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end,
    pg_current_xact_id());
  return null;
end $$;
create function watching.entry() returns trigger language plpgsql security definer as $$
begin
  insert into watching.entry (entry, transaction) values (to_jsonb(new), pg_current_xact_id());
  return null;
end $$;
create trigger watching after insert on ledger.audit_entry for each row execute function watching.entry();
"""


@dataclass(frozen=True)
class Change:
    """One row of one table, as one statement of a transaction found and left it."""

    what: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    transaction: str

    @property
    def kind(self) -> str:
        return self.what.partition(".")[2]

    @property
    def names(self) -> set[str]:
        """What an entry may call it: its key, or a part of a key of several columns but the Client's."""
        row = self.after or self.before or {}
        columns = KEYS[self.what]
        return {str(row[name]) for name in columns if name != "client_id" or len(columns) == 1}

    @property
    def client_id(self) -> str:
        row = self.after or self.before or {}
        return str(row.get("client_id", row.get("id")))

    @property
    def columns(self) -> set[str]:
        """Which columns differ; all of them for a row that came or went."""
        if self.before is None or self.after is None:
            return set(self.after or self.before or {})
        before, after = self.before, self.after
        return {name for name in after if before[name] != after[name]}


@dataclass(frozen=True)
class Entry:
    """One entry of the audit trail."""

    n: int
    columns: Mapping[str, Any]
    transaction: str

    def __getattr__(self, name: str) -> Any:
        try:
            return self.columns[name]
        except KeyError:
            raise AttributeError(name) from None


@contextmanager
def watched(installation: Installation, superuser: Endpoint) -> Iterator[Connection]:
    """A superuser's connection to a database that tells of every change from now on."""
    assert installation.settings.database_url is not None
    url = installation.settings.database_url.get_secret_value()
    with connect(superuser, url.rpartition("/")[2].partition("?")[0]) as conn:
        conn.execute(_WATCH)
        for table in sorted(set(KEYS) - {TRAIL}):
            conn.execute(
                f"create trigger watching after insert or update or delete on {table}"
                f" for each row execute function watching.change('{table}')".encode()
            )
        yield conn


def changes(conn: Connection, after: int = 0) -> list[Change]:
    found = conn.execute(
        "select what, before, after, transaction::text from watching.change where n > %s order by n", [after]
    ).fetchall()
    return [Change(*cast("tuple[Any, ...]", row)) for row in found]


def entries(conn: Connection, after: int = 0) -> list[Entry]:
    found = conn.execute(
        "select n, entry, transaction::text from watching.entry where n > %s order by n", [after]
    ).fetchall()
    return [Entry(*cast("tuple[Any, ...]", row)) for row in found]


def last(conn: Connection) -> tuple[int, int]:
    """How far changes and entries have come."""
    row = conn.execute(
        "select (select coalesce(max(n), 0) from watching.change), (select coalesce(max(n), 0) from watching.entry)"
    ).fetchone()
    assert row is not None
    return cast("tuple[int, int]", row)


def forget(conn: Connection) -> None:
    conn.execute("truncate watching.change, watching.entry")


def unspoken(done: list[Change], told: list[Entry]) -> list[tuple[str, frozenset[str]]]:
    """Changes of audited tables of which no entry of their transaction speaks by the name of the row.

    An erasure speaks of all rows of a kind of one Client at once.
    """
    spoken = {(one.transaction, one.subject_kind, one.subject_id) for one in told}

    def is_spoken(one: Change) -> bool:
        return any((one.transaction, one.kind, name) in spoken for name in one.names | {one.client_id})

    return [
        (one.what, frozenset(one.columns) & (one.after or one.before or {}).keys())
        for one in done
        if one.what in AUDITED and one.columns and not is_spoken(one)
    ]


def groundless(done: list[Change], told: list[Entry], reads: frozenset[str]) -> list[str]:
    """Actions of entries whose subject did not change in their transaction, other than those that tell of a reading."""
    changed = {(one.transaction, one.kind, name) for one in done if one.columns for name in one.names | {one.client_id}}
    return [
        one.action
        for one in told
        if one.action not in reads and (one.transaction, one.subject_kind, one.subject_id) not in changed
    ]
