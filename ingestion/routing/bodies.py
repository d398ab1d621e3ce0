"""The raw body of a request, within size and time. What is answered when it is not is the doors'."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from konectus.errors import KonectusError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# Header and body of a request have this long together (P8); one slower than a second is one of at most so many.
DEADLINE = 20.0
SLOW_AFTER = 1.0
MOST_SLOW = 100
# Longer than the digits of any real size.
_MOST_DIGITS = 18


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


@dataclass
class Bodies:
    """Reads bodies of at most `limit` bytes and remembers how many slow ones it is reading."""

    limit: int
    _slow: int = field(default=0, init=False)

    async def read(self, receive: Receive, told_length: str | None) -> bytes:
        """Raises TooLarge while reading, or at once where the header tells; TooSlow, TooMany, Gone."""
        length = told_length or ""
        if length.isdigit() and (len(length) > _MOST_DIGITS or int(length) > self.limit):
            raise TooLarge
        body = bytearray()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SLOW_AFTER):
                return await self._collect(receive, body)
        if self._slow >= MOST_SLOW:
            raise TooMany
        self._slow += 1
        try:
            async with asyncio.timeout(DEADLINE - SLOW_AFTER):
                return await self._collect(receive, body)
        except TimeoutError:
            raise TooSlow from None
        finally:
            self._slow -= 1

    async def _collect(self, receive: Receive, body: bytearray) -> bytes:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            chunk, more = message.get("body", b""), message.get("more_body", False)
            if len(body) + len(chunk) > self.limit:
                raise TooLarge
            if not body and not more:
                return bytes(chunk)
            body += chunk
            if not more:
                return bytes(body)
