"""P1, P2, P10: several workers at once with small bites of shuffled traffic store what one would have stored."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestion.worker.process import Worker
from konectus.domain.channels import Channel
from konectus.services.installation import Installation
from tests.ingestion.stored import log_all, work
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.traffic import Traffic
from tests.support.traffic_ledger import Place
from tests.support.traffic_verdict import judge

ITEMS, WORKERS = 500, 4
_accounts = itertools.count(7_300_000_001)


def places(make: Factory) -> list[Place]:
    """Two Clients with an account of each channel; doors as the log names them."""
    found = []
    for client_id in (make.client().id, make.client().id):
        for channel in Channel:
            account = str(next(_accounts))
            connector = make.connector(client_id, channel=channel, account_id=account)
            door = f"telegram:{connector}" if channel is Channel.TELEGRAM else "meta:demo"
            found.append(Place(client_id, connector, channel, account, door))
    return found


def until_nothing_is_left(worker: Worker) -> None:
    while worker.step():
        pass


def store_side_by_side(installation: Installation, make: Factory, seed: int, items: int) -> None:
    day = Traffic(places(make), seed, installation.clock.now())
    bodies = [body for body in day.bodies(items) if body.signature == "valid"]
    for body in bodies:
        day.ledger.learn(body)
    log_all(installation, [(body.door, body.raw) for body in bodies for _ in range(body.times)])
    workers = [Worker(installation) for _ in range(WORKERS)]
    for worker in workers:
        worker._bite = random.Random(seed).choice((3, 10, 40))  # noqa: S311 reason: small bites meet more often
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(until_nothing_is_left, workers))
    assert isinstance(installation.clock, ManualClock)
    installation.clock.advance(minutes=1)
    work(installation)  # what two batches could not see of each other is put together a moment later
    verdict = judge(installation, day.ledger, sorted({place.client_id for place in day.places}))

    assert verdict.is_clean, str(verdict)


@pytest.mark.parametrize("seed", [0, 1])
def test_workers_side_by_side_store_what_one_would_have_stored(
    installation: Installation, make: Factory, seed: int
) -> None:
    store_side_by_side(installation, make, seed, ITEMS)


@pytest.mark.load
@pytest.mark.parametrize("seed", range(40))
def test_many_days_side_by_side(installation: Installation, make: Factory, seed: int) -> None:
    store_side_by_side(installation, make, seed, 2_000)
