"""P30: a clock that jumps never suspends, deletes or sends twice; business days are exact at every border.

The jumps are made by hand for every job, and by libfaketime for the machine's clock under a real scheduler process.
"""

import email
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.clock import SystemClock
from konectus.domain.deadlines import LEGAL_ZONE, after_full_days, local_day
from konectus.services import jobs
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append_in
from scheduler import JOBS, Leaps
from tests.konectus.services.owing import Owing, clock, installation, make, mexico, owing
from tests.promises.figures import tell
from tests.promises.intake import PAGE, message, stored
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
            if job.id not in {"collect_usage", "release_month", "mail_reports"}:  # figures, which no deadline reads
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


def test_leap_of_the_clock_is_noticed_in_both_directions_and_once() -> None:
    clock = ManualClock()
    leaps = Leaps(clock)
    assert not leaps.leaped()
    for step in ({"hours": -1}, {"days": 1}):
        clock.advance(**step)
        assert leaps.leaped()
        assert not leaps.leaped()


def told_then(installation: Installation, real: ManualClock, delivered: datetime) -> Owing:
    """A Client that was told then and has not paid by now."""
    now = real.now()
    real.set(delivered)
    owing = Owing(installation, real, Factory(installation).client().id)
    owing.told(delivered + timedelta(hours=1))
    real.set(now)
    return owing


PROGRAMS = ("scheduler", "ingestion.worker", "ingestion.sender")


@dataclass
class Machine:
    """Scheduler, worker and sender on a machine whose clock the test moves while they run."""

    installation: Installation
    folder: Path
    processes: list[subprocess.Popen[bytes]]
    client_id: UUID
    told: list[str] = field(default_factory=list)

    def move(self, ahead: timedelta) -> None:
        """The clock jumps: so far ahead of the true time from now on."""
        fresh = self.folder / "ahead.new"
        fresh.write_text(f"{ahead.total_seconds():+.0f}")
        fresh.replace(self.folder / "ahead")  # whole or not at all: it is read at every look at the clock

    def jump(self, ahead: timedelta) -> None:
        """The clock jumps and each goes on by it: the scheduler has looked, the worker has stored what comes."""
        self.move(ahead)
        until(lambda: self.goes_by(ahead), seconds=60, what=self.log)
        time.sleep(1)
        until(self.is_at_rest, seconds=60, what=self.log)
        self.somebody_writes(SystemClock().now() + ahead)
        until(self.is_at_rest, seconds=60, what=self.log)

    def goes_by(self, ahead: timedelta) -> bool:
        """Whether the scheduler has said by its new clock that it is alive."""
        said = self.sql("select max(at) from platform.heartbeat where worker like :whose", whose=self.scheduler)
        return said is not None and abs(said - (SystemClock().now() + ahead)) < timedelta(seconds=30)

    def is_at_rest(self) -> bool:
        """The scheduler is alive and has nothing under way; everything that came is stored."""
        alive = self.sql(
            "select count(*) from platform.heartbeat h where h.worker like :whose and not exists ("
            " select from platform.job_slot s where s.worker = h.worker and s.finished_at is null)",
            whose=self.scheduler,
        )
        return bool(alive) and sorted(stored(self.installation, self.client_id)) == sorted(self.told)

    def somebody_writes(self, at: datetime) -> None:
        mids = [f"m_{len(self.told) + n:05d}" for n in range(5)]
        bodies = [message(mid, person="7001", at=round(at.timestamp() * 1000)) for mid in mids]
        with self.installation.database.session(Role.WORKER) as session:
            append_in(session, self.installation.keys, [Arrival("meta:demo", at, body) for body in bodies])
        self.told += mids

    def letters(self) -> Counter[str]:
        """How often each e-mail left that has left by what the database says."""
        files = (self.installation.settings.data_dir / "outbox").glob("*.eml")
        left = Counter(str(email.message_from_bytes(file.read_bytes())["Message-ID"]) for file in files)
        with self.installation.database.session(Role.WORKER) as session:
            asked = text("select provider_message_id from ledger.notice where channel = 'email' and sent_at is not null"
                         " and client_id = :c")  # fmt: skip
            return Counter(
                {name: left[name] for name in session.connection().execute(asked, {"c": self.client_id}).scalars()}
            )

    @property
    def scheduler(self) -> str:
        return f"%:{self.processes[0].pid}:%"

    def sql(self, query: str, **values: object) -> Any:
        with self.installation.database.session(Role.WORKER) as session:
            return session.connection().execute(text(query), values).scalar()

    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2500:] for path in sorted(self.folder.glob("*.log")))


@contextmanager
def machine(installation: Installation, folder: Path) -> Iterator[Machine]:
    """The real programs; nothing else on this machine sees their clock, PostgreSQL least of all."""
    settings = installation.settings
    assert settings.database_url is not None
    make = Factory(installation)
    client_id = make.client().id
    make.connector(client_id, account_id=PAGE)
    jobs.keep_partitions(installation)
    installation.released.conninfo(Role.RELEASER)  # it is copied for the first who asks
    made = Machine(installation, folder, [], client_id)
    made.move(timedelta())
    given = {"DATA_DIR": str(settings.data_dir), "MASTER_KEY": MASTER_HEX, "SECRET_KEY": "a secret of the tests"}
    given["DATABASE_URL"] = settings.database_url.get_secret_value()
    fake = {"LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(folder / "ahead"), "FAKETIME_NO_CACHE": "1"}
    # The kernel's monotonic clock never jumps; the library knows this wish by two names, by version.
    fake |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    environ = os.environ | {f"KONECTUS_{name}": value for name, value in given.items()} | fake
    try:
        for name in PROGRAMS:
            with (folder / f"{name}.log").open("ab") as output:
                command = [sys.executable, "-m", name]
                made.processes.append(subprocess.Popen(command, env=environ, stdout=output, stderr=output))
        until(made.is_at_rest, seconds=60, what=made.log)
        yield made
        assert [process.poll() for process in made.processes] == [None] * len(PROGRAMS), made.log()
    finally:
        for process in made.processes:
            process.terminate()
        for process in made.processes:
            _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.mark.processes
@pytest.mark.timeout(240)
@pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed (Debian package faketime)")
def test_clock_of_a_running_machine_that_jumps_ahead_and_back_suspends_once(
    templates: Templates, endpoint: Endpoint, tmp_path: Path
) -> None:
    real = ManualClock(SystemClock().now())
    now = real.now()
    with installed(templates, endpoint, real, tmp_path) as installation:
        # By the true time the second full day is today.
        delivered = datetime.combine(local_day(now) - timedelta(days=2), datetime.min.time(), LEGAL_ZONE)
        owing = told_then(installation, real, delivered)
        with machine(installation, tmp_path) as running:
            assert not owing.is_unpaid()
            # Back first: whoever waits for an instant of the clock would stand still for an hour.
            running.jump(timedelta(hours=-1))
            assert not owing.is_unpaid()
            # Then past Mexico's midnight and the hour in which it is acted.
            ahead = after_full_days(delivered, 2) + timedelta(hours=15) - now
            running.jump(ahead)
            until(owing.is_unpaid, seconds=60, what=running.log)
            until(running.is_at_rest, seconds=60, what=running.log)
            once = events(owing)
            assert (once["suspended"], once["deletions"], once["told of the Suspension"]) == (1, 0, 1)
            running.jump(timedelta(hours=-1))
            assert events(owing) == once
            # The word about the window has a job of its own, which may have looked a moment before the Suspension:
            # then it is the next day's. Once, for the clock that falls back again brings no second one.
            running.jump(ahead + timedelta(days=1))
            until(lambda: events(owing) == once | {"told of the window": 1}, seconds=30, what=running.log)
            running.jump(timedelta(hours=-1))
            assert events(owing) == once | {"told of the window": 1}
            left = running.letters()
            assert left
            assert set(left.values()) == {1}, "no letter leaves twice"
            tell(
                "P30 running",
                f"5 jumps, {len(running.told)} told = held, {len(left)} letters, 1 Suspended",
            )
