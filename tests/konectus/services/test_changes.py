"""Another Plan, other seats: up at once by days, down at the period's end, never below the people who are there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.invoicing import total
from konectus.domain.money import InvoiceKind, LineKind
from konectus.domain.plans import Interval, SeatsNotOffered
from konectus.domain.roles import UserRole
from konectus.domain.seats import SeatsBelowUse
from konectus.domain.suspension import Cause, ClientSuspended
from konectus.errors import KonectusError
from konectus.services import changes, registration, renewals, suspensions
from konectus.services.changes import NothingToChange, Wanted
from konectus.services.contracting import NotSubscribed, PlanNotOffered
from konectus.services.installation import Installation
from konectus.store.models.billing import SubscriptionChange
from konectus.store.queries import billing as bills
from konectus.store.queries import contracts
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation
from tests.support.books import BILLING, OWNER, REASON, Books
from tests.support.clock import ManualClock

__all__ = ["clock", "installation"]

MAY = datetime(2026, 5, 1, tzinfo=LEGAL_ZONE)


@pytest.fixture(autouse=True)
def _in_april(clock: ManualClock) -> None:
    clock.set(datetime(2026, 4, 1, 9, tzinfo=LEGAL_ZONE))


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def crowd(books: Books, client_id: Any, people: int) -> None:
    with books.installation.works.system() as work:
        for number in range(people):
            email = f"persona{number}.{client_id}@cliente.example"
            registration.add_user(work, client_id, email, "Persona", UserRole.AGENT)


def test_upgrade_counts_at_once_and_costs_the_difference_of_the_days_that_are_left(books: Books) -> None:
    client_id, larger = books.client(books.plan(100_000, seats=2)), books.plan(300_000, seats=5)
    books.clock.set(datetime(2026, 4, 15, 18, tzinfo=LEGAL_ZONE))
    with books.installation.works.tenant(client_id, OWNER) as work:
        seen = changes.preview(work.session, client_id, Wanted(larger.id), work.now)

    change_id = books.ask(client_id, Wanted(larger.id))
    changes.apply_due(books.installation)

    _, invoice = books.invoices(client_id)
    with books.installation.database.session(Role.APP, client_id) as session:
        sheet = bills.sheet(session, client_id, invoice.invoice_id)
        change = session.get_one(SubscriptionChange, change_id)
    assert change.applied_at == books.clock.now()
    assert [(line.kind, line.amount_cents) for line in sheet.lines] == [
        (LineKind.PRORATION_CREDIT, -50_000),
        (LineKind.PRORATION_DEBIT, 150_000),
        (LineKind.TAX, 16_000),
    ]
    assert (invoice.kind, invoice.period_starts_at, invoice.period_ends_at) == (
        InvoiceKind.CHANGE,
        datetime(2026, 4, 16, tzinfo=LEGAL_ZONE),
        MAY,
    )
    assert (seen.total_cents, seen.is_at_once, seen.period_cents) == (invoice.total_cents, True, 348_000)
    assert total(seen.lines) == 116_000
    contract = books.contract(client_id)
    assert (contract.plan_version_id, contract.seats) == (larger.id, 5)


def test_two_more_seats_in_the_middle_of_the_month(books: Books) -> None:
    client_id = books.client(books.plan(100_000, seats=2, each=10_000))
    books.clock.set(datetime(2026, 4, 20, 18, tzinfo=LEGAL_ZONE))
    with books.installation.works.staff(BILLING) as work:
        asked = changes.request_change(work, client_id, Wanted(seats=4), reason=REASON)
        assert changes.apply(work, asked.id, reason=REASON)
    # Ten of thirty days: 400.00 less 333.33, and tax.
    assert books.invoices(client_id)[1].total_cents == 7_734
    books.clock.set(MAY)
    renewals.renew(books.installation)
    assert books.invoices(client_id)[2].total_cents == 139_200


def test_upgrade_on_the_last_day_is_free_until_the_period_ends(books: Books) -> None:
    client_id, larger = books.client(), books.plan(300_000, seats=5)
    books.clock.set(MAY - timedelta(minutes=30))
    books.ask(client_id, Wanted(larger.id))
    changes.apply_due(books.installation)
    assert len(books.invoices(client_id)) == 1
    assert books.contract(client_id).plan_version_id == larger.id


@pytest.mark.parametrize("late", [timedelta(), timedelta(minutes=4)])
def test_preview_of_a_change_after_a_period_that_nobody_renewed_yet_costs_what_is_billed(
    books: Books, late: timedelta
) -> None:
    client_id, larger = books.client(), books.plan(300_000, seats=5)
    books.clock.set(MAY + late)
    with books.installation.works.tenant(client_id, OWNER) as work:
        seen = changes.preview(work.session, client_id, Wanted(larger.id), work.now)
    books.ask(client_id, Wanted(larger.id))
    assert changes.apply_due(books.installation) == 0, "it is the renewal's"
    renewals.renew(books.installation)

    billed = books.invoices(client_id)[1]
    assert (billed.kind, billed.total_cents, billed.period_starts_at) == (InvoiceKind.PERIOD, 348_000, MAY)
    assert (seen.total_cents, total(seen.lines), seen.is_at_once) == (348_000, 348_000, True)


def test_downgrade_waits_for_the_end_of_the_period(books: Books) -> None:
    client_id, smaller = books.client(books.plan(300_000, seats=5)), books.plan(100_000, seats=2)
    books.clock.advance(days=3)
    books.ask(client_id, Wanted(smaller.id))
    books.clock.set(MAY - timedelta(seconds=1))
    changes.apply_due(books.installation)
    renewals.renew(books.installation)
    assert books.contract(client_id).seats == 5

    books.clock.set(MAY)
    changes.apply_due(books.installation)
    renewals.renew(books.installation)
    changes.apply_due(books.installation)

    assert [row.total_cents for row in books.invoices(client_id)] == [348_000, 116_000]
    assert books.contract(client_id).plan_version_id == smaller.id


def test_year_in_place_of_a_month_waits_for_the_end_of_the_period(books: Books) -> None:
    client_id, yearly = books.client(), books.plan(1_000_000, interval=Interval.YEAR)
    books.ask(client_id, Wanted(yearly.id))
    assert changes.apply_due(books.installation) == 0
    books.clock.set(MAY)
    renewals.renew(books.installation)
    assert books.contract(client_id).period.ends_at == datetime(2027, 5, 1, tzinfo=LEGAL_ZONE)


def test_seats_below_the_people_are_refused_when_asked_and_when_applied(books: Books) -> None:
    client_id = books.client(books.plan(100_000, seats=2))
    books.ask(client_id, Wanted(seats=5))
    changes.apply_due(books.installation)
    crowd(books, client_id, 3)
    with books.installation.works.tenant(client_id, OWNER) as work, pytest.raises(SeatsBelowUse):
        changes.request_change(work, client_id, Wanted(seats=2), reason=REASON)

    change_id = books.ask(client_id, Wanted(seats=3))
    # Somebody comes between the wish and the day.
    with books.installation.works.system() as work:
        registration.add_user(work, client_id, f"cuarta.{client_id}@cliente.example", "Cuarta", UserRole.AGENT)
    books.clock.set(MAY)
    renewals.renew(books.installation)

    with books.installation.database.session(Role.APP, client_id) as session:
        change = session.get_one(SubscriptionChange, change_id)
    assert (change.applied_at, change.refusal) == (None, "seats_below_use")
    assert books.contract(client_id).seats == 5
    assert books.invoices(client_id)[-1].total_cents == 150_800


def test_smaller_plan_never_puts_somebody_out_silently(books: Books) -> None:
    client_id, smaller = books.client(books.plan(300_000, seats=5)), books.plan(100_000, seats=2, each=10_000)
    crowd(books, client_id, 4)
    with books.installation.works.tenant(client_id, OWNER) as work:
        with pytest.raises(SeatsBelowUse):
            changes.request_change(work, client_id, Wanted(smaller.id), reason=REASON)
        assert changes.request_change(work, client_id, Wanted(smaller.id, 4), reason=REASON).to_seats == 4


def test_last_wish_counts_and_can_be_taken_back(books: Books) -> None:
    client_id, smaller = books.client(books.plan(300_000, seats=5)), books.plan(100_000, seats=2)
    first = books.ask(client_id, Wanted(smaller.id))
    second = books.ask(client_id, Wanted(smaller.id, 3))
    with books.installation.works.tenant(client_id, OWNER) as work:
        pending = contracts.pending_change(work.session, client_id)
        assert work.session.get_one(SubscriptionChange, first).cancelled_at is not None
        assert changes.withdraw(work, client_id, reason=REASON)
        assert not changes.withdraw(work, client_id, reason=REASON)
    assert pending is not None
    assert pending.change_id == second


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (Wanted(), NothingToChange),
        (Wanted(seats=2), NothingToChange),
        (Wanted(seats=1), SeatsNotOffered),
        (Wanted(seats=0), SeatsNotOffered),
        (Wanted(seats=-3), SeatsNotOffered),
    ],
)
def test_wish_that_cannot_be_is_refused(books: Books, wanted: Wanted, refusal: type[KonectusError]) -> None:
    client_id = books.client(books.plan(100_000, seats=2))
    with books.installation.works.tenant(client_id, OWNER) as work, pytest.raises(refusal):
        changes.request_change(work, client_id, wanted, reason=REASON)


def test_version_that_is_not_sold_any_more_cannot_be_chosen(books: Books) -> None:
    client_id, old = books.client(), books.plan(300_000)
    with books.installation.works.system() as work:
        again = registration.NewPlan(code=old.plan_code, name="x", price_cents=1, seats=1, connectors=0)
        registration.publish_plan(work, again)
    with books.installation.works.tenant(client_id, OWNER) as work, pytest.raises(PlanNotOffered):
        changes.request_change(work, client_id, Wanted(old.id), reason=REASON)


def test_contract_stays_on_its_version_when_a_new_one_is_published(books: Books) -> None:
    version = books.plan(100_000)
    client_id = books.client(version)
    with books.installation.works.system() as work:
        dearer = registration.NewPlan(code=version.plan_code, name="x", price_cents=900_000, seats=2, connectors=3)
        registration.publish_plan(work, dearer)
    books.clock.set(MAY)
    renewals.renew(books.installation)
    assert books.invoices(client_id)[1].total_cents == 116_000


def test_suspended_client_pays_first(books: Books) -> None:
    client_id, larger = books.client(), books.plan(300_000)
    change_id = books.ask(client_id, Wanted(larger.id))
    with books.installation.works.staff(BILLING) as work:
        suspensions.suspend_by_hand(work, client_id, Cause.AUP, REASON)
    with books.installation.works.tenant(client_id, OWNER) as work, pytest.raises(ClientSuspended):
        changes.request_change(work, client_id, Wanted(larger.id), reason=REASON)

    changes.apply_due(books.installation)

    with books.installation.database.session(Role.APP, client_id) as session:
        assert session.get_one(SubscriptionChange, change_id).refusal == "client_suspended"
    assert len(books.invoices(client_id)) == 1


def test_change_is_billed_once_however_many_apply_it(books: Books) -> None:
    client_id, larger = books.client(), books.plan(300_000)
    books.ask(client_id, Wanted(larger.id))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: changes.apply_due(books.installation), range(3)))
    assert len(books.invoices(client_id)) == 2


def test_without_a_contract_there_is_nothing_to_change(books: Books) -> None:
    client_id = books.client()
    with books.installation.works.staff(BILLING) as work:
        renewals.end(work, client_id, "cancelled", reason=REASON)
        with pytest.raises(NotSubscribed):
            changes.request_change(work, client_id, Wanted(seats=4), reason=REASON)


def test_change_that_waits_ends_with_the_contract(books: Books) -> None:
    client_id, smaller = books.client(books.plan(300_000, seats=5)), books.plan(100_000, seats=2)
    asked = books.ask(client_id, Wanted(smaller.id))
    with books.installation.works.system() as work:
        assert renewals.end(work, client_id, "cancelled")
    with books.installation.database.session(Role.APP, client_id) as session:
        assert contracts.pending_change(session, client_id) is None
        assert session.get_one(SubscriptionChange, asked).cancelled_at == books.clock.now()
