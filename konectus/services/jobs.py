"""What the scheduler runs that is no surface's: partitions of the log, ended trials, pruning; heartbeats. Not slots."""

from collections.abc import Mapping
from datetime import UTC, timedelta

from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.store.queries import clients, search
from konectus.store.queries import jobs as read
from konectus.store.roles import Role

BATCH = 200
# The raw log and its keys live seven days (privacy.md 1); three days are made ahead.
LOG_DAYS = 7
AHEAD = 3
# The index of words is cut by month: three are made ahead.
SEARCH_AHEAD = timedelta(days=100)
KEPT: Mapping[str, timedelta] = {
    "platform.job_slot": timedelta(days=30),
    "platform.heartbeat": timedelta(days=1),
    "platform.dropped_count": timedelta(days=90),
    "platform.dead_letter": timedelta(days=30),
    "platform.connector_request": timedelta(days=90),
    # Proof that people's data went; what is still being done stays.
    "platform.data_deletion_request": timedelta(days=5 * 365 + 2),
    # Its message was never told to us: most likely older than the Connector.
    "tenant.tombstone": timedelta(days=90),
    "ledger.sign_in_failure": timedelta(days=1),
}


def keep_partitions(installation: Installation) -> int:
    """Make the coming days of the webhook log, drop the old ones and destroy their keys; how many days went."""
    today = installation.clock.now().astimezone(UTC).date()
    with installation.database.session(Role.WORKER) as session:
        gone = read.keep_partitions(session, today, keep=LOG_DAYS, ahead=AHEAD)
        search.keep_partitions(session, today, today + SEARCH_AHEAD)
        # Before the commit: a crash between the two then leaves bodies without a key, never keys that outlive them.
        for day in gone:
            installation.keys.destroy_intake(day)
    return len(gone)


def suspend_trials(installation: Installation) -> int:
    """Terms 14.2: suspend every Client whose trial ended without a subscription, each in a transaction of its own."""
    done = 0
    while True:
        with installation.works.system() as work:
            due = clients.trial_ended(work.session, work.now, most=BATCH)
        before = done
        for client_id in due:
            with installation.works.system() as work:
                done += suspensions.suspend_ended_trial(work, client_id) is not None
        if len(due) < BATCH or done == before:
            return done


def prune(installation: Installation) -> int:
    """Forget what the registry lets expire; how many rows went."""
    now = installation.clock.now()
    with installation.database.session(Role.WORKER) as session:
        return sum(read.prune(session, table, now - age) for table, age in KEPT.items())


def beat(installation: Installation, process: str, worker: str, counters: Mapping[str, float]) -> None:
    """Say that a process is alive, with what it has counted so far."""
    with installation.database.session(Role.WORKER) as session:
        read.beat(session, read.Beat(process, worker, installation.clock.now(), dict(counters)))
