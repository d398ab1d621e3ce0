"""Refunds of prepaid days that will not be used (Terms 16, 18; lifecycle.md 2, #15): proposed, approved, sent, settled.

The money goes out by hand; a person says so here. Whether one is due at all is the termination's; credit that is left
at the end is proposed by leftovers and goes the same way.
"""

from uuid import UUID

from konectus.domain import refunds as rules
from konectus.domain.money import PaymentStatus, RefundStatus
from konectus.domain.notices import NoticeKind
from konectus.domain.refunds import Prepaid, Quote
from konectus.domain.tasks import TaskKind
from konectus.errors import Conflict, NotFound
from konectus.services import leftovers, notices, settling, tasks
from konectus.services.notices import NewNotice
from konectus.services.payments import LONGEST_REF, BadReference
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.billing import Invoice
from konectus.store.models.endings import Termination
from konectus.store.models.payments import Payment, Refund
from konectus.store.queries import clients, payments


class RefundUncovered(Conflict):
    """What it would give back is not there any more: the payment was taken back meanwhile."""

    code = "refund_uncovered"


def propose(work: Work, termination: Termination) -> list[Refund]:
    """Propose what is to be given back of every invoice whose days go on after the termination takes effect.

    Twice for one termination proposes nothing new; where nothing was paid, nothing is proposed.
    """
    client_id = termination.client_id
    locks.client(work.session, client_id)
    known = payments.refunded_for(work.session, client_id, termination.id)
    made = []
    for one in payments.prepaid_after(work.session, client_id, termination.effective_at):
        found = rules.quote(Prepaid(one.period, one.paid_cents), termination.effective_at)
        if one.invoice_id not in known and found.amount_cents > 0:
            made.append(_proposed(work, termination, one.invoice_id, found))
    return made


def approve(work: Work, refund_id: UUID, reason: str) -> None:
    """Raises NotFound, RefundStep or RefundUncovered."""
    _step(work, refund_id, RefundStatus.APPROVED, reason)


def sent(work: Work, refund_id: UUID, provider_ref: str, reason: str) -> None:
    """The transfer is on its way under this reference. Raises as `approve` and BadReference."""
    reference = provider_ref.strip()
    if not reference or len(reference) > LONGEST_REF:
        raise BadReference(f"a reference has 1 to {LONGEST_REF} characters")
    refund = _step(work, refund_id, RefundStatus.SENT, reason)
    refund.provider_ref = reference
    facts: dict[str, object] = {"amount_cents": refund.amount_cents}
    if refund.invoice_id is not None:
        facts["invoice_number"] = work.session.get_one(Invoice, refund.invoice_id).number
        facts |= {"days_unused": refund.days_unused, "days_total": refund.days_total}
    notices.queue(work, refund.client_id, NewNotice(NoticeKind.REFUND, str(refund.id), facts))


def settled(work: Work, refund_id: UUID, reason: str) -> None:
    """The Client's bank has it. Raises NotFound or RefundStep."""
    refund = _step(work, refund_id, RefundStatus.SETTLED, reason)
    leftovers.propose(work, refund.client_id)  # a later invoice made void may have set more of it free


def failed(work: Work, refund_id: UUID, reason: str) -> None:
    """Refused, or the transfer came back: nothing was given. Raises NotFound or RefundStep.

    Credit whose transfer came back is proposed again; what a person refused stays credit.
    """
    refund = work.session.get(Refund, refund_id)
    was_sent = refund is not None and refund.status == RefundStatus.SENT
    refund = _step(work, refund_id, RefundStatus.FAILED, reason)
    settling.settle(work, refund.client_id, reason=reason)  # it may be owed meanwhile
    if was_sent and refund.payment_id is not None:
        leftovers.propose(work, refund.client_id, again=refund.payment_id)


def _proposed(work: Work, termination: Termination, invoice_id: UUID, found: Quote) -> Refund:
    refund = Refund(
        id=work.new_id(),
        client_id=termination.client_id,
        invoice_id=invoice_id,
        termination_id=termination.id,
        days_total=found.days_total,
        days_unused=found.days_unused,
        base_paid_cents=found.base_paid_cents,
        amount_cents=found.amount_cents,
        status=RefundStatus.PROPOSED,
        proposed_at=work.now,
    )
    work.session.add(refund)
    after = {"amount_cents": found.amount_cents, "days_unused": found.days_unused, "days_total": found.days_total}
    change = Change(termination.client_id, termination.reason, {}, after)
    work.record("refund.proposed", ("refund", refund.id), change)
    tasks.open_task(work, TaskKind.REFUND_DUE, str(refund.id), client_id=termination.client_id)
    return refund


def _step(work: Work, refund_id: UUID, status: RefundStatus, reason: str) -> Refund:
    refund = work.session.get(Refund, refund_id)
    if refund is None:
        raise NotFound("no such refund")
    locks.client(work.session, refund.client_id)
    work.session.refresh(refund, with_for_update=True)
    before = RefundStatus(refund.status)
    rules.require_step(before, status)
    if status in (RefundStatus.APPROVED, RefundStatus.SENT):
        _require_covered(work, refund)
    refund.status, refund.decided_at = status, work.now
    refund.decided_by = f"{work.actor.kind}:{work.actor.id}"
    change = Change(refund.client_id, reason, {"status": str(before)}, {"status": str(status)})
    work.record(f"refund.{status}", ("refund", refund.id), change)
    if status in (RefundStatus.SETTLED, RefundStatus.FAILED):
        tasks.close_task(work, TaskKind.REFUND_DUE, str(refund.id))
    return refund


def _require_covered(work: Work, refund: Refund) -> None:
    """Money, never credit notes, still pays of the invoice what all its refunds give back; or is still credit."""
    if refund.invoice_id is None:
        return _require_left(work, refund)
    parts = payments.parts_of_invoice(work.session, refund.client_id, refund.invoice_id)
    paid = sum(part.cents for part in parts if part.kind == "payment")
    if paid < payments.refunded(work.session, refund.client_id, refund.invoice_id):
        raise RefundUncovered("the payment it gives back was taken back", paid_cents=paid)
    return None


def _require_left(work: Work, refund: Refund) -> None:
    access = clients.access(work.session, refund.client_id)
    if not (access.terminated or access.deleting):
        raise RefundUncovered("the contract goes on: its next invoice takes the credit")
    left = {one.id: one.left_cents for one in payments.sources(work.session, refund.client_id)}
    here = left.get(refund.payment_id, 0) if refund.payment_id else 0
    # Once approved it is set aside and no source any more.
    held = refund.amount_cents if refund.status == RefundStatus.APPROVED else 0
    if here + held < refund.amount_cents or not _came(work, refund):
        raise RefundUncovered("what it gives back is credit no more", left_cents=here)


def _came(work: Work, refund: Refund) -> bool:
    payment = work.session.get(Payment, refund.payment_id)
    if payment is not None:
        work.session.refresh(payment)
    return payment is not None and payment.status == PaymentStatus.SUCCEEDED
