"""Lifts: what a payment ends and what it never touches, the second person, reconnecting afterwards."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from konectus.domain.approvals import AlreadyRequested, ApprovalOver, NotYourRole, SamePerson
from konectus.domain.connectors import ConnectorState, WrongStep
from konectus.domain.endings import ApprovalState
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import AlreadyLifted, Cause, ClientSuspended, NotByHand, SecondPersonNeeded
from konectus.services import approvals, connectors, lifting, suspensions
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.queries import connectors as read
from konectus.store.roles import Role
from tests.konectus.services.owing import WHY, Owing, clock, installation, make, mexico, owing, staff, suspended
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "owing"]
BY_HAND = (Cause.AUP, Cause.LEGAL_ORDER, Cause.SECURITY)


@pytest.fixture(scope="module")
def lawyers(make: Factory) -> tuple[Actor, Actor]:
    return staff(make, StaffRole.LEGAL), staff(make, StaffRole.LEGAL, "Rosa Ibarra")


def open_(owing: Owing, cause: Cause) -> suspensions.Effects:
    with owing.installation.works.system() as work:
        return suspensions.open_cause(work, owing.client_id, cause, WHY)


def test_paid_client_has_access_again_and_every_connector_needs_reconfiguring(owing: Owing, make: Factory) -> None:
    connector_id = make.connector(owing.client_id)
    suspended(owing)
    with owing.installation.works.system() as work:
        connectors.settle(work, owing.client_id, connector_id, ConnectorState.NEEDS_RECONFIGURATION, "suspended")
    with pytest.raises(ClientSuspended), owing.installation.works.system() as work:
        connectors.reconnect(work, owing.client_id, connector_id, "token-nuevo")

    owing.pay()

    assert owing.access().is_open
    with owing.installation.database.session(Role.WORKER) as session:
        rows = read.of_client(session, owing.client_id)
    assert [row.state for row in rows] == [ConnectorState.NEEDS_RECONFIGURATION]
    assert owing.count("notice", "kind = 'reactivated'") == 2
    assert (
        owing.sql("select facts->>'connectors' from ledger.notice where client_id = :id and kind = 'reactivated'")
        == "1"
    )
    with owing.installation.works.system() as work:
        connectors.reconnect(work, owing.client_id, connector_id, "token-nuevo")


def test_late_answer_of_a_channel_never_brings_a_connector_back_by_itself(owing: Owing, make: Factory) -> None:
    connector_id = make.connector(owing.client_id)
    suspended(owing)
    owing.pay()
    with pytest.raises(WrongStep), owing.installation.works.system() as work:
        connectors.settle(work, owing.client_id, connector_id, ConnectorState.CONNECTED)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(others=st.sets(st.sampled_from((*BY_HAND, Cause.TRIAL_EXPIRED))))
def test_payment_lifts_non_payment_alone_whatever_else_is_open(
    installation: Installation, owing: Owing, others: set[Cause]
) -> None:
    debtor = Owing(installation, owing.clock, Factory(installation).client().id)
    owing.clock.set(mexico("2026-03-02T09:00"))
    debtor.bill()
    suspended(debtor)
    for cause in sorted(others):
        open_(debtor, cause)

    debtor.pay()

    assert set(debtor.access().causes) == others


def test_nothing_is_lifted_or_told_where_another_cause_holds(owing: Owing) -> None:
    suspended(owing)
    open_(owing, Cause.AUP)
    owing.pay()
    assert owing.count("notice", "kind = 'reactivated'") == 0


def test_payment_after_a_deletion_has_begun_is_booked_and_lifts_nothing(owing: Owing) -> None:
    suspended(owing)
    window = owing.windows()[0]
    owing.clock.set(window.closes_at)
    owing.sql(
        "update ledger.export_window set closed_at = :at, close_reason = 'elapsed' where client_id = :id",
        at=window.closes_at,
    )
    owing.sql(
        "insert into ledger.deletion (id, client_id, window_id, eligible_at, export_done, requested_at, requested_by,"
        " approved_by, approved_at, second_by, second_at, started_at) values (gen_random_uuid(), :id, :window, :at,"
        " false, :at, 'system:x', 'staff:1', :at, 'staff:2', :at, :at + interval '1 day')",
        window=window.id,
        at=window.closes_at,
    )
    owing.pay()

    assert owing.access().causes == (Cause.NONPAYMENT,)
    assert owing.owed() == []
    with owing.installation.works.system() as work:
        assert not lifting.after_payment(work, owing.client_id)


def test_job_lifts_what_nobody_has_a_ground_to_keep(owing: Owing, make: Factory) -> None:
    suspended(owing)
    owing.clock.set(mexico("2026-03-02T09:00"))
    other = Owing(owing.installation, owing.clock, make.client().id)
    suspended(other)
    owing.sql("update ledger.invoice set status = 'void', voided_at = issued_at where client_id = :id")

    assert lifting.lift_paid(owing.installation, step=1) >= 1

    assert owing.access().is_open
    assert other.is_unpaid()
    assert lifting.lift_paid(owing.installation) == 0


@pytest.mark.parametrize("cause", [Cause.LEGAL_ORDER, Cause.SECURITY])
def test_order_and_security_are_lifted_by_two_persons(owing: Owing, lawyers: tuple[Actor, Actor], cause: Cause) -> None:
    first, second = lawyers
    opened, works = open_(owing, cause), owing.installation.works
    with pytest.raises(SecondPersonNeeded), works.staff(first) as work:
        suspensions.lift_by_hand(work, opened.suspension_id, WHY)
    with works.staff(first) as work:
        asked = lifting.request_lift(work, opened.suspension_id, WHY)
    with pytest.raises(AlreadyRequested), works.staff(first) as work:
        lifting.request_lift(work, opened.suspension_id, WHY)
    with pytest.raises(SamePerson), works.staff(first) as work:
        lifting.decide_lift(work, asked.id, approve=True, reason=WHY)
    assert owing.access().causes == (cause,)

    with works.staff(second) as work:
        lifted = lifting.decide_lift(work, asked.id, approve=True, reason="Vi el oficio del juzgado")

    assert lifted is not None
    assert lifted.still_open == ()
    assert owing.access().is_open
    assert owing.sql("select lifted_by from ledger.suspension where client_id = :id") == f"staff:{second.id}"
    with pytest.raises(AlreadyLifted), works.staff(second) as work:
        lifting.decide_lift(work, asked.id, approve=True, reason=WHY)
    with pytest.raises(AlreadyLifted), works.staff(first) as work:
        lifting.request_lift(work, opened.suspension_id, WHY)


def test_second_person_of_another_role_lifts_no_order(
    owing: Owing, make: Factory, lawyers: tuple[Actor, Actor]
) -> None:
    opened, works = open_(owing, Cause.LEGAL_ORDER), owing.installation.works
    with works.staff(lawyers[0]) as work:
        asked = lifting.request_lift(work, opened.suspension_id, WHY)
    with pytest.raises(NotYourRole), works.staff(staff(make, StaffRole.TRUST)) as work:
        lifting.decide_lift(work, asked.id, approve=True, reason=WHY)
    assert not owing.access().is_open


def test_rejected_lift_leaves_the_cause_and_can_be_asked_for_again(owing: Owing, lawyers: tuple[Actor, Actor]) -> None:
    opened, works = open_(owing, Cause.SECURITY), owing.installation.works
    with works.staff(lawyers[0]) as work:
        asked = lifting.request_lift(work, opened.suspension_id, WHY)
    with works.staff(lawyers[1]) as work:
        assert lifting.decide_lift(work, asked.id, approve=False, reason="Falta el informe") is None
    assert owing.access().causes == (Cause.SECURITY,)
    with works.staff(lawyers[1]) as work:
        lifting.request_lift(work, opened.suspension_id, WHY)


def test_lift_asked_for_under_other_facts_is_void(owing: Owing, lawyers: tuple[Actor, Actor]) -> None:
    opened, works = open_(owing, Cause.SECURITY), owing.installation.works
    with works.staff(lawyers[0]) as work:
        asked = lifting.request_lift(work, opened.suspension_id, WHY)
    open_(owing, Cause.AUP)

    with works.staff(lawyers[1]) as work:
        assert lifting.decide_lift(work, asked.id, approve=True, reason=WHY) is None

    assert set(owing.access().causes) == {Cause.SECURITY, Cause.AUP}
    with works.staff(lawyers[1]) as work:
        assert approvals.locked(work, asked.id).state == ApprovalState.VOID
    with pytest.raises(ApprovalOver), works.staff(lawyers[1]) as work:
        lifting.decide_lift(work, asked.id, approve=True, reason=WHY)


def test_misuse_needs_no_second_person_and_non_payment_no_person_at_all(
    owing: Owing, lawyers: tuple[Actor, Actor]
) -> None:
    opened, works = open_(owing, Cause.AUP), owing.installation.works
    with pytest.raises(NotByHand), works.staff(lawyers[0]) as work:
        lifting.request_lift(work, opened.suspension_id, WHY)
    unpaid = suspended(owing)
    with pytest.raises(NotByHand), works.staff(lawyers[0]) as work:
        suspensions.lift_by_hand(work, unpaid, WHY)


def test_two_decisions_at_the_same_instant_lift_once(owing: Owing, make: Factory, lawyers: tuple[Actor, Actor]) -> None:
    opened, works = open_(owing, Cause.SECURITY), owing.installation.works
    with works.staff(lawyers[0]) as work:
        asked = lifting.request_lift(work, opened.suspension_id, WHY)
    deciders = (lawyers[1], staff(make, StaffRole.ADMIN, "Tercera Persona"))

    def decide(actor: Actor) -> bool:
        try:
            with works.staff(actor) as work:
                return lifting.decide_lift(work, asked.id, approve=True, reason=WHY) is not None
        except (ApprovalOver, AlreadyLifted):
            return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(decide, deciders)) == [False, True]


def test_lift_and_another_opening_wait_for_each_other(owing: Owing) -> None:
    first, works = open_(owing, Cause.AUP), owing.installation.works

    with ThreadPoolExecutor(1) as thread:
        with works.system() as work:
            suspensions.lift_by_hand(work, first.suspension_id, WHY)
            opening = thread.submit(open_, owing, Cause.AUP)
            with pytest.raises(TimeoutError):
                opening.result(timeout=0.3)
        opening.result(timeout=10)

    assert owing.access().causes == (Cause.AUP,)
    assert owing.count("suspension") == 2
