"""The table of jobs, and what runs each of their slots once however many schedulers there are. No rule lives here.

A slot is an instant of a job's timetable by the product's clock; whoever inserts its row in `platform.job_slot` runs
it. APScheduler only says when to look, since the demo's clock may jump.
"""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from ingestion import health
from konectus import ids, log
from konectus.clock import SystemClock
from konectus.errors import KonectusError, Unavailable
from konectus.meters import Counters
from konectus.services import jobs
from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings
from reports import collect, release

LEGAL = "America/Mexico_City"
# Seconds between two looks at the timetable, and between two heartbeats.
LOOK = 5
BEAT = 15
# A scheduler that said nothing for so long is dead, and its unfinished slots are taken over.
SILENT = timedelta(seconds=60)
# Missed slots of one job that one look runs at most; the next look goes on.
MOST_MISSED = 40

logger = logging.getLogger("konectus.scheduler")


@dataclass(frozen=True)
class Job:
    """One row of the table. A slot missed by more than `lateness` is not made up for."""

    id: str
    trigger: BaseTrigger
    run: Callable[[Installation], object]
    lateness: timedelta


def _release(installation: Installation) -> int:
    """A release is for good, so its days are collected first, also after a week of standing still."""
    collect.run(installation)
    return len(release.run(installation))


JOBS: tuple[Job, ...] = (
    Job("keep_partitions", CronTrigger(minute=5, timezone="UTC"), jobs.keep_partitions, timedelta(hours=1)),
    Job("suspend_trials", CronTrigger(minute="*/5", timezone="UTC"), jobs.suspend_trials, timedelta(minutes=5)),
    Job("check_connectors", CronTrigger(minute=10, timezone="UTC"), health.check_connectors, timedelta(hours=1)),
    Job("listen_for_silence", CronTrigger(minute=40, timezone="UTC"), health.listen_for_silence, timedelta(hours=1)),
    Job(
        "look_after_tokens", CronTrigger(hour=5, minute=0, timezone="UTC"), health.look_after_tokens, timedelta(days=1)
    ),
    Job("collect_usage", CronTrigger(hour=0, minute=20, timezone=LEGAL), collect.run, timedelta(days=7)),
    Job("release_month", CronTrigger(hour=1, minute=0, timezone=LEGAL), _release, timedelta(days=7)),
    Job("prune", CronTrigger(hour=3, minute=30, timezone=LEGAL), jobs.prune, timedelta(days=1)),
)


@dataclass(frozen=True)
class Runner:
    """One scheduler's work on an installation."""

    installation: Installation
    table: Sequence[Job] = JOBS
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{ids.token()[:8]}")
    counters: Counters = field(default_factory=Counters)

    @property
    def slots(self) -> jobs.Slots:
        return jobs.Slots(self.installation, self.worker)

    def look(self, job: Job) -> None:
        """Run what is due of one job, oldest slot first, and what a dead scheduler left half done."""
        try:
            for slot in self.slots.inherit(job.id, SILENT):  # nobody else of this process looks at this job now
                self._run(job, slot)
            for slot in self._due(job):
                if self.slots.claim(job.id, slot):
                    self._run(job, slot)
        except KonectusError as error:  # the database is away: the next look tries again
            logger.warning("cannot look at the timetable", extra={"job": job.id, "code": error.code})

    def beat(self) -> None:
        try:
            jobs.beat(self.installation, "scheduler", self.worker, self.counters.snapshot())
        except KonectusError as error:
            logger.warning("cannot say that it is alive", extra={"code": error.code})

    def _due(self, job: Job) -> list[datetime]:
        now = self.installation.clock.now()
        last = self.slots.last(job.id)
        if last is None:  # a new installation begins with the slot that is just past
            return list(between(job.trigger, now - job.lateness, now))[-1:]
        return list(islice(between(job.trigger, max(last, now - job.lateness), now), MOST_MISSED))

    def _run(self, job: Job, slot: datetime) -> None:
        facts = {"job": job.id, "slot": slot.isoformat()}
        try:
            result = job.run(self.installation)
        except Unavailable as error:
            logger.warning("the job waits for the database", extra=facts | {"code": error.code})
            self.slots.release(job.id, slot)
        except Exception as error:  # whatever a job raises must not stop the others
            logger.exception("the job failed", extra=facts)
            self.slots.finish(job.id, slot, getattr(error, "code", type(error).__name__))
        else:
            logger.info("the job is done", extra=facts | {"result": str(result)[:200]})
            self.slots.finish(job.id, slot)


def between(trigger: BaseTrigger, after: datetime, until: datetime) -> Iterator[datetime]:
    """The slots of a timetable later than `after` and not later than `until`, in order."""
    slot: datetime | None = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    while slot is not None and slot <= until:
        yield slot
        slot = trigger.get_next_fire_time(slot, slot + timedelta(microseconds=1))


def start(runner: Runner, *, look: float = LOOK) -> BackgroundScheduler:
    """Look at the timetable from now on, each job in a turn of its own; the first look is at once."""
    scheduler = BackgroundScheduler(
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(len(runner.table) + 1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    runner.beat()
    scheduler.add_job(runner.beat, IntervalTrigger(seconds=BEAT, timezone="UTC"))
    now = SystemClock().now()  # when to look is real time, whatever the product's clock says
    for job in runner.table:
        every = IntervalTrigger(seconds=look, timezone="UTC")
        scheduler.add_job(runner.look, every, (job,), id=job.id, next_run_time=now)
    scheduler.start()
    return scheduler


def main() -> int:
    """Run until SIGTERM or SIGINT; a job that is under way is finished first."""
    log.configure("scheduler", "info")
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: asked.set())
    try:
        installation = open_installation(Settings.load(os.environ))
        installation.require_ready()
    except KonectusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    scheduler = start(Runner(installation))
    asked.wait()
    scheduler.shutdown(wait=True)
    installation.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
