"""Asking for the deletion of a Client: when, against what, and who approves it."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from konectus.domain.approvals import AlreadyRequested, ApprovalOver, NotYourRole, SamePerson
from konectus.domain.endings import DeletionEnd, DeletionRefused, DeletionState, HoldKind, WindowSource
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.ids import uuid7
from konectus.services import erasure, holds, suspensions, terminations, windows
from konectus.store.queries import erasure as deletions
from konectus.store.queries import windows as open_windows
from konectus.store.roles import Role
from tests.konectus.services.endings import REASON, Erases, clock, ends, exported, installation, it, make
from tests.support.clock import START
from tests.support.factories import Factory

__all__ = ["clock", "ends", "installation", "it", "make"]


def asks(it: Erases) -> int:
    """How many deletions of this Client the job asks for; others share the installation."""
    before = len(it.rows)
    erasure.deletion_requests(it.ends.installation)
    return len(it.rows) - before


def test_nothing_is_asked_for_before_the_window_has_elapsed(it: Erases) -> None:
    it.end()
    with it.ends.installation.database.session(Role.WORKER) as session:
        (window,) = open_windows.open_of(session, it.ends.id)
    for instant in (window.closes_at - timedelta(days=1), window.closes_at - timedelta(seconds=1)):
        it.clock.set(instant)
        windows.close_elapsed(it.ends.installation)
        erasure.deletion_requests(it.ends.installation)
        assert it.rows == []
    it.elapse()
    erasure.deletion_requests(it.ends.installation)
    assert [row.state for row in it.rows] == [DeletionState.REQUESTED]
    assert asks(it) == 0


def test_a_deletion_on_day_twenty_nine_is_refused_by_the_database_too(it: Erases) -> None:
    it.end()
    with it.ends.installation.database.session(Role.WORKER) as session:
        (window,) = open_windows.open_of(session, it.ends.id)
    day29 = window.closes_at - timedelta(days=1)
    with (
        pytest.raises(Exception, match=r"Terms 15\.3: an export window is still open"),
        it.ends.installation.database.session(Role.WORKER) as session,
    ):
        session.connection().exec_driver_sql(
            "insert into ledger.deletion (id, client_id, window_id, eligible_at, export_done, requested_at,"
            " requested_by, approved_by, approved_at, second_by, second_at, started_at)"
            " values (%(id)s, %(client)s, %(window)s, %(at)s, false, %(at)s, 'x', 'a', %(at)s, 'b', %(at)s,"
            " %(at)s::timestamptz + interval '25 hours')",
            {"id": uuid7(START), "client": it.ends.id, "window": window.id, "at": day29},
        )


def test_a_job_alone_deletes_nothing(it: Erases) -> None:
    it.ask()
    it.clock.advance(days=40)
    it.run()
    assert it.state() is DeletionState.REQUESTED
    assert it.left() > 0


def test_two_people_approve_and_it_rests_a_day_before_it_starts(it: Erases) -> None:
    it.ask()
    it.approve()
    it.run()
    assert it.state() is DeletionState.APPROVED_2
    it.clock.advance(hours=23, minutes=59, seconds=59)
    it.run()
    assert it.state() is DeletionState.APPROVED_2
    it.clock.advance(seconds=1)
    it.run()
    assert it.row.started_at == it.clock.now()


def test_the_same_person_does_not_approve_twice(it: Erases) -> None:
    it.ask()
    one = it.ends.staff(StaffRole.LEGAL)
    with it.ends.installation.works.staff(one) as work:
        asked = erasure.approve(work, it.row.id, REASON).id
    with pytest.raises(SamePerson), it.ends.installation.works.staff(one) as work:
        erasure.decide(work, asked, approve=True, reason=REASON)
    it.clock.advance(days=3)
    it.run()
    assert it.state() is DeletionState.APPROVED_1


def test_support_and_billing_approve_no_deletion(it: Erases) -> None:
    it.ask()
    with pytest.raises(NotYourRole):
        it.first(StaffRole.BILLING)
    with pytest.raises(NotYourRole):
        it.approve(second=StaffRole.SUPPORT)


def test_where_the_client_exported_the_second_person_is_legal(it: Erases) -> None:
    it.end()
    exported(it)
    it.elapse()
    erasure.deletion_requests(it.ends.installation)
    assert it.row.export_done
    with pytest.raises(NotYourRole):
        it.approve(first=StaffRole.LEGAL, second=StaffRole.ADMIN)
    with pytest.raises(AlreadyRequested):
        it.first()
    it.clock.advance(hours=73)
    it.approve()
    assert it.state() is DeletionState.APPROVED_2


def test_an_approval_is_void_when_the_facts_changed_after_it_was_asked_for(it: Erases) -> None:
    it.ask()
    asked = it.first()
    exported(it)
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        assert erasure.decide(work, asked, approve=True, reason=REASON) is DeletionState.REQUESTED
    assert it.row.approved_by is None
    it.approve()
    assert it.state() is DeletionState.APPROVED_2


def test_an_approval_that_nobody_gave_in_time_is_over(it: Erases) -> None:
    it.ask()
    asked = it.first()
    it.clock.advance(hours=72)
    with pytest.raises(ApprovalOver), it.ends.installation.works.staff(it.ends.staff()) as work:
        erasure.decide(work, asked, approve=True, reason=REASON)


def test_what_was_approved_twice_is_given_up_when_the_client_exports_before_it_starts(it: Erases) -> None:
    it.ask()
    it.approve()
    exported(it)
    it.rest()
    it.run()
    assert (it.state(), it.row.cancel_reason) == (DeletionState.CANCELLED, DeletionEnd.FACTS_CHANGED)
    erasure.deletion_requests(it.ends.installation)
    assert (it.state(), it.row.export_done) == (DeletionState.REQUESTED, True)


def test_a_hold_stops_a_deletion_that_two_people_approved_and_forbids_another(it: Erases) -> None:
    it.ask()
    it.approve()
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        hold = holds.place(work, it.ends.id, HoldKind.LEGAL, REASON)
    it.rest()
    it.run()
    assert (it.state(), it.row.cancel_reason) == (DeletionState.CANCELLED, DeletionEnd.HOLD)
    assert asks(it) == 0
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        asked = holds.request_release(work, hold, REASON).id
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        holds.decide_release(work, asked, approve=True, reason=REASON)
    assert asks(it) == 1


def test_a_hold_refuses_the_first_approval(it: Erases) -> None:
    it.ask()
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        holds.place(work, it.ends.id, HoldKind.DISPUTE, REASON)
    with pytest.raises(DeletionRefused):
        it.first()


@pytest.mark.parametrize("change", ["active = false", "role = 'support'"])
def test_a_deletion_one_of_whose_two_persons_may_not_decide_it_any_more_does_not_start(it: Erases, change: str) -> None:
    it.ask()
    it.approve()
    with it.ends.installation.database.session(Role.WORKER) as session:
        second = text(f"update ledger.staff set {change} where 'staff:' || id = :second")
        session.execute(second, {"second": it.row.second_by})
    it.rest()
    it.run()
    assert (it.state(), it.row.cancel_reason) == (DeletionState.CANCELLED, DeletionEnd.FACTS_CHANGED)


def test_a_deletion_that_was_rejected_is_not_asked_for_again(it: Erases) -> None:
    it.ask()
    asked = it.first()
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        assert erasure.decide(work, asked, approve=False, reason=REASON) is DeletionState.CANCELLED
    assert asks(it) == 0


def test_a_client_that_comes_back_is_not_deleted_though_two_people_approved(it: Erases, make: Factory) -> None:
    it.ask()
    it.approve()
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        terminations.reactivate(work, it.ends.id, make.plan(code="vuelve"), REASON)
    it.rest()
    it.run()
    assert (it.state(), it.row.cancel_reason) == (DeletionState.CANCELLED, DeletionEnd.REACTIVATED)
    assert it.left() > 0
    assert asks(it) == 0


def test_a_suspension_that_starts_no_window_never_leads_to_a_deletion_by_an_old_one(it: Erases, make: Factory) -> None:
    """lifecycle.md 2, #10: the elapsed window belongs to an end that was taken back."""
    it.ask()
    with it.ends.installation.works.staff(it.ends.staff()) as work:
        terminations.reactivate(work, it.ends.id, make.plan(code="vuelve"), REASON)
    with it.ends.installation.works.staff(it.ends.staff(StaffRole.TRUST)) as work:
        suspensions.suspend_by_hand(work, it.ends.id, Cause.AUP, REASON)
    it.clock.advance(days=60)
    assert asks(it) == 0
    assert it.state() is DeletionState.CANCELLED


def test_another_open_window_of_the_client_forbids_it(it: Erases) -> None:
    it.end()
    it.elapse()
    with it.ends.installation.works.system() as work:
        windows.open_window(work, it.ends.id, WindowSource.NONPAYMENT, uuid7(START))
    assert asks(it) == 0
    assert it.rows == []


@pytest.mark.parametrize("touched", [0, 1])
def test_of_two_windows_that_ended_together_the_same_one_stands_when_people_decide(it: Erases, touched: int) -> None:
    """A trial that ended on the day of the cancellation: which row the database reads first must not matter."""
    with it.ends.installation.works.system() as work:
        suspensions.open_cause(work, it.ends.id, Cause.TRIAL_EXPIRED, REASON)
    it.ends.cancel(at_once=True)
    it.ends.sweep()
    with it.ends.installation.database.session(Role.WORKER) as session:
        first, second = open_windows.open_of(session, it.ends.id)
    assert first.closes_at == second.closes_at
    it.clock.set(first.closes_at)
    windows.close_elapsed(it.ends.installation)
    assert asks(it) == 1
    with it.ends.installation.database.session(Role.WORKER) as session:
        moved = (first.id, second.id)[touched]
        for closed in ("null, close_reason = null", ":now, close_reason = 'elapsed'"):
            change = f"update ledger.export_window set closed_at = {closed} where id = :id"
            session.execute(text(change), {"id": moved, "now": it.clock.now()} if ":now" in change else {"id": moved})
        for kind in ("indexscan", "bitmapscan", "indexonlyscan"):
            session.execute(text(f"set local enable_{kind} = off"))
        assert deletions.against(session, it.ends.id).window == str(it.row.window_id)
    it.approve()
    assert it.state() is DeletionState.APPROVED_2
