"""Credit that is left at the end of a contract: proposed to be given back, once, and never paid by itself."""

from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.money import CreditReason, RefundStatus
from konectus.domain.tasks import TaskKind
from konectus.services import billing, ending_sweeps, payments, refunds, terminations
from konectus.services import credits as notes
from konectus.services.credits import NewCredit
from konectus.services.installation import Installation
from konectus.services.refunds import RefundUncovered
from konectus.store.queries import payments as read
from konectus.store.queries.payments import RefundRow
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation
from tests.support.books import BILLING, OWNER, REASON, Books
from tests.support.clock import ManualClock

__all__ = ["clock", "installation"]

_numbers = count(1)


@pytest.fixture(autouse=True)
def _in_april(clock: ManualClock) -> None:
    clock.set(datetime(2026, 4, 1, 9, tzinfo=LEGAL_ZONE))


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def end(books: Books, client_id: UUID) -> UUID:
    """The owner cancels at once."""
    with books.installation.works.tenant(client_id, OWNER) as work:
        ending = terminations.cancel(work, client_id, at_once=True)
    ending_sweeps.terminate_effective(books.installation)
    return ending


def rows(books: Books, client_id: UUID) -> list[RefundRow]:
    with books.installation.database.session(Role.APP, client_id) as session:
        return read.refunds(session, client_id)


def credit(books: Books, client_id: UUID) -> int:
    with books.installation.database.session(Role.APP, client_id) as session:
        return read.credit(session, client_id)


def tasks(books: Books, client_id: UUID) -> int:
    with books.installation.database.session(Role.WORKER) as session:
        statement = text(
            "select count(*) from ledger.staff_task where client_id = :c and kind = :kind and closed_at is null"
        )
        return int(session.scalar(statement, {"c": client_id, "kind": TaskKind.REFUND_DUE}) or 0)


def give_back(books: Books, refund_id: UUID) -> None:
    with books.installation.works.staff(BILLING) as work:
        refunds.approve(work, refund_id, REASON)
        refunds.sent(work, refund_id, f"SPEI-D{next(_numbers)}", REASON)
        refunds.settled(work, refund_id, REASON)


def test_what_was_paid_too_much_is_proposed_at_the_end_and_goes_the_way_of_a_refund(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 150_000)
    assert rows(books, client_id) == []
    end(books, client_id)

    (row,) = rows(books, client_id)
    assert (row.amount_cents, row.status, row.days_total) == (34_000, RefundStatus.PROPOSED, None)
    assert tasks(books, client_id) == 1
    assert credit(books, client_id) == 34_000, "nothing is paid by itself"
    give_back(books, row.refund_id)
    assert (credit(books, client_id), tasks(books, client_id)) == (0, 0)
    assert [one.status for one in rows(books, client_id)] == [RefundStatus.SETTLED]


def test_contract_without_credit_and_credit_notes_propose_nothing(books: Books) -> None:
    owing, forgiven = books.client(), books.client()
    books.pay(owing, 50_000)
    with books.installation.works.staff(BILLING) as work:
        notes.issue(work, NewCredit(forgiven, 200_000, CreditReason.GOODWILL, "Caída de dos días"))
    for client_id in (owing, forgiven):
        end(books, client_id)
        assert rows(books, client_id) == []


def test_money_that_comes_after_the_end_pays_the_debt_and_its_rest_is_proposed(books: Books) -> None:
    client_id = books.client()
    end(books, client_id)
    books.pay(client_id, 120_000)
    assert [row.amount_cents for row in rows(books, client_id)] == [4_000]


def test_money_that_comes_after_a_deletion_pays_the_debt_and_its_rest_is_proposed(books: Books) -> None:
    client_id = books.client()
    books.erased(client_id)
    books.pay(client_id, 120_000)
    assert [row.amount_cents for row in rows(books, client_id)] == [4_000]
    assert books.owed(client_id) == []


def test_invoice_made_void_after_the_end_sets_its_money_free(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    end(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        billing.void(work, books.invoices(client_id)[0].invoice_id, REASON)
    assert [row.amount_cents for row in rows(books, client_id)] == [116_000]


def test_each_payment_is_proposed_once_however_often_it_is_looked_at(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 150_000)
    books.pay(client_id, 20_000)
    end(books, client_id)
    books.pay(client_id, 7_000)
    assert sorted(row.amount_cents for row in rows(books, client_id)) == [7_000, 20_000, 34_000]


def test_transfer_that_came_back_is_proposed_again_and_a_refused_one_is_not(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 150_000)
    end(books, client_id)
    (first,) = rows(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        refunds.approve(work, first.refund_id, REASON)
        refunds.sent(work, first.refund_id, f"SPEI-D{next(_numbers)}", REASON)
    books.clock.advance(days=1)
    with books.installation.works.staff(BILLING) as work:
        refunds.failed(work, first.refund_id, "El banco la devolvió")
    again, _ = rows(books, client_id)
    assert (again.amount_cents, again.status, tasks(books, client_id)) == (34_000, RefundStatus.PROPOSED, 1)

    with books.installation.works.staff(BILLING) as work:
        refunds.failed(work, again.refund_id, "El Cliente lo deja para después")
    books.pay(client_id, 1_000)
    assert sorted(row.amount_cents for row in rows(books, client_id)) == [1_000, 34_000, 34_000]
    assert credit(books, client_id) == 35_000


def test_what_is_approved_pays_no_debt_and_what_is_only_proposed_does(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 150_000)
    end(books, client_id)
    (row,) = rows(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        refunds.approve(work, row.refund_id, REASON)
    assert credit(books, client_id) == 0
    with books.installation.works.staff(BILLING) as work:
        refunds.failed(work, row.refund_id, REASON)
    assert credit(books, client_id) == 34_000


def test_credit_whose_payment_was_taken_back_is_not_given_back(books: Books) -> None:
    client_id = books.client()
    booked = books.pay(client_id, 150_000)
    end(books, client_id)
    (row,) = rows(books, client_id)
    with books.installation.works.staff(BILLING) as work:
        payments.reverse(work, booked.payment_id, REASON)
    with books.installation.works.staff(BILLING) as work, pytest.raises(RefundUncovered):
        refunds.approve(work, row.refund_id, REASON)


def test_contract_that_came_back_keeps_its_credit_for_the_next_invoice(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 150_000)
    ending = end(books, client_id)
    (row,) = rows(books, client_id)
    with books.installation.database.session(Role.WORKER) as session:
        session.execute(
            text("update ledger.termination set reactivated_at = :now where id = :id"),
            {"now": books.clock.now() + timedelta(seconds=1), "id": ending},
        )
    with books.installation.works.staff(BILLING) as work, pytest.raises(RefundUncovered):
        refunds.approve(work, row.refund_id, REASON)
