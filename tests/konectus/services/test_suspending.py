"""The sweep of non-payment on real rows: its facts, its edges, and what happens at the same instant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from konectus.domain.money import PaymentMethod, PaymentStatus
from konectus.domain.notices import NoticeKind
from konectus.domain.suspension import Cause
from konectus.services import deferrals, lifting, payments, suspending, suspensions
from konectus.services.installation import Installation
from konectus.services.suspensions import Ground
from konectus.services.work import Change
from konectus.store.queries import clients
from tests.konectus.services.owing import WHY, Owing, clock, installation, make, mexico, owing, staff, suspended
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "owing"]


@pytest.mark.parametrize(
    ("delivered", "last_refused", "first_done"),
    [
        ("2026-03-02T23:30", "2026-03-04T23:59:59", "2026-03-05T09:30"),
        ("2026-03-03T00:00", "2026-03-05T23:59:59", "2026-03-06T09:30"),
        ("2028-02-27T23:59:59", "2028-02-29T23:59:59", "2028-03-01T09:30"),
        ("2026-12-30T12:00", "2027-01-01T23:59:59", "2027-01-02T09:30"),
    ],
)
def test_sweep_suspends_from_half_past_nine_of_the_third_day_and_not_before(
    owing: Owing, delivered: str, last_refused: str, first_done: str
) -> None:
    notice_id = owing.told(mexico(delivered))

    assert not owing.sweep(last_refused)
    assert not owing.sweep(mexico(first_done) - timedelta(seconds=1))
    assert owing.sweep(first_done)

    row = owing.sql("select notice_id from ledger.suspension where client_id = :id")
    assert row == notice_id
    assert owing.count("suspension") == 1


@pytest.mark.parametrize(("instant", "is_refused"), [("05:59:59", True), ("06:00:00", False)])
def test_database_refuses_a_second_before_midnight_in_mexico(owing: Owing, instant: str, *, is_refused: bool) -> None:
    """Whatever the sweep does: the trigger is the last line (lifecycle.md 2, #1)."""
    owing.clock.set(mexico("2026-03-02T09:30"))
    notice_id = owing.told(mexico("2026-03-02T23:30"))
    values = {"notice": notice_id, "invoice": owing.owed()[0].invoice_id, "at": f"2026-03-05T{instant}Z"}
    write = (
        "insert into ledger.suspension (id, client_id, cause, subject_ref, clause, opened_at, opened_by, reason,"
        " notice_id, invoice_id) values (gen_random_uuid(), :id, 'nonpayment', '-', '15.1(a)', :at, 'system:x',"
        " 'diez letras o más', :notice, :invoice)"
    )
    if not is_refused:
        owing.sql(write, **values)
        return
    with pytest.raises(DBAPIError, match=r"Terms 15\.1"):
        owing.sql(write, **values)


def test_suspension_names_the_oldest_elapsed_invoice_and_its_notice(owing: Owing) -> None:
    first = owing.owed()[0].invoice_id
    owing.clock.set(mexico("2026-03-02T10:00"))
    second, third = owing.bill(), owing.bill()
    late = owing.told(mexico("2026-03-02T11:00"), second, third)
    owing.told(mexico("2026-03-20T11:00"), first)

    assert owing.sweep("2026-03-05T12:00")

    found = owing.sql("select array[notice_id, invoice_id] from ledger.suspension where client_id = :id")
    assert found in ([late, second], [late, third])
    assert owing.count("suspension") == 1


def test_paid_oldest_invoice_leaves_the_client_suspended_while_another_has_run_out(owing: Owing) -> None:
    owing.clock.set(mexico("2026-03-02T10:00"))
    owing.bill(50_000)
    suspended(owing)
    first, second = owing.owed()

    owing.pay(first.balance_cents)
    assert owing.is_unpaid()
    owing.pay(second.balance_cents - 1)
    assert owing.is_unpaid()
    owing.pay(1)
    assert not owing.is_unpaid()


def test_invoice_nobody_was_told_of_never_suspends_nor_keeps_anybody_suspended(owing: Owing) -> None:
    assert not owing.sweep("2026-06-01T12:00")
    owing.clock.set(mexico("2026-03-02T10:00"))
    suspended(owing)
    old = owing.owed()[0].balance_cents
    owing.bill(50_000)

    owing.pay(old)

    assert not owing.is_unpaid()
    assert len(owing.owed()) == 1


@pytest.mark.parametrize(
    ("bounced", "is_suspended"), [("2026-03-04T23:59:59", False), ("2026-03-05T00:00", True), (None, True)]
)
def test_hard_bounce_before_the_deadline_voids_the_notice(
    owing: Owing, bounced: str | None, *, is_suspended: bool
) -> None:
    owing.told(mexico("2026-03-02T10:00"), bounced_at=mexico(bounced) if bounced else None)

    assert owing.sweep("2026-03-06T12:00") == is_suspended


def test_only_a_pending_payment_or_a_declined_charge_starts_the_clock(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"), kind=NoticeKind.INVOICE_ISSUED)
    assert not owing.sweep("2026-03-09T12:00")
    owing.clock.set(mexico("2026-03-09T12:00"))
    owing.told(mexico("2026-03-09T13:00"), kind=NoticeKind.CHARGE_DECLINED)
    assert owing.sweep("2026-03-12T12:00")


def test_notice_that_was_sent_and_never_proven_delivered_suspends_nobody(owing: Owing) -> None:
    owing.told(None)
    assert not owing.sweep("2026-06-01T12:00")


def test_address_that_changed_after_the_notice_keeps_the_clock(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.sql("update ledger.client set registered_email = 'otra@cliente.example' where id = :id")
    assert owing.sweep("2026-03-05T09:30")


def test_partial_payment_keeps_the_clock(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-04T10:00"))
    owing.pay(1)
    assert owing.sweep("2026-03-05T09:30")


def test_money_paid_before_the_deadline_that_has_not_settled_suspends_nobody_until_it_fails(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-05T08:00"))
    in_time = mexico("2026-03-04T23:59:59")
    payment = owing.pay(paid_at=in_time, status=PaymentStatus.PENDING)

    assert not owing.sweep("2026-03-05T12:00")
    owing.sql("update ledger.payment set status = 'failed', paid_at = null where id = :payment", payment=payment)
    assert owing.sweep("2026-03-05T13:00")


def test_payment_of_the_evening_before_that_is_told_at_nine_wins(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.sweep("2026-03-05T09:00")
    owing.pay(paid_at=mexico("2026-03-04T23:59:00"))
    assert not owing.sweep("2026-03-05T09:30")


def test_payment_told_after_the_suspension_brings_the_service_back_at_once(owing: Owing) -> None:
    suspended(owing)
    owing.clock.set(mexico("2026-03-05T11:00"))
    owing.pay(paid_at=mexico("2026-03-04T23:59:00"))
    assert owing.access().is_open


def test_reversed_payment_needs_a_notice_and_a_clock_of_its_own(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-04T10:00"))
    payment = owing.pay()
    owing.clock.set(mexico("2026-03-10T10:00"))
    with owing.installation.works.system() as work:
        payments.reverse(work, payment, "El banco devolvió la transferencia")

    assert not owing.sweep("2026-03-20T12:00")
    owing.told(mexico("2026-03-20T13:00"))
    assert not owing.sweep("2026-03-22T23:59:59")
    assert owing.sweep("2026-03-23T09:30")


def test_misuse_and_non_payment_stand_side_by_side_and_a_payment_ends_one_of_them(owing: Owing, make: Factory) -> None:
    with owing.installation.works.staff(staff(make)) as work:
        case = suspensions.suspend_by_hand(work, owing.client_id, Cause.AUP, WHY)
    suspended(owing)
    assert set(owing.access().causes) == {Cause.AUP, Cause.NONPAYMENT}

    owing.pay()

    assert owing.access().causes == (Cause.AUP,)
    with owing.installation.works.staff(staff(make)) as work:
        suspensions.lift_by_hand(work, case.suspension_id, WHY)
    assert owing.access().is_open


def test_ended_contract_is_not_suspended_on_top(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    at = mexico("2026-03-03T10:00")
    owing.sql(
        "insert into ledger.termination (id, client_id, by_whom, ground, reason, notified_at, notified_by,"
        " effective_at, effected_at, refund_due) values (gen_random_uuid(), :id, 'client', 'client_cancel', 'ya no',"
        " :at, 'agent:1', :at, :at, false)",
        at=at,
    )
    assert not owing.sweep("2026-03-05T12:00")
    with owing.installation.works.system() as work:
        assert suspending.suspend_unpaid(work, owing.client_id) is None
    assert owing.windows() == []


def test_two_sweeps_at_the_same_instant_suspend_once(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-05T09:30"))

    def one() -> bool:
        with owing.installation.works.system() as work:
            return suspending.suspend_unpaid(work, owing.client_id) is not None

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: one(), range(4)))

    assert sorted(done) == [False, False, False, True]
    assert owing.count("suspension") == 1
    assert owing.count("export_window") == 1
    assert owing.count("notice", "kind = 'suspended' and channel = 'email'") == 1


def test_payment_that_is_being_booked_when_the_sweep_comes_wins(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-05T09:30"))
    cents, works = owing.owed()[0].balance_cents, owing.installation.works

    def suspend() -> bool:
        with works.system() as work:
            return suspending.suspend_unpaid(work, owing.client_id) is not None

    with ThreadPoolExecutor(1) as thread:
        with works.system() as work:
            new = payments.NewPayment(owing.client_id, PaymentMethod.SPEI, "test", "at-once", cents, paid_at=work.now)
            payments.record(work, new)
            sweeping = thread.submit(suspend)
            with pytest.raises(TimeoutError):
                sweeping.result(timeout=0.3)
        assert sweeping.result(timeout=10) is False
    assert owing.access().is_open


def test_sweep_that_is_suspending_when_a_payment_comes_is_lifted_by_it(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-05T09:30"))
    with ThreadPoolExecutor(1) as thread:
        with owing.installation.works.system() as work:
            assert suspending.suspend_unpaid(work, owing.client_id) is not None
            paying = thread.submit(owing.pay)
            with pytest.raises(TimeoutError):
                paying.result(timeout=0.3)
        paying.result(timeout=10)
    assert owing.access().is_open
    assert owing.count("suspension", "lifted_at is not null") == 1


def test_sweep_decides_again_when_its_list_is_old(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-05T09:30"))
    owing.pay()
    with owing.installation.works.system() as work:
        assert suspending.suspend_unpaid(work, owing.client_id) is None


def test_running_the_jobs_twice_or_after_a_month_without_them_is_running_them_once(owing: Owing) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    assert owing.sweep("2026-04-20T09:30")
    assert owing.sweep("2026-04-20T09:30")
    assert owing.sweep("2026-04-21T09:30")
    assert owing.count("suspension") == 1
    assert owing.count("notice", "kind = 'suspended'") == 2, "one e-mail and its line in the product"


def test_everybody_who_is_due_is_suspended_though_those_before_are_not(owing: Owing, make: Factory) -> None:
    """A sweep in steps of one goes on past whoever has money in flight."""
    others = [Owing(owing.installation, owing.clock, make.client().id) for _ in range(3)]
    for one in (owing, *others):
        one.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-04T10:00"))
    for one in (owing, *others[:2]):
        one.pay(status=PaymentStatus.PENDING)
    owing.clock.set(mexico("2026-03-05T12:00"))

    suspending.suspend_nonpayment(owing.installation, step=1)

    assert others[2].is_unpaid()
    assert not any(one.is_unpaid() for one in (owing, *others[:2]))


def test_today_shows_who_is_suspended_tomorrow_and_why(owing: Owing, installation: Installation) -> None:
    notice_id = owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-04T12:00"))
    until = mexico("2026-03-05T23:59")
    with installation.works.system() as work:
        found = {one.client_id: one for one in suspending.upcoming(work.session, work.now, until)}
        earlier = suspending.upcoming(work.session, work.now, mexico("2026-03-04T23:59"))
    row = found[owing.client_id]
    assert (row.notice_id, row.deadline) == (notice_id, mexico("2026-03-05T00:00"))
    assert (row.number, row.balance_cents) == (owing.owed()[0].number, owing.owed()[0].balance_cents)
    assert owing.client_id not in {one.client_id for one in earlier}
    with installation.works.staff(staff(Factory(installation))) as work:
        deferrals.defer(work, owing.client_id, date(2026, 3, 9), WHY)
        assert owing.client_id not in {one.client_id for one in suspending.upcoming(work.session, work.now, until)}


def test_ended_trial_lifts_with_a_contract_and_with_nothing_else(owing: Owing) -> None:
    ends = mexico("2026-03-02T09:30")
    change = "update ledger.subscription set status = :status, trial_ends_at = :at where client_id = :id"
    with owing.installation.works.system() as work:
        work.session.execute(text(change), {"status": "trialing", "at": ends, "id": owing.client_id})
        work.record("subscription.changed", ("subscription", owing.client_id), Change())
    owing.clock.set(mexico("2026-03-02T10:00"))
    with owing.installation.works.system() as work:
        assert suspensions.suspend_ended_trial(work, owing.client_id) is not None
    with owing.installation.works.system() as work:
        assert not lifting.after_subscribe(work, owing.client_id)
        assert not lifting.after_payment(work, owing.client_id)
    owing.pay()
    assert owing.access().causes == (Cause.TRIAL_EXPIRED,)
    owing.sql(change, status="active", at=ends)
    with owing.installation.works.system() as work:
        assert lifting.after_subscribe(work, owing.client_id)
    assert owing.access().is_open
    assert [(one.source, one.close_reason) for one in owing.windows()] == [("trial_expired", "reactivated")]


def test_opening_non_payment_without_its_proof_is_refused_by_the_database(owing: Owing) -> None:
    with pytest.raises(DBAPIError), owing.installation.works.system() as work:
        suspensions.open_cause(work, owing.client_id, Cause.NONPAYMENT, "Sin aviso alguno", Ground())
    with owing.installation.works.system() as work:
        assert clients.open_suspensions(work.session, owing.client_id) == []
