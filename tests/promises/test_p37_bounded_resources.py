"""P37: ten minutes of traffic leave memory flat, connections within the pools, and less than a kB of log per message.

`PROMISES_MINUTES` shortens it; a day by hand is `PROMISES_MINUTES=1440`.
"""

import asyncio
import os
from pathlib import Path

import psycopg
import pytest

from konectus.clock import monotonic
from konectus.store.roles import Role
from tests.promises.figures import tell
from tests.promises.running import Running, running
from tests.promises.test_p01_no_accepted_delivery_is_lost import until_time_is_up
from tests.promises.watching import resident

pytestmark = [pytest.mark.processes, pytest.mark.load, pytest.mark.timeout(100_000)]
MINUTES = float(os.environ.get("PROMISES_MINUTES", "10"))
RATE = 60.0
# Of the run that warms a process up; what has grown since must stay within the promise.
WARM = 0.25
GROWTH = 1.05
LOG_PER_MESSAGE = 1024
# What two workers, web, sender and scheduler may hold by their pools, with what PostgreSQL itself keeps.
CONNECTIONS = 60


def test_memory_connections_and_logs_stay_within_bounds(tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as intake:
        places = intake.clients(2)
        day = intake.traffic(places, 37)
        postman = intake.postman(day.ledger)
        asyncio.run(postman.carry(until_time_is_up(day, monotonic() + 60 * MINUTES * WARM), at_once=8, per_second=RATE))
        warm, logged = memory(intake), log_bytes(intake)
        handled = len(postman.answers.seconds)
        asyncio.run(
            postman.carry(until_time_is_up(day, monotonic() + 60 * MINUTES * (1 - WARM)), at_once=8, per_second=RATE)
        )
        intake.settle(120)
        full, handled = memory(intake), len(postman.answers.seconds) - handled
        grown = {name: full[name] / warm[name] for name in warm}
        per_message = (log_bytes(intake) - logged) / max(handled, 1)
        open_ = connections(intake)
        verdict = intake.judged(day.ledger, places, 60)
    told = ", ".join(f"{name} {full[name] >> 20} MiB ({ratio:.2f})" for name, ratio in grown.items())
    tell(
        f"P37 after {MINUTES:g} min",
        f"{told}; {open_} connections; {per_message:.0f} bytes of log per delivery; {verdict}",
    )

    assert verdict.is_clean, str(verdict)
    assert postman.answers.wrong == []
    assert max(grown.values()) <= GROWTH, told
    assert open_ <= CONNECTIONS
    assert per_message < LOG_PER_MESSAGE


def memory(intake: Running) -> dict[str, int]:
    """Bytes held by each of our processes."""
    names = [name for kind in ("web", "worker", "sender", "scheduler") for name in intake.site.names(kind)]
    return {name: resident(intake.site.pid(name)) for name in names}


def log_bytes(intake: Running) -> int:
    return (intake.site.folder / "up.log").stat().st_size


def connections(intake: Running) -> int:
    with psycopg.connect(intake.installation.database.conninfo(Role.WORKER)) as conn:
        row = conn.execute("select count(*) from pg_stat_activity where backend_type = 'client backend'").fetchone()
    assert row is not None
    return int(row[0])
