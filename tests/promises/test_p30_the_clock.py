"""P30: a clock that jumps never suspends, deletes or sends twice; business days are exact at every border.

The jumps are made by hand for every job, and by libfaketime for the machine's clock under a real scheduler process.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from konectus.clock import SystemClock
from konectus.domain.deadlines import LEGAL_ZONE, after_full_days, local_day
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from scheduler import JOBS
from tests.konectus.services.owing import Owing, clock, installation, make, mexico, owing
from tests.support.clock import ManualClock
from tests.support.database import MASTER_HEX, Templates, installed
from tests.support.factories import Factory
from tests.support.processes import until

__all__ = ["clock", "installation", "make", "owing"]
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def events(owing: Owing) -> dict[str, object]:
    """Whatever must not happen twice to a Client, counted."""
    sent = (
        "select coalesce(sum(seq), 0) from ledger.notice where client_id = :id and kind = :kind and channel = 'email'"
    )
    return {
        "suspended": owing.count("suspension"),
        "windows": owing.count("export_window"),
        "deletions": owing.count("deletion"),
        "invoices": owing.count("invoice"),
        "told of the Suspension": owing.sql(sent, kind="suspended"),
        "told of the window": owing.sql(sent, kind="export_window"),
    }


def run_all(owing: Owing) -> None:
    """Every job twice, without the slots that would keep the second run away."""
    for _ in range(2):
        for job in JOBS:
            if job.id not in {"collect_usage", "release_month"}:  # figures, which no deadline reads
                job.run(owing.installation)


@pytest.mark.parametrize("jumps", [[{"hours": -1}, {"hours": 1}], [{"days": 1}, {"days": -1}, {"days": 1}]])
def test_jump_of_the_clock_back_or_ahead_does_nothing_twice(owing: Owing, jumps: list[dict[str, float]]) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-05T10:00"))
    run_all(owing)
    assert owing.is_unpaid()
    before = events(owing)
    assert (before["suspended"], before["deletions"], before["told of the Suspension"]) == (1, 0, 1)
    for jump in jumps:
        owing.clock.advance(**jump)
        run_all(owing)
    assert events(owing) == before


def test_clock_that_falls_back_suspends_later_and_never_earlier(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-05T09:31"))
    owing.clock.advance(hours=-1)
    run_all(owing)
    assert not owing.is_unpaid()
    owing.clock.advance(hours=1)
    run_all(owing)
    assert owing.is_unpaid()


# The anchor as Mexico City's watches show it, days, and the first instant after so many full days, in UTC.
BORDERS = [
    ("2026-03-02T23:30", 2, "2026-03-05T06:00"),
    ("2026-03-02T23:59:59.999999", 2, "2026-03-05T06:00"),
    ("2026-03-03T00:00", 2, "2026-03-06T06:00"),
    ("2026-01-31T12:00", 2, "2026-02-03T06:00"),
    ("2026-02-27T12:00", 2, "2026-03-02T06:00"),
    ("2028-02-27T12:00", 2, "2028-03-01T06:00"),
    ("2028-02-29T12:00", 30, "2028-03-31T06:00"),
    ("2028-01-30T00:00", 30, "2028-03-01T06:00"),
    ("2026-12-31T23:59:59", 30, "2027-01-31T06:00"),
    # Until October 2022 there was summer time: old rows keep their days.
    ("2021-04-02T12:00", 2, "2021-04-05T05:00"),
    ("2021-10-30T12:00", 2, "2021-11-02T06:00"),
]


@pytest.mark.parametrize(("anchor", "days", "instant"), BORDERS)
def test_full_days_are_the_same_in_python_and_in_the_database(
    installation: Installation, anchor: str, days: int, instant: str
) -> None:
    wanted = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert after_full_days(mexico(anchor), days) == wanted
    with installation.database.session(Role.WORKER) as session:
        asked = session.connection().execute(
            text("select app.mx_deadline(:anchor, :days)"), {"anchor": mexico(anchor), "days": days}
        )
        assert asked.scalar_one() == wanted


def test_python_and_database_agree_on_every_hour_of_a_year_with_summer_time_and_of_a_leap_year(
    installation: Installation,
) -> None:
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for year in (2022, 2028) for n in range(24 * 366)]
    with installation.database.session(Role.WORKER) as session:
        asked = session.connection().execute(
            text(
                "select app.mx_deadline(h, 2) from unnest(cast(:hours as timestamptz[])) with ordinality u(h, n)"
                " order by n"
            ),
            {"hours": hours},
        )
        assert list(asked.scalars()) == [after_full_days(hour, 2) for hour in hours]


@contextmanager
def machine(installation: Installation, folder: Path, ahead: timedelta) -> Iterator[None]:
    """A scheduler process on a machine whose clock is so far ahead."""
    settings = installation.settings
    assert settings.database_url is not None
    given = {"DATA_DIR": str(settings.data_dir), "MASTER_KEY": MASTER_HEX}
    given["DATABASE_URL"] = settings.database_url.get_secret_value()
    fake = {"LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME": f"{ahead.total_seconds():+.0f}"}
    fake |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    environ = os.environ | {f"KONECTUS_{name}": value for name, value in given.items()} | fake
    with (folder / "scheduler.log").open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", "scheduler"], env=environ, stdout=output, stderr=output)
    try:
        until(lambda: has_looked(installation, process.pid), seconds=60, what=log(folder))
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def has_looked(installation: Installation, pid: int) -> bool:
    """Whether that process is alive and has nothing under way."""
    with installation.database.session(Role.WORKER) as session:
        asked = session.connection().execute(
            text(
                "select count(*) from platform.heartbeat h where h.worker like :whose and not exists ("
                " select from platform.job_slot s where s.worker = h.worker and s.finished_at is null)"
            ),
            {"whose": f"%:{pid}:%"},
        )
        return bool(asked.scalar_one())


@pytest.mark.processes
@pytest.mark.timeout(240)
@pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed (Debian package faketime)")
def test_machine_whose_clock_is_a_day_ahead_and_then_an_hour_behind_suspends_once(
    templates: Templates, endpoint: Endpoint, tmp_path: Path
) -> None:
    real = ManualClock(SystemClock().now())
    with installed(templates, endpoint, real, tmp_path) as installation:
        now = real.now()
        # By the true time the second full day is today.
        delivered = datetime.combine(local_day(now) - timedelta(days=2), datetime.min.time(), LEGAL_ZONE)
        real.set(delivered)
        owing = Owing(installation, real, Factory(installation).client().id)
        owing.told(delivered + timedelta(hours=1))
        real.set(now)
        with machine(installation, tmp_path, timedelta()):
            assert not owing.is_unpaid()
        ahead = after_full_days(delivered, 2) + timedelta(hours=15) - now
        with machine(installation, tmp_path, ahead):
            until(owing.is_unpaid, seconds=60, what=log(tmp_path))
        once = events(owing)
        assert (once["suspended"], once["deletions"], once["told of the Suspension"]) == (1, 0, 1)
        with machine(installation, tmp_path, timedelta(hours=-1)):
            time.sleep(2)
        assert events(owing) == once
        # The word about the window has a job of its own, which may have looked a moment before the Suspension: then
        # it is the next day's. Once, for the clock that falls back again brings no second one.
        for jump in (ahead + timedelta(days=1), timedelta(hours=-1)):
            with machine(installation, tmp_path, jump):
                time.sleep(2)
            assert events(owing) == once | {"told of the window": 1}


def log(folder: Path) -> Callable[[], str]:
    return lambda: (folder / "scheduler.log").read_text(errors="replace")[-3000:]
