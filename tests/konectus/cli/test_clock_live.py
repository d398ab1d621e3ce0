"""The demo lives through days: forward only, in a demo alone, step by step as the jobs come along; most Clients pay."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from konectus.cli import clock as living
from konectus.cli.clock import Life, NobodyLooks, pay_what_is_due
from konectus.clock import OffsetClock, read_offset
from konectus.services.installation import Installation
from tests.konectus.cli.conftest import Konectus
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.database import Sessions

REFUSED = "only the clock of a demo can be moved; start one with konectus demo"


@contextmanager
def scheduler(installation: Installation) -> Iterator[None]:
    """Somebody who notes down that every job looked, as of now, until the end."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.05):
            with Sessions(installation).worker() as session:
                for job in living._LOOKS:
                    session.execute(
                        text(
                            "insert into platform.job_slot (job, slot, claimed_at, worker, finished_at)"
                            " values (:job, :now, :now, 'test', :now) on conflict do nothing"
                        ),
                        {"job": job, "now": installation.clock.now()},
                    )
                session.commit()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("environment", ["production", "development"])
def test_only_a_demos_clock_is_moved(
    command: Konectus, own_folder: Path, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.setenv("KONECTUS_ENVIRONMENT", environment)
    monkeypatch.setenv("KONECTUS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("KONECTUS_MASTER_KEY", "00" * 32)
    monkeypatch.setenv("KONECTUS_SECRET_KEY", "11" * 32)
    for verb in (("live", "--days", "30", "--in", "60s"), ("advance", "--days", "1")):
        outcome = command("clock", *verb)
        assert outcome.code == 1
        assert len(outcome.err.splitlines()) == 1
        if environment == "development":
            assert REFUSED in outcome.err
    assert read_offset(own_folder / "clock") == timedelta()


@pytest.mark.parametrize("arguments", [("--days", "-3"), ("--days", "0"), ("--days", "3", "--in", "-5s")])
def test_days_are_lived_forward_alone(
    command: Konectus, own_folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("KONECTUS_ENVIRONMENT", "demo")
    assert command("clock", "live", *arguments).code != 0
    assert read_offset(own_folder / "clock") == timedelta()


def test_without_a_scheduler_time_does_not_run_on(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "_PATIENCE", 0.3)
    moved = replace(installation, clock=OffsetClock(installation.settings.data_dir / "clock"))
    with pytest.raises(NobodyLooks, match="is the demo running"):
        Life(installation.settings, moved, pays=False).step(timedelta(hours=12))
    assert read_offset(installation.settings.data_dir / "clock") <= timedelta(hours=12)


def test_a_step_waits_for_the_jobs_and_each_day_is_told(installation: Installation) -> None:
    said: list[str] = []
    moved = replace(installation, clock=OffsetClock(installation.settings.data_dir / "clock"))
    life = Life(installation.settings, moved, say=said.append)
    with scheduler(moved):
        life.step(timedelta(hours=24))
        life.step(timedelta(hours=24))
    ahead = read_offset(installation.settings.data_dir / "clock")
    assert ahead == timedelta(days=2)
    assert len(said) == 2
    assert said == sorted(said)


def test_most_pay_at_once_some_after_the_notice_and_a_few_never(installation: Installation, clock: ManualClock) -> None:
    books = Books(installation, clock)
    plan = books.plan()
    for _ in range(40):
        books.client(plan)
    at_once = pay_what_is_due(installation)
    assert pay_what_is_due(installation) == 0
    clock.advance(hours=31)
    later = pay_what_is_due(installation)
    assert 20 < at_once < 40
    assert 0 < later < 12
    assert at_once + later < 40
