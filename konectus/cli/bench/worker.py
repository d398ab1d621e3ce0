"""One and two workers, sealing and policies on, against COPY of the same rows into the same indexed table."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg

from konectus.cli.bench import machine
from konectus.cli.bench.ground import Ground, wait_until
from konectus.clock import monotonic
from konectus.store.queries import usage
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append

_CHUNK = 500
_PERSONS = 400
_WORKER = ("-m", "ingestion.worker")
# The beginning is a process starting, the end an empty log: what lies between is measured.
_FROM, _TO = 0.15, 0.9


@dataclass(frozen=True)
class Rates:
    """Messages or rows a second, and the processor time of one worker for a message."""

    one: float
    two: float
    copy: float
    copy_in_blocks: float
    cpu_micros: float


def measure(ground: Ground, messages: int) -> Rates:
    """Each run gets its own `messages`, one to a body, as channels send them."""
    _drain(ground)
    one, cpu = _run(ground, messages, workers=1)
    two, _ = _run(ground, messages, workers=2)
    return Rates(one, two, *_copy(ground), cpu * 1e6)


def _drain(ground: Ground) -> None:
    """What other measurements left in the log."""
    with ground.process(*_WORKER):
        _await_left(ground, 0, [])


def _run(ground: Ground, messages: int, workers: int) -> tuple[float, float]:
    """Messages a second, and seconds of processor a message."""
    asyncio.run(_fill(ground, messages))
    with ExitStack() as stack:
        pids = [stack.enter_context(ground.process(*_WORKER)).pid for _ in range(workers)]
        began = _await_left(ground, int(messages * (1 - _FROM)), pids)
        ended = _await_left(ground, int(messages * (1 - _TO)), pids)
        _await_left(ground, 0, pids)
    done = began.left - ended.left
    return done / (ended.at - began.at), (ended.cpu - began.cpu) / done


@dataclass(frozen=True)
class _Mark:
    """How many bodies wait, when that was, and what the workers had used by then."""

    left: int
    at: float
    cpu: float


def _await_left(ground: Ground, most: int, pids: Sequence[int]) -> _Mark:
    """As soon as not more than `most` wait."""
    seen = [0]

    def few() -> bool:
        with ground.installation.database.session(Role.WORKER) as session:
            seen[0] = usage.unprocessed(session)
        return seen[0] <= most

    wait_until(few, "the workers", patience=600, poll=0.01)
    return _Mark(seen[0], monotonic(), sum(machine.cpu_seconds(pid) for pid in pids))


async def _fill(ground: Ground, messages: int) -> None:
    """Into the log without the doors, which were measured by themselves."""
    address = ground.installation.database.conninfo(Role.WORKER)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as conn:
        for start in range(0, messages, _CHUNK):
            now = ground.installation.clock.now()
            chunk = range(start, min(start + _CHUNK, messages))
            bodies = [ground.webhook(n % _PERSONS, f"Mensaje {n}, ¿me confirman por favor?")[0] for n in chunk]
            await append(conn, ground.installation.keys, [Arrival("meta:bench", now, body) for body in bodies])


def _copy(ground: Ground) -> tuple[float, float]:
    """Rows a second of one COPY into a table with the same columns, keys and indexes: row by row from Python, as the
    worker has them, and the same bytes in blocks, which is all this server can take.
    """
    owner = ground.owner.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(ground.installation.database.conninfo(Role.WORKER)) as conn, conn.cursor() as cursor:
        rows = cursor.execute("select * from tenant.message").fetchall()
    with psycopg.connect(owner, autocommit=True) as conn, conn.cursor() as cursor:
        cursor.execute("create schema bench")
        cursor.execute("create table bench.message (like tenant.message including all)")
        cursor.execute(
            "alter table bench.message add foreign key (client_id, conversation_id)"
            " references tenant.conversation (client_id, id)"
        )
        by_row = _timed(cursor, lambda copy: deque(map(copy.write_row, rows), maxlen=0))
        with cursor.copy("copy bench.message to stdout") as out:
            blocks = [bytes(block) for block in out]
        cursor.execute("truncate bench.message")
        in_blocks = _timed(cursor, lambda copy: deque(map(copy.write, blocks), maxlen=0))
        cursor.execute("drop schema bench cascade")
    return len(rows) / by_row, len(rows) / in_blocks


def _timed(cursor: psycopg.Cursor[tuple[object, ...]], write: Callable[[psycopg.Copy], object]) -> float:
    began = monotonic()
    with cursor.copy("copy bench.message from stdin") as into:
        write(into)
    return monotonic() - began
