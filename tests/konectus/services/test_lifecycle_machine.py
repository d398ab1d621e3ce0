"""A Client lives through anything: the real services on PostgreSQL against the Terms in plain Python, step by step."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from konectus.domain.approvals import SamePerson
from konectus.domain.suspension import Cause
from konectus.services import invariants, terminations
from konectus.services.changes import Wanted
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.models.clients import PlanVersion
from konectus.store.queries.invariants import QUERIES
from tests.konectus.services.lifecycle_model import BLOCKS, Model, Told, Window, day_of, midnight
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.emptying import Emptying, emptying
from tests.support.factories import Factory
from tests.support.life import LIFECYCLE, WHY, Life, Staff

MANUAL = ("aup", "legal_order", "security")
# Noon, the last minutes of a day, just after midnight, the end of a month, the eve of a leap day, New Year's Eve.
STARTS = (
    "2026-03-02T18:00",
    "2026-03-03T05:30",
    "2026-03-03T06:00",
    "2026-01-31T15:29",
    "2028-02-28T05:59",
    "2026-12-31T23:00",
)
ALL = [job.id for job in LIFECYCLE]
# Those that open, lift, close, end or delete; the others tell, remind and tidy up.
DECIDING = (
    *("renew", "apply_changes", "suspend_trials", "suspend_nonpayment", "lift_paid", "deferral_end"),
    *("close_windows", "terminate_effective", "deletion_requests", "deletion_execute"),
)
HOURS = (1, 12, 23, 24, 47, 48, 49, 54, 60, 66, 71, 72, 73)
FACTS = """
select jsonb_build_object(
  'causes', (select coalesce(jsonb_agg(cause order by cause), '[]') from ledger.suspension
    where client_id = %(id)s and lifted_at is null),
  'blocked', (select jsonb_build_object('login', block_login, 'inbox', block_inbox, 'send', block_send,
    'ingest', block_ingest, 'export', block_export) from ledger.client_access where client_id = %(id)s),
  'owed', (select coalesce(sum(balance_cents), 0) from ledger.invoice_balance where client_id = %(id)s),
  'connected', (select count(*) from tenant.connector where client_id = %(id)s and state in ('connected', 'degraded')),
  'windows', (select coalesce(jsonb_agg(jsonb_build_array(source, extract(epoch from closes_at)::float)
    order by source, closes_at), '[]') from ledger.export_window where client_id = %(id)s and closed_at is null),
  'elapsed', (select count(*) from ledger.export_window where client_id = %(id)s and close_reason = 'elapsed'),
  'told', (select coalesce(jsonb_object_agg(id, extract(epoch from delivered_at)::float), '{}') from ledger.notice
    where client_id = %(id)s and channel = 'email' and sent_at is not null
      and kind in ('payment_pending', 'charge_declined')),
  'invoices', (select coalesce(jsonb_agg(jsonb_build_array(id, kind, total_cents, extract(epoch from due_at)::float)
    order by due_at, id), '[]') from ledger.invoice where client_id = %(id)s))
"""
LEFT = """
select extract(epoch from n.queued_at)::float, array_agg(i.invoice_id::text) from ledger.notice n
join ledger.notice_invoice i on i.client_id = n.client_id and i.notice_id = n.id where n.id = %s group by n.queued_at
"""
BROKEN = " union all ".join(
    f"select '{code}', found::text from ({sql}) as rows(found)" for code, sql in QUERIES.items()
)
BROKEN = BROKEN.replace("%", "%%").replace(":now", "%(now)s")


@dataclass(frozen=True)
class Ground:
    """One installation for all lives; each begins in an empty one."""

    installation: Installation
    clock: ManualClock
    books: Books
    make: Factory
    staff: Staff
    plan: PlanVersion
    emptying: Emptying

    def begin(self, trial: timedelta | None) -> Life:
        client_id = self.books.client(self.plan, trial=trial)
        self.make.connector(client_id)
        return Life(self.installation, self.clock, self.staff, client_id)

    def facts(self, client_id: UUID) -> dict[str, Any]:
        row = self.emptying.superuser.execute(FACTS, {"id": client_id}).fetchone()
        assert row is not None
        return dict(row[0])

    def broken(self) -> list[Any]:
        return self.emptying.superuser.execute(BROKEN, {"now": self.clock.now()}).fetchall()


class Lives(RuleBasedStateMachine):
    """Rules are what somebody does; after each one the rows are held against the model and the invariants."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.clock = ground, ground.clock
        self.causes: dict[str, UUID] = {}
        self.holds: list[UUID] = []
        self.payments: list[UUID] = []

    @initialize(start=st.sampled_from(STARTS), trial=st.sampled_from((None, None, timedelta(days=3))))
    def begins(self, start: str, trial: timedelta | None) -> None:
        self.clock.set(datetime.fromisoformat(start).replace(tzinfo=UTC))
        self.model = Model(trial_ends_at=self.now + trial if trial else None, connected=1)
        self.life = self.ground.begin(trial)
        self.look()

    def teardown(self) -> None:
        found = invariants.check(self.ground.installation)
        self.ground.emptying.empty()
        assert found == 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def look(self) -> None:
        """The rows say what the model says and no invariant is broken; whatever comes next comes a second later."""
        self.compare(self.ground.facts(self.life.client_id))

    def compare(self, facts: dict[str, Any]) -> None:
        self.bill(facts, may_begin=True)
        assert not self.model.differences(facts)
        assert not self.ground.broken()
        self.clock.advance(seconds=1)

    def to(self, instant: datetime, *names: str) -> None:
        """Time passes without a break and the jobs run at its end: those that decide, or all of them."""
        standing = self.model.causes - ({"trial_expired"} if self.model.chosen else set())
        is_blocked = any(BLOCKS[cause][3] for cause in standing) or self.model.is_ended
        self.life.at(max(instant, self.now), *(names or DECIDING))
        facts = self.ground.facts(self.life.client_id)
        self.bill(facts, may_begin=not is_blocked)
        self.model.pass_to(self.now)
        self.compare(facts)

    def bill(self, facts: dict[str, Any], *, may_begin: bool) -> None:
        """Invoices are facts; only that no period begins while renewal is blocked is held."""
        for name, kind, total, due_at in facts["invoices"]:
            if name not in self.model.invoices:
                assert may_begin or kind != "period", "a period began though renewal was blocked"
                self.model.issued(name, total, datetime.fromtimestamp(due_at, UTC))

    def tell(self) -> list[str]:
        """What asks for money leaves; the names of what left."""
        self.life.jobs("notify_due")
        left = []
        for notice_id in self.life.send():
            row = self.ground.emptying.superuser.execute(LEFT, (notice_id,)).fetchone()
            assert row is not None
            told = Told(datetime.fromtimestamp(row[0], UTC), frozenset(row[1]), sent_at=self.now)
            self.model.told[str(notice_id)] = told
            left.append(str(notice_id))
        return left

    # Time.

    @rule(hours=st.sampled_from(HOURS))
    def time_passes(self, hours: int) -> None:
        self.to(self.now + timedelta(hours=hours))

    @precondition(lambda self: self.model.running)
    @rule()
    def a_whole_window_passes(self) -> None:
        ends = max(window.closes_at for window in self.model.running)
        self.to(ends - timedelta(seconds=1))
        self.to(ends, *ALL)

    # Money and notices.

    @precondition(lambda self: not self.model.is_ended and not self.model.is_deleting)
    @rule(transit=st.sampled_from((0, 1, 9, 30)), extra=st.sampled_from((0, 24, 47, 48, 49, 66, 72)))
    def billed_and_notified(self, transit: int, extra: int) -> None:
        name = str(self.life.bill())
        self.model.issued(name, 11_600, self.now)
        left = self.tell()
        self.clock.advance(hours=transit)
        self._deliver(left)
        self.to(self.now + timedelta(hours=extra))

    @precondition(lambda self: self.model.owed)
    @rule()
    def told_and_lost(self) -> None:
        self.tell()
        self.look()

    @precondition(lambda self: any(one.delivered_at is None for one in self.model.told.values()))
    @rule(hours=st.sampled_from((0, 30, 60)))
    def late_word_of_a_delivery(self, hours: int) -> None:
        """A provider that tells late of an instant that is past."""
        waiting = [name for name, one in self.model.told.items() if one.delivered_at is None and one.bounced_at is None]
        self._deliver(waiting[-1:], self.now - timedelta(hours=hours))
        self.look()

    @precondition(lambda self: any(one.delivered_at for one in self.model.told.values()))
    @rule()
    def bounces_after_all(self) -> None:
        name, told = [(name, one) for name, one in self.model.told.items() if one.delivered_at][-1]
        if told.bounced_at is None:
            self.life.bounced(UUID(name))
            told.bounced_at = self.now
        self.to(self.now)

    def _deliver(self, names: list[str], at: datetime | None = None) -> None:
        for name in names:
            told = self.model.told[name]
            assert told.sent_at is not None
            if self.now - told.sent_at >= timedelta(hours=72):
                continue  # given up meanwhile: a person looks at it
            self.life.delivered(UUID(name), at)
            told.delivered_at = max(min(at or self.now, self.now), told.sent_at)

    @precondition(lambda self: self.model.owed)
    @rule(part=st.sampled_from((1, 2, 4)))
    def pays(self, part: int) -> None:
        """A part, or all there is to pay."""
        cents = max(self.model.owed // part, 1)
        self.payments.append(self.life.pay(cents))
        self.model.paid(cents, self.now)
        self.look()

    @precondition(lambda self: any(self.model.payments) and not self.model.is_deleting)
    @rule()
    def payment_comes_back(self) -> None:
        number = max(number for number, cents in enumerate(self.model.payments) if cents)
        self.life.reverse(self.payments[number])
        self.model.reversed(number, self.now)
        self.look()

    @precondition(lambda self: self.model.owed and not self.model.is_deleting)
    @rule(days=st.integers(0, 4))
    def is_deferred(self, days: int) -> None:
        until = day_of(self.now) + timedelta(days=days)
        self.life.defer(until)
        self.model.deferred_until = max(midnight(until + timedelta(days=1)), self.model.deferred_until or self.now)
        self.model.lift_paid(self.now)
        self.look()

    # Causes.

    @precondition(lambda self: not self.model.is_deleting)
    @rule(cause=st.sampled_from(MANUAL))
    def is_suspended_by_hand(self, cause: str) -> None:
        if cause in self.model.causes:
            return
        self.causes[cause] = self.life.suspend(Cause(cause))
        self.model.open(cause, self.now)
        self.look()

    @precondition(lambda self: not self.model.is_ended and not self.model.is_deleting)
    @rule(cause=st.sampled_from(MANUAL), pays=st.booleans())
    def unpaid_and_another_cause(self, cause: str, *, pays: bool) -> None:
        self.billed_and_notified(0, 96)
        self.is_suspended_by_hand(cause)
        if pays:
            self.pays(1)

    @precondition(lambda self: set(MANUAL) & self.model.causes and not self.model.is_deleting)
    @rule()
    def persons_lift_a_cause(self) -> None:
        cause = min(set(MANUAL) & self.model.causes)
        self.life.lift(self.causes[cause], Cause(cause))
        self.model.close(cause, self.now)
        self.look()

    @precondition(lambda self: self.model.is_open and not self.model.connected)
    @rule()
    def a_channel_is_connected_again(self) -> None:
        self.ground.make.connector(self.life.client_id)
        self.model.connected = 1
        self.look()

    @precondition(
        lambda self: self.model.trial_ends_at and not self.model.chosen and self.model.causes <= {"trial_expired"}
    )
    @rule()
    def subscribes(self) -> None:
        if self.model.is_ended or self.model.is_deleting:
            return
        self.ground.books.ask(self.life.client_id, Wanted(plan_version_id=self.ground.plan.id))
        self.model.chosen = True
        self.to(self.now)

    # Endings.

    @precondition(lambda self: not self.model.is_deleting and not self.holds)
    @rule()
    def is_held(self) -> None:
        self.holds.append(self.life.hold())
        self.model.holds += 1
        self.look()

    @precondition(lambda self: self.holds and not self.model.is_deleting)
    @rule()
    def is_released(self) -> None:
        self.life.release(self.holds.pop())
        self.model.holds -= 1
        self.look()

    @precondition(lambda self: self.model.ends_at is None and not self.model.is_deleting)
    @rule(at_once=st.booleans())
    def cancels(self, *, at_once: bool) -> None:
        ending = self.life.cancel(at_once=at_once)
        self.model.ends_at = self.life.sql("select effective_at from ledger.termination where id = :row", row=ending)
        self.to(self.now)

    @precondition(lambda self: self.model.is_ended and not self.model.is_deleting)
    @rule()
    def contract_comes_back(self) -> None:
        with self.ground.installation.works.staff(self.ground.staff.admin) as work:
            terminations.reactivate(work, self.life.client_id, self.ground.plan, WHY)
        self.model.returned(self.now)
        self.look()

    @precondition(lambda self: not self.model.is_deleting)
    @rule(held=st.sampled_from((False, False, True)))
    def terminated_approved_and_waited(self, *, held: bool) -> None:
        """Where a window of non-payment has passed already, the contract need not have ended."""
        if not (self.model.is_ended or self.model.may_delete()):
            if self.model.ends_at is None:
                self.cancels(at_once=True)
            else:
                self.to(self.model.ends_at)
        running: list[Window] = [one for one in self.model.running if one.paused_at is None]
        for window in sorted(running, key=lambda one: one.closes_at):
            self.to(window.closes_at - timedelta(seconds=1))
            assert self.life.deletion() is None or self.model.may_delete()
            self.to(window.closes_at)
        self.to(self.now)
        self.to(self.now)  # one look takes back what was asked on a ground that is gone, the next asks on another
        deletion_id = self.life.deletion()
        assert (deletion_id is not None) == self.model.may_delete()
        if deletion_id is not None:
            self._deleted(deletion_id, held=held)

    def _deleted(self, deletion_id: UUID, *, held: bool) -> None:
        """Two persons and a day of rest; a hold that comes in that day stops it."""
        asked = self.life.approve(deletion_id)
        with pytest.raises(SamePerson):
            self.life.approve_again(asked, self.ground.staff.admin)
        self.life.approve_again(asked)
        rests_until = self.now + timedelta(hours=24)
        self.to(rests_until - timedelta(seconds=1))
        if held and not self.holds:
            self.is_held()
        if self.model.holds == 0:
            self.model.is_deleting, self.model.connected = True, 0
        self.to(rests_until)


@pytest.fixture(scope="module")
def ground(
    templates: Templates, endpoint: Endpoint, superuser: Endpoint, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    clock = ManualClock()
    folder = tmp_path_factory.mktemp("lives")
    with installed(templates, endpoint, clock, folder) as made, emptying(superuser, made) as own:
        books, make = Books(made, clock), Factory(made)
        yield Ground(made, clock, books, make, Staff(make), books.plan(), own)


def lived(ground: Ground, lives: int, phases: tuple[Phase, ...], *, derandomize: bool) -> None:
    wanted = settings(
        max_examples=lives,
        stateful_step_count=20,
        deadline=None,
        database=None,
        derandomize=derandomize,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )

    class OnThisGround(Lives):
        def __init__(self) -> None:
            super().__init__(ground)

    run_state_machine_as_test(OnThisGround, settings=wanted)


@pytest.mark.timeout(300)
def test_forty_lives_of_twenty_steps_keep_the_terms(ground: Ground) -> None:
    """Always the same ones, so that a change is what reddens it."""
    lived(ground, 40, (Phase.generate,), derandomize=True)


@pytest.mark.load
@pytest.mark.timeout(1800)
def test_seven_hundred_lives_of_twenty_steps_keep_the_terms(ground: Ground) -> None:
    """Other ones each time; what fails is made as short as it gets."""
    lived(ground, 700, (Phase.generate, Phase.shrink), derandomize=False)
