"""A simulator with a receiver beside it, both in this process; and one as a real process where that matters."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from ingestion.simulator.app import create_app
from ingestion.simulator.tuning import Options
from tests.ingestion.simulator.receiver import APP_ID, APP_SECRET, Receiver, Sim, StillClock

ROOT = Path(__file__).parents[3]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> StillClock:
    return StillClock(datetime(2026, 11, 22, 16, 0, tzinfo=UTC))


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def sim(clock: StillClock, receiver: Receiver) -> AsyncIterator[Sim]:
    """A simulator with one Meta app, delays of nothing, and waits that only move the clock."""

    async def sleep(seconds: float) -> None:
        clock.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    app = create_app(Options(), clock, transport=httpx.ASGITransport(receiver), sleep=sleep)
    address = "http://127.0.0.1:8010"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address) as http:
        sim = Sim(http)
        await sim.post("/sim/meta/apps", name="demo", id=APP_ID, secret=APP_SECRET)
        await sim.post("/sim/meta/apps", name="ig", id="2002", secret="x", instagram_secret="y", flavour="instagram")
        yield sim
        await app.state.players.stop()
        await app.state.stage.close()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[str]:
    """The address of a simulator that runs as its own process."""
    command = [sys.executable, "-m", "ingestion.simulator", "--port", "0", "--seed", "7"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        line = started.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        yield found[0]
        started.terminate()
        started.wait(10)
