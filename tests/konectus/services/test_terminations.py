"""Ends of contracts: when they come, what they close and what they leave (Terms 15.2, 15.3, 16, 18)."""

from datetime import UTC, datetime, timedelta

import pytest

from konectus.domain.approvals import NotYourRole, SamePerson
from konectus.domain.connectors import ConnectorState
from konectus.domain.deadlines import after_full_days
from konectus.domain.endings import AlreadyEnding, Ground, NotEnding, TooLateToReject, WindowEnd, WindowSource
from konectus.domain.notices import NoticeKind
from konectus.domain.roles import StaffRole
from konectus.services import renewals, terminations
from konectus.services.installation import Installation
from konectus.store.models.clients import PlanVersion, Subscription
from konectus.store.models.payments import Refund
from konectus.store.queries import billing, clients, connectors, windows
from konectus.store.queries import notices as told
from konectus.store.roles import Role
from tests.konectus.services.endings import REASON, Ends, clock, ends, installation, make
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "ends", "installation", "make"]


def test_a_cancelled_contract_ends_with_the_paid_period_and_not_before(ends: Ends, clock: ManualClock) -> None:
    until = ends.paid_until()
    ends.cancel()
    clock.set(max(clock.now(), until - timedelta(seconds=1)))
    ends.sweep()
    assert not ends.has_ended()
    clock.set(until)
    ends.sweep()
    assert ends.has_ended()
    assert ends.sweep() == 0


def test_an_end_at_once_closes_access_and_leaves_sign_in_export_and_debts(
    ends: Ends, installation: Installation, make: Factory
) -> None:
    connector_id = make.connector(ends.id)
    with installation.database.session(Role.WORKER) as session:
        owed = billing.owed(session, ends.id)
    ends.cancel(at_once=True)
    ends.sweep()
    with installation.database.session(Role.WORKER) as session:
        access = clients.access(session, ends.id)
        assert (access.terminated, access.inbox, access.send, access.ingest) == (True, True, True, True)
        assert (access.login, access.export) == (False, False)
        (row,) = connectors.of_client(session, ends.id)
        assert (row.id, row.state) == (connector_id, ConnectorState.DISCONNECTING)
        assert clients.seats(session, ends.id)[0] is None
        assert billing.owed(session, ends.id) == owed
        assert owed, "nothing was owed, so nothing was shown to stay"


def test_the_thirty_days_to_export_begin_when_it_takes_effect(
    ends: Ends, installation: Installation, clock: ManualClock
) -> None:
    ends.cancel(at_once=True)
    ends.sweep()
    with installation.database.session(Role.WORKER) as session:
        (window,) = windows.open_of(session, ends.id)
        kinds = {row.kind for row in told.of_client(session, ends.id)}
    assert (window.source, window.opened_at) == (WindowSource.TERMINATION, clock.now())
    assert window.closes_at == after_full_days(clock.now(), 30)
    assert {NoticeKind.CANCELLED, NoticeKind.TERMINATED} <= kinds


def test_a_cancellation_is_taken_back_until_it_takes_effect(
    ends: Ends, installation: Installation, clock: ManualClock
) -> None:
    ends.cancel()
    with installation.works.tenant(ends.id, ends.owner) as work:
        terminations.withdraw(work, ends.id)
    until = ends.paid_until()
    clock.set(until + timedelta(minutes=1))
    ends.sweep()
    assert ends.live() is None
    ends.cancel(at_once=True)
    ends.sweep()
    with pytest.raises(NotEnding), installation.works.tenant(ends.id, ends.owner) as work:
        terminations.withdraw(work, ends.id)


def test_a_client_does_not_take_back_what_konectus_announced(ends: Ends, installation: Installation) -> None:
    ends.notice()
    with pytest.raises(NotEnding), installation.works.tenant(ends.id, ends.owner) as work:
        terminations.withdraw(work, ends.id)
    with installation.works.staff(ends.staff()) as work:
        terminations.withdraw(work, ends.id, REASON)
    assert ends.live() is None


def test_it_is_cancelled_once_and_an_earlier_end_takes_the_place_of_a_later_one(ends: Ends) -> None:
    ends.cancel()
    with pytest.raises(AlreadyEnding):
        ends.cancel()
    ends.cancel(at_once=True)
    ends.sweep()
    assert ends.has_ended()
    with pytest.raises(AlreadyEnding):
        ends.cancel(at_once=True)


def test_thirty_days_of_notice_run_from_its_delivery_and_not_from_its_sending(ends: Ends, clock: ManualClock) -> None:
    # The evening of the 1st in Mexico is the 2nd in UTC: thirty full local days after it, not thirty times 24 hours.
    clock.set(max(clock.now(), datetime(2027, 6, 1, 12, tzinfo=UTC)))
    termination_id = ends.notice()
    announced = ends.live()
    assert announced is not None
    delivered = datetime.combine(clock.now().date() + timedelta(days=1), datetime.min.time(), UTC) + timedelta(
        hours=5.5
    )
    ends.mail_of(termination_id, sent_at=clock.now(), delivered_at=delivered)
    deadline = after_full_days(delivered, 30)
    assert deadline - delivered > timedelta(days=30)
    clock.set(deadline - timedelta(seconds=1))
    ends.sweep()
    assert not ends.has_ended()
    clock.set(deadline)
    ends.sweep()
    found = ends.live()
    assert found is not None
    assert found.effected_at == found.effective_at == deadline


def test_a_notice_delivered_late_moves_the_end_and_never_forward(ends: Ends, clock: ManualClock) -> None:
    termination_id = ends.notice()
    before = ends.live()
    assert before is not None
    delivered = clock.now() + timedelta(days=12)
    ends.mail_of(termination_id, sent_at=clock.now(), delivered_at=delivered)
    clock.set(before.effective_at + timedelta(hours=1))
    ends.sweep()
    after = ends.live()
    assert after is not None
    assert (after.effected_at, after.effective_at) == (None, after_full_days(delivered, 30))


@pytest.mark.parametrize("is_delivered_first", [False, True])
def test_a_notice_that_bounced_does_not_run(ends: Ends, clock: ManualClock, *, is_delivered_first: bool) -> None:
    termination_id, now = ends.notice(), clock.now()
    delivered = {"delivered_at": now} if is_delivered_first else {}
    ends.mail_of(termination_id, sent_at=now, bounced_at=now + timedelta(days=3), **delivered)
    clock.advance(days=90)
    ends.sweep()
    assert not ends.has_ended()


def test_the_database_refuses_an_end_by_notice_that_was_never_delivered(
    ends: Ends, installation: Installation, clock: ManualClock
) -> None:
    ends.notice()
    clock.advance(days=40)
    with pytest.raises(Exception, match=r"Terms 15\.2"), installation.database.session(Role.WORKER) as session:
        session.connection().exec_driver_sql(
            "update ledger.termination set effected_at = %(now)s where client_id = %(id)s",
            {"now": clock.now(), "id": ends.id},
        )


def test_a_breach_ends_the_contract_at_once_by_two_people(ends: Ends, installation: Installation) -> None:
    first = ends.staff()
    with installation.works.staff(first) as work:
        asked = terminations.request_breach(work, ends.id, REASON).id
    with pytest.raises(SamePerson), installation.works.staff(first) as work:
        terminations.decide_breach(work, asked, approve=True, reason=REASON)
    with pytest.raises(NotYourRole), installation.works.staff(ends.staff(StaffRole.SUPPORT)) as work:
        terminations.decide_breach(work, asked, approve=True, reason=REASON)
    assert not ends.has_ended()
    with installation.works.staff(ends.staff()) as work:
        assert terminations.decide_breach(work, asked, approve=True, reason=REASON) is not None
    found = ends.live()
    assert found is not None
    assert (found.ground, found.effected_at) == (Ground.MATERIAL_BREACH, found.effective_at)


def test_a_breach_that_is_rejected_ends_nothing(ends: Ends, installation: Installation) -> None:
    with installation.works.staff(ends.staff()) as work:
        asked = terminations.request_breach(work, ends.id, REASON).id
    with installation.works.staff(ends.staff()) as work:
        assert terminations.decide_breach(work, asked, approve=False, reason=REASON) is None
    assert ends.live() is None


def test_support_ends_no_contract(ends: Ends, installation: Installation) -> None:
    with pytest.raises(NotYourRole), installation.works.staff(ends.staff(StaffRole.SUPPORT)) as work:
        terminations.give_notice(work, ends.id, REASON)


def test_changed_terms_are_rejected_until_they_take_effect_and_what_is_unused_is_owed_back(
    ends: Ends, installation: Installation, clock: ManualClock
) -> None:
    takes_effect = clock.now() + timedelta(days=5)
    with pytest.raises(TooLateToReject), installation.works.tenant(ends.id, ends.owner) as work:
        terminations.reject_terms(work, ends.id, clock.now())
    with installation.works.tenant(ends.id, ends.owner) as work:
        terminations.reject_terms(work, ends.id, takes_effect)
    clock.set(takes_effect)
    ends.sweep()
    found = ends.live()
    assert found is not None
    assert (found.ground, found.refund_due, found.effected_at) == (Ground.TERMS_REJECTED, True, takes_effect)


def test_a_granted_claim_about_a_competitor_ends_it_now_with_a_refund(ends: Ends, installation: Installation) -> None:
    with installation.works.staff(ends.staff()) as work:
        terminations.end_for_competitor(work, ends.id, REASON)
    found = ends.live()
    assert found is not None
    assert (found.ground, found.refund_due, found.effected_at is not None) == (Ground.ASSIGNMENT_COMPETITOR, True, True)


def reactivated(ends: Ends, version: PlanVersion) -> None:
    with ends.installation.works.staff(ends.staff()) as work:
        terminations.reactivate(work, ends.id, version, REASON)


def test_a_client_that_comes_back_on_day_thirty_has_access_and_nothing_to_delete(
    ends: Ends, installation: Installation, make: Factory, clock: ManualClock
) -> None:
    make.connector(ends.id)
    ends.cancel(at_once=True)
    ends.sweep()
    with installation.database.session(Role.WORKER) as session:
        (window,) = windows.open_of(session, ends.id)
    clock.set(window.closes_at - timedelta(seconds=1))
    reactivated(ends, make.plan(code="vuelve"))
    with installation.database.session(Role.WORKER) as session:
        (closed,) = windows.of_client(session, ends.id)
        assert closed.close_reason == WindowEnd.REACTIVATED
        assert clients.access(session, ends.id).is_open
        assert clients.seats(session, ends.id)[0] is not None
        (row,) = connectors.of_client(session, ends.id)
        assert row.state is ConnectorState.DISCONNECTING, "a Connector came back by itself"
    assert ends.live() is None
    ends.cancel(at_once=True)
    ends.sweep()
    assert ends.has_ended(), "a later termination is a row of its own"


def test_only_an_ended_contract_comes_back(ends: Ends, make: Factory) -> None:
    with pytest.raises(NotEnding):
        reactivated(ends, make.plan(code="vuelve"))
    ends.cancel()
    with pytest.raises(NotEnding):
        reactivated(ends, make.plan(code="vuelve"))


def test_a_contract_without_a_subscription_ends_at_once(ends: Ends, installation: Installation) -> None:
    with installation.works.system() as work:
        renewals.end(work, ends.id, "cancelled")
    ends.cancel()
    ends.sweep()
    assert ends.has_ended()


def test_an_end_by_konectus_proposes_what_of_a_paid_period_is_left(ends: Ends, installation: Installation) -> None:
    """Nothing was paid here, so nothing comes back: the base is what was paid, never what was billed."""
    with installation.works.staff(ends.staff()) as work:
        terminations.end_for_competitor(work, ends.id, REASON)
    with installation.database.session(Role.WORKER) as session:
        assert session.query(Refund).filter(Refund.client_id == ends.id, Refund.amount_cents > 0).count() == 0
        assert session.query(Subscription).filter(Subscription.client_id == ends.id).one().end_reason == "cancelled"
