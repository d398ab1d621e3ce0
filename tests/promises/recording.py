"""A scheduler process whose one job records each of its runs, by a clock that runs fast: python -m ... BEGIN SPEED.

Everything else is the product's: claims, heartbeats, takeovers, the fence, and the constants of scheduler.py.
"""

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import text

import scheduler
from konectus import log
from konectus.clock import SystemClock
from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings
from konectus.store.roles import Role
from scheduler import Job, Runner

JOB = "record"
_EFFECT = text("insert into public.effect (process, transaction) values (:process, pg_current_xact_id()::text)")


@dataclass(frozen=True)
class FastClock:
    """Runs `speed` times as fast as the machine's since an instant; the same in every process."""

    began: datetime
    speed: float

    def now(self) -> datetime:
        return self.began + (SystemClock().now() - self.began) * self.speed


def record(installation: Installation) -> None:
    """One row a run, with a moment before and after it in which a process may be stopped or killed."""
    with installation.database.session(Role.WORKER) as session:
        time.sleep(0.01)
        session.execute(_EFFECT, {"process": os.getpid()})
        time.sleep(0.02)


TABLE = (Job(JOB, CronTrigger(second="*/2", timezone="UTC"), record, timedelta(days=7), whole=True),)


def main() -> None:
    began, speed = datetime.fromtimestamp(float(sys.argv[1]), UTC), float(sys.argv[2])
    log.configure("scheduler", "info")
    opened = open_installation(Settings.load(os.environ))
    installation = replace(opened, clock=FastClock(began, speed))
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: asked.set())
    running = scheduler.start(Runner(installation, TABLE), look=0.05, beat=0.2)
    asked.wait()
    running.shutdown(wait=True)
    installation.close()


if __name__ == "__main__":
    main()
