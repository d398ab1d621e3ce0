"""Requests at a given rate whatever the answers take; latency counts from when a request was due, not from when a
connection was free for it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

from konectus.cli.bench.load import Seen
from konectus.clock import monotonic

MOST_CONNECTIONS = 400
_PATIENCE = 60.0
_STATUS = slice(9, 12)


def pace(port: int, requests: Sequence[bytes], rate: float) -> Seen:
    """Send all of them, `rate` a second. Answers without a body are looked at by their status."""
    return uvloop.run(_pace(port, requests, rate))


async def _pace(port: int, requests: Sequence[bytes], rate: float) -> Seen:
    line = _Line(port, asyncio.get_running_loop().create_future(), len(requests))
    began = monotonic()
    for number, request in enumerate(requests):
        due = began + number / rate
        await asyncio.sleep(max(due - monotonic(), 0))
        await line.send(request, due)
    await asyncio.wait_for(line.over, _PATIENCE)
    for connection in line.every:
        connection.close()
    return Seen(len(line.latencies), monotonic() - began, tuple(line.latencies), line.refused)


@dataclass
class _Line:
    """Connections that are free, and what waits while there is none."""

    port: int
    over: "asyncio.Future[None]"
    wanted: int
    free: "deque[_Connection]" = field(default_factory=deque)
    every: "list[_Connection]" = field(default_factory=list)
    waiting: deque[tuple[bytes, float]] = field(default_factory=deque)
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    async def send(self, request: bytes, due: float) -> None:
        if not self.free and len(self.every) < MOST_CONNECTIONS:
            loop = asyncio.get_running_loop()
            _, made = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self.port)
            self.every.append(made)
            self.free.append(made)
        self.waiting.append((request, due))
        self.go_on()

    def go_on(self) -> None:
        while self.waiting and self.free:
            self.free.popleft().send(*self.waiting.popleft())

    def answered(self, connection: "_Connection", seconds: float, *, fine: bool) -> None:
        self.latencies.append(seconds)
        self.refused += not fine
        self.free.append(connection)
        self.go_on()
        if len(self.latencies) == self.wanted and not self.over.done():
            self.over.set_result(None)


class _Connection(asyncio.Protocol):
    def __init__(self, line: _Line) -> None:
        self._line = line
        self._due = 0.0
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._held += data
        if b"\r\n\r\n" not in self._held:
            return
        status, self._held = self._held[_STATUS], b""
        self._line.answered(self, monotonic() - self._due, fine=status == b"200")

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self._line.over.done():
            self._line.over.set_exception(ConnectionResetError("the server closed a connection of the measurement"))
