"""An invoice's PDF, for the Client's people and the staff alike, read under the rights of the work."""

from uuid import UUID

from konectus.papers import invoice
from konectus.papers.invoice import PrintedInvoice, PrintedLine
from konectus.services.work import Work
from konectus.store.queries import billing


def pdf(work: Work, client_id: UUID, invoice_id: UUID, locale: str, pay_to: str = "") -> bytes:
    """The printable invoice in a locale. Raises NotFound, also for another Client's."""
    sheet = billing.sheet(work.session, client_id, invoice_id)
    row = sheet.invoice
    lines = tuple(PrintedLine(one.kind, one.quantity, one.amount_cents, one.facts) for one in sheet.lines)
    printed = PrintedInvoice(
        number=row.number,
        status=row.status,
        issued_at=row.issued_at,
        due_at=row.due_at,
        period_starts_at=row.period_starts_at,
        period_ends_at=row.period_ends_at,
        billed_to=sheet.billed_to,
        lines=lines,
        total_cents=row.total_cents,
        paid_cents=row.paid_cents,
        balance_cents=row.balance_cents,
        fiscal_ref=sheet.fiscal_ref,
        pay_to=pay_to,
    )
    return invoice.render(printed, locale)
