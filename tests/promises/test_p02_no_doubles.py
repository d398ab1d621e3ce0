"""P2: the same bytes at once, re-batched and hours late are one message; equal ids in two Clients are two."""

import asyncio

import pytest

from tests.promises.running import Running

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
SEED, ITEMS = 20261122, 1500


def test_repeats_of_every_kind_leave_one_message_each(intake: Running) -> None:
    places = intake.clients(2)
    day = intake.traffic(places, SEED)
    postman = intake.postman(day.ledger)
    bodies = list(day.bodies(ITEMS))

    async def deliver() -> None:
        await postman.carry(bodies)
        await postman.carry(day.rng.sample(bodies, len(bodies) // 3))

    asyncio.run(deliver())
    intake.settle()
    verdict = intake.judged(day.ledger, places)

    assert postman.answers.wrong == []
    assert verdict.is_clean, str(verdict)
    assert verdict.held == verdict.told > ITEMS / 3
