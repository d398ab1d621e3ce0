"""Invoices and payments of invented Clients, and how two of them end: through services, with the clock given."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain.money import CURRENCY, PaymentMethod, PaymentStatus
from konectus.domain.plans import Interval
from konectus.services import ending_sweeps, payments, renewals, terminations
from konectus.services.work import Actor, Work
from konectus.store.queries import billing, contracts

# Methods in turn, as Clients pay.
_METHODS = (PaymentMethod.SPEI, PaymentMethod.SPEI, PaymentMethod.OXXO, PaymentMethod.CARD)
# A period begins when its job looks.
_LOOK = timedelta(minutes=5)
_WORDS = {PaymentMethod.SPEI: "SPEI", PaymentMethod.OXXO: "OXXO", PaymentMethod.CARD: "CARGO"}


def keep(work: Work, client_id: UUID, now: datetime, *, owes: bool) -> None:
    """Pay the first invoice on its day and bring the contract to its present period, which is paid as well or owed."""
    _pay(work, client_id)
    contract = contracts.contract(work.session, client_id)
    if contract is None or contract.period.ends_at > now:
        return
    length = timedelta(days=365 if contract.offer.interval is Interval.YEAR else 30)
    at = contract.period.ends_at + length * ((now - contract.period.ends_at) // length)
    while contract is not None and contract.period.ends_at <= now:
        then = replace(work, now=min(max(at, contract.period.ends_at) + _LOOK, now))
        if not renewals.begin_next(then, client_id):
            return
        work.session.flush()  # what is owed is read back
        contract = contracts.contract(work.session, client_id)
        if not owes or contract is None or contract.period.ends_at <= now:
            _pay(then, client_id)


def cancel(work: Work, client_id: UUID, owner: Actor, at: datetime) -> None:
    """The Client's owner ended the contract at once, then."""
    then = replace(work, now=at)
    ending = terminations.cancel(replace(then, actor=owner), client_id, at_once=True)
    work.session.flush()  # it is read back under its lock
    ending_sweeps.effect(then, ending)


def _pay(work: Work, client_id: UUID) -> None:
    """Whatever is owed, each invoice by a payment of its own."""
    for one in billing.owed(work.session, client_id):
        number = str(one.number)
        method = _METHODS[sum(number.encode()) % len(_METHODS)]
        payments.record(
            work,
            payments.NewPayment(
                client_id=client_id,
                method=method,
                provider="card" if method is PaymentMethod.CARD else payments.BY_HAND,
                provider_ref=f"{_WORDS[method]} {number}",
                amount_cents=one.balance_cents,
                currency=CURRENCY,
                paid_at=work.now,
                status=PaymentStatus.SUCCEEDED,
            ),
        )
