"""Counting a large day beside the intake: messages go on being taken about as fast."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import pytest

from konectus.clock import monotonic
from konectus.services.installation import Installation
from konectus.store.roles import Role
from reports import collect
from tests.ingestion.harness import page, said
from tests.ingestion.stored import log_all, work
from tests.reports.test_collect_cost import DAY, fill
from tests.support.factories import Factory

PAGE = "7001"
# Webhooks a second: a day of a million messages has twelve on average.
RATE, ROUND, SECONDS = 100, 50, 15
SATURATED = 45  # seconds: a count and its rests, twice or more


@dataclass
class Intake:
    """Webhooks of one Page, from the log to what the Client reads."""

    installation: Installation
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def kept(self) -> float:
        """Webhooks a second that are stored where RATE come."""
        began = monotonic()
        for place in range(1, RATE * SECONDS // ROUND + 1):
            self._round()
            time.sleep(max(place * ROUND / RATE - (monotonic() - began), 0))
        return RATE * SECONDS / (monotonic() - began)

    def most(self) -> float:
        """Webhooks a second where more wait than can be stored, over a time in which counts work and rest."""
        rounds = [self._round()]
        while sum(rounds) < SATURATED:
            rounds.append(self._round())
        return ROUND * len(rounds) / sum(rounds)

    def _round(self) -> float:
        bodies = [page(PAGE, said(PAGE, f"m{n}", person=str(n % 50))) for n in itertools.islice(self.numbers, ROUND)]
        began = monotonic()
        log_all(self.installation, [("meta:demo", body) for body in bodies])
        work(self.installation)
        return monotonic() - began


@contextmanager
def counting_the_day(installation: Installation) -> Iterator[list[float]]:
    """The same day again and again, as long as the block lasts; what each count took."""
    over, took = threading.Event(), list[float]()

    def count() -> None:
        while not over.is_set():
            began = monotonic()
            with installation.database.session(Role.RELEASER) as session:
                collect.count(session, [DAY], anew=False)
            took.append(monotonic() - began)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


@pytest.mark.load
@pytest.mark.timeout(900)
def test_a_day_of_a_million_messages_is_counted_without_holding_up_the_intake(installation: Installation) -> None:
    fill(installation, clients=1_000, messages=1_000_000)
    make = Factory(installation)
    make.connector(make.client().id, account_id=PAGE)
    intake = Intake(installation)
    before, kept = intake.most(), intake.kept()
    with counting_the_day(installation) as took:
        most_beside, kept_beside = intake.most(), intake.kept()
    most = (before + intake.most()) / 2  # the more is stored, the slower
    print(  # noqa: T201 -- figures of docs/privacy.md
        f"webhooks a second where {RATE} come: {kept:.0f} alone, {kept_beside:.0f} beside a count of"
        f" {median(took):.1f} s; where more wait: {most:.0f} alone, {most_beside:.0f} beside it"
    )
    assert took, "the day was counted meanwhile"
    assert kept_beside >= 0.9 * kept
    assert most_beside >= 0.9 * most
