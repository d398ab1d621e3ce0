"""Invoices and payments: their lists and one of each. What changes them are commands (bill_commands.py, payment.py)."""

from typing import ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import book_cells, money_words, payment_twins, serving
from backoffice.admin.bill_commands import Reverse, VoidInvoice
from backoffice.admin.lift import who
from backoffice.admin.paging import Place
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import CLIENT, INVOICE, PAY, PAYMENT, REVERSE, VOID
from backoffice.admin.shell import HOME, list_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.money import InvoiceStatus, PaymentStatus
from konectus.errors import NotFound
from konectus.i18n import format_money, format_number, gettext
from konectus.services.work import Work
from konectus.store.models.billing import Invoice
from konectus.store.models.payments import Payment
from konectus.store.queries import admin_money as read
from konectus.store.queries import payment_watch
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_money import Bill, Paid
from konectus.store.queries.payment_watch import Like


class InvoiceAdmin(StaffView, model=Invoice):
    name: ClassVar[str] = "invoice"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        states = money_words.states("invoice")
        place = Place.of(INVOICE, asked, [name for name, _ in states])
        wanted = read.Asked(place.show, place.term, None, place.after)
        rows = read.bills(work.session, wanted, work.now, PAGE_SIZE + 1)
        return Listing(
            title=gettext("Invoices"),
            identity=INVOICE,
            lead=gettext("They are no fiscal invoices (CFDI). What is left to pay follows from payments and credit."),
            tabs=place.tabs(states),
            term=place.term,
            search_hint=gettext("Number, from its beginning"),
            kept=place.kept,
            table=book_cells.bills(rows[:PAGE_SIZE], work.now, with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.bill(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        overdue = book_cells.is_overdue(row, work.now)
        return Details(
            title=gettext("Invoice {number}", number=row.number or gettext("Draft")),
            identity=INVOICE,
            lead=money_words.invoice_kind(row.kind),
            crumbs=((gettext("Invoices"), list_of(INVOICE)),),
            state=money_words.invoice(row.status, is_overdue=overdue),
            facts=_bill_facts(row),
            tables=(
                _lines(read.bill_lines(work.session, row.id)),
                book_cells.parts(read.parts(work.session, invoice=row.id), of_invoice=True),
            ),
            acts=_bill_acts(row, asked),
        )

    @expose("/void/{pk}", methods=["GET", "POST"])
    async def void(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, VoidInvoice(id_of(request.path_params["pk"])))


class PaymentAdmin(StaffView, model=Payment):
    name: ClassVar[str] = "payment"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        states = money_words.states("payment")
        place = Place.of(PAYMENT, asked, [name for name, _ in states])
        rows = read.payments(work.session, read.Asked(place.show, place.term, None, place.after), PAGE_SIZE + 1)
        return Listing(
            title=gettext("Payments"),
            identity=PAYMENT,
            lead=gettext("Recorded by hand or told by the payment provider. A mistake is reversed, never erased."),
            tabs=place.tabs(states),
            term=place.term,
            search_hint=gettext("Reference, from its beginning"),
            kept=place.kept,
            table=book_cells.payments(rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.payment(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        names = staff_names(work.session, {row.recorded_by})
        undo = Act(gettext("Reverse the payment"), f"{HOME}{PAYMENT}/reverse/{row.id}", "undo-2")
        return Details(
            title=gettext("Payment of {amount}", amount=format_money(row.amount_cents)),
            identity=PAYMENT,
            crumbs=((gettext("Payments"), list_of(PAYMENT)),),
            state=money_words.payment(row.status),
            facts=(
                Fact(gettext("Client"), book_cells.client(row)),
                Fact(gettext("Method"), Cell(money_words.method(row.method))),
                Fact(gettext("Reference"), Cell(row.provider_ref)),
                Fact(gettext("Paid on"), Cell(at=row.paid_at)),
                Fact(gettext("Recorded"), Cell(at=row.recorded_at, small=who(row.recorded_by, names))),
                Fact(gettext("Reversed"), Cell(at=row.reversed_at)),
                Fact(gettext("Why it failed"), Cell(row.failure or "")),
            ),
            tables=(*_twins(work, row), book_cells.parts(read.parts(work.session, payment=row.id), of_invoice=False)),
            acts=(undo,) if row.status == PaymentStatus.SUCCEEDED and asked.may(PAYMENT, REVERSE) else (),
        )

    @expose("/reverse/{pk}", methods=["GET", "POST"])
    async def reverse(self, request: Request) -> Response:
        """Asks for its own grant first."""
        return await serving.serve(request, self.templates, Reverse(id_of(request.path_params["pk"])))


def _twins(work: Work, row: Paid) -> tuple[Table, ...]:
    """What may be the same money; of what never came or went back there is none."""
    if row.paid_at is None or row.status not in (PaymentStatus.PENDING, PaymentStatus.SUCCEEDED):
        return ()
    like = Like(row.client_id, row.amount_cents, row.paid_at, row.provider_ref)
    found = payment_watch.twins(work.session, like, but=row.id)
    return (payment_twins.table(work, found),) if found else ()


def _bill_facts(row: Bill) -> tuple[Fact, ...]:
    billed = row.billed_to
    named = " · ".join(str(billed[name]) for name in ("tax_id", "email") if billed.get(name))
    return (
        Fact(gettext("Client"), book_cells.client(row)),
        Fact(gettext("Billed to"), Cell(str(billed.get("legal_name") or ""), small=named)),
        Fact(gettext("Period"), Cell(book_cells.period(row))),
        Fact(gettext("Issued"), Cell(at=row.issued_at)),
        Fact(gettext("Due"), Cell(at=row.due_at)),
        Fact(gettext("Total"), Cell(format_money(row.total_cents))),
        Fact(gettext("Paid so far"), Cell(format_money(row.paid_cents))),
        Fact(gettext("Balance"), Cell(format_money(row.balance_cents))),
        Fact(gettext("Made void"), Cell(at=row.voided_at)),
        Fact(gettext("Fiscal invoice"), Cell(row.fiscal_ref or "")),
    )


def _bill_acts(row: Bill, asked: Asked) -> tuple[Act, ...]:
    pay = Act(gettext("Record payment"), f"{HOME}{CLIENT}/record-payment/{row.client_id}", "landmark", "primary")
    void = Act(gettext("Make it void"), f"{HOME}{INVOICE}/void/{row.id}", "ban")
    closable = row.status in (InvoiceStatus.OPEN, InvoiceStatus.PAID)
    offered = (
        (pay, asked.may(CLIENT, PAY) and row.balance_cents > 0),
        (void, asked.may(INVOICE, VOID) and closable),
    )
    return tuple(act for act, shown in offered if shown)


def _lines(lines: list[read.BillLine]) -> Table:
    def cells(line: read.BillLine) -> tuple[Cell, ...]:
        text, small = money_words.line(line.kind, line.facts)
        return (
            Cell(text, small=small),
            Cell(format_number(line.quantity), numeric=True),
            book_cells.money(line.amount_cents),
        )

    headings = (gettext("What"), gettext("Quantity"), gettext("Amount"))
    return Table(headings, tuple(cells(line) for line in lines), title=gettext("Lines"))
