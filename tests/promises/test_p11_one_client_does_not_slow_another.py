"""P11: while one Client gets a hundred times its traffic, another's messages are on the screen as soon as ever."""

import asyncio
import itertools

import pytest

from konectus.clock import monotonic
from konectus.domain.channels import Channel
from tests.promises.figures import tell
from tests.promises.running import Running, bodied, said, written
from tests.promises.watching import Screen, mark, quantile, watching
from tests.support.traffic_delivery import Postman
from tests.support.traffic_ledger import Ledger, Place

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
QUIET, ROUNDS, LOUD = 5, 20, 100
# The promise is twice; below this many seconds a difference is the machine's.
TWICE, FLOOR = 2.0, 1.5
_numbers = itertools.count(1_000)


def test_a_quiet_client_sees_its_messages_beside_a_loud_one(intake: Running) -> None:
    quiet, loud = (intake.client((Channel.MESSENGER,))[0] for _ in range(2))
    alone, beside = asyncio.run(scenario(intake, quiet, loud))
    tell(
        "P11 p95 of a quiet Client", f"{quantile(alone, 0.95):.3f} s alone, {quantile(beside, 0.95):.3f} s beside 100x"
    )

    assert len(alone) == len(beside) == ROUNDS
    assert quantile(beside, 0.95) <= max(TWICE * quantile(alone, 0.95), FLOOR)


async def scenario(intake: Running, quiet: Place, loud: Place) -> tuple[list[float], list[float]]:
    postman = intake.postman(Ledger())
    async with watching(intake, quiet.client_id) as screen:
        alone = await delays(postman, quiet, screen)
        noise = asyncio.create_task(shout(postman, loud, intake))
        beside = await delays(postman, quiet, screen)
        noise.cancel()
        await asyncio.gather(noise, return_exceptions=True)
    postman.close()
    return alone, beside


async def delays(postman: Postman, place: Place, screen: Screen) -> list[float]:
    """Seconds from the answer until each message is seen; a few a second, each of another person's conversation."""
    sent: dict[int, float] = {}
    for _ in range(ROUNDS):
        number = next(_numbers)
        await postman.deliver(said(place, number, mark(number), person=str(7000 + number % 90)))
        sent[number] = monotonic()
        await asyncio.sleep(1 / QUIET)
    await screen.wait_for(len(screen.seen) + len(sent.keys() - screen.seen.keys()), 20)
    return [screen.seen[number] - sent[number] for number in sent if number in screen.seen]


async def shout(postman: Postman, place: Place, intake: Running) -> None:
    """A hundred times as many, in batches as a channel that has fallen behind sends them."""
    while True:
        items = [
            written(place, next(_numbers), "ruido", person=str(7000 + n % 50), at=intake.now())
            for n in range(QUIET * LOUD // 10)
        ]
        await postman.deliver(bodied(items))
        await asyncio.sleep(0.1)
