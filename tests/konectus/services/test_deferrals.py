"""Waiting longer: it stops the clock, brings the service back, ends at midnight, and gives nothing away."""

from datetime import date, timedelta

import pytest

from konectus.domain.suspension import Cause, ReasonTooShort
from konectus.ids import uuid7
from konectus.services import deferrals, suspensions
from konectus.services.deferrals import DeferralOver, DeferralPast, NoSuchDeferral, NothingToDefer
from konectus.services.work import Actor
from konectus.store.queries import causes
from tests.konectus.services.owing import WHY, Owing, clock, installation, make, mexico, owing, staff, suspended
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "owing"]
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def biller(make: Factory) -> Actor:
    return staff(make)


def test_deferral_stops_the_clock_until_the_end_of_its_day(owing: Owing, biller: Actor) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-04T18:00"))
    with owing.installation.works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, date(2026, 3, 7), WHY)

    assert not owing.sweep("2026-03-05T12:00")
    assert not owing.sweep("2026-03-07T23:59:59")
    assert not owing.sweep(mexico("2026-03-08T09:30") - SECOND)
    assert owing.sweep("2026-03-08T09:30")


def test_deferral_of_one_invoice_leaves_the_clock_of_the_other(owing: Owing, biller: Actor) -> None:
    owing.clock.set(mexico("2026-03-02T10:00"))
    second = owing.bill()
    owing.told(mexico("2026-03-02T11:00"))
    with owing.installation.works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, date(2026, 3, 20), WHY, invoice_id=second)
    first = next(one for one in owing.owed() if one.invoice_id != second)

    assert owing.sweep("2026-03-05T12:00")
    owing.pay(first.balance_cents)
    assert not owing.is_unpaid()
    assert owing.sweep("2026-03-21T09:30")


def test_deferral_of_a_suspended_client_brings_it_back_and_its_end_suspends_it_again(
    owing: Owing, biller: Actor
) -> None:
    suspended(owing)
    with owing.installation.works.staff(biller) as work:
        suspensions.open_cause(work, owing.client_id, Cause.AUP, WHY)
        deferrals.defer(work, owing.client_id, date(2026, 3, 9), WHY)
    assert owing.access().causes == (Cause.AUP,)
    assert [one.close_reason for one in owing.windows()] == ["reactivated"]

    assert owing.sweep("2026-03-10T09:30")
    assert owing.count("suspension", "cause = 'nonpayment'") == 2
    assert len(owing.windows()) == 2


def test_job_suspends_minutes_after_a_deferral_and_not_at_night(owing: Owing, biller: Actor) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    with owing.installation.works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, date(2026, 3, 7), WHY)
    for at, done in (
        ("2026-03-08T00:05", 0),
        ("2026-03-08T09:29", 0),
        ("2026-03-08T09:35", 1),
        ("2026-03-08T09:40", 0),
    ):
        owing.clock.set(mexico(at))
        assert deferrals.deferral_end(owing.installation) == done
    assert owing.is_unpaid()


def test_revoked_deferral_leaves_the_clock_of_the_notice(owing: Owing, biller: Actor) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    works = owing.installation.works
    with works.staff(biller) as work:
        made = deferrals.defer(work, owing.client_id, date(2026, 3, 30), WHY)
        assert [one.id for one in causes.deferrals(work.session, owing.client_id, work.now)] == [made]
    assert not owing.sweep("2026-03-05T12:00")
    with works.staff(biller) as work:
        deferrals.revoke(work, made, WHY)
        assert causes.deferrals(work.session, owing.client_id, work.now) == []
    assert owing.sweep("2026-03-05T12:05")
    with pytest.raises(DeferralOver), works.staff(biller) as work:
        deferrals.revoke(work, made, WHY)
    with pytest.raises(NoSuchDeferral), works.staff(biller) as work:
        deferrals.revoke(work, uuid7(work.now), WHY)


def test_longer_of_two_deferrals_counts(owing: Owing, biller: Actor) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    with owing.installation.works.staff(biller) as work:
        for day in (9, 6):
            deferrals.defer(work, owing.client_id, date(2026, 3, day), WHY)
    assert not owing.sweep("2026-03-09T23:59")
    assert owing.sweep("2026-03-10T09:30")


def test_deferral_that_makes_no_sense_is_refused(owing: Owing, biller: Actor) -> None:
    works, today = owing.installation.works, date(2026, 3, 2)
    with works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, today, WHY)
    with pytest.raises(DeferralPast), works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, today - timedelta(days=1), WHY)
    with pytest.raises(NothingToDefer), works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, today, WHY, invoice_id=uuid7(work.now))
    with pytest.raises(ReasonTooShort), works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, today, "porque sí")
    owing.pay()
    with pytest.raises(NothingToDefer), works.staff(biller) as work:
        deferrals.defer(work, owing.client_id, today, WHY)
