"""Issuing invoices, taking them back, and the numbers and the audit they need. What pays them: settling.

Everything here runs under the lock of its Client.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from konectus.domain import invoicing
from konectus.domain.invoicing import Line, Period
from konectus.domain.money import CURRENCY, InvoiceKind, InvoiceStatus
from konectus.domain.notices import NoticeKind
from konectus.errors import Conflict, NotFound
from konectus.services import leftovers, lifting, notices, settling
from konectus.services.notices import NewNotice
from konectus.services.suspensions import client_of
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.billing import Invoice, InvoiceLine, NumberSeries
from konectus.store.queries import payments, readings

INVOICES, CREDIT_NOTES = "invoice", "credit_note"
# What stands before the number of each series.
_PREFIX = {INVOICES: "K", CREDIT_NOTES: "NC"}


class InvoiceNotOpen(Conflict):
    """An invoice that was made void or written off stays so."""

    code = "invoice_not_open"


class InvoiceRefunded(Conflict):
    """What was paid of it is on its way back to the Client, so it cannot become credit as well."""

    code = "invoice_refunded"


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice before it has a number: lines without tax, which is added as one of its own."""

    client_id: UUID
    subscription_id: UUID
    kind: InvoiceKind
    period: Period
    lines: tuple[Line, ...]


def next_number(work: Work, series: str) -> str:
    """The next number of a series. Its row stays locked until the end of the transaction, so none is lost (Terms 9)."""
    found = work.session.execute(
        insert(NumberSeries)
        .values(series=series, last=1)
        .on_conflict_do_update(index_elements=[NumberSeries.series], set_={"last": NumberSeries.last + 1})
        .returning(NumberSeries.last)
    ).scalar_one()
    return f"{_PREFIX[series]}-{found:06d}"


def issue(work: Work, draft: Draft, *, reason: str | None = None) -> UUID:
    """Issue an invoice, due at once, pay it from what is there of credit, and tell the Client. Raises NoSuchClient."""
    locks.client(work.session, draft.client_id)
    lines = invoicing.with_tax(draft.lines, readings.current(work.session).tax_basis_points)
    invoice = Invoice(
        id=work.new_id(),
        client_id=draft.client_id,
        subscription_id=draft.subscription_id,
        number=next_number(work, INVOICES),
        kind=draft.kind,
        status=InvoiceStatus.OPEN,
        period_starts_at=draft.period.starts_at,
        period_ends_at=draft.period.ends_at,
        currency=CURRENCY,
        total_cents=invoicing.total(lines),
        issued_at=work.now,
        due_at=work.now,
        billed_to=_billed_to(work, draft.client_id),
    )
    work.session.add(invoice)
    work.session.flush()  # its lines and what pays it point at it
    _write_lines(work, invoice, lines)
    after = {"number": invoice.number, "total_cents": invoice.total_cents, "kind": str(draft.kind)}
    change = Change(draft.client_id, reason, {}, after)
    work.record("invoice.issued", ("invoice", invoice.id), change)
    settling.settle(work, draft.client_id, reason=reason)
    facts = {"number": invoice.number, "total_cents": invoice.total_cents, "due_at": work.now.isoformat()}
    notices.queue(work, draft.client_id, NewNotice(NoticeKind.INVOICE_ISSUED, str(invoice.id), facts))
    return invoice.id


def void(work: Work, invoice_id: UUID, reason: str) -> None:
    """Take an invoice back as if it had not been; what paid it becomes credit.

    Raises NotFound, InvoiceNotOpen or InvoiceRefunded.
    """
    _close(work, invoice_id, InvoiceStatus.VOID, reason)


def write_off(work: Work, invoice_id: UUID, reason: str) -> None:
    """Stop asking for what is left of an invoice; what was paid of it stays paid. Raises NotFound or InvoiceNotOpen."""
    _close(work, invoice_id, InvoiceStatus.WRITTEN_OFF, reason)


def _close(work: Work, invoice_id: UUID, status: InvoiceStatus, reason: str) -> None:
    invoice = of_id(work, invoice_id)
    closable = (InvoiceStatus.OPEN, InvoiceStatus.PAID) if status is InvoiceStatus.VOID else (InvoiceStatus.OPEN,)
    if InvoiceStatus(invoice.status) not in closable:
        raise InvoiceNotOpen(f"this invoice is {invoice.status}", status=invoice.status)
    before = {"status": str(invoice.status)}
    if status is InvoiceStatus.VOID:
        if payments.refunded(work.session, invoice.client_id, invoice.id):
            raise InvoiceRefunded("part of this invoice was refunded")
        settling.take_back_from_invoice(work, invoice)
        invoice.voided_at = work.now
    invoice.status = status
    work.session.flush()  # settling reads what is owed
    change = Change(invoice.client_id, reason, before, {"status": str(status)})
    work.record(f"invoice.{status}", ("invoice", invoice.id), change)
    settling.settle(work, invoice.client_id, reason=reason)
    leftovers.propose(work, invoice.client_id)
    lifting.after_payment(work, invoice.client_id)


def of_id(work: Work, invoice_id: UUID) -> Invoice:
    """An invoice under its Client's lock. Raises NotFound."""
    found = work.session.get(Invoice, invoice_id)
    if found is None:
        raise NotFound("no such invoice")
    locks.client(work.session, found.client_id)
    work.session.refresh(found, with_for_update=True)
    return found


def _write_lines(work: Work, invoice: Invoice, lines: tuple[Line, ...]) -> None:
    work.session.add_all(
        InvoiceLine(
            id=work.new_id(),
            client_id=invoice.client_id,
            invoice_id=invoice.id,
            position=position,
            kind=line.kind,
            quantity=line.quantity,
            amount_cents=line.amount_cents,
            facts=line.facts,
        )
        for position, line in enumerate(lines, start=1)
    )


def _billed_to(work: Work, client_id: UUID) -> dict[str, str | None]:
    """To whom, as they are registered at this moment; later changes leave it as it is."""
    client = client_of(work, client_id)
    return {
        "legal_name": client.legal_name,
        "tax_id": client.tax_id,
        "email": client.registered_email,
        "country": client.country,
        "language": client.language,
    }
