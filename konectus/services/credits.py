"""Credit notes: a correction, goodwill. They pay what is owed like money and are never given back as money."""

from dataclasses import dataclass
from uuid import UUID

from konectus.domain.money import CreditReason, InvoiceStatus
from konectus.domain.notices import NoticeKind
from konectus.domain.suspension import require_reason
from konectus.errors import Conflict
from konectus.services import billing, lifting, notices, settling
from konectus.services.notices import NewNotice
from konectus.services.payments import MOST_CENTS, BadAmount
from konectus.services.suspensions import NoSuchClient
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.payments import CreditNote
from konectus.store.queries import clients, payments


class CreditedEnough(Conflict):
    """Credit notes on an invoice never exceed it."""

    code = "credited_enough"


@dataclass(frozen=True, slots=True)
class NewCredit:
    """Cents with tax. With an invoice it pays that one first; `note` is what the Client reads."""

    client_id: UUID
    amount_cents: int
    reason: CreditReason
    note: str
    invoice_id: UUID | None = None


def issue(work: Work, new: NewCredit, *, reason: str | None = None) -> UUID:
    """Issue a credit note and let it pay what is owed; the rest pays later invoices.

    Raises NoSuchClient, BadAmount, ReasonTooShort (the note), NotFound, InvoiceNotOpen or CreditedEnough.
    """
    note = require_reason(new.note)
    if type(new.amount_cents) is not int or not 0 < new.amount_cents <= MOST_CENTS:
        raise BadAmount("an amount is a whole number of cents above zero", amount_cents=new.amount_cents)
    locks.client(work.session, new.client_id)
    if clients.trade_name(work.session, new.client_id) is None:
        raise NoSuchClient
    number = _require_room(work, new)
    credit = CreditNote(
        id=work.new_id(),
        client_id=new.client_id,
        invoice_id=new.invoice_id,
        number=billing.next_number(work, billing.CREDIT_NOTES),
        reason=new.reason,
        note=note,
        amount_cents=new.amount_cents,
        issued_at=work.now,
    )
    work.session.add(credit)
    work.session.flush()  # what it pays points at it
    after = {"number": credit.number, "amount_cents": new.amount_cents, "reason": str(new.reason)}
    change = Change(new.client_id, reason or note, {}, after)
    work.record("credit_note.issued", ("credit_note", credit.id), change)
    settling.settle(work, new.client_id, first=new.invoice_id, reason=reason or note)
    if not clients.access(work.session, new.client_id).deleting:
        facts = {"number": credit.number, "amount_cents": new.amount_cents, "invoice_number": number}
        notices.queue(work, new.client_id, NewNotice(NoticeKind.CREDIT_NOTE, str(credit.id), facts))
        lifting.after_payment(work, new.client_id)
    return credit.id


def _require_room(work: Work, new: NewCredit) -> str | None:
    """The number of the invoice it is about, where there is one."""
    if new.invoice_id is None:
        return None
    invoice = billing.of_id(work, new.invoice_id)
    if invoice.client_id != new.client_id or invoice.status not in (InvoiceStatus.OPEN, InvoiceStatus.PAID):
        raise billing.InvoiceNotOpen(f"this invoice is {invoice.status}", status=invoice.status)
    room = invoice.total_cents - payments.credited(work.session, new.client_id, invoice.id)
    if new.amount_cents > room:
        raise CreditedEnough(f"{room} cents of this invoice can be credited", room_cents=room)
    return invoice.number
