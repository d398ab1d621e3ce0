"""Refunds of prepaid days: of what was really paid, once for each termination, step by step."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.endings import EndedBy, Ground
from konectus.domain.money import CreditReason, RefundStatus
from konectus.domain.refunds import RefundStep
from konectus.services import billing, changes, payments, refunds
from konectus.services import credits as notes
from konectus.services.changes import Wanted
from konectus.services.credits import NewCredit
from konectus.services.installation import Installation
from konectus.services.payments import BadReference
from konectus.services.work import Change, Work
from konectus.store.models.endings import Termination
from konectus.store.queries import claims
from konectus.store.queries import payments as read
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation
from tests.support.books import BILLING, REASON, Books
from tests.support.clock import ManualClock

__all__ = ["clock", "installation"]

ENDS = datetime(2026, 4, 15, 23, 30, tzinfo=LEGAL_ZONE)


@pytest.fixture(autouse=True)
def _in_april(clock: ManualClock) -> None:
    clock.set(datetime(2026, 4, 1, 9, tzinfo=LEGAL_ZONE))


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def ended(work: Work, client_id: UUID) -> Termination:
    """The Terms were rejected: what is prepaid and unused is due back (Terms 16)."""
    termination = Termination(
        id=work.new_id(),
        client_id=client_id,
        by_whom=EndedBy.CLIENT,
        ground=Ground.TERMS_REJECTED,
        reason=REASON,
        notified_at=work.now,
        notified_by="agent:x",
        effective_at=ENDS,
        refund_due=True,
    )
    work.session.add(termination)
    work.session.flush()  # refunds point at it
    work.record("termination.announced", ("termination", termination.id), Change(client_id, REASON))
    return termination


def proposed(books: Books, client_id: UUID) -> list[tuple[int | None, int | None, int, int]]:
    with books.installation.works.staff(BILLING) as work:
        found = refunds.propose(work, ended(work, client_id))
        return [(one.days_total, one.days_unused, one.base_paid_cents, one.amount_cents) for one in found]


def test_half_of_what_was_paid_comes_back_after_half_of_the_days(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    assert proposed(books, client_id) == [(30, 15, 116_000, 58_000)]


def test_base_is_what_money_paid_not_what_was_billed_or_credited(books: Books) -> None:
    client_id = books.client()
    with books.installation.works.staff(BILLING) as work:
        notes.issue(work, NewCredit(client_id, 16_000, CreditReason.GOODWILL, "Por la caída"))
    books.pay(client_id, 40_000)
    assert proposed(books, client_id) == [(30, 15, 40_000, 20_000)]


def test_nothing_is_proposed_where_nothing_was_paid(books: Books) -> None:
    assert proposed(books, books.client()) == []


def test_upgrade_in_the_period_comes_back_by_its_own_days(books: Books) -> None:
    client_id, larger = books.client(), books.plan(400_000)
    books.clock.set(datetime(2026, 4, 10, 9, tzinfo=LEGAL_ZONE))
    books.ask(client_id, Wanted(larger.id))
    changes.apply_due(books.installation)
    books.pay(client_id, 1_000_000)
    # 20 of 30 days of 3,000 pesos more, of which 15 are not used.
    assert proposed(books, client_id) == [(30, 15, 116_000, 58_000), (20, 15, 232_000, 174_000)]


def test_second_proposal_of_one_termination_adds_nothing_and_an_earlier_refund_counts(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    with books.installation.works.staff(BILLING) as work:
        termination = ended(work, client_id)
        assert len(refunds.propose(work, termination)) == 1
        work.session.flush()  # the second run reads the first
        assert refunds.propose(work, termination) == []
    with books.installation.database.session(Role.WORKER) as session:
        (left,) = read.prepaid_after(session, client_id, ENDS)
    assert left.paid_cents == 58_000


def test_refund_goes_its_way_with_a_reference_and_counts_against_the_fees_paid(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    proposed(books, client_id)
    with books.installation.database.session(Role.WORKER) as session:
        (row,) = read.refunds(session, client_id)
    with books.installation.works.staff(BILLING) as work:
        with pytest.raises(RefundStep):
            refunds.sent(work, row.refund_id, "SPEI-1", REASON)
        with pytest.raises(BadReference):
            refunds.sent(work, row.refund_id, " ", REASON)
        refunds.approve(work, row.refund_id, REASON)
        refunds.sent(work, row.refund_id, f"SPEI-{client_id}", REASON)
        refunds.settled(work, row.refund_id, REASON)

    with books.installation.database.session(Role.WORKER) as session:
        (row,) = read.refunds(session, client_id)
        fees = claims.fees_paid(session, client_id, books.clock.now()).cap_cents
        tasks = session.scalars(
            text("select closed_at is not null from ledger.staff_task where client_id = :c and kind = 'refund_due'"),
            {"c": client_id},
        ).all()
    assert (row.status, row.amount_cents, fees, tasks) == (RefundStatus.SETTLED, 58_000, 58_000, [True])


def test_refused_refund_gives_nothing_back(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    proposed(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        (row,) = read.refunds(work.session, client_id)
        refunds.failed(work, row.refund_id, REASON)
        work.session.flush()  # what is prepaid is read again
        assert read.prepaid_after(work.session, client_id, ENDS)[0].paid_cents == 116_000


def test_refund_of_money_that_was_taken_back_meanwhile_goes_no_further(books: Books) -> None:
    client_id = books.client()
    booked = books.pay(client_id, 116_000)
    proposed(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        (row,) = read.refunds(work.session, client_id)
        refunds.approve(work, row.refund_id, REASON)
        payments.reverse(work, booked.payment_id, REASON)
        work.session.flush()  # what was paid is read again
        with pytest.raises(refunds.RefundUncovered):
            refunds.sent(work, row.refund_id, "SPEI-2", REASON)
        assert read.refunds(work.session, client_id)[0].status is RefundStatus.APPROVED
        refunds.failed(work, row.refund_id, REASON)


def test_refund_goes_on_where_other_money_steps_in(books: Books) -> None:
    client_id = books.client()
    first = books.pay(client_id, 116_000)
    books.pay(client_id, 116_000)
    proposed(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        (row,) = read.refunds(work.session, client_id)
        payments.reverse(work, first.payment_id, REASON)
        refunds.approve(work, row.refund_id, REASON)
        assert read.refunds(work.session, client_id)[0].status is RefundStatus.APPROVED


def test_invoice_with_a_refund_is_not_made_void(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    proposed(books, client_id)
    with books.installation.works.staff(BILLING) as work, pytest.raises(billing.InvoiceRefunded):
        billing.void(work, books.invoices(client_id)[0].invoice_id, REASON)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_what_one_end_gave_back_is_not_given_back_again_by_the_next(books: Books, steps: int) -> None:
    """A contract that came back and ends again: however far the first refund is on its way, it counts."""
    client_id = books.client()
    books.pay(client_id, 116_000)
    proposed(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        (row,) = read.refunds(work.session, client_id)
        way: list[Callable[[], None]] = [
            lambda: refunds.approve(work, row.refund_id, REASON),
            lambda: refunds.sent(work, row.refund_id, f"SPEI-{row.refund_id}", REASON),
            lambda: refunds.settled(work, row.refund_id, REASON),
        ]
        for step in way[:steps]:
            step()
    with books.installation.database.session(Role.WORKER) as session:
        values = {"c": client_id, "now": ENDS + timedelta(seconds=1)}
        session.execute(
            text(
                "update ledger.termination set effected_at = effective_at, reactivated_at = :now where client_id = :c"
            ),
            values,
        )
    assert proposed(books, client_id) == [(30, 15, 58_000, 29_000)]
