"""The table of jobs, and what runs each of their slots once however many schedulers there are. No rule lives here.

A slot is an instant of a job's timetable by the product's clock; whoever inserts its row in `platform.job_slot` runs
it. APScheduler only says when to look, since the demo's clock may jump. A run that makes up for a missed slot sees
the present, not the slot's instant: every job looks for what is due by now.
"""

from konectus import loading  # before all others

# isort: split
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

from apscheduler.events import EVENT_SCHEDULER_SHUTDOWN
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from ingestion import health
from konectus import ids, log
from konectus.clock import Clock, SystemClock, monotonic
from konectus.errors import KonectusError, Unavailable
from konectus.meters import Counters
from konectus.services import (
    approvals,
    changes,
    deferrals,
    ending_sweeps,
    erasing,
    erasure,
    export_jobs,
    invariants,
    jobs,
    lifting,
    notice_sweeps,
    payment_watch,
    renewals,
    restoring,
    suspending,
    windows,
)
from konectus.services.installation import Installation, open_installation
from konectus.services.slots import SlotLost, Slots
from konectus.settings import Settings
from reports import collect, release, remarks
from reports.mails import sending as report_sending

LEGAL = "America/Mexico_City"
# Seconds between two looks at the timetable, and between two heartbeats.
LOOK = 5
BEAT = 15
HEARTBEAT = "heartbeat"
# Seconds between two looks at the clock, and by how much it must differ from the time that passed to have been moved.
WATCH, LEAP = 0.5, 60.0
# A scheduler that said nothing for so long is dead, and its unfinished slots are taken over.
SILENT = timedelta(seconds=60)
# Missed slots of one job that one look runs at most; the next look goes on.
MOST_MISSED = 40

logger = logging.getLogger("konectus.scheduler")


@dataclass(frozen=True)
class Job:
    """One row of the table. A slot missed by more than `lateness` is not made up for.

    `whole`: its run is one transaction, with which the slot is finished too.
    """

    id: str
    trigger: BaseTrigger
    run: Callable[[Installation], object]
    lateness: timedelta
    whole: bool = False


def _release(installation: Installation) -> int:
    """A release is for good, so its days are collected first, also after a week of standing still."""
    collect.run(installation)
    remarks.copy(installation)
    return len(release.run(installation))


MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)


def _every(minutes: int) -> CronTrigger:
    return CronTrigger(minute=f"*/{minutes}", timezone="UTC")


def _hourly(minute: int) -> CronTrigger:
    return CronTrigger(minute=minute, timezone="UTC")


def _daily(hour: int, minute: int) -> CronTrigger:
    """By the clock of the legal zone, in which every business day begins."""
    return CronTrigger(hour=hour, minute=minute, timezone=LEGAL)


# Level-triggered: each looks for what is due by now, so one run makes up for all that were missed (lifecycle.md 5).
JOBS: tuple[Job, ...] = (
    # money
    Job("renew", _every(5), renewals.renew, 5 * MINUTE),
    Job("apply_changes", _every(1), changes.apply_due, MINUTE),
    Job("suspend_trials", _every(5), jobs.suspend_trials, 5 * MINUTE),
    Job("notify_due", _every(10), notice_sweeps.notify_due, 10 * MINUTE),
    Job("notice_watch", _every(15), notice_sweeps.notice_watch, 15 * MINUTE),
    Job("trial_reminders", _hourly(20), renewals.remind_trials, HOUR),
    Job("suspend_nonpayment", _hourly(30), suspending.suspend_nonpayment, HOUR),
    Job("lift_paid", _every(1), lifting.lift_paid, MINUTE),
    Job("unsettled_payments", _hourly(35), payment_watch.unsettled, HOUR),
    Job("deferral_end", _every(5), deferrals.deferral_end, 5 * MINUTE),
    # endings
    Job("approval_expiry", _every(5), approvals.approval_expiry, 5 * MINUTE),
    Job("window_reminders", _hourly(15), windows.window_reminders, HOUR),
    Job("close_windows", _every(5), windows.close_elapsed, 5 * MINUTE),
    Job("terminate_effective", _every(5), ending_sweeps.terminate_effective, 5 * MINUTE),
    Job("deletion_requests", _daily(2, 0), erasure.deletion_requests, DAY),
    Job("deletion_execute", _every(5), erasing.deletion_execute, 5 * MINUTE),
    Job("backup_expiry_watch", _daily(4, 0), erasing.backup_expiry_watch, DAY),
    Job("recheck_files", _daily(4, 30), restoring.recheck_files, DAY),
    Job("export_purge", _hourly(25), export_jobs.purge, HOUR),
    # channels
    Job("check_connectors", _hourly(10), health.check_connectors, HOUR),
    Job("listen_for_silence", _hourly(40), health.listen_for_silence, HOUR),
    Job("look_after_tokens", CronTrigger(hour=5, minute=0, timezone="UTC"), health.look_after_tokens, DAY),
    # figures
    Job("collect_usage", _daily(0, 20), collect.run, WEEK),
    Job("release_month", _daily(1, 0), _release, WEEK),
    Job("mail_reports", _every(5), report_sending.run, 5 * MINUTE),
    # upkeep
    Job("check_invariants", _every(5), invariants.check, 5 * MINUTE, whole=True),
    Job("keep_partitions", _hourly(5), jobs.keep_partitions, HOUR, whole=True),
    Job("prune", _daily(3, 30), jobs.prune, DAY, whole=True),
)


@dataclass(frozen=True)
class Runner:
    """One scheduler's work on an installation."""

    installation: Installation
    table: Sequence[Job] = JOBS
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{ids.token()[:8]}")
    counters: Counters = field(default_factory=Counters)

    @property
    def slots(self) -> Slots:
        return Slots(self.installation, self.worker)

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
            result = job.run(self.slots.fenced(job.id, slot, whole=job.whole))
        except SlotLost as error:
            logger.warning("another scheduler has the slot", extra=facts | {"code": error.code})
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


@dataclass
class Leaps:
    """Notices that the clock moved otherwise than time: the timetable is then looked at without waiting.

    Back as well: APScheduler waits for an instant, and after an hour back would do nothing for an hour.
    """

    clock: Clock
    _seen: tuple[datetime, float] | None = None

    def leaped(self) -> bool:
        """Whether it moved by more than LEAP, ahead or back, since the last call."""
        now, real = self.clock.now(), monotonic()
        before, self._seen = self._seen, (now, real)
        return before is not None and abs((now - before[0]).total_seconds() - (real - before[1])) > LEAP


def start(runner: Runner, *, look: float = LOOK, beat: float = BEAT) -> BackgroundScheduler:
    """Look at the timetable from now on, each job in a turn of its own; the first look is at once."""
    scheduler = BackgroundScheduler(
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(len(runner.table) + 2)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    leaps = Leaps(runner.installation.clock)
    leaps.leaped()  # from here on: what is planned below is planned by this clock
    runner.beat()
    scheduler.add_job(runner.beat, IntervalTrigger(seconds=beat, timezone="UTC"), id=HEARTBEAT)
    now = SystemClock().now()  # when to look is real time, whatever the product's clock says
    for job in runner.table:
        every = IntervalTrigger(seconds=look, timezone="UTC")
        scheduler.add_job(runner.look, every, (job,), id=job.id, next_run_time=now)
    over = threading.Event()
    scheduler.add_listener(lambda _event: over.set(), EVENT_SCHEDULER_SHUTDOWN)
    scheduler.start()
    threading.Thread(target=_watch, args=(scheduler, runner, leaps, over), daemon=True).start()
    return scheduler


def _watch(scheduler: BackgroundScheduler, runner: Runner, leaps: Leaps, over: threading.Event) -> None:
    """Look at the clock without pause, by a wait that no clock moves; where it leaped, everything is due at once."""
    while not over.wait(WATCH):
        if leaps.leaped():
            runner.beat()  # nobody takes us for dead because the clock jumped
            for name in (HEARTBEAT, *(job.id for job in runner.table)):
                scheduler.modify_job(name, next_run_time=SystemClock().now())


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
    loading.over()
    scheduler = start(Runner(installation))
    asked.wait()
    scheduler.shutdown(wait=True)
    installation.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
