"""What the worker is measured against: COPY of the rows a run leaves behind, as that run had to write them (ADR 15)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from konectus.cli.bench.ground import Ground
from konectus.clock import monotonic

# As many bodies as a worker claims at once: a commit of its own for each batch is part of the work.
BATCH = 500
_FRESH_KEY = "substr(sha256(external_key || 'again'), 1, 16)"
Cursor = psycopg.Cursor[tuple[object, ...]]


@dataclass(frozen=True)
class Rates:
    """Messages a second: every row of a run in commits of the worker's size, and the messages alone in one COPY into
    an empty table of the same shape, which no program reaches that keeps its promises.
    """

    batches: float
    alone: float


@dataclass(frozen=True)
class _Table:
    """Rows in the order they came; `fresh` columns get a value of their own, or the rows would meet themselves."""

    name: str
    order: str
    fresh: Mapping[str, str] = field(hash=False)
    a_batch: int = BATCH

    @property
    def copy(self) -> str:
        return self.name.replace(".", "_")

    def take(self, cursor: Cursor, since: datetime) -> list[str]:
        """Put the rows aside, numbered. The names of their columns."""
        found = cursor.execute(f"select * from {self.name} limit 0").description or []  # noqa: S608 - names of our own tables
        columns = [column.name for column in found]
        listed = ", ".join(f"{self.fresh.get(name, name)} as {name}" for name in columns)
        at = "queued_at" if "queued_at" in columns else "received_at"
        numbered = f"(row_number() over (order by {self.order}) - 1) / {self.a_batch} as batch"
        query = f"select {listed}, {numbered} from {self.name} where {at} >= %s"  # noqa: S608 - names of our own tables
        cursor.execute(f"create table bench.{self.copy} as {query}", [since])
        cursor.execute(f"create index on bench.{self.copy} (batch)")
        return columns


_TABLES = (
    _Table("tenant.message", "received_at, id", {"id": "uuidv7()", "external_key": _FRESH_KEY}),
    _Table("platform.webhook_item", "event_id, item", {"event_id": "event_id + 1000000000"}),
    _Table("tenant.search_pending", "queued_at, id", {"id": "uuidv7()"}, a_batch=1),
)
# What a batch's messages do to their conversations, one change for each of them.
_MOVES = (
    "create table bench.moves as select batch, client_id, conversation_id as id, max(received_at) as at,"
    " count(*) as unread from bench.tenant_message group by 1, 2, 3"
)
_MOVE = (
    "update tenant.conversation v set last_at = greatest(v.last_at, n.at), unread = v.unread + n.unread,"
    " window_opened_at = greatest(v.window_opened_at, n.at) from bench.moves n"
    " where n.batch = %s and v.client_id = n.client_id and v.id = n.id"
)


def measure(ground: Ground, since: datetime) -> Rates:
    """Of the rows that came in since then. By the superuser, since COPY does not go through policies."""
    address = ground.cluster.superuser().url("konectus").replace("+psycopg", "", 1)
    with psycopg.connect(address, autocommit=True) as conn, conn.cursor() as cursor:
        cursor.execute("create schema bench")
        columns = {table: ", ".join(table.take(cursor, since)) for table in _TABLES}
        cursor.execute(_MOVES)
        cursor.execute("analyze bench.moves")
        (messages,) = cursor.execute("select count(*) from bench.tenant_message").fetchone() or (0,)
        seconds = _in_batches(conn, cursor, columns)
        alone = _alone(cursor, columns[_TABLES[0]])
        cursor.execute("drop schema bench cascade")
    return Rates(int(str(messages)) / seconds, int(str(messages)) / alone)


def _in_batches(conn: psycopg.Connection[tuple[object, ...]], cursor: Cursor, columns: Mapping[_Table, str]) -> float:
    """Seconds, once the bytes are ready."""
    blocks = {table: list(_blocks(cursor, table, listed)) for table, listed in columns.items()}
    began = monotonic()
    for batch in range(len(blocks[_TABLES[0]])):
        with conn.transaction():
            for table, listed in columns.items():
                if batch < len(blocks[table]):
                    with cursor.copy(f"copy {table.name} ({listed}) from stdin (format binary)") as into:
                        into.write(blocks[table][batch])
            cursor.execute(_MOVE, [batch], prepare=True)
    return monotonic() - began


def _blocks(cursor: Cursor, table: _Table, listed: str) -> Iterator[bytes]:
    """The bytes of each batch."""
    (last,) = cursor.execute(f"select max(batch) from bench.{table.copy}").fetchone() or (None,)  # noqa: S608 - names of our own tables
    for batch in range(int(str(last)) + 1 if last is not None else 0):
        rows = f"select {listed} from bench.{table.copy} where batch = {batch}"  # noqa: S608 - names of our own tables
        with cursor.copy(f"copy ({rows}) to stdout (format binary)") as out:
            yield b"".join(bytes(block) for block in out)


def _alone(cursor: Cursor, listed: str) -> float:
    """Seconds for the messages in one commit, one stream, one empty table."""
    cursor.execute("create table bench.alone (like tenant.message including all)")
    cursor.execute(
        "alter table bench.alone add foreign key (client_id, conversation_id)"
        " references tenant.conversation (client_id, id)"
    )
    rows = f"select {listed} from bench.tenant_message order by batch"  # noqa: S608 - names of our own tables
    with cursor.copy(f"copy ({rows}) to stdout") as out:
        blocks = [bytes(block) for block in out]
    began = monotonic()
    with cursor.copy(f"copy bench.alone ({listed}) from stdin") as into:
        for block in blocks:
            into.write(block)
    return monotonic() - began
