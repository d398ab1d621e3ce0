"""From a webhook sent to the message on an agent's screen: in a Chromium where one is there, else to the event with its
rendered row at the open stream, without the paint.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

from konectus.cli.bench import page
from konectus.cli.bench.ground import DOOR, BenchStalled, Ground
from konectus.cli.bench.load import quantile
from konectus.cli.up import serves

RATE = 50
_PERSONS = 200
_COOKIE = "__Host-konectus-agent"
_SEEN = re.compile(rb"medida-(\d+)-fin")
_RELOAD = b"event: reload"
_LATE = 10.0
_LAST = 2.0


@dataclass(frozen=True)
class Painted:
    """Seconds from request to paint or event; `missed` never came, `reloads` times the page was told to load again."""

    delays: tuple[float, ...]
    missed: int
    reloads: int
    in_browser: bool

    def quantile(self, q: float) -> float:
        return quantile(self.delays, q)


@dataclass
class _Watch:
    """When each message was sent and when it was seen, in seconds since 1970: a page has no other clock in common."""

    ground: Ground
    wanted: int
    sent: dict[int, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    reloads: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        return self.ground.installation.clock.now().timestamp()

    def result(self, *, in_browser: bool) -> Painted:
        delays = tuple(self.seen[n] - self.sent[n] for n in self.sent if n in self.seen)
        return Painted(delays, self.wanted - len(delays), self.reloads, in_browser)


def measure(ground: Ground, seconds: int) -> Painted:
    """At 50 messages a second, one inbox open."""
    with (
        ground.process("-m", "backoffice.asgi", ready=lambda: serves(ground.port)),
        ground.process("-m", "ingestion.worker"),
    ):
        return asyncio.run(_measure(ground, seconds * RATE))


async def _measure(ground: Ground, messages: int) -> Painted:
    watch, executable = _Watch(ground, messages), page.is_there()
    limits = httpx.Limits(max_connections=40, max_keepalive_connections=40)
    base = f"http://127.0.0.1:{ground.port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, limits=limits, timeout=_LATE) as http:

        async def traffic() -> None:
            await _send(http, ground, RATE, None)  # a second to warm up
            await _send(http, ground, messages, watch)

        if executable:
            await _on_the_page(executable, watch, traffic)
        else:
            await _at_the_stream(http, watch, traffic)
    return watch.result(in_browser=executable is not None)


async def _on_the_page(executable: str, watch: _Watch, traffic: Callable[[], Awaitable[None]]) -> None:
    address = f"http://localhost:{watch.ground.port}"
    async with page.opened(executable, address, (_COOKIE, watch.ground.session_token)) as shown:
        await traffic()
        await asyncio.sleep(_LAST)
        watch.seen = await page.painted(shown)


async def _at_the_stream(http: httpx.AsyncClient, watch: _Watch, traffic: Callable[[], Awaitable[None]]) -> None:
    listening = asyncio.create_task(_listen(http, watch))
    await asyncio.wait_for(watch.open.wait(), _LATE)
    await traffic()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(watch.complete.wait(), _LATE)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def _listen(http: httpx.AsyncClient, watch: _Watch) -> None:
    headers = {"Cookie": f"{_COOKIE}={watch.ground.session_token}", "Sec-Fetch-Site": "same-origin"}
    async with http.stream("GET", "/inbox/stream", headers=headers, timeout=None) as answer:
        if answer.status_code != httpx.codes.OK:
            raise BenchStalled(f"the stream answered {answer.status_code}")
        held = b""
        async for block in answer.aiter_raw():
            watch.open.set()
            now = watch.now()
            watch.reloads += block.count(_RELOAD)
            held = held[-64:] + block
            for number in _SEEN.findall(held):
                watch.seen.setdefault(int(number), now)
            if len(watch.seen) == watch.wanted:
                watch.complete.set()


async def _send(http: httpx.AsyncClient, ground: Ground, messages: int, watch: _Watch | None) -> None:
    """At the rate, whatever the answers take; without a watch nobody looks for them at the other end."""
    loop, under_way = asyncio.get_running_loop(), []
    began = loop.time()
    for number in range(messages):
        await asyncio.sleep(max(began + number / RATE - loop.time(), 0))
        body, signed = ground.webhook(number % _PERSONS, f"medida-{number}-fin" if watch else "calentamiento")
        headers = {name.replace("_", "-"): value for name, value in signed.items()}
        if watch:
            watch.sent[number] = watch.now()
        under_way.append(asyncio.create_task(http.post(DOOR, content=body, headers=headers)))
    for answer in await asyncio.gather(*under_way):
        if answer.status_code != httpx.codes.OK:
            raise BenchStalled(f"a webhook was answered {answer.status_code}")
