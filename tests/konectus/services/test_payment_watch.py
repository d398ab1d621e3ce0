"""Payments that need a person's eye: on their way too long, booked twice, taken back twice at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.money import PaymentMethod, PaymentStatus
from konectus.domain.tasks import TaskKind
from konectus.services import payment_events, payment_watch, payments, suspending
from konectus.services.installation import Installation
from konectus.services.payments import BY_HAND, NewPayment
from konectus.services.work import Actor
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation, make
from tests.konectus.services.owing import Owing
from tests.support.books import BILLING, REASON, Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make"]

PROVIDER = Actor("provider", "stp", "stp")
_numbers = count(1)


def mexico(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=LEGAL_ZONE)


@pytest.fixture(autouse=True)
def _in_march(clock: ManualClock) -> None:
    clock.set(mexico("2026-03-02T12:00"))


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def tell(books: Books, client_id: UUID, kind: str = "payment.succeeded", **payment: Any) -> str:
    """What the provider STP tells of a transfer, and what became of it."""
    number = next(_numbers)
    given: dict[str, object] = {
        "reference": f"stp-{number}",
        "client_id": str(client_id),
        "method": "spei",
        "currency": "MXN",
    }
    given |= {"amount_cents": 116_000, "paid_at": books.clock.now().isoformat()} | payment
    body = {"id": f"evt-{number}", "type": kind, "payment": given}
    with books.installation.works.system(PROVIDER) as work:
        return str(payment_events.take(work, "stp", body, sha256(str(number).encode()).digest()).outcome)


def open_tasks(books: Books, client_id: UUID) -> dict[str, str]:
    """What is open about a Client: kind by subject."""
    with books.installation.database.session(Role.WORKER) as session:
        found = session.execute(
            text("select subject_ref, kind from ledger.staff_task where client_id = :c and closed_at is null"),
            {"c": client_id},
        )
        return {row.subject_ref: row.kind for row in found}


def payment_of(books: Books, reference: str) -> UUID:
    with books.installation.database.session(Role.WORKER) as session:
        found = session.scalar(text("select id from ledger.payment where provider_ref = :r"), {"r": reference})
    assert isinstance(found, UUID)
    return found


# --- on its way


@pytest.mark.parametrize(
    ("after", "is_suspended"), [(timedelta(hours=72, seconds=-1), False), (timedelta(hours=72), True)]
)
def test_payment_on_its_way_holds_a_suspension_off_for_72_hours_and_then_somebody_is_asked(
    installation: Installation, clock: ManualClock, make: Factory, after: timedelta, *, is_suspended: bool
) -> None:
    owing = Owing(installation, clock, make.client().id)
    paid_at = mexico("2026-03-04T10:00")
    owing.told(mexico("2026-03-02T12:30"))
    clock.set(mexico("2026-03-04T11:00"))
    books = Books(installation, clock)
    cents = owing.owed()[0].balance_cents
    told = tell(
        books,
        owing.client_id,
        "payment.pending",
        amount_cents=cents,
        paid_at=paid_at.isoformat(),
        reference=str(owing.client_id),
    )
    assert told == "booked"

    clock.set(paid_at + after)
    suspending.suspend_nonpayment(installation)
    payment_watch.unsettled(installation)

    payment_id = str(payment_of(books, str(owing.client_id)))
    assert owing.is_unpaid() is is_suspended
    asked = open_tasks(books, owing.client_id).get(payment_id)
    assert asked == (TaskKind.PAYMENT_UNSETTLED if is_suspended else None)


def test_voucher_that_was_only_made_holds_nothing_off_and_nobody_is_asked(
    installation: Installation, clock: ManualClock, make: Factory
) -> None:
    owing = Owing(installation, clock, make.client().id)
    owing.told(mexico("2026-03-02T12:30"))
    cents = owing.owed()[0].balance_cents
    tell(Books(installation, clock), owing.client_id, "payment.pending", amount_cents=cents, paid_at=None)
    assert owing.sweep("2026-03-05T09:30")
    clock.advance(days=30)
    payment_watch.unsettled(installation)
    assert TaskKind.PAYMENT_UNSETTLED not in open_tasks(Books(installation, clock), owing.client_id).values()


def test_task_of_a_payment_that_does_not_arrive_ends_when_it_does_and_is_not_asked_again(books: Books) -> None:
    client_id = books.client()
    tell(books, client_id, "payment.pending", reference=f"late-{client_id}")
    books.clock.advance(hours=73)
    payment_watch.unsettled(books.installation)
    assert payment_watch.unsettled(books.installation) == 0
    assert list(open_tasks(books, client_id).values()) == [TaskKind.PAYMENT_UNSETTLED]
    tell(books, client_id, reference=f"late-{client_id}")
    assert open_tasks(books, client_id) == {}
    assert books.owed(client_id) == []


# --- booked twice


@pytest.mark.parametrize("first_by_hand", [True, False])
def test_same_transfer_by_hand_and_by_webhook_is_booked_and_somebody_compares_both(
    books: Books, *, first_by_hand: bool
) -> None:
    client_id, reference = books.client(), f"MB-{next(_numbers)}"
    if first_by_hand:
        books.pay(client_id, 116_000, ref="BNET0100")
    else:
        tell(books, client_id, reference="ord-0100")
    assert tell(books, client_id, reference=reference, paid_at=mexico("2026-03-02T11:00").isoformat()) == "booked"

    second = payment_of(books, reference)
    assert open_tasks(books, client_id) == {str(second): TaskKind.PAYMENT_TWICE}
    with books.installation.works.staff(BILLING) as work:
        payments.reverse(work, second, REASON)
    assert open_tasks(books, client_id) == {}


def test_reversing_the_first_of_both_settles_the_task_as_well(books: Books) -> None:
    client_id = books.client()
    first = books.pay(client_id, 116_000).payment_id
    tell(books, client_id)
    assert list(open_tasks(books, client_id).values()) == [TaskKind.PAYMENT_TWICE]
    with books.installation.works.staff(BILLING) as work:
        payments.reverse(work, first, REASON)
    assert open_tasks(books, client_id) == {}


@pytest.mark.parametrize(
    ("paid_at", "cents", "is_asked"),
    [
        ("2026-03-02T12:00", 116_000, True),
        ("2026-03-01T00:00", 116_000, True),
        ("2026-03-03T23:59:59", 116_000, True),
        ("2026-02-28T23:59:59", 116_000, False),
        ("2026-03-04T00:00", 116_000, False),
        ("2026-03-02T12:00", 115_999, False),
    ],
)
def test_only_the_same_amount_within_a_legal_day_looks_like_the_same_money(
    books: Books, paid_at: str, cents: int, *, is_asked: bool
) -> None:
    """By hand the 2nd of March is known and no hour: noon stands for it."""
    client_id = books.client()
    books.pay(client_id, 116_000)
    books.clock.set(mexico("2026-03-05T12:00"))
    tell(books, client_id, amount_cents=cents, paid_at=mexico(paid_at).isoformat())
    assert bool(open_tasks(books, client_id)) is is_asked


def test_two_honest_payments_of_the_same_amount_a_month_apart_ask_nobody(books: Books) -> None:
    client_id = books.client()
    books.pay(client_id, 116_000)
    books.clock.set(mexico("2026-04-02T12:00"))
    tell(books, client_id)
    books.clock.set(mexico("2026-05-02T12:00"))
    tell(books, client_id)
    assert open_tasks(books, client_id) == {}


def test_same_reference_at_another_provider_is_asked_about_whatever_its_amount_and_day(books: Books) -> None:
    client_id, reference = books.client(), f"CR-{next(_numbers)}"
    books.pay(client_id, 116_000, ref=reference)
    books.clock.advance(days=9)
    tell(books, client_id, reference=reference, amount_cents=5_000)
    assert list(open_tasks(books, client_id).values()) == [TaskKind.PAYMENT_TWICE]


def test_another_clients_equal_payment_is_no_twin(books: Books) -> None:
    one, other = books.client(), books.client()
    books.pay(one, 116_000)
    tell(books, other)
    assert open_tasks(books, other) == {}


# --- at the same moment


def at_once(installation: Installation, statement: str, act: Callable[[int], str]) -> list[str]:
    """Two on connections of their own, both past their first `statement` before either goes on."""
    barrier, first = threading.Barrier(2, timeout=10), threading.local()
    engine = installation.database.engine(Role.WORKER)

    def wait(_conn: object, _cursor: object, sql: str, *_: object) -> None:
        if statement in sql and not getattr(first, "done", False):
            first.done = True
            barrier.wait()

    event.listen(engine, "after_cursor_execute", wait)
    try:
        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(act, range(2)))
    finally:
        event.remove(engine, "after_cursor_execute", wait)


def test_second_of_two_reversals_at_once_is_a_duplicate_and_waits_for_nobody(books: Books) -> None:
    client_id, reference = books.client(), f"card-{next(_numbers)}"
    tell(books, client_id, reference=reference)

    def take_back(_: int) -> str:
        return tell(books, client_id, "payment.reversed", reference=reference)

    outcomes = at_once(books.installation, "FROM ledger.payment", take_back)
    assert outcomes == ["booked", "duplicate"]
    assert books.balances(client_id) == [116_000]
    assert open_tasks(books, client_id) == {}


def test_one_reference_for_two_clients_at_once_is_booked_once_and_the_other_is_named(books: Books) -> None:
    both, reference = (books.client(), books.client()), f"twice-{next(_numbers)}"

    def book(number: int) -> str:
        new = NewPayment(both[number], PaymentMethod.SPEI, BY_HAND, reference, 116_000, paid_at=books.clock.now())
        try:
            with books.installation.works.system() as work:
                payments.record(work, new)
        except payments.DuplicatePayment as refusal:
            return refusal.code
        return "booked"

    assert at_once(books.installation, "FROM ledger.payment", book) == ["booked", "payment_differs"]
    assert sorted(len(books.owed(one)) for one in both) == [0, 1]


def test_status_of_a_payment_that_is_moved_on_keeps_its_row(books: Books) -> None:
    client_id, reference = books.client(), f"row-{next(_numbers)}"
    tell(books, client_id, "payment.pending", reference=reference)
    first = payment_of(books, reference)
    tell(books, client_id, reference=reference)
    with books.installation.database.session(Role.WORKER) as session:
        found = session.scalar(text("select status from ledger.payment where id = :id"), {"id": first})
    assert found == PaymentStatus.SUCCEEDED
