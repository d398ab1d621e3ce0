"""Money in cells and tables: a row of an invoice, payment, credit note or refund, as every page shows it."""

from collections.abc import Sequence
from datetime import datetime

from backoffice.admin import money_words
from backoffice.admin.pieces import Cell, Fact, Table
from backoffice.admin.roles import CLIENT, CREDIT, INVOICE, PAYMENT, REFUND
from backoffice.admin.shell import page_of
from konectus.i18n import format_date, format_money, gettext
from konectus.store.queries.admin_money import Bill, Credit, GivenBack, Paid, Part


def money(cents: int, small: str = "") -> Cell:
    return Cell(format_money(cents), small=small, numeric=True)


def client(row: Bill | Paid | Credit | GivenBack) -> Cell:
    return Cell(row.trade_name, href=page_of(CLIENT, row.client_id))


def period(row: Bill) -> str:
    begins, ends = (format_date(day, form="medium") for day in (row.period_starts_at, row.period_ends_at))
    return gettext("{begins} to {ends}", begins=begins, ends=ends)


def is_overdue(row: Bill, now: datetime) -> bool:
    return row.balance_cents > 0 and row.due_at is not None and row.due_at <= now


def bills(rows: Sequence[Bill], now: datetime, *, with_client: bool) -> Table:
    whose = (gettext("Client"),) if with_client else ()

    def cells(row: Bill) -> tuple[Cell, ...]:
        return (
            Cell(row.number or gettext("Draft"), small=period(row), href=page_of(INVOICE, row.id)),
            *((client(row),) if with_client else ()),
            Cell(state=money_words.invoice(row.status, is_overdue=is_overdue(row, now))),
            Cell(at=row.due_at),
            money(row.total_cents),
            money(row.balance_cents),
        )

    headings = (gettext("Invoice"), *whose, gettext("State"), gettext("Due"), gettext("Total"), gettext("Balance"))
    return Table(headings, tuple(cells(row) for row in rows), gettext("No invoice here."), gettext("Invoices"))


def payments(rows: Sequence[Paid], *, with_client: bool) -> Table:
    whose = (gettext("Client"),) if with_client else ()

    def cells(row: Paid) -> tuple[Cell, ...]:
        return (
            Cell(row.provider_ref, small=money_words.method(row.method), href=page_of(PAYMENT, row.id)),
            *((client(row),) if with_client else ()),
            Cell(state=money_words.payment(row.status), small=row.failure or ""),
            Cell(at=row.paid_at),
            money(row.amount_cents),
        )

    headings = (gettext("Reference"), *whose, gettext("State"), gettext("Paid on"), gettext("Amount"))
    return Table(headings, tuple(cells(row) for row in rows), gettext("No payment here."), gettext("Payments"))


def credits_(rows: Sequence[Credit], *, with_client: bool) -> Table:
    whose = (gettext("Client"),) if with_client else ()

    def cells(row: Credit) -> tuple[Cell, ...]:
        return (
            Cell(row.number, small=row.note, href=page_of(CREDIT, row.id)),
            *((client(row),) if with_client else ()),
            Cell(money_words.credit_reason(row.reason), small=row.invoice_number or ""),
            Cell(at=row.issued_at),
            money(row.amount_cents),
        )

    headings = (gettext("Number"), *whose, gettext("Reason"), gettext("Issued"), gettext("Amount"))
    return Table(headings, tuple(cells(row) for row in rows), gettext("No credit note here."), gettext("Credit notes"))


def refunds(rows: Sequence[GivenBack], *, with_client: bool) -> Table:
    whose = (gettext("Client"),) if with_client else ()

    def cells(row: GivenBack) -> tuple[Cell, ...]:
        return (
            Cell(row.invoice_number or row.payment_ref or "", small=refunded_days(row), href=page_of(REFUND, row.id)),
            *((client(row),) if with_client else ()),
            Cell(state=money_words.refund(row.status)),
            Cell(at=row.proposed_at),
            money(row.amount_cents),
        )

    headings = (gettext("Of"), *whose, gettext("State"), gettext("Proposed"), gettext("Amount"))
    return Table(headings, tuple(cells(row) for row in rows), gettext("No refund here."), gettext("Refunds"))


def refunded_days(row: GivenBack) -> str:
    """What a refund is counted by: days of a period, or credit that was left."""
    if row.days_total is None:
        return gettext("Credit that was left at the end")
    return gettext("{days} of {total} days", days=row.days_unused, total=row.days_total)


def refunded(row: GivenBack) -> tuple[Fact, ...]:
    """What a refund gives back and what it is counted by."""
    if row.invoice_id is None:
        of = Fact(gettext("Payment"), Cell(row.payment_ref or "", href=page_of(PAYMENT, row.payment_id)))
        return (of, Fact(gettext("Counted by"), Cell(refunded_days(row))))
    return (
        Fact(gettext("Invoice"), Cell(row.invoice_number or "", href=page_of(INVOICE, row.invoice_id))),
        Fact(gettext("Paid of it"), Cell(format_money(row.base_paid_cents))),
        Fact(gettext("Days not used"), Cell(refunded_days(row))),
    )


def parts(rows: Sequence[Part], *, of_invoice: bool) -> Table:
    """What paid an invoice, or what a payment or credit note paid."""

    def source(row: Part) -> Cell:
        if row.payment_id is not None:
            return Cell(row.payment_ref or "", small=gettext("Payment"), href=page_of(PAYMENT, row.payment_id))
        return Cell(row.credit_number or "", small=gettext("Credit note"), href=page_of(CREDIT, row.credit_id))

    def target(row: Part) -> Cell:
        return Cell(row.invoice_number or "", href=page_of(INVOICE, row.invoice_id))

    first = gettext("From") if of_invoice else gettext("Invoice")
    return Table(
        (first, gettext("When"), gettext("Amount")),
        tuple((source(row) if of_invoice else target(row), Cell(at=row.at), money(row.amount_cents)) for row in rows),
        gettext("Nothing has been paid of it.") if of_invoice else gettext("It pays no invoice yet."),
        gettext("What it was paid with") if of_invoice else gettext("What it pays"),
    )
