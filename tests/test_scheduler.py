"""The scheduler: each slot's effect once, whoever dies; missed slots made up for in order and within bounds."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import text

import scheduler
from konectus.domain import alarms
from konectus.domain.suspension import Cause
from konectus.errors import Conflict, Unavailable
from konectus.ids import uuid7
from konectus.services import jobs, registration
from konectus.services.alarms import look
from konectus.services.installation import Installation
from konectus.services.slots import SlotLost
from konectus.store.models.released import Annotation
from konectus.store.queries import clients
from konectus.store.queries import jobs as read
from konectus.store.roles import Role
from scheduler import JOBS, Job, Runner
from tests.architecture.sources import PROJECT
from tests.support.clock import START, ManualClock
from tests.support.database import Sessions
from tests.support.factories import Factory

HOURLY = CronTrigger(minute=0, timezone="UTC")
NOON = START  # 18:00 UTC, a full hour


@dataclass
class Effects:
    """A job that notes when it ran; it may fail first, or wait until it is let go."""

    ran: list[datetime] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None

    def __call__(self, installation: Installation) -> None:
        self.begun.set()
        if self.gate is not None:
            self.gate.wait(10)
        if self.trouble:
            raise self.trouble.pop(0)
        self.ran.append(installation.clock.now())


@dataclass(frozen=True)
class Slot:
    slot: datetime
    worker: str
    error: str | None
    is_finished: bool


Table = Callable[[], list[Slot]]
# An effect that can be counted: every name is written once or collides.
_MARK = text("insert into platform.heartbeat (process, worker, at, counters) values (:process, 'mark', :at, '{}')")


class _Killed(BaseException):
    """Nothing of the scheduler's runs after it, as after kill -9."""


@pytest.fixture
def effects() -> Effects:
    return Effects()


@pytest.fixture
def job(effects: Effects) -> Job:
    return Job("hourly", HOURLY, effects, timedelta(days=7))


@pytest.fixture
def claimed(sessions: Sessions) -> Table:
    def rows() -> list[Slot]:
        with sessions.worker() as session:
            found = session.execute(
                text("select slot, worker, error, finished_at from platform.job_slot order by slot")
            )
            return [Slot(row.slot, row.worker, row.error, row.finished_at is not None) for row in found]

    return rows


def test_new_installation_begins_with_the_slot_that_is_just_past(
    installation: Installation, job: Job, effects: Effects, claimed: Table
) -> None:
    Runner(installation, (job,)).look(job)
    assert [row.slot for row in claimed()] == [NOON]
    assert len(effects.ran) == 1


def test_three_schedulers_run_each_slot_once(
    installation: Installation, clock: ManualClock, job: Job, effects: Effects, claimed: Table
) -> None:
    runners = [Runner(installation, (job,)) for _ in range(3)]
    runners[0].look(job)
    clock.advance(hours=20)
    threads = [threading.Thread(target=runner.look, args=(job,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.slot for row in claimed()] == [NOON + timedelta(hours=n) for n in range(21)]
    assert len(effects.ran) == 21
    assert all(row.is_finished and row.error is None for row in claimed())


def test_missed_slots_are_made_up_for_in_order_and_not_beyond_the_lateness(
    installation: Installation, clock: ManualClock, effects: Effects, claimed: Table
) -> None:
    job = Job("hourly", HOURLY, effects, timedelta(hours=6))
    runner = Runner(installation, (job,))
    runner.look(job)
    clock.advance(days=3)
    runner.look(job)
    late = [row.slot for row in claimed()[1:]]
    assert late == [clock.now() - timedelta(hours=n) for n in range(5, -1, -1)]


def test_one_look_makes_up_for_a_bounded_number_and_the_next_goes_on(
    installation: Installation, clock: ManualClock, job: Job, effects: Effects
) -> None:
    runner = Runner(installation, (job,))
    runner.look(job)
    clock.advance(hours=scheduler.MOST_MISSED + 5)
    runner.look(job)
    assert len(effects.ran) == 1 + scheduler.MOST_MISSED
    runner.look(job)
    assert len(effects.ran) == 1 + scheduler.MOST_MISSED + 5


def test_slot_of_a_scheduler_that_died_in_it_is_run_by_another(
    installation: Installation, clock: ManualClock, job: Job, effects: Effects, claimed: Table
) -> None:
    dead, alive = Runner(installation, (job,)), Runner(installation, (job,))
    dead.beat()
    assert dead.slots.claim(job.id, NOON)  # killed here: claimed, nothing done
    alive.beat()
    alive.look(job)
    assert effects.ran == []
    clock.advance(seconds=61)
    alive.look(job)
    assert len(effects.ran) == 1
    assert [(row.slot, row.worker, row.is_finished) for row in claimed()] == [(NOON, alive.worker, True)]


def test_slot_of_a_scheduler_that_is_slow_but_alive_is_left_to_it(
    installation: Installation, clock: ManualClock, job: Job, effects: Effects, claimed: Table
) -> None:
    slow, other = Runner(installation, (job,)), Runner(installation, (job,))
    effects.gate = threading.Event()
    thread = threading.Thread(target=slow.look, args=(job,))
    thread.start()
    assert effects.begun.wait(10)
    clock.advance(minutes=10)
    slow.beat()
    other.look(job)
    effects.gate.set()
    thread.join()
    assert len(effects.ran) == 1
    assert [row.worker for row in claimed()] == [slow.worker]


def test_scheduler_that_wakes_after_its_slot_was_taken_over_commits_nothing(
    installation: Installation, clock: ManualClock, sessions: Sessions, claimed: Table
) -> None:
    asleep, awake = threading.Event(), threading.Event()

    def stop_in_the_middle(given: Installation) -> None:
        with given.database.session(Role.WORKER) as session:
            session.execute(_MARK, {"process": "first", "at": START})
        with given.database.session(Role.WORKER) as session:
            session.execute(_MARK, {"process": "second", "at": START})
            asleep.set()
            assert awake.wait(10)

    job = Job("hourly", HOURLY, stop_in_the_middle, timedelta(days=7))
    zombie, heir = Runner(installation, (job,)), Runner(installation, (job,))
    thread = threading.Thread(target=zombie.look, args=(job,))
    thread.start()
    assert asleep.wait(10)
    clock.advance(seconds=61)
    assert heir.slots.inherit(job.id, scheduler.SILENT) == [NOON]
    heir.slots.finish(job.id, NOON, "by its heir")
    awake.set()
    thread.join()
    # What it had committed while the slot was its own stays; what it wanted to commit later does not.
    assert _marks(sessions) == {"first"}
    assert [(row.worker, row.error) for row in claimed()] == [(heir.worker, "by its heir")]


def test_sleeper_that_lost_its_slot_commits_nothing_in_the_released_database_either(
    installation: Installation, clock: ManualClock
) -> None:
    owner, heir = Runner(installation), Runner(installation)
    assert owner.slots.claim("release_month", NOON)
    given = owner.slots.fenced("release_month", NOON, whole=False)
    remarks = [Annotation(id=uuid7(clock.now()), day=NOON.date(), words_es=word, words_en=word) for word in "ab"]
    with given.released.session(Role.RELEASER) as session:
        session.add(remarks[0])
    with pytest.raises(SlotLost), given.released.session(Role.RELEASER) as session:
        session.add(remarks[1])
        clock.advance(seconds=61)
        assert heir.slots.inherit("release_month", scheduler.SILENT) == [NOON]
    with installation.released.session(Role.RELEASER) as session:
        assert [session.get(Annotation, one.id) is not None for one in remarks] == [True, False]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.WORKER, Role.RELEASER, Role.ANALYST}])
def test_run_cannot_write_with_a_role_that_has_no_fence(installation: Installation, role: Role) -> None:
    given = Runner(installation).slots.fenced("hourly", NOON, whole=False)
    with given.database.session(role) as session:
        assert session.execute(text("show transaction_read_only")).scalar_one() == "on"


def test_slot_whose_run_is_about_to_commit_is_not_taken_over(
    installation: Installation, clock: ManualClock, job: Job
) -> None:
    owner, other = Runner(installation, (job,)), Runner(installation, (job,))
    assert owner.slots.claim(job.id, NOON)
    clock.advance(seconds=61)
    with installation.database.session(Role.WORKER) as session:
        assert read.hold(session, read.Claim(job.id, NOON, owner.worker))
        assert other.slots.inherit(job.id, scheduler.SILENT) == []
    assert other.slots.inherit(job.id, scheduler.SILENT) == [NOON]


@pytest.mark.parametrize("dies", ["before its commit", "after it"])
def test_job_of_one_transaction_takes_effect_once_wherever_its_process_dies(
    installation: Installation, clock: ManualClock, sessions: Sessions, dies: str
) -> None:
    ran: list[str] = []

    def mark(given: Installation) -> None:
        with given.database.session(Role.WORKER) as session:
            ran.append(f"run {len(ran) + 1}")
            session.execute(_MARK, {"process": ran[-1], "at": START})
            if dies == "before its commit" and len(ran) == 1:
                raise _Killed
        if dies == "after it" and len(ran) == 1:
            raise _Killed

    job = Job("hourly", HOURLY, mark, timedelta(days=7), whole=True)
    with pytest.raises(_Killed):
        Runner(installation, (job,)).look(job)
    clock.advance(seconds=61)
    Runner(installation, (job,)).look(job)
    assert _marks(sessions) == ({"run 2"} if dies == "before its commit" else {"run 1"})


def test_job_that_is_more_than_the_one_transaction_it_said_leaves_an_error(
    installation: Installation, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    def mark_twice(given: Installation) -> None:
        for process in ("first", "second"):
            with given.database.session(Role.WORKER) as session:
                session.execute(_MARK, {"process": process, "at": START})

    job = Job("hourly", HOURLY, mark_twice, timedelta(days=7), whole=True)
    Runner(installation, (job,)).look(job)
    assert "TwoTransactions" in caplog.text
    assert _marks(sessions) == {"first"}


def test_failed_job_leaves_its_error_and_the_next_slot_runs(
    installation: Installation, clock: ManualClock, job: Job, effects: Effects, claimed: Table
) -> None:
    runner = Runner(installation, (job,))
    effects.trouble = [Conflict("nobody expected this")]
    runner.look(job)
    clock.advance(hours=1)
    runner.look(job)
    assert [(row.is_finished, row.error) for row in claimed()] == [(True, "conflict"), (True, None)]


def test_job_that_found_no_database_is_tried_again(
    installation: Installation, job: Job, effects: Effects, claimed: Table
) -> None:
    runner = Runner(installation, (job,))
    effects.trouble = [Unavailable("away")]
    runner.look(job)
    assert claimed() == []
    runner.look(job)
    assert len(effects.ran) == 1


def test_running_scheduler_follows_a_jump_of_the_demo_clock(
    installation: Installation, clock: ManualClock, job: Job, effects: Effects
) -> None:
    running = scheduler.start(Runner(installation, (job,)), look=0.05)
    try:
        _until(lambda: len(effects.ran) == 1)
        clock.advance(hours=2)
        _until(lambda: len(effects.ran) == 3)
    finally:
        running.shutdown()


def test_heartbeat_tells_that_a_scheduler_is_alive(installation: Installation, sessions: Sessions) -> None:
    runner = Runner(installation)
    runner.beat()
    runner.beat()
    with sessions.worker() as session:
        beats = read.beats(session, START - timedelta(minutes=1))
    assert [(beat.process, beat.worker, beat.at) for beat in beats] == [("scheduler", runner.worker, START)]


def test_every_job_of_the_table_runs_on_a_new_installation(installation: Installation, claimed: Table) -> None:
    runner = Runner(installation)
    for job in JOBS:
        runner.look(job)
    assert [(row.is_finished, row.error) for row in claimed()] == [(True, None)] * len(JOBS)
    assert len({job.id for job in JOBS}) == len(JOBS)


def test_ended_trial_suspends_its_client_once(
    installation: Installation, clock: ManualClock, make: Factory, sessions: Sessions
) -> None:
    running = _trial(installation, make, timedelta(days=30))
    ended = _trial(installation, make, timedelta(days=14))
    clock.advance(days=15)
    assert jobs.suspend_trials(installation) == 1
    assert jobs.suspend_trials(installation) == 0
    with sessions.worker() as session:
        assert [s.cause for s in clients.open_suspensions(session, ended)] == [Cause.TRIAL_EXPIRED]
        assert clients.open_suspensions(session, running) == []


def test_old_days_of_the_log_go_and_their_keys_with_them(
    installation: Installation, clock: ManualClock, sessions: Sessions
) -> None:
    jobs.keep_partitions(installation)
    first = clock.now().date()
    for _ in range(9):
        installation.keys.intake(clock.now().date())
        clock.advance(days=1)
        jobs.keep_partitions(installation)
    assert _key_days(installation) == {first + timedelta(days=n) for n in range(2, 9)}
    assert _log_days(sessions) == {first + timedelta(days=n) for n in range(2, 13)}


def test_what_may_be_forgotten_is_pruned_and_the_rest_stays(
    installation: Installation, clock: ManualClock, job: Job, claimed: Table, sessions: Sessions
) -> None:
    runner = Runner(installation, (job,))
    runner.look(job)
    runner.beat()
    with sessions.worker() as session:
        session.execute(
            text("insert into platform.dropped_count values (:hour, 'telegram', 'unknown', 3)"), {"hour": START}
        )
        session.execute(
            text(
                "insert into platform.dead_letter (id, event_id, item, door, reason, body_sealed, created_at)"
                " values (:id, 1, 0, 'meta:demo', 'shape', '', :at)"
            ),
            {"id": uuid7(START), "at": START},
        )
    clock.advance(days=29)
    assert jobs.prune(installation) == 1  # the heartbeat
    clock.advance(days=2)
    assert jobs.prune(installation) == 2  # the slot, the dead letter
    assert claimed() == []
    clock.advance(days=60)
    assert jobs.prune(installation) == 1  # the count


def test_receipt_whose_message_never_came_is_forgotten_after_ninety_days(
    installation: Installation, clock: ManualClock, make: Factory, sessions: Sessions
) -> None:
    client_id = make.client().id
    told = {"client": client_id, "connector": make.connector(client_id), "key": bytes(16), "at": START}
    with sessions.worker() as session:
        session.execute(text("insert into tenant.tombstone values (:client, :connector, :key, 'read', :at)"), told)
    clock.advance(days=89)
    jobs.prune(installation)
    assert _waiting(sessions) == 1
    clock.advance(days=2)
    jobs.prune(installation)
    assert _waiting(sessions) == 0


def test_answered_call_for_the_deletion_of_data_is_forgotten_after_five_years(
    installation: Installation, clock: ManualClock, sessions: Sessions
) -> None:
    with sessions.worker() as session:
        for code, finished in (("done", START), ("open", None)):
            session.execute(
                text(
                    "insert into platform.data_deletion_request (id, code, app, person_hash, issued_at, requested_at,"
                    " connectors, finished_at) values (:id, :code, 'demo', :hash, :at, :at, 1, :finished)"
                ),
                {"id": uuid7(START), "code": code, "hash": code.encode(), "at": START, "finished": finished},
            )
    clock.advance(days=5 * 365)
    assert jobs.prune(installation) == 0
    clock.advance(days=5)
    assert jobs.prune(installation) == 1
    with sessions.worker() as session:
        assert session.execute(text("select code from platform.data_deletion_request")).scalars().all() == ["open"]


def _marks(sessions: Sessions) -> set[str]:
    with sessions.worker() as session:
        return set(session.execute(text("select process from platform.heartbeat where worker = 'mark'")).scalars())


def _waiting(sessions: Sessions) -> int:
    with sessions.worker() as session:
        return int(session.execute(text("select count(*) from tenant.tombstone")).scalar_one())


def _trial(installation: Installation, make: Factory, length: timedelta) -> UUID:
    version = make.plan(code=f"prueba-{length.days}")
    new = registration.NewClient(legal_name="Prueba, S.A.", trade_name="Prueba", registered_email="a@prueba.example")
    with installation.works.system() as work:
        client = registration.add_client(work, new)
        work.session.flush()  # the subscription points at it
        registration.subscribe(work, client.id, version, trial=length)
    return client.id


def _key_days(installation: Installation) -> set[date]:
    folder = installation.settings.data_dir / "keystore"
    return {date.fromisoformat(path.name.removeprefix("intake-")) for path in folder.glob("intake-*")}


def _log_days(sessions: Sessions) -> set[date]:
    with sessions.worker() as session:
        names = session.execute(
            text(r"select relname from pg_catalog.pg_class where relname ~ '^webhook_event_p\d{8}$'")
        ).scalars()
        return {datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC).date() for name in names}


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        time.sleep(0.02)
    assert holds()


def test_table_of_jobs_in_the_documents_is_the_real_one() -> None:
    text_of = (PROJECT / "docs/operate/jobs.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+)`(?: †)? \| .+? \| (\d+) (minutes?|hours?|days?) \|", text_of, re.MULTILINE)
    lengths = {name: timedelta(**{unit.rstrip("s") + "s": int(number)}) for name, number, unit in documented}
    assert lengths == {job.id: job.lateness for job in JOBS}


def test_every_job_has_its_lateness_after_which_the_alarm_rings() -> None:
    assert set(alarms.JOB_MOST) == {job.id for job in JOBS}


def test_job_that_never_ended_well_rings_as_late_though_others_do(
    installation: Installation, clock: ManualClock, job: Job
) -> None:
    Runner(installation, (job,)).look(job)
    clock.advance(minutes=31)
    Runner(installation, (job,)).look(job)
    late = {alarm.name: alarm.about(watch.readings) for watch in [look(installation)] for alarm in watch.ringing}
    assert "renew" in late["job_late"].split(", ")
    assert "hourly" not in late["job_late"].split(", ")
