"""Money that comes: booked once, oldest debt first, the rest as credit; taken back with a clock of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.money import CreditReason, InvoiceStatus, PaymentMethod, PaymentStatus
from konectus.domain.plans import SubscriptionStatus
from konectus.domain.suspension import Cause, ReasonTooShort
from konectus.services import credits as notes
from konectus.services import payments, renewals, suspensions
from konectus.services.credits import CreditedEnough, NewCredit
from konectus.services.installation import Installation
from konectus.services.payments import NewPayment
from konectus.services.suspensions import NoSuchClient
from konectus.store.queries import billing as bills
from konectus.store.queries import claims, clients
from konectus.store.queries import payments as read
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation
from tests.support.books import BILLING, REASON, Books
from tests.support.clock import ManualClock

__all__ = ["clock", "installation"]

NOBODY = UUID("00000000-0000-7000-8000-00000000dead")


@pytest.fixture(autouse=True)
def _in_march(clock: ManualClock) -> None:
    clock.set(datetime(2026, 3, 2, 12, tzinfo=LEGAL_ZONE))


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def renew_monthly(books: Books, times: int) -> None:
    for month in range(4, 4 + times):
        books.clock.set(datetime(2026, month, 2, tzinfo=LEGAL_ZONE))
        renewals.renew(books.installation)


def new(books: Books, client_id: UUID, **given: Any) -> NewPayment:
    values: dict[str, Any] = {
        "method": PaymentMethod.SPEI,
        "provider": "conekta",
        "provider_ref": f"ord-{given.get('provider_ref', client_id)}",
        "amount_cents": 116_000,
        "paid_at": books.clock.now(),
    }
    return NewPayment(client_id=client_id, **{**values, **given})


def test_oldest_due_is_paid_first_and_the_rest_is_credit(books: Books) -> None:
    client_id = books.client()
    renew_monthly(books, 2)

    booked = books.pay(client_id, 150_000)
    assert [cents for _, cents in booked.allocated] == [116_000, 34_000]
    assert books.balances(client_id) == [82_000, 116_000]

    booked = books.pay(client_id, 200_000)
    assert (booked.credit_left, books.owed(client_id)) == (2_000, [])
    assert books.contract(client_id).status is SubscriptionStatus.ACTIVE


def test_overpayment_pays_the_next_invoice(books: Books) -> None:
    client_id = books.client()
    assert books.pay(client_id, 250_000).credit_left == 134_000
    renew_monthly(books, 2)
    assert [row.status for row in books.invoices(client_id)] == [
        InvoiceStatus.PAID,
        InvoiceStatus.PAID,
        InvoiceStatus.OPEN,
    ]
    assert books.balances(client_id) == [98_000]


@pytest.mark.parametrize(
    ("given_values", "refusal"),
    [
        ({"amount_cents": 0}, payments.BadAmount),
        ({"amount_cents": -1}, payments.BadAmount),
        ({"amount_cents": 12.5}, payments.BadAmount),
        ({"amount_cents": True}, payments.BadAmount),
        ({"amount_cents": 10**13}, payments.BadAmount),
        ({"currency": "USD"}, payments.ForeignCurrency),
        ({"currency": "mxn"}, payments.ForeignCurrency),
        ({"provider_ref": "   "}, payments.BadReference),
        ({"provider_ref": "x" * 201}, payments.BadReference),
        ({"paid_at": None}, payments.BadPaidAt),
        ({"paid_at": datetime(2026, 3, 3, tzinfo=LEGAL_ZONE)}, payments.BadPaidAt),
        ({"client_id": NOBODY}, NoSuchClient),
    ],
)
def test_payment_that_cannot_be_is_refused_and_nothing_is_booked(
    books: Books, given_values: dict[str, Any], refusal: type[Exception]
) -> None:
    client_id = books.client()
    payment = new(books, given_values.pop("client_id", client_id), **given_values)
    with books.installation.works.system() as work, pytest.raises(refusal):
        payments.record(work, payment)
    assert books.balances(client_id) == [116_000]


def test_same_reference_is_booked_once_even_at_the_same_moment(books: Books) -> None:
    client_id = books.client()

    def book(_: int) -> bool:
        try:
            with books.installation.works.system() as work:
                payments.record(work, new(books, client_id, amount_cents=50_000))
        except payments.DuplicatePayment:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(book, range(4))) == 1
    assert books.balances(client_id) == [66_000]


def test_same_reference_for_another_client_or_amount_is_named(books: Books) -> None:
    one, other = books.client(), books.client()
    with books.installation.works.system() as work:
        payments.record(work, new(books, one, provider_ref="same"))
    for second in (new(books, other, provider_ref="same"), new(books, one, provider_ref="same", amount_cents=7)):
        with books.installation.works.system() as work, pytest.raises(payments.PaymentDiffers):
            payments.record(work, second)


def test_voucher_waits_and_pays_when_its_money_comes(books: Books) -> None:
    client_id = books.client()
    waiting = new(books, client_id, method=PaymentMethod.OXXO, status=PaymentStatus.PENDING, paid_at=None)
    with books.installation.works.system() as work:
        assert payments.record(work, waiting).allocated == ()
    assert books.balances(client_id) == [116_000]

    with books.installation.works.system() as work:
        payments.record(work, new(books, client_id, method=PaymentMethod.OXXO))
    assert books.owed(client_id) == []
    with books.installation.works.system() as work, pytest.raises(payments.DuplicatePayment):
        payments.record(work, waiting)


def test_declined_charge_starts_a_notice_of_what_is_due(books: Books) -> None:
    client_id = books.client()
    with books.installation.works.system() as work:
        failed = new(books, client_id, method=PaymentMethod.CARD, status=PaymentStatus.FAILED, paid_at=None)
        payments.declined(work, failed, "insufficient_funds")
    with books.installation.database.session(Role.WORKER) as session:
        kinds = set(session.scalars(text("select kind from ledger.notice where client_id = :c"), {"c": client_id}))
        (row,) = read.payments(session, client_id)
    assert "charge_declined" in kinds
    assert (row.status, row.failure) == (PaymentStatus.FAILED, "insufficient_funds")
    assert books.balances(client_id) == [116_000]


def test_reversal_reopens_what_it_had_paid_with_a_clock_of_its_own(books: Books) -> None:
    client_id = books.client()
    issued = books.owed(client_id)[0].owed_since
    booked = books.pay(client_id, 120_000)
    books.clock.advance(days=9)
    with books.installation.works.staff(BILLING) as work:
        reopened = payments.reverse(work, booked.payment_id, REASON)

    (owed,) = books.owed(client_id)
    assert reopened == [owed.invoice_id]
    assert (owed.balance_cents, owed.owed_since) == (116_000, books.clock.now())
    assert owed.due_at == issued
    assert books.contract(client_id).status is SubscriptionStatus.PAST_DUE
    with books.installation.works.staff(BILLING) as work, pytest.raises(payments.NotReversible):
        payments.reverse(work, booked.payment_id, REASON)
    with books.installation.database.session(Role.WORKER) as session:
        assert read.credit(session, client_id) == 0


def test_reversal_of_a_part_leaves_the_clock_that_ran(books: Books) -> None:
    client_id = books.client()
    (before,) = books.owed(client_id)
    booked = books.pay(client_id, 50_000)
    books.clock.advance(days=1)
    with books.installation.works.staff(BILLING) as work:
        assert payments.reverse(work, booked.payment_id, REASON) == []
    assert books.owed(client_id) == [before]


def test_other_credit_steps_in_for_money_that_was_taken_back(books: Books) -> None:
    client_id = books.client()
    first = books.pay(client_id, 116_000)
    books.pay(client_id, 116_000)
    with books.installation.works.staff(BILLING) as work:
        payments.reverse(work, first.payment_id, REASON)
    assert books.owed(client_id) == []


def test_payment_lifts_no_cause_but_its_own(books: Books) -> None:
    client_id = books.client()
    with books.installation.works.staff(BILLING) as work:
        suspensions.suspend_by_hand(work, client_id, Cause.AUP, REASON)
    books.pay(client_id, 116_000)
    with books.installation.database.session(Role.WORKER) as session:
        assert clients.access(session, client_id).causes == (Cause.AUP,)


def test_payment_after_a_deletion_is_booked_and_brings_nothing_back(books: Books) -> None:
    client_id = books.client()
    books.erased(client_id)
    with books.installation.database.session(Role.WORKER) as session:
        before = clients.access(session, client_id)
        count = text("select count(*) from ledger.notice where client_id = :c")
        told = session.scalar(count, {"c": client_id})

    booked = books.pay(client_id, 116_000)

    with books.installation.database.session(Role.WORKER) as session:
        assert clients.access(session, client_id) == before
        assert session.scalar(count, {"c": client_id}) == told
    assert before.deleting
    assert [cents for _, cents in booked.allocated] == [116_000]
    assert books.owed(client_id) == []


def test_credit_note_pays_its_invoice_and_never_exceeds_it(books: Books) -> None:
    client_id = books.client()
    renew_monthly(books, 1)
    second = books.owed(client_id)[1].invoice_id
    with books.installation.works.staff(BILLING) as work:
        notes.issue(work, NewCredit(client_id, 100_000, CreditReason.GOODWILL, "Caída de dos días", second))
    assert books.balances(client_id) == [116_000, 16_000]
    with books.installation.works.staff(BILLING) as work, pytest.raises(CreditedEnough):
        notes.issue(work, NewCredit(client_id, 16_001, CreditReason.GOODWILL, "Caída de dos días", second))
    with books.installation.works.staff(BILLING) as work, pytest.raises(ReasonTooShort):
        notes.issue(work, NewCredit(client_id, 1, CreditReason.GOODWILL, "corto"))


def test_goodwill_on_a_paid_invoice_pays_the_next_one(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    with books.installation.works.staff(BILLING) as work:
        notes.issue(work, NewCredit(client_id, 10_000, CreditReason.GOODWILL, "Caída de dos días"))
    renew_monthly(books, 1)
    assert books.balances(client_id) == [106_000]


def test_fees_paid_count_what_was_paid_in_the_twelve_months_before(books: Books) -> None:
    client_id, at = books.client(), books.clock.now()
    books.pay(client_id, 116_000)
    back = books.pay(client_id, 40_000)
    with books.installation.works.staff(BILLING) as work:
        payments.reverse(work, back.payment_id, REASON)
    with books.installation.database.session(Role.APP, client_id) as session:
        year = at.replace(year=at.year + 1)
        assert claims.fees_paid(session, client_id, at).cap_cents == 116_000
        assert claims.fees_paid(session, client_id, at - timedelta(seconds=1)).cap_cents == 0
        assert claims.fees_paid(session, client_id, year - timedelta(seconds=1)).cap_cents == 116_000
        assert claims.fees_paid(session, client_id, year).cap_cents == 0
        assert claims.fees_paid(session, client_id, datetime(2028, 2, 29, tzinfo=LEGAL_ZONE)).cap_cents == 0


def test_nobody_sees_or_pays_the_invoices_of_another_client(books: Books) -> None:
    alice, bob = books.client(), books.client()
    with books.installation.database.session(Role.APP, bob) as session:
        assert bills.owed(session, alice) == []
        assert bills.invoices(session, alice) == []
        assert read.credit(session, alice) == 0
    books.pay(bob, 500_000)
    assert books.balances(alice) == [116_000]


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 300_000)),
        st.tuples(st.just("credit"), st.integers(1, 150_000)),
        st.tuples(st.just("reverse"), st.integers(0, 5)),
        st.tuples(st.just("renew"), st.just(0)),
    ),
    max_size=7,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_books_balance_whatever_happens(books: Books, steps: list[tuple[str, int]]) -> None:
    books.clock.set(datetime(2026, 3, 2, 12, tzinfo=LEGAL_ZONE))
    client_id, made, month = books.client(), [], 4
    for step, value in steps:
        if step == "pay":
            made.append(books.pay(client_id, value).payment_id)
        elif step == "credit":
            with books.installation.works.staff(BILLING) as work:
                notes.issue(work, NewCredit(client_id, value, CreditReason.GOODWILL, "Por la caída"))
        elif step == "reverse" and value < len(made):
            with books.installation.works.staff(BILLING) as work:
                payments.reverse(work, made.pop(value), REASON)
        elif step == "renew":
            books.clock.set(datetime(2026, month, 2, tzinfo=LEGAL_ZONE))
            month += 1
            with books.installation.works.system() as work:
                renewals.begin_next(work, client_id)
    with books.installation.database.session(Role.WORKER) as session:
        rows, sources = bills.invoices(session, client_id), read.sources(session, client_id)
        used = session.execute(
            text(
                "select p.status, p.amount_cents, coalesce(sum(a.amount_cents), 0) from ledger.payment p"
                " left join ledger.allocation a on a.payment_id = p.id where p.client_id = :c group by p.id"
            ),
            {"c": client_id},
        ).all()
    assert all(0 <= row.paid_cents <= row.total_cents for row in rows)
    assert all((row.status is InvoiceStatus.PAID) == (row.paid_cents == row.total_cents) for row in rows)
    assert all(0 <= spent <= (amount if status == "succeeded" else 0) for status, amount, spent in used)
    assert not (sources and any(row.balance_cents for row in rows)), "credit lies beside a debt"
