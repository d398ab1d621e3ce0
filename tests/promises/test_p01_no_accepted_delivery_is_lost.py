"""P1: whatever is killed, halted, cut off or locked, what was answered 200 is in the store once, under its own Client.

Full disks are tried in test_p33.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from konectus.clock import monotonic
from tests.ingestion.stored import Stored
from tests.promises.chaos import Chaos
from tests.promises.figures import tell
from tests.promises.running import Running, running
from tests.support.traffic import Traffic
from tests.support.traffic_ledger import Body

pytestmark = pytest.mark.processes
SHORT, LONG = 12.0, 60.0
# Bodies a second: the deliveries must last as long as the troubles.
RATE = 60.0
_ENOUGH = 1_000_000


def survives(intake: Running, seed: int, seconds: float, *, longest: float = 2.0) -> Chaos:
    """Traffic of all kinds for two Clients beside troubles of all kinds; then nothing is lost, doubled or misplaced."""
    places = intake.clients(2)
    day = intake.traffic(places, seed)
    chaos = Chaos(intake, intake.postman(day.ledger), random.Random(seed), longest=longest)  # noqa: S311 reason: a repeatable schedule
    asyncio.run(beside(day, chaos, seconds))
    intake.settle(120)
    verdict = intake.judged(day.ledger, places, 30)
    told = f"{sum(chaos.happened.values())} troubles in {seconds:.0f} s: {verdict}"
    tell(f"P1 seed {seed}", f"{told}; answers {dict(chaos.postman.answers.statuses)}")

    assert chaos.postman.answers.wrong == []
    assert verdict.is_clean, f"{told}\n{intake.site.log('up.log')}"
    assert verdict.told > seconds
    assert not forged(intake, day)
    assert sum(waiting > 0 for waiting in chaos.unanswered) >= len(chaos.unanswered) / 2
    return chaos


async def beside(day: Traffic, chaos: Chaos, seconds: float) -> None:
    stop = asyncio.Event()
    reign = asyncio.create_task(chaos.reign(stop))
    bodies = until_time_is_up(day, monotonic() + seconds)
    try:
        await chaos.postman.carry(bodies, at_once=24, per_second=RATE)
    finally:
        stop.set()
        await reign


def until_time_is_up(day: Traffic, deadline: float) -> Iterator[Body]:
    """One hour after another, each out of order in itself, until the time is up."""
    while monotonic() < deadline:
        for body in day.bodies(300):
            if monotonic() > deadline:
                return
            yield body


def forged(intake: Running, day: Traffic) -> list[str]:
    """Messages in the store that nobody signed."""
    clients = {place.client_id for place in day.places}
    held = {key for client in clients for key in Stored(intake.installation, client).external_ids()}
    return sorted(held & day.ledger.refused)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.load)])
def test_troubles_of_every_kind_lose_double_and_misplace_nothing(intake: Running, seed: int) -> None:
    chaos = survives(intake, seed, SHORT)

    assert sum(chaos.happened.values()) >= 3


@pytest.mark.load
@pytest.mark.timeout(7200)
def test_ten_random_seeds_of_a_minute_lose_double_and_misplace_nothing(tmp_path: Path) -> None:
    """Seeds of the day, so that each run tries others; a seed that fails is named by its figure."""
    seconds = float(os.environ.get("PROMISES_SECONDS", LONG))
    seeds = list(islice(iter(lambda: random.SystemRandom().randrange(_ENOUGH), -1), 10))
    with running(tmp_path, workers=2) as intake:
        happened = [survives(intake, seed, seconds, longest=30.0).happened for seed in seeds]

    assert len(happened) == len(seeds)
    assert set().union(*happened) >= {"kill web", "kill worker", "kill postgresql", "halt web", "lock a table"}
