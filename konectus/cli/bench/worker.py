"""One and two workers, sealing and policies on, against COPY of the rows they leave behind."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg

from konectus.cli.bench import copying, machine
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
    copy: copying.Rates
    cpu_micros: float
    server_micros: float


def measure(ground: Ground, messages: int) -> Rates:
    """Each run gets its own `messages`, one to a body, as channels send them."""
    _drain(ground)
    one = _run(ground, messages, workers=1)
    since = ground.installation.clock.now()
    two = _run(ground, messages, workers=2)
    copy = copying.measure(ground, since)
    return Rates(one.per_second, two.per_second, copy, one.cpu * 1e6, one.server_cpu * 1e6)


def _drain(ground: Ground) -> None:
    """What other measurements left in the log."""
    with ground.process(*_WORKER):
        _await_left(ground, 0, [])


@dataclass(frozen=True)
class _Run:
    """Messages a second, and the seconds of processor that workers and database took for one."""

    per_second: float
    cpu: float
    server_cpu: float


def _run(ground: Ground, messages: int, workers: int) -> _Run:
    asyncio.run(_fill(ground, messages))
    with ExitStack() as stack:
        pids = [stack.enter_context(ground.process(*_WORKER)).pid for _ in range(workers)]
        began = _await_left(ground, int(messages * (1 - _FROM)), pids)
        ended = _await_left(ground, int(messages * (1 - _TO)), pids)
        _await_left(ground, 0, pids)
    done = began.left - ended.left
    seconds, server = ended.at - began.at, ended.server_cpu - began.server_cpu
    return _Run(done / seconds, (ended.cpu - began.cpu) / done, server / done)


@dataclass(frozen=True)
class _Mark:
    """How many bodies wait, when that was, and what workers and database had used by then."""

    left: int
    at: float
    cpu: float
    server_cpu: float


def _await_left(ground: Ground, most: int, pids: Sequence[int]) -> _Mark:
    """As soon as not more than `most` wait."""
    seen = [0]

    def few() -> bool:
        with ground.installation.database.session(Role.WORKER) as session:
            seen[0] = usage.unprocessed(session)
        return seen[0] <= most

    # Looking often would take from those who are measured.
    wait_until(few, "the workers", patience=600, poll=0.05)
    at, server = monotonic(), machine.family(ground.cluster.pid or 0)
    return _Mark(seen[0], at, *(sum(map(machine.cpu_seconds, of)) for of in (pids, server)))


async def _fill(ground: Ground, messages: int) -> None:
    """Into the log without the doors, which were measured by themselves."""
    address = ground.installation.database.conninfo(Role.WORKER)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as conn:
        for start in range(0, messages, _CHUNK):
            now = ground.installation.clock.now()
            chunk = range(start, min(start + _CHUNK, messages))
            bodies = [ground.webhook(n % _PERSONS, f"Mensaje {n}, ¿me confirman por favor?")[0] for n in chunk]
            await append(conn, ground.installation.keys, [Arrival("meta:bench", now, body) for body in bodies])
