"""A lean HTTP client that keeps a server busy over some connections, and what it saw. Only statuses are looked at."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

from konectus.clock import monotonic

CONNECTIONS = 64
_PATIENCE = 300.0
_STATUS = slice(9, 12)


@dataclass(frozen=True)
class Seen:
    """One run: how many requests in how many seconds, how long each took, how many were not answered 200."""

    requests: int
    seconds: float
    latencies: tuple[float, ...]
    refused: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def quantile(self, q: float) -> float:
        """Seconds."""
        return quantile(self.latencies, q)


def quantile(values: Sequence[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * q), len(ordered) - 1)] if ordered else float("nan")


def request(path: str, body: bytes, **headers: str) -> bytes:
    """The bytes of a POST on a kept connection."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def hammer(port: int, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Seen:
    """Send all of them as fast as the server answers, each connection one at a time."""
    return uvloop.run(_hammer(port, requests, connections))


async def _hammer(port: int, requests: Sequence[bytes], connections: int) -> Seen:
    loop = asyncio.get_running_loop()
    run = _Run(deque(requests), loop.create_future())
    began = monotonic()
    transports = []
    for _ in range(min(connections, len(requests))):
        transport, _protocol = await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port)
        transports.append(transport)
    await asyncio.wait_for(run.over, _PATIENCE)
    seconds = monotonic() - began
    for transport in transports:
        transport.close()
    return Seen(len(run.latencies), seconds, tuple(run.latencies), run.refused)


@dataclass
class _Run:
    waiting: deque[bytes]
    over: "asyncio.Future[None]"
    open: int = 0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0


class _Connection(asyncio.Protocol):
    """One kept connection: the next request goes out when the answer to the last is whole."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._held = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._run.open += 1
        self._next()

    def data_received(self, data: bytes) -> None:
        self._held += data
        head = self._held.find(b"\r\n\r\n")
        if head < 0 or len(self._held) < head + 4 + _length(self._held[:head]):
            return
        self._run.latencies.append(monotonic() - self._sent_at)
        self._run.refused += self._held[_STATUS] != b"200"
        self._held = b""
        self._next()

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self._run.over.done():
            self._run.over.set_exception(ConnectionResetError("the server closed a connection of the measurement"))

    def _next(self) -> None:
        if self._run.waiting:
            self._sent_at = monotonic()
            self._transport.write(self._run.waiting.popleft())
            return
        self._run.open -= 1
        if self._run.open == 0 and not self._run.over.done():
            self._run.over.set_result(None)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
