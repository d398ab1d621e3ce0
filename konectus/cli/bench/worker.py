"""One and two workers, sealing and policies on, against COPY of the same rows into the same indexed table."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
from psycopg import sql

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
    """Messages or rows a second."""

    one: float
    two: float
    copy: float


def measure(ground: Ground, messages: int) -> Rates:
    """Each run gets its own `messages`, one to a body, as channels send them."""
    one = _run(ground, messages, workers=1)
    two = _run(ground, messages, workers=2)
    return Rates(one, two, _copy(ground))


def _run(ground: Ground, messages: int, workers: int) -> float:
    asyncio.run(_fill(ground, messages))
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(ground.process(*_WORKER))
        began = _await_left(ground, int(messages * (1 - _FROM)))
        ended = _await_left(ground, int(messages * (1 - _TO)))
        _await_left(ground, 0)
    (from_left, from_at), (to_left, to_at) = began, ended
    return (from_left - to_left) / (to_at - from_at)


def _await_left(ground: Ground, most: int) -> tuple[int, float]:
    """How many bodies wait and when that was, as soon as it is not more than `most`."""
    seen = [0]

    def few() -> bool:
        with ground.installation.database.session(Role.WORKER) as session:
            seen[0] = usage.unprocessed(session)
        return seen[0] <= most

    wait_until(few, "the workers", patience=600, poll=0.01)
    return seen[0], monotonic()


async def _fill(ground: Ground, messages: int) -> None:
    """Into the log without the doors, which were measured by themselves."""
    address = ground.installation.database.conninfo(Role.WORKER)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as conn:
        for start in range(0, messages, _CHUNK):
            now = ground.installation.clock.now()
            chunk = range(start, min(start + _CHUNK, messages))
            bodies = [ground.webhook(n % _PERSONS, f"Mensaje {n}, ¿me confirman por favor?")[0] for n in chunk]
            await append(conn, ground.installation.keys, [Arrival("meta:bench", now, body) for body in bodies])


def _copy(ground: Ground) -> float:
    """The speed the same server writes these rows at when nothing is asked of it but to store and index them."""
    owner = ground.owner.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(ground.installation.database.conninfo(Role.WORKER)) as conn, conn.cursor() as cursor:
        with cursor.copy("copy (select * from tenant.message) to stdout (format binary)") as out:
            blocks = [bytes(block) for block in out]
        rows = cursor.rowcount
    with psycopg.connect(owner, autocommit=True) as conn, conn.cursor() as cursor:
        cursor.execute("create schema if not exists bench")
        cursor.execute(sql.SQL("create table bench.message (like tenant.message including all)"))
        began = monotonic()
        with cursor.copy("copy bench.message from stdin (format binary)") as into:
            for block in blocks:
                into.write(block)
        seconds = monotonic() - began
        cursor.execute("drop schema bench cascade")
    return rows / seconds
