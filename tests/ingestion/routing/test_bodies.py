"""Bodies as they come in: few places for slow senders, a deadline for all, no more memory than the body has."""

import asyncio
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.routing import bodies, names
from ingestion.routing.bodies import Bodies, Gone, TooMany, TooSlow

LIMIT = 4 << 20


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SLOW_AFTER", 0.05)
    monkeypatch.setattr(bodies, "DEADLINE", 0.4)


class Sender:
    """A body in pieces, some seconds between them."""

    def __init__(self, pieces: Iterator[bytes], pause: float) -> None:
        self._pieces, self._pause = pieces, pause

    async def __call__(self) -> dict[str, Any]:
        await asyncio.sleep(self._pause)
        piece = next(self._pieces, None)
        if piece is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": piece, "more_body": True}


def slow(pieces: int) -> Sender:
    return Sender(iter([b"x"] * pieces), 0.03)


async def outcome(reading: Bodies, sender: Sender) -> object:
    try:
        return bytes(await reading.read(sender, None))
    except (TooMany, TooSlow, Gone) as refused:
        return type(refused)


def test_slow_sender_that_ends_in_time_is_heard() -> None:
    assert asyncio.run(outcome(Bodies(LIMIT), slow(5))) == b"xxxxx"


def test_slow_sender_is_cut_off_at_the_deadline() -> None:
    assert asyncio.run(outcome(Bodies(LIMIT), slow(100))) is TooSlow


def test_slow_senders_beyond_the_places_are_refused_and_quick_ones_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_SLOW", 2)
    reading = Bodies(LIMIT)

    async def run() -> tuple[list[object], object, object]:
        crowd = [asyncio.create_task(outcome(reading, slow(5))) for _ in range(4)]
        await asyncio.sleep(0.12)
        quick = await outcome(reading, Sender(iter([b"a"]), 0))
        together = await asyncio.gather(*crowd)
        return together, quick, await outcome(reading, slow(5))

    together, quick, later = asyncio.run(run())
    assert together == [b"xxxxx", b"xxxxx", TooMany, TooMany]
    assert quick == b"a"
    assert later == b"xxxxx", "places are given back"


def test_server_that_stops_is_not_taken_for_a_slow_sender() -> None:
    async def run() -> None:
        task = asyncio.create_task(Bodies(LIMIT).read(slow(100), None))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_request_holds_no_more_than_the_limit_and_a_mebibyte() -> None:
    """P7: also while it is looked into, a thousand updates in one body."""
    update = b'{"sender":{"id":"7"},"recipient":{"id":"9"},"message":{"mid":"m","text":"%s"}}' % (b"x" * 4100)
    body = b'{"object":"page","entry":[{"id":"9","messaging":[%s]}]}' % b",".join([update] * 1000)
    assert LIMIT * 0.99 < len(body) <= LIMIT
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))

    async def run() -> int:
        tracemalloc.start()
        try:
            raw = await Bodies(LIMIT).read(Sender(pieces, 0), None)
            assert names.named(raw) == {("messenger", "9")}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert asyncio.run(run()) < LIMIT + (1 << 20)
