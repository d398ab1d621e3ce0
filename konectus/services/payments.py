"""Payments recorded by hand or told by a provider: booked once, allocated, taken back. No invoice is made here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from konectus.domain.money import CURRENCY, PaymentMethod, PaymentStatus
from konectus.domain.notices import NoticeKind
from konectus.errors import Conflict, Invalid, NotFound
from konectus.services import leftovers, lifting, notices, payment_watch, settling
from konectus.services.notices import NewNotice
from konectus.services.settling import Allocated
from konectus.services.suspensions import NoSuchClient
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.billing import Invoice
from konectus.store.models.payments import Payment
from konectus.store.queries import billing, clients
from konectus.store.queries import payments as read

BY_HAND = "by_hand"
# Clocks of banks and ours differ a little; more than that is a typing mistake.
AHEAD = timedelta(minutes=10)
# A hundred million pesos: whatever is more is a slip of the decimal point.
MOST_CENTS = 100_000_000_00
LONGEST_REF = 200
_RANK = (PaymentStatus.PENDING, PaymentStatus.FAILED, PaymentStatus.SUCCEEDED, PaymentStatus.REVERSED)


class BadAmount(Invalid):
    """Zero, negative, fractional or absurdly large."""

    code = "bad_amount"


class ForeignCurrency(Invalid):
    """Konectus is paid in pesos alone (decisions.md, "Currency, zone")."""

    code = "foreign_currency"


class BadPaidAt(Invalid):
    """A payment that came has an instant, and it is not to come."""

    code = "bad_paid_at"


class BadReference(Invalid):
    code = "bad_reference"


class DuplicatePayment(Conflict):
    """This reference of this provider is booked already."""

    code = "duplicate_payment"


class PaymentDiffers(DuplicatePayment):
    """This reference is booked with another amount or for another Client: somebody has to look."""

    code = "payment_differs"


class NotReversible(Conflict):
    """Only money that came can be taken back, once."""

    code = "not_reversible"


@dataclass(frozen=True, slots=True)
class NewPayment:
    """Cents of MXN. `paid_at` is when the money came by the provider's word, None while it has not."""

    client_id: UUID
    method: PaymentMethod
    provider: str
    provider_ref: str
    amount_cents: int
    currency: str = CURRENCY
    paid_at: datetime | None = None
    status: PaymentStatus = PaymentStatus.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Booked:
    """What a payment paid, in cents by invoice, and what the Client has as credit now."""

    payment_id: UUID
    allocated: Allocated
    credit_left: int


def record(work: Work, new: NewPayment, *, reason: str | None = None) -> Booked:
    """Book a payment: the oldest due is paid first, what is left stays as credit; causes that it settles are lifted.

    A payment that was pending or had failed may come later. Raises NoSuchClient, BadAmount, ForeignCurrency, BadPaidAt,
    BadReference or DuplicatePayment. One for a Client that was deleted is booked and changes nothing else.
    """
    _require_sound(work, new)
    locks.client(work.session, new.client_id)
    if clients.trade_name(work.session, new.client_id) is None:
        raise NoSuchClient
    payment = _written(work, new, reason)
    if payment.status != PaymentStatus.SUCCEEDED:
        return Booked(payment.id, (), read.credit(work.session, new.client_id))
    allocated = settling.settle(work, new.client_id, reason=reason)
    left = read.credit(work.session, new.client_id)
    leftovers.propose(work, new.client_id)  # money that comes after the end
    if not clients.access(work.session, new.client_id).deleting:
        _tell_received(work, payment, allocated, left)
        lifting.after_payment(work, new.client_id)
    return Booked(payment.id, allocated, left)


def declined(work: Work, new: NewPayment, failure: str, *, reason: str | None = None) -> UUID:
    """A charge that was tried in vain: its notice starts the clock of Terms 15.1(a) for what is due.

    Raises what `record` raises.
    """
    _require_sound(work, new)
    locks.client(work.session, new.client_id)
    if clients.trade_name(work.session, new.client_id) is None:
        raise NoSuchClient
    payment = _written(work, new, reason)
    payment.failure = failure[:LONGEST_REF]
    due = billing.overdue(work.session, new.client_id, work.now)
    if due and not clients.access(work.session, new.client_id).deleting:
        owed = tuple((one.invoice_id, one.balance_cents) for one in due)
        facts = {"amount_cents": new.amount_cents}
        notices.queue(work, new.client_id, NewNotice(NoticeKind.CHARGE_DECLINED, str(payment.id), facts, owed))
    return payment.id


def reverse(work: Work, payment_id: UUID, reason: str) -> list[UUID]:
    """Take a payment back (a returned transfer, a chargeback): the invoices it had paid and that are open again.

    They need a notice and a clock of their own (lifecycle.md 2, #7). Raises NotFound or NotReversible.
    """
    payment = work.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound("no such payment")
    client_id = payment.client_id
    locks.client(work.session, client_id)
    work.session.refresh(payment, with_for_update=True)
    if payment.status != PaymentStatus.SUCCEEDED:
        raise NotReversible(f"this payment is {payment.status}", status=payment.status)
    payment.status, payment.reversed_at = PaymentStatus.REVERSED, work.now
    change = Change(client_id, reason, {"status": "succeeded"}, {"status": "reversed"})
    work.record("payment.reversed", ("payment", payment.id), change)
    payment_watch.taken_back(work, payment)
    reopened = settling.take_back_payment(work, client_id, payment.id, reason)
    settling.settle(work, client_id, reason=reason)
    if not clients.access(work.session, client_id).deleting:
        facts = {"amount_cents": payment.amount_cents, "numbers": _numbers(work, reopened)}
        facts["owed_cents"] = sum(one.balance_cents for one in billing.owed(work.session, client_id))
        notices.queue(work, client_id, NewNotice(NoticeKind.PAYMENT_REVERSED, str(payment.id), facts))
    return reopened


def _require_sound(work: Work, new: NewPayment) -> None:
    if new.currency != CURRENCY:
        raise ForeignCurrency(f"payments are in {CURRENCY}, this one is in {new.currency[:10]}", currency=new.currency)
    if type(new.amount_cents) is not int or not 0 < new.amount_cents <= MOST_CENTS:
        raise BadAmount("an amount is a whole number of cents above zero", amount_cents=new.amount_cents)
    if not new.provider_ref.strip() or len(new.provider_ref) > LONGEST_REF:
        raise BadReference(f"a reference has 1 to {LONGEST_REF} characters")
    if new.status is PaymentStatus.SUCCEEDED and (new.paid_at is None or new.paid_at > work.now + AHEAD):
        raise BadPaidAt("say when it was paid; that is not in the future")


def _written(work: Work, new: NewPayment, reason: str | None) -> Payment:
    """The row of a payment: a new one, or the known one moved on. Raises DuplicatePayment."""
    known = read.by_reference(work.session, new.provider, new.provider_ref)
    if known is not None:
        return _moved_on(work, known, new, reason)
    payment = Payment(
        id=work.new_id(),
        client_id=new.client_id,
        method=new.method,
        provider=new.provider,
        provider_ref=new.provider_ref,
        amount_cents=new.amount_cents,
        currency=new.currency,
        status=new.status,
        paid_at=new.paid_at,
        recorded_at=work.now,
        recorded_by=f"{work.actor.kind}:{work.actor.id}",
    )
    try:
        with work.session.begin_nested():
            work.session.add(payment)
            work.session.flush()  # inside the savepoint: another Client's work may book the same reference at once
    except IntegrityError as error:
        known = read.by_reference(work.session, new.provider, new.provider_ref)
        if known is None or not isinstance(error.orig, UniqueViolation):
            raise
        return _moved_on(work, known, new, reason)
    after = {"amount_cents": new.amount_cents, "method": str(new.method), "reference": new.provider_ref}
    after |= {"status": str(new.status)}
    work.record("payment.recorded", ("payment", payment.id), Change(new.client_id, reason, {}, after))
    return payment


def _moved_on(work: Work, known: read.Known, new: NewPayment, reason: str | None) -> Payment:
    if (known.client_id, known.amount_cents) != (new.client_id, new.amount_cents):
        raise PaymentDiffers("this reference is booked with another amount or for another Client")
    if _RANK.index(new.status) <= _RANK.index(known.status):
        raise DuplicatePayment("this reference is booked already", payment_id=known.payment_id, status=known.status)
    payment = work.session.get_one(Payment, known.payment_id, with_for_update=True)
    payment.status, payment.paid_at, payment.failure = new.status, new.paid_at, None
    change = Change(new.client_id, reason, {"status": str(known.status)}, {"status": str(new.status)})
    work.record(f"payment.{new.status}", ("payment", payment.id), change)
    payment_watch.settled(work, payment.id)
    return payment


def _tell_received(work: Work, payment: Payment, allocated: Allocated, credit: int) -> None:
    facts = {
        "amount_cents": payment.amount_cents,
        "paid_at": payment.paid_at.isoformat() if payment.paid_at else None,
        "numbers": _numbers(work, [invoice_id for invoice_id, _ in allocated]),
        "owed_cents": sum(one.balance_cents for one in billing.owed(work.session, payment.client_id)),
        "credit_cents": credit,
    }
    notices.queue(work, payment.client_id, NewNotice(NoticeKind.PAYMENT_RECEIVED, str(payment.id), facts))


def _numbers(work: Work, invoice_ids: list[UUID]) -> list[str | None]:
    return [work.session.get_one(Invoice, invoice_id).number for invoice_id in invoice_ids]
