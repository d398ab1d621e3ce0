"""The raw body of a request, within size and time. What is answered when it is not is the doors'."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from konectus.errors import KonectusError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
# In one piece as it came, or put together from several: joined at the end it would be in memory twice.
Body = bytes | bytearray

# Header and body of a request have this long together (P8); one slower than a second is one of at most so many.
DEADLINE = 20.0
SLOW_AFTER = 1.0
MOST_SLOW = 100
# Longer than the digits of any real size.
_MOST_DIGITS = 18
_LOOKS = 4


class TooLarge(KonectusError):
    code = "body_too_large"


class TooSlow(KonectusError):
    code = "body_too_slow"


class TooMany(KonectusError):
    """All places for slow senders are taken."""

    code = "too_many_slow"


class Gone(KonectusError):
    """The sender hung up: there is nobody to answer."""

    code = "gone"


@dataclass(eq=False, slots=True)
class _Reading:
    """One body on its way in."""

    task: asyncio.Task[Any]
    since: float
    is_slow: bool = False
    refusal: type[KonectusError] | None = None

    def refuse(self, why: type[KonectusError]) -> None:
        if self.refusal is None:
            self.refusal = why
            self.task.cancel()


@dataclass
class Bodies:
    """Reads bodies of at most `limit` bytes and remembers how many slow ones it is reading.

    One clock looks at all that are under way: most are there at once, and a timer of each costs more than the reading.
    """

    limit: int
    _under_way: dict[_Reading, None] = field(default_factory=dict, init=False, repr=False)
    _slow: int = field(default=0, init=False)
    _clock: asyncio.TimerHandle | None = field(default=None, init=False, repr=False)

    async def read(self, receive: Receive, told_length: bytes | None) -> Body:
        """Raises TooLarge while reading, or at once where the header tells; TooSlow, TooMany, Gone."""
        length = told_length or b""
        if length.isdigit() and (len(length) > _MOST_DIGITS or int(length) > self.limit):
            raise TooLarge
        reading = self._begin()
        try:
            return await self._collect(receive, int(length) if length.isdigit() else self.limit)
        except asyncio.CancelledError:
            if reading.refusal is None or reading.task.uncancel():
                raise
            raise reading.refusal from None
        finally:
            del self._under_way[reading]
            self._slow -= reading.is_slow

    def _begin(self) -> _Reading:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise AssertionError("a body is read by a task")
        reading = _Reading(task, loop.time())
        self._under_way[reading] = None
        if self._clock is None:
            self._clock = loop.call_later(SLOW_AFTER / _LOOKS, self._look)
        return reading

    def _look(self) -> None:
        """Slow ones take a place; those beyond the places and beyond the deadline are refused."""
        loop = asyncio.get_running_loop()
        for reading in self._under_way:  # oldest first
            age = loop.time() - reading.since
            if age < SLOW_AFTER:
                break
            if age >= DEADLINE:
                reading.refuse(TooSlow)
            elif not reading.is_slow and self._slow >= MOST_SLOW:
                reading.refuse(TooMany)
            elif not reading.is_slow:
                reading.is_slow = True
                self._slow += 1
        self._clock = loop.call_later(SLOW_AFTER / _LOOKS, self._look) if self._under_way else None

    async def _collect(self, receive: Receive, room: int) -> Body:
        message = await receive()
        chunk = _chunk(message)
        if not message.get("more_body", False) and len(chunk) <= self.limit:
            return chunk
        # All its room at once: grown side by side, several leave holes in the heap as large as themselves (P7).
        body, end = bytearray(room), 0
        while True:
            start, end = end, end + len(chunk)
            if end > self.limit:
                raise TooLarge
            body[start:end] = chunk
            if not message.get("more_body", False):
                del body[end:]
                return body
            message = await receive()
            chunk = _chunk(message)


def _chunk(message: MutableMapping[str, Any]) -> bytes:
    if message["type"] == "http.disconnect":
        raise Gone
    chunk: bytes = message.get("body", b"")
    return chunk
