"""An invoice as it is printed: Spanish or English, and plainly no fiscal invoice (CFDI)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from konectus import i18n
from konectus.domain.money import InvoiceStatus, LineKind
from konectus.i18n import format_date, format_money, format_percent, gettext, msg, ngettext
from konectus.papers.layout import Column, Paper, size_for


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line with the facts its words are made of."""

    kind: LineKind
    quantity: int
    amount_cents: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PrintedInvoice:
    """Everything the paper says; cents of MXN. `pay_to` says where to pay while something is owed."""

    number: str
    status: InvoiceStatus
    issued_at: datetime
    due_at: datetime
    period_starts_at: datetime
    period_ends_at: datetime
    billed_to: Mapping[str, Any]
    lines: tuple[PrintedLine, ...]
    total_cents: int
    paid_cents: int
    balance_cents: int
    fiscal_ref: str | None
    pay_to: str


_STATES = {
    InvoiceStatus.OPEN: msg("To be paid"),
    InvoiceStatus.PAID: msg("Paid in full"),
    InvoiceStatus.VOID: msg("Void"),
    InvoiceStatus.WRITTEN_OFF: msg("Written off"),
}


def render(invoice: PrintedInvoice, locale: str) -> bytes:
    """The PDF in a locale, on Letter or A4 as the Client's country prints."""
    with i18n.use(locale):
        title = gettext("Invoice {number}", number=invoice.number)
        paper = Paper(
            title,
            lang=i18n.tag(),
            size=size_for(str(invoice.billed_to.get("country") or "")),
            made_at=invoice.issued_at,
            foot=f"Konectus · {title} · {gettext('Not a fiscal invoice (CFDI)')}",
        )
        paper.subtitle(gettext("Statement of charges for the Konectus service"))
        paper.boxed(gettext("This is not a fiscal invoice (CFDI) and has no fiscal effect."))
        _say(paper, invoice)
        return paper.pdf()


def _say(paper: Paper, invoice: PrintedInvoice) -> None:
    paper.facts(_facts(invoice))
    columns = (
        Column(gettext("Description"), 0.6),
        Column(gettext("Quantity"), 0.15, is_number=True),
        Column(gettext("Amount"), 0.25, is_number=True),
    )
    rows = [
        (
            words_of(line),
            i18n.format_number(line.quantity) if _is_counted(line) else "",
            format_money(line.amount_cents),
        )
        for line in invoice.lines
    ]
    paper.table(columns, rows)
    paper.sums(
        (
            (gettext("Total"), format_money(invoice.total_cents)),
            (gettext("Paid and credited"), format_money(invoice.paid_cents)),
            (gettext("Left to pay"), f"{format_money(invoice.balance_cents)} MXN"),
        )
    )
    if invoice.balance_cents > 0 and invoice.pay_to:
        paper.heading(gettext("Where to pay"))
        paper.paragraph(invoice.pay_to)
        paper.paragraph(gettext("Give {number} as the reference of your payment.", number=invoice.number))
    paper.paragraph(gettext("Amounts in Mexican pesos (MXN). Days are those of Mexico City."), is_soft=True)
    if i18n.current() != i18n.DEFAULT:
        paper.paragraph(gettext("The Spanish version prevails."), is_soft=True)


def _facts(invoice: PrintedInvoice) -> list[tuple[str, str]]:
    to = invoice.billed_to
    # A period ends with the day before the instant on which the next one begins.
    last = invoice.period_ends_at - timedelta(seconds=1)
    span = gettext("{first} to {last}", first=_day(invoice.period_starts_at), last=_day(last))
    return [
        (gettext("Billed to"), str(to.get("legal_name") or "")),
        (gettext("Tax ID"), str(to.get("tax_id") or "")),
        (gettext("Registered e-mail"), str(to.get("email") or "")),
        (gettext("Issued"), _day(invoice.issued_at)),
        (gettext("Due"), _day(invoice.due_at)),
        (gettext("Service"), span),
        (gettext("State"), gettext(_STATES.get(invoice.status, str(invoice.status)))),
        (gettext("Fiscal invoice (CFDI)"), invoice.fiscal_ref or ""),
    ]


def _day(instant: datetime) -> str:
    return format_date(instant, form="medium")


def _is_counted(line: PrintedLine) -> bool:
    return line.kind in (LineKind.PLAN, LineKind.SEATS)


def words_of(line: PrintedLine) -> str:
    """A line in words, in the present locale; also for pages that show it."""
    facts = dict(line.facts)
    plan = gettext("Plan {plan}, version {version}", plan=facts.get("plan", ""), version=facts.get("version", ""))
    days = facts.get("days", 0)
    match line.kind:
        case LineKind.PLAN:
            seats = ngettext("{n} seat", "{n} seats", int(facts.get("seats", 0)))
            return f"{plan} ({seats})"
        case LineKind.SEATS:
            each = format_money(int(facts.get("each_cents", 0)))
            return gettext("Further seats of {plan}, {each} each", plan=plan, each=each)
        case LineKind.PRORATION_DEBIT:
            return gettext("{plan}: {days} of {total} days", plan=plan, days=days, total=facts.get("total_days", 0))
        case LineKind.PRORATION_CREDIT:
            text = msg("{plan}: {days} of {total} days that are not used any more")
            return gettext(text, plan=plan, days=days, total=facts.get("total_days", 0))
        case LineKind.TAX:
            points = int(facts.get("basis_points", 0))
            return gettext("Tax, {rate}", rate=format_percent(points / 10_000, 0 if points % 100 == 0 else 2))
        case LineKind.OTHER:
            return str(facts.get("text", ""))
