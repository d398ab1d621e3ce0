"""Which money pays which invoice, written down: allocations, and what follows for invoices and the Subscription."""

from uuid import UUID

from konectus.domain import settling
from konectus.domain.money import InvoiceStatus
from konectus.domain.plans import SubscriptionStatus
from konectus.services.work import Change, Work
from konectus.store.models.billing import Invoice
from konectus.store.models.clients import Subscription
from konectus.store.models.payments import Allocation
from konectus.store.queries import billing, contracts, payments
from konectus.store.queries.payments import Part, Source

Allocated = tuple[tuple[UUID, int], ...]


def settle(work: Work, client_id: UUID, *, first: UUID | None = None, reason: str | None = None) -> Allocated:
    """Pay what is open with what there is, the oldest due first (`first` before all); cents by invoice.

    The caller holds the Client's lock. Invoices that nothing is left of become paid.
    """
    work.session.flush()  # what was just issued or recorded counts
    open_ones = sorted(billing.owed(work.session, client_id), key=lambda one: one.invoice_id != first)
    debts = [(one.invoice_id, one.balance_cents) for one in open_ones]
    sources = [(source, source.left_cents) for source in payments.sources(work.session, client_id)]
    shares = settling.allocate(debts, sources)
    for share in shares:
        _allocate(work, client_id, share.debt, share.source, share.cents)
    work.session.flush()  # balances are read again
    _mark_paid(work, client_id, reason)
    _mark_standing(work, client_id, reason)
    return tuple((share.debt, share.cents) for share in shares)


def take_back_from_invoice(work: Work, invoice: Invoice) -> None:
    """What paid an invoice pays it no longer and is credit again."""
    for part in payments.parts_of_invoice(work.session, invoice.client_id, invoice.id):
        _take_back(work, invoice.client_id, part)


def take_back_payment(work: Work, client_id: UUID, payment_id: UUID, reason: str) -> list[UUID]:
    """A payment pays nothing any longer; the invoices that are open again for it."""
    reopened = []
    for part in payments.parts_of_payment(work.session, client_id, payment_id):
        _take_back(work, client_id, part)
        invoice = work.session.get_one(Invoice, part.invoice_id, with_for_update=True)
        if invoice.status == InvoiceStatus.PAID:
            _become(work, invoice, InvoiceStatus.OPEN, reason)
            reopened.append(invoice.id)
    return reopened


def _allocate(work: Work, client_id: UUID, invoice_id: UUID, source: Source, cents: int) -> None:
    is_payment = source.kind == "payment"
    work.session.add(
        Allocation(
            client_id=client_id,
            invoice_id=invoice_id,
            payment_id=source.id if is_payment else None,
            credit_note_id=None if is_payment else source.id,
            amount_cents=cents,
            at=work.now,
        )
    )


def _take_back(work: Work, client_id: UUID, part: Part) -> None:
    _allocate(work, client_id, part.invoice_id, Source(part.kind, part.source_id, 0), -part.cents)


def _mark_paid(work: Work, client_id: UUID, reason: str | None) -> None:
    for invoice_id in billing.open_and_settled(work.session, client_id):
        _become(work, work.session.get_one(Invoice, invoice_id, with_for_update=True), InvoiceStatus.PAID, reason)


def _become(work: Work, invoice: Invoice, status: InvoiceStatus, reason: str | None) -> None:
    before = {"status": str(invoice.status)}
    invoice.status = status
    word = "paid" if status is InvoiceStatus.PAID else "reopened"
    change = Change(invoice.client_id, reason, before, {"status": str(status)})
    work.record(f"invoice.{word}", ("invoice", invoice.id), change)


def _mark_standing(work: Work, client_id: UUID, reason: str | None) -> None:
    """A Subscription is past due while anything that is due has a balance; that alone suspends nobody."""
    work.session.flush()  # invoices that were paid just now
    contract = contracts.contract(work.session, client_id)
    if contract is None or contract.status is SubscriptionStatus.TRIALING:
        return
    owes = bool(billing.overdue(work.session, client_id, work.now))
    standing = SubscriptionStatus.PAST_DUE if owes else SubscriptionStatus.ACTIVE
    if standing is contract.status:
        return
    work.session.get_one(Subscription, contract.subscription_id).status = standing
    change = Change(client_id, reason, {"status": str(contract.status)}, {"status": str(standing)})
    work.record(f"subscription.{standing}", ("subscription", contract.subscription_id), change)
