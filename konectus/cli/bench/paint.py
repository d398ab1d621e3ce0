"""From a webhook sent to the event with its rendered row at the agent's open stream. No browser: without its paint."""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field

import httpx

from konectus.cli.bench.ground import DOOR, BenchStalled, Ground
from konectus.cli.bench.load import quantile
from konectus.cli.up import serves
from konectus.clock import monotonic

RATE = 50
_PERSONS = 200
_COOKIE = "__Host-konectus-agent"
_SEEN = re.compile(rb"medida-(\d+)-fin")
_RELOAD = b"event: reload"
_LATE = 10.0


@dataclass(frozen=True)
class Painted:
    """Seconds from request to event; `missed` never came, `reloads` times the page was told to load again instead."""

    delays: tuple[float, ...]
    missed: int
    reloads: int

    def quantile(self, q: float) -> float:
        return quantile(self.delays, q)


@dataclass
class _Watch:
    wanted: int
    sent: dict[int, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    reloads: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    complete: asyncio.Event = field(default_factory=asyncio.Event)


def measure(ground: Ground, seconds: int) -> Painted:
    """At 50 messages a second, one stream open."""
    with (
        ground.process("-m", "backoffice.asgi", ready=lambda: serves(ground.port)),
        ground.process("-m", "ingestion.worker"),
    ):
        return asyncio.run(_measure(ground, seconds * RATE))


async def _measure(ground: Ground, messages: int) -> Painted:
    headers = {"Cookie": f"{_COOKIE}={ground.session_token}", "Sec-Fetch-Site": "same-origin"}
    watch = _Watch(messages)
    limits = httpx.Limits(max_connections=40, max_keepalive_connections=40)
    base = f"http://127.0.0.1:{ground.port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, limits=limits, timeout=_LATE) as http:
        listening = asyncio.create_task(_listen(http, headers, watch))
        await asyncio.wait_for(watch.open.wait(), _LATE)
        await _send(http, ground, RATE, None)  # a second to warm up
        await _send(http, ground, messages, watch)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watch.complete.wait(), _LATE)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    delays = tuple(watch.seen[n] - watch.sent[n] for n in watch.sent if n in watch.seen)
    return Painted(delays, messages - len(delays), watch.reloads)


async def _listen(http: httpx.AsyncClient, headers: dict[str, str], watch: _Watch) -> None:
    async with http.stream("GET", "/inbox/stream", headers=headers, timeout=None) as answer:
        if answer.status_code != httpx.codes.OK:
            raise BenchStalled(f"the stream answered {answer.status_code}")
        held = b""
        async for block in answer.aiter_raw():
            watch.open.set()
            now = monotonic()
            watch.reloads += block.count(_RELOAD)
            held = held[-64:] + block
            for number in _SEEN.findall(held):
                watch.seen.setdefault(int(number), now)
            if len(watch.seen) == watch.wanted:
                watch.complete.set()


async def _send(http: httpx.AsyncClient, ground: Ground, messages: int, watch: _Watch | None) -> None:
    """At the rate, whatever the answers take; without a watch nobody looks for them at the other end."""
    began, under_way = monotonic(), []
    for number in range(messages):
        await asyncio.sleep(max(began + number / RATE - monotonic(), 0))
        body, signed = ground.webhook(number % _PERSONS, f"medida-{number}-fin" if watch else "calentamiento")
        headers = {name.replace("_", "-"): value for name, value in signed.items()}
        if watch:
            watch.sent[number] = monotonic()
        under_way.append(asyncio.create_task(http.post(DOOR, content=body, headers=headers)))
    for answer in await asyncio.gather(*under_way):
        if answer.status_code != httpx.codes.OK:
            raise BenchStalled(f"a webhook was answered {answer.status_code}")
