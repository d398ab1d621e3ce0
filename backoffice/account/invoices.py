"""Invoices: what is owed and where to pay it, every invoice on paper, payments and credit."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from backoffice import pages
from backoffice.account.line_words import REFUNDS, STATUSES
from backoffice.account.visits import TheVisit
from backoffice.deps import TheReader
from konectus import i18n
from konectus.domain.money import PaymentStatus
from konectus.services import invoice_papers
from konectus.store.queries import billing, contracts, payments

router = APIRouter(prefix="/account/invoices", include_in_schema=False)


@router.get("")
def show(visit: TheVisit, reader: TheReader) -> HTMLResponse:
    """Open while suspended: it is how a Suspension for non-payment ends (Terms 15.1)."""
    visit.require_owner()
    with visit.work() as work:
        owed = billing.owed(work.session, visit.client_id)
        rows = billing.invoices(work.session, visit.client_id)
        paid = payments.payments(work.session, visit.client_id)
        credit = payments.credit(work.session, visit.client_id)
        given_back = payments.refunds(work.session, visit.client_id)
        is_ended = contracts.contract(work.session, visit.client_id) is None
    page = pages.render(
        "account/invoices.html",
        reader,
        visitor=visit.visitor,
        owed=owed,
        owed_cents=sum(one.balance_cents for one in owed),
        overdue=[one for one in owed if one.due_at <= reader.now],
        invoices=rows,
        payments=[one for one in paid if one.status is not PaymentStatus.PENDING],
        pending_cents=sum(one.amount_cents for one in paid if one.status is PaymentStatus.PENDING),
        credit_cents=credit,
        refunds=given_back,
        refund_states=REFUNDS,
        is_ended=is_ended,
        statuses=STATUSES,
        pay_to=visit.installation.settings.pay_to,
    )
    return HTMLResponse(page)


@router.get("/{invoice_id}.pdf")
def download(visit: TheVisit, invoice_id: UUID) -> Response:
    """The invoice on paper; it says that it is not the fiscal one. Raises NotFound, also for another Client's."""
    visit.require_owner()
    with visit.work() as work:
        number = billing.sheet(work.session, visit.client_id, invoice_id).invoice.number
        made = invoice_papers.pdf(work, visit.client_id, invoice_id, i18n.current(), visit.installation.settings.pay_to)
    headers = {"Content-Disposition": f'attachment; filename="{number}.pdf"', "Cache-Control": "private, no-store"}
    return Response(made, headers=headers, media_type="application/pdf")
