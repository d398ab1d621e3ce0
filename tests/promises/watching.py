"""What an agent sees and what a process uses: the live stream of an inbox, memory and processor time."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx

from konectus.clock import monotonic
from tests.promises.running import Running
from tests.support.factories import Factory

COOKIE = "__Host-konectus-agent"
_MARK = re.compile(rb"visto-(\d+)-fin")
_OPEN_WITHIN = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


def mark(number: int) -> str:
    """A text that is found again in the stream."""
    return f"visto-{number}-fin"


@dataclass
class Screen:
    """An agent's open inbox: when each marked message came, in seconds of the monotonic clock."""

    seen: dict[int, float] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for(self, count: int, seconds: float) -> bool:
        deadline = monotonic() + seconds
        while len(self.seen) < count and monotonic() < deadline:  # noqa: ASYNC110 reason: a stream is read elsewhere
            await asyncio.sleep(0.05)
        return len(self.seen) >= count


@asynccontextmanager
async def watching(intake: Running, client_id: UUID) -> AsyncIterator[Screen]:
    """A new agent of that Client with the inbox open."""
    make = Factory(intake.installation)
    token = make.user_session(client_id, make.user(client_id))
    screen = Screen()
    task = asyncio.create_task(_read(f"{intake.site.url}/inbox/stream", token, screen))
    try:
        await asyncio.wait_for(screen.opened.wait(), _OPEN_WITHIN)
        yield screen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
            await task


async def _read(url: str, token: str, screen: Screen) -> None:
    headers = {"Cookie": f"{COOKIE}={token}", "Sec-Fetch-Site": "same-origin"}
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        http.stream("GET", url, headers=headers, timeout=None) as got,
    ):
        assert got.status_code == httpx.codes.OK, got.status_code
        held = b""
        async for block in got.aiter_raw():
            screen.opened.set()
            held = held[-64:] + block
            for number in _MARK.findall(held):
                screen.seen.setdefault(int(number), monotonic())


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * q), len(ordered) - 1)]


def resident(pid: int) -> int:
    """Bytes a process holds in memory now."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """The most a process has held since `forget_peak`."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def burnt(pid: int) -> float:
    """Seconds of processor time a process has used so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def _status(pid: int, name: str) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
