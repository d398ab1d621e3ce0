"""P9: what was acknowledged is on an agent's screen within seconds, and a backlog drains at thousands a second."""

import asyncio
import itertools
import os
import random
import signal
from collections.abc import Iterator

import pytest

from konectus.clock import monotonic
from konectus.domain.channels import Channel
from tests.promises.figures import tell
from tests.promises.intake import drained
from tests.promises.running import Running, bodied, said, written
from tests.promises.watching import mark, quantile, watching
from tests.support.processes import until
from tests.support.traffic_ledger import Body, Ledger, Place

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
RATE, SECONDS = 20, 5
# Promised: p95 2 s, p99 5 s. A busy machine gets as much again.
NEARLY_ALL, ALL_BUT_ONE = 4.0, 10.0
# The short form only shows that a backlog drains; its speed is asked for in the long one.
SHORT, LONG, IN_A_BODY, PER_SECOND = 5_000, 100_000, 500, 3_000
_numbers = itertools.count()


def test_a_message_is_on_the_screen_within_seconds(intake: Running) -> None:
    place = intake.client((Channel.MESSENGER,))[0]
    sent: dict[int, float] = {}

    async def scenario() -> dict[int, float]:
        postman = intake.postman(Ledger())
        async with watching(intake, place.client_id) as screen:
            for number in range(RATE * SECONDS):
                await postman.deliver(said(place, number, mark(number), person=str(7000 + number % 20)))
                sent[number] = monotonic()
                await asyncio.sleep(1 / RATE)
            await screen.wait_for(RATE * SECONDS, ALL_BUT_ONE)
        postman.close()
        return screen.seen

    seen = asyncio.run(scenario())
    delays = [seen[number] - sent[number] for number in sent if number in seen]
    tell(f"P9 visible at {RATE}/s", f"p50 {quantile(delays, 0.5):.3f} s, p95 {quantile(delays, 0.95):.3f} s")

    assert len(delays) == len(sent)
    assert quantile(delays, 0.95) < NEARLY_ALL
    assert quantile(delays, 0.99) < ALL_BUT_ONE


def drain(intake: Running, messages: int) -> float:
    """Messages a second, from the moment the workers may go on until nothing waits."""
    places = [intake.client((Channel.MESSENGER,))[0] for _ in range(4)]
    workers = [intake.site.pid(name) for name in intake.site.names("worker")]
    ledger, postman = Ledger(), intake.postman(Ledger())
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        asyncio.run(postman.carry(backlog(intake, places, messages), at_once=4))
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
    began = monotonic()
    until(lambda: drained(intake.installation), seconds=200, what="the backlog drains")
    seconds = monotonic() - began
    assert ledger.learnt == []
    return messages / seconds


def backlog(intake: Running, places: list[Place], messages: int) -> Iterator[Body]:
    rng = random.Random(9)  # noqa: S311 reason: a repeatable crowd
    now = intake.now()
    for start in range(0, messages, IN_A_BODY):
        numbers = range(start, min(start + IN_A_BODY, messages))
        yield bodied([
            written(places[n % 4], next(_numbers), f"espera {n}", person=str(7000 + rng.randrange(500)), at=now)
            for n in numbers
        ])  # fmt: skip


def test_a_backlog_drains(intake: Running) -> None:
    tell(f"P9 drain of {SHORT}", f"{drain(intake, SHORT):.0f} messages/s")


@pytest.mark.load
@pytest.mark.timeout(900)
def test_a_hundred_thousand_drain_at_thousands_a_second(intake: Running) -> None:
    speed = drain(intake, LONG)
    tell(f"P9 drain of {LONG}", f"{speed:.0f} messages/s")

    assert speed >= PER_SECOND
