"""P29: three scheduler processes, one stopped and woken later, one killed: 200 periods have 200 effects."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from konectus.clock import SystemClock
from konectus.store.cluster import Endpoint
from tests.support.clock import ManualClock
from tests.support.cluster import connect
from tests.support.database import MASTER_HEX, Templates, installed
from tests.support.processes import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
PERIODS = 200
# Periods of two seconds at this speed begin every 50 ms; the silence after which a claim is taken over lasts 1.5 s.
SPEED = 40
LEFT = "worker like %s and finished_at is null"

Row = tuple[object, ...]


@dataclass
class Team:
    """Scheduler processes on one installation, and a look at what they did."""

    environ: dict[str, str]
    folder: Path
    owner: psycopg.Connection[Row]
    began: float = field(default_factory=lambda: SystemClock().now().timestamp())
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        arguments = [sys.executable, "-m", "tests.promises.recording", str(self.began), str(SPEED)]
        with (self.folder / f"{len(self.processes)}.log").open("wb") as output:
            self.processes.append(subprocess.Popen(arguments, env=self.environ, stdout=output, stderr=output))

    def interrupt(self, number: int, how: signal.Signals) -> None:
        """Stop or kill one in the middle of a slot, which it leaves unfinished."""
        process = self.processes[number]
        for _ in range(200):
            until(lambda: self.unfinished(number), seconds=20, what=f"scheduler {number} is at work")
            process.send_signal(how)
            time.sleep(0.1)
            if self.unfinished(number):
                return
            process.send_signal(signal.SIGCONT)
        pytest.fail("it was never interrupted in the middle of a slot")

    def put_to_sleep(self, number: int) -> None:
        """Stop one in the middle of a slot until another has taken that over.

        A transaction that it had all but committed is its own for two minutes: then it is woken and stopped again.
        """
        for _ in range(50):
            self.interrupt(number, signal.SIGSTOP)
            if self.is_taken_over(number):
                return
            self.processes[number].send_signal(signal.SIGCONT)
        pytest.fail("it was always stopped where it had finished its slot already")

    def is_taken_over(self, number: int) -> bool:
        """Whether another takes its unfinished slot over; False where it finished that itself, or still holds it."""
        left = self.rows(f"select slot from platform.job_slot where {LEFT}", self.whose(number))
        seen: list[str] = []

        def settled() -> bool:
            seen.append(self.fate(number, left[0][0]))
            return seen[-1] in ("another's", "finished") or seen[-5:] == ["held"] * 5

        if left:
            until(settled, seconds=40, what="the sleeper's slot is taken over")
        return seen[-1:] == ["another's"]

    def fate(self, number: int, slot: object) -> str:
        query = "select worker like %s, finished_at is not null from platform.job_slot where slot = %s"
        is_its, is_finished = self.rows(query, self.whose(number), slot)[0]
        if not is_its or is_finished:
            return "finished" if is_its else "another's"
        is_free = self.rows(f"select 1 from platform.job_slot where {LEFT} for update skip locked", self.whose(number))
        return "free" if is_free else "held"

    def unfinished(self, number: int) -> int:
        return int(str(self.rows(f"select count(*) from platform.job_slot where {LEFT}", self.whose(number))[0][0]))

    def whose(self, number: int) -> str:
        return f"%:{self.processes[number].pid}:%"

    def finished(self) -> int:
        return int(str(self.rows("select count(*) from platform.job_slot where finished_at is not null")[0][0]))

    def rows(self, query: str, *values: object) -> list[Row]:
        return self.owner.execute(query.encode(), values).fetchall()

    def log(self, number: int) -> str:
        return (self.folder / f"{number}.log").read_text(errors="replace")

    def stop(self) -> None:
        for process in self.processes:
            for what in (signal.SIGCONT, signal.SIGTERM):
                if process.poll() is None:
                    process.send_signal(what)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def team(templates: Templates, endpoint: Endpoint, superuser: Endpoint, folder: Path) -> Iterator[Team]:
    with installed(templates, endpoint, ManualClock(), folder) as installation:
        settings = installation.settings
        assert settings.database_url is not None
        url = settings.database_url.get_secret_value()
        given = {"DATA_DIR": str(settings.data_dir), "DATABASE_URL": url, "MASTER_KEY": MASTER_HEX}
        environ = os.environ | {f"KONECTUS_{name}": value for name, value in given.items()}
        with connect(superuser, url.rpartition("/")[2].partition("?")[0]) as owner:
            owner.execute("create table public.effect (process int not null, transaction text not null)")
            owner.execute("grant insert on public.effect to konectus_worker")
            owner.execute("grant usage on schema public to konectus_worker")
            made = Team(environ, folder, owner)
            try:
                yield made
            finally:
                made.stop()


def test_two_hundred_periods_have_two_hundred_effects_though_one_is_killed_and_one_sleeps(
    templates: Templates, endpoint: Endpoint, superuser: Endpoint, tmp_path: Path
) -> None:
    with team(templates, endpoint, superuser, tmp_path) as schedulers:
        schedulers.start()
        # The first period of a new installation is the one that is just past for whoever is first.
        until(lambda: schedulers.finished() > 0, seconds=90, what=lambda: schedulers.log(0))
        for _ in range(2):
            schedulers.start()
        until(lambda: schedulers.finished() >= PERIODS // 10, seconds=90, what=lambda: schedulers.log(0))
        schedulers.put_to_sleep(0)
        schedulers.interrupt(1, signal.SIGKILL)
        until(lambda: not schedulers.unfinished(1), seconds=40, what="the dead one's slot is taken over")
        schedulers.processes[0].send_signal(signal.SIGCONT)
        until(lambda: "slot_lost" in schedulers.log(0), seconds=40, what="the sleeper sees that it lost its slot")
        schedulers.start()
        until(lambda: schedulers.finished() >= PERIODS, seconds=60, what=lambda: schedulers.log(2))
        schedulers.stop()
        slots = schedulers.rows(
            "select slot, xmin::text from platform.job_slot where finished_at is not null order by 1"
        )
        effects = schedulers.rows("select transaction from public.effect")
        # The transaction that made an effect is the one that finished its slot.
        assert sorted(row[0] for row in effects) == sorted(row[1] for row in slots)  # type: ignore[type-var]  # both are text
        periods = [(row[0] - slots[0][0]).total_seconds() / 2 for row in slots]  # type: ignore[operator]  # both are instants
        assert periods == list(range(len(slots)))
        assert len(slots) >= PERIODS
        sys.stdout.write(f"{len(slots)} periods, {len(effects)} effects\n")
