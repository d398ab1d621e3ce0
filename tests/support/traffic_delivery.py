"""Sends generated bodies to real doors over HTTP, as channels do: again until 2xx, some several times at once."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from konectus.clock import monotonic
from tests.support.processes import META_SECRET
from tests.support.traffic_ledger import Body, Ledger

_PATIENCE = 20.0
_AGAIN_AFTER = 0.1
_GOOD = 200
_REFUSED = 401


class Undeliverable(Exception):
    """A body was refused or not answered for too long: whatever runs there has ended."""


@dataclass
class Answers:
    """What the doors said: how often which status, and the seconds each 200 took."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def quantile(self, q: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * q), len(ordered) - 1)]


@dataclass
class Postman:
    """Carries bodies to one port over kept connections. `give_up` ends the trying of what is refused for long."""

    port: int
    ledger: Ledger
    secret: str = META_SECRET
    give_up: float = 120.0
    answers: Answers = field(default_factory=Answers)
    waiting: int = 0
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def carry(self, bodies: Iterable[Body], *, at_once: int = 16, per_second: float | None = None) -> None:
        """All of them, so many at a time; with `per_second` no faster than that."""
        source, began, number = iter(bodies), monotonic(), 0

        async def carrier() -> None:
            nonlocal number
            for body in source:
                number += 1
                if per_second is not None:
                    await asyncio.sleep(max(0.0, began + number / per_second - monotonic()))
                await self.deliver(body)

        try:
            await asyncio.gather(*(carrier() for _ in range(at_once)))
        finally:
            self.close()

    async def deliver(self, body: Body) -> None:
        """One body, as often at once as it wants to be, each time again until it is taken."""
        taken = await asyncio.gather(*(self._until_taken(body) for _ in range(body.times)))
        if body.signature == "valid" and any(taken):
            self.ledger.learn(body)

    async def _until_taken(self, body: Body) -> bool:
        """Whether the answer was 200 in the end; what nobody signed is offered once more for each 503 alone."""
        deadline, request, is_valid = monotonic() + self.give_up, self._request(body), body.signature == "valid"
        while (status := await self._post(request)) != _GOOD:
            if status == _REFUSED and not is_valid:
                return False
            if status == _REFUSED:
                self._note_wrong(status, body)
            if monotonic() > deadline:
                raise Undeliverable(f"{status} for {self.give_up:g} s at {body.door}")
            await asyncio.sleep(_AGAIN_AFTER)
        if not is_valid:
            self._note_wrong(status, body)
        return True

    def _note_wrong(self, status: int, body: Body) -> None:
        self.answers.wrong.append(f"{status} for a body of {body.door} that is {body.signature}: {body.raw[:100]!r}")

    async def _post(self, request: bytes) -> int:
        """The status, 0 where the connection broke or nothing came."""
        self.waiting += 1
        began = monotonic()
        try:
            status = await asyncio.wait_for(self._exchange(request), _PATIENCE)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            status = 0
        finally:
            self.waiting -= 1
        self.answers.statuses[str(status)] += 1
        if status == _GOOD:
            self.answers.seconds.append(monotonic() - began)
        return status

    async def _exchange(self, request: bytes) -> int:
        kept = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = kept
        try:
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in head.lower():
            writer.close()
        else:
            self._idle.append(kept)
        return int(head[9:12])

    def _request(self, body: Body) -> bytes:
        lines = [f"POST {body.door} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(body.raw)}", *self._proof(body), "", ""]
        return "\r\n".join(lines).encode() + body.raw

    def _proof(self, body: Body) -> list[str]:
        if "/telegram/" in body.door:
            return [f"X-Telegram-Bot-Api-Secret-Token: {body.secret}"] if body.secret else []
        if body.signature == "none":
            return []
        if body.signature == "sha1":
            return [f"X-Hub-Signature: sha1={hmac.new(self.secret.encode(), body.raw, hashlib.sha1).hexdigest()}"]
        secret = "somebody else's secret" if body.signature == "wrong" else self.secret
        over = body.raw + b" " if body.signature == "other body's" else body.raw
        return [f"X-Hub-Signature-256: sha256={hmac.new(secret.encode(), over, hashlib.sha256).hexdigest()}"]

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
