"""Reads of invoices: what is owed since when, what was billed, and their sheets. Payments and contracts lie beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, func, select, text
from sqlalchemy.orm import Session

from konectus.domain.money import InvoiceKind, InvoiceStatus, LineKind
from konectus.errors import NotFound
from konectus.store.models.billing import Invoice, InvoiceLine
from konectus.store.models.payments import Allocation


@dataclass(frozen=True, slots=True)
class Owed:
    """An open invoice with a balance. A notice of it counts from `owed_since` on: a payment that was taken back
    reopens the invoice and needs a notice and a clock of its own (lifecycle.md 2, #7).
    """

    invoice_id: UUID
    number: str
    issued_at: datetime
    due_at: datetime
    owed_since: datetime
    total_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice in a list."""

    invoice_id: UUID
    number: str
    kind: InvoiceKind
    status: InvoiceStatus
    period_starts_at: datetime
    period_ends_at: datetime
    issued_at: datetime
    due_at: datetime
    total_cents: int
    paid_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class SheetLine:
    kind: LineKind
    quantity: int
    amount_cents: int
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that an invoice says on paper."""

    invoice: InvoiceRow
    billed_to: dict[str, Any]
    fiscal_ref: str | None
    lines: tuple[SheetLine, ...]


# How much of it was paid before each allocation tells whether one reopened it.
_OWED = """
select b.client_id, b.id, b.number, i.issued_at, b.due_at, b.total_cents, b.balance_cents,
       coalesce(max(a.at) filter (where a.amount_cents < 0 and a.before >= b.total_cents), b.due_at) as owed_since
from ledger.invoice_balance b
join ledger.invoice i on i.client_id = b.client_id and i.id = b.id
left join lateral (
  select l.at, l.amount_cents,
         sum(l.amount_cents) over (order by l.id) - l.amount_cents as before
  from ledger.allocation l where l.client_id = b.client_id and l.invoice_id = b.id) a on true
where b.client_id {whose} and b.status = 'open' and b.balance_cents > 0
group by b.client_id, b.id, b.number, i.issued_at, b.due_at, b.total_cents, b.balance_cents
order by b.due_at, b.id
"""
_ALL_OWED: TextClause = text(_OWED.format(whose="= :client_id"))
_OWED_OF: TextClause = text(_OWED.format(whose="= any(:client_ids)"))


def owed(session: Session, client_id: UUID) -> list[Owed]:
    """What a Client has to pay, the oldest due first."""
    return [_owed(row) for row in session.execute(_ALL_OWED, {"client_id": client_id})]


def overdue(session: Session, client_id: UUID, now: datetime) -> list[Owed]:
    """What of it is due already: an invoice is due the instant it is issued."""
    return [one for one in owed(session, client_id) if one.due_at <= now]


def owed_of(session: Session, client_ids: Sequence[UUID]) -> dict[UUID, list[Owed]]:
    """What each of several Clients has to pay, in one statement and in their order."""
    found: dict[UUID, list[Owed]] = {client_id: [] for client_id in client_ids}
    for row in session.execute(_OWED_OF, {"client_ids": list(client_ids)}):
        found[row.client_id].append(_owed(row))
    return found


def _owed(row: Row[Any]) -> Owed:
    return Owed(
        row.id, row.number, row.issued_at, row.due_at, row.owed_since, int(row.total_cents), int(row.balance_cents)
    )


def open_and_settled(session: Session, client_id: UUID) -> list[UUID]:
    """Open invoices that nothing is left of."""
    statement = text(
        "select id from ledger.invoice_balance where client_id = :client_id and status = 'open' and balance_cents <= 0"
    )
    return list(session.scalars(statement, {"client_id": client_id}))


def paid_of(session: Session, client_id: UUID, invoice_id: UUID) -> int:
    """Cents allocated to an invoice, whatever its state."""
    found = session.scalar(
        select(func.coalesce(func.sum(Allocation.amount_cents), 0)).where(
            Allocation.client_id == client_id, Allocation.invoice_id == invoice_id
        )
    )
    return int(found or 0)


_ROW = (
    Invoice.id,
    Invoice.number,
    Invoice.kind,
    Invoice.status,
    Invoice.period_starts_at,
    Invoice.period_ends_at,
    Invoice.issued_at,
    Invoice.due_at,
    Invoice.total_cents,
    select(func.coalesce(func.sum(Allocation.amount_cents), 0))
    .where(Allocation.client_id == Invoice.client_id, Allocation.invoice_id == Invoice.id)
    .correlate(Invoice)
    .scalar_subquery()
    .label("paid_cents"),
)


def invoices(session: Session, client_id: UUID, most: int = 200) -> list[InvoiceRow]:
    """Those that were issued, the newest first."""
    rows = session.execute(
        select(*_ROW)
        .where(Invoice.client_id == client_id, Invoice.status != InvoiceStatus.DRAFT)
        .order_by(Invoice.issued_at.desc(), Invoice.id.desc())
        .limit(most)
    )
    return [_invoice(row) for row in rows]


def sheet(session: Session, client_id: UUID, invoice_id: UUID) -> Sheet:
    """One invoice with its lines. Raises NotFound, also where it is another Client's."""
    row = session.execute(
        select(*_ROW, Invoice.billed_to, Invoice.fiscal_ref).where(
            Invoice.client_id == client_id, Invoice.id == invoice_id, Invoice.status != InvoiceStatus.DRAFT
        )
    ).one_or_none()
    if row is None:
        raise NotFound("no such invoice")
    lines = session.execute(
        select(InvoiceLine.kind, InvoiceLine.quantity, InvoiceLine.amount_cents, InvoiceLine.facts)
        .where(InvoiceLine.client_id == client_id, InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
    )
    found = tuple(SheetLine(LineKind(kind), quantity, cents, facts) for kind, quantity, cents, facts in lines)
    return Sheet(_invoice(row), dict(row.billed_to), row.fiscal_ref, found)


def client_of_number(session: Session, number: str) -> UUID | None:
    """Whose an invoice of this number is."""
    return session.scalar(select(Invoice.client_id).where(Invoice.number == number))


def _invoice(row: Row[Any]) -> InvoiceRow:
    paid = int(row.paid_cents)
    status = InvoiceStatus(row.status)
    return InvoiceRow(
        invoice_id=row.id,
        number=row.number,
        kind=InvoiceKind(row.kind),
        status=status,
        period_starts_at=row.period_starts_at,
        period_ends_at=row.period_ends_at,
        issued_at=row.issued_at,
        due_at=row.due_at,
        total_cents=row.total_cents,
        paid_cents=paid,
        balance_cents=row.total_cents - paid if status is InvoiceStatus.OPEN else 0,
    )
