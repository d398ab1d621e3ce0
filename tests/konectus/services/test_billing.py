"""Invoices of periods: issued and due at their start, without gaps, never twice, never for a time of Suspension."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.money import InvoiceStatus, LineKind
from konectus.domain.plans import Interval, SubscriptionStatus
from konectus.domain.suspension import Cause
from konectus.services import billing, jobs, registration, renewals, suspensions, terminations
from konectus.services.changes import Wanted
from konectus.services.installation import Installation
from konectus.store.models.clients import Client
from konectus.store.models.notices import Notice
from konectus.store.queries import billing as read
from konectus.store.queries import clients
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation
from tests.support.books import BILLING, OWNER, REASON, Books
from tests.support.clock import ManualClock

__all__ = ["clock", "installation"]

TRIAL = timedelta(days=14)


@pytest.fixture(autouse=True)
def _in_january(clock: ManualClock) -> None:
    clock.set(datetime(2026, 1, 31, 14, 37, tzinfo=LEGAL_ZONE))


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def mexico(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=LEGAL_ZONE)


def test_contract_is_billed_at_its_start_with_tax_and_to_whom_it_was_then(books: Books) -> None:
    client_id = books.client(books.plan(100_000))

    (row,) = books.invoices(client_id)
    with books.installation.works.staff(BILLING) as work:
        work.session.get_one(Client, client_id).legal_name = "Otro nombre"
        work.session.flush()  # the sheet is read after it
        sheet = read.sheet(work.session, client_id, row.invoice_id)
        work.session.rollback()
        work.session.info.clear()

    assert (row.issued_at, row.due_at, row.status) == (books.clock.now(), books.clock.now(), InvoiceStatus.OPEN)
    assert (row.period_starts_at, row.period_ends_at) == (mexico(1, 31, 14, 37), mexico(2, 28))
    assert [(line.kind, line.amount_cents) for line in sheet.lines] == [
        (LineKind.PLAN, 100_000),
        (LineKind.TAX, 16_000),
    ]
    assert sheet.billed_to["legal_name"].startswith("Ñandú")
    assert books.contract(client_id).status is SubscriptionStatus.PAST_DUE
    with books.installation.database.session(Role.WORKER) as session:
        kinds = session.query(Notice.kind).filter(Notice.client_id == client_id).distinct().all()
    assert ("invoice_issued",) in [tuple(kind) for kind in kinds]


def test_period_begins_the_instant_the_last_one_ends_and_not_before(books: Books) -> None:
    client_id = books.client()
    books.clock.set(mexico(2, 28) - timedelta(seconds=1))
    renewals.renew(books.installation)
    assert len(books.invoices(client_id)) == 1

    books.clock.set(mexico(2, 28))
    renewals.renew(books.installation)
    renewals.renew(books.installation)

    _, second = books.invoices(client_id)
    assert (second.period_starts_at, second.period_ends_at) == (mexico(2, 28), mexico(3, 31))


def test_ten_days_without_a_run_bill_one_period_without_a_gap(books: Books) -> None:
    client_id = books.client()
    books.clock.set(mexico(3, 10, 4))
    renewals.renew(books.installation)
    assert [row.period_starts_at for row in books.invoices(client_id)] == [mexico(1, 31, 14, 37), mexico(2, 28)]


def test_half_a_year_without_a_run_bills_no_burst(books: Books) -> None:
    client_id = books.client()
    books.clock.set(mexico(8, 3, 4))
    renewals.renew(books.installation)
    _, last = books.invoices(client_id)
    assert (last.period_starts_at, last.period_ends_at) == (mexico(7, 31), mexico(8, 31))


def test_yearly_plan_is_billed_once_a_year(books: Books) -> None:
    client_id = books.client(books.plan(1_000_000, interval=Interval.YEAR))
    books.clock.set(datetime(2027, 1, 31, 0, 0, tzinfo=LEGAL_ZONE))
    renewals.renew(books.installation)
    assert [row.period_ends_at for row in books.invoices(client_id)] == [
        datetime(2027, 1, 31, tzinfo=LEGAL_ZONE),
        datetime(2028, 1, 31, tzinfo=LEGAL_ZONE),
    ]


def test_no_period_begins_while_suspended_and_a_new_one_at_the_lift(books: Books) -> None:
    client_id = books.client()
    books.clock.set(mexico(2, 20))
    with books.installation.works.staff(BILLING) as work:
        opened = suspensions.suspend_by_hand(work, client_id, Cause.AUP, REASON)
    books.clock.set(mexico(3, 15))
    renewals.renew(books.installation)
    assert len(books.invoices(client_id)) == 1

    books.clock.set(mexico(4, 2, 11))
    with books.installation.works.staff(BILLING) as work:
        suspensions.lift_by_hand(work, opened.suspension_id, REASON)
    books.clock.advance(minutes=4)
    renewals.renew(books.installation)

    _, second = books.invoices(client_id)
    assert (second.period_starts_at, second.period_ends_at) == (mexico(4, 2, 11), mexico(5, 2))
    assert books.contract(client_id).anchor_day == 2


def test_trial_without_a_choice_is_never_billed_and_is_suspended(books: Books) -> None:
    client_id = books.client(trial=TRIAL)
    books.clock.advance(days=14)
    renewals.renew(books.installation)
    jobs.suspend_trials(books.installation)
    assert books.invoices(client_id) == []
    with books.installation.database.session(Role.WORKER) as session:
        assert clients.access(session, client_id).causes == (Cause.TRIAL_EXPIRED,)


def test_trial_with_a_chosen_plan_becomes_a_contract_at_its_end(books: Books) -> None:
    client_id, plan = books.client(trial=TRIAL), books.plan(200_000, seats=3)
    books.clock.advance(days=3)
    books.ask(client_id, Wanted(plan.id, 4))
    books.clock.set(mexico(2, 14, 14, 37) - timedelta(seconds=1))
    renewals.renew(books.installation)
    assert books.invoices(client_id) == []

    books.clock.advance(seconds=1)
    renewals.renew(books.installation)
    jobs.suspend_trials(books.installation)

    (row,) = books.invoices(client_id)
    assert (row.total_cents, row.period_starts_at, row.period_ends_at) == (
        243_600,
        mexico(2, 14, 14, 37),
        mexico(3, 14),
    )
    with books.installation.database.session(Role.WORKER) as session:
        assert clients.access(session, client_id).is_open


def test_trial_is_told_three_days_before_its_end_once_and_not_where_a_plan_was_chosen(books: Books) -> None:
    silent, decided = books.client(trial=TRIAL), books.client(books.plan(), trial=TRIAL)
    books.ask(decided, Wanted(books.contract(decided).plan_version_id))
    told = []
    for moment in (timedelta(days=11, seconds=-1), timedelta(days=11), timedelta(days=13)):
        books.clock.set(mexico(1, 31, 14, 37) + moment)
        renewals.remind_trials(books.installation)
        with books.installation.database.session(Role.WORKER) as session:
            statement = text("select client_id from ledger.notice where kind = 'trial_ending' and channel = 'email'")
            told.append([found for found in session.scalars(statement) if found in (silent, decided)])
    assert told == [[], [silent], [silent]]


def test_plan_chosen_after_the_trial_starts_now_and_lifts_the_suspension(books: Books) -> None:
    client_id = books.client(trial=TRIAL)
    books.clock.advance(days=14)
    jobs.suspend_trials(books.installation)
    books.clock.set(mexico(2, 20, 10))
    contract = books.contract(client_id)
    books.ask(client_id, Wanted(contract.plan_version_id))
    renewals.renew(books.installation)

    (row,) = books.invoices(client_id)
    assert row.period_starts_at == mexico(2, 20, 10)
    with books.installation.database.session(Role.WORKER) as session:
        assert clients.access(session, client_id).is_open


def test_numbers_have_no_gaps_even_where_a_transaction_fails_or_many_bill_at_once(books: Books) -> None:
    version = books.plan()
    books.client(version)

    def fail() -> None:
        with books.installation.works.system() as work:
            billing.next_number(work, billing.INVOICES)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: books.client(version), range(8)))

    with books.installation.database.session(Role.WORKER) as session:
        statement = text(
            "select count(*), max(substr(number, 3)::int), min(substr(number, 3)::int) from ledger.invoice"
        )
        count, highest, lowest = session.execute(statement).one()
    assert (lowest, highest) == (1, count)


def test_two_renewals_at_once_bill_once(books: Books) -> None:
    client_id = books.client()
    books.clock.set(mexico(2, 28))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: renewals.renew(books.installation), range(3)))
    assert len(books.invoices(client_id)) == 2


def test_void_invoice_frees_what_paid_it_and_stays_void(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    (row,) = books.invoices(client_id)
    with books.installation.works.staff(BILLING) as work:
        billing.void(work, row.invoice_id, REASON)
    with books.installation.works.staff(BILLING) as work, pytest.raises(billing.InvoiceNotOpen):
        billing.void(work, row.invoice_id, REASON)

    books.clock.set(mexico(2, 28))
    renewals.renew(books.installation)

    assert [one.status for one in books.invoices(client_id)] == [InvoiceStatus.VOID, InvoiceStatus.PAID]
    assert books.owed(client_id) == []


def test_written_off_debt_is_no_longer_asked_for(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 16_000)
    (row,) = books.invoices(client_id)
    with books.installation.works.staff(BILLING) as work:
        billing.write_off(work, row.invoice_id, REASON)
    assert books.owed(client_id) == []
    assert books.contract(client_id).status is SubscriptionStatus.ACTIVE
    assert books.invoices(client_id)[0].paid_cents == 16_000


def test_ended_contract_is_never_renewed_and_its_debt_stays(books: Books) -> None:
    client_id = books.client()
    with books.installation.works.staff(BILLING) as work:
        assert renewals.end(work, client_id, "cancelled", reason=REASON)
        assert not renewals.end(work, client_id, "cancelled", reason=REASON)
    books.clock.set(mexico(2, 28))
    renewals.renew(books.installation)
    assert books.balances(client_id) == [116_000]


def test_cancelled_contract_begins_no_other_period_even_before_its_end_is_carried_out(books: Books) -> None:
    client_id = books.client()
    with books.installation.works.tenant(client_id, OWNER) as work:
        terminations.cancel(work, client_id)
    books.clock.set(mexico(2, 28))
    renewals.renew(books.installation)
    assert len(books.invoices(client_id)) == 1


def test_published_plan_keeps_its_page_in_both_languages(books: Books) -> None:
    version = books.plan(100_000, seats=2, each=12_300)
    with books.installation.database.session(Role.WORKER) as session:
        html, same = session.execute(
            text("select page_html, sha256(page_html::bytea) = page_sha256 from ledger.plan_version where id = :id"),
            {"id": version.id},
        ).one()
    assert same
    assert "$1,000.00 al mes" in html
    assert "$1,000.00 a month" in html
    assert "$123.00" in html


def test_second_contract_beside_a_live_one_is_refused_and_bills_nothing(books: Books) -> None:
    version = books.plan()
    client_id = books.client(version)
    with books.installation.works.system() as work, pytest.raises(registration.AlreadySubscribed):
        registration.subscribe(work, client_id, version)
    assert len(books.invoices(client_id)) == 1
