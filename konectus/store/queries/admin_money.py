"""Money as the staff see it: invoices, payments, credit notes and refunds, in pages by their ids and one by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, column, func, select, table
from sqlalchemy.orm import Session

from konectus.domain.money import InvoiceStatus, RefundStatus
from konectus.store.models.billing import Invoice, InvoiceLine
from konectus.store.models.clients import Client
from konectus.store.models.payments import Allocation, CreditNote, Deferral, Payment, Refund

# The view derives what is left to pay from allocations.
_BALANCE = table("invoice_balance", column("id"), column("paid_cents"), column("balance_cents"), schema="ledger")


@dataclass(frozen=True, slots=True)
class Asked:
    """What to narrow a list to; empty = everything. `after` is the last row of the page before (newest first)."""

    status: str = ""
    term: str = ""
    client_id: UUID | None = None
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice with what is left to pay of it."""

    id: UUID
    client_id: UUID
    trade_name: str
    number: str | None
    kind: str
    status: str
    period_starts_at: datetime
    period_ends_at: datetime
    total_cents: int
    paid_cents: int
    balance_cents: int
    issued_at: datetime | None
    due_at: datetime | None
    voided_at: datetime | None
    billed_to: dict[str, Any]
    fiscal_ref: str | None


@dataclass(frozen=True, slots=True)
class BillLine:
    kind: str
    quantity: int
    amount_cents: int
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, booked or tried."""

    id: UUID
    client_id: UUID
    trade_name: str
    method: str
    provider: str
    provider_ref: str
    amount_cents: int
    status: str
    paid_at: datetime | None
    recorded_at: datetime
    recorded_by: str
    reversed_at: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class Credit:
    id: UUID
    client_id: UUID
    trade_name: str
    number: str
    reason: str
    note: str
    amount_cents: int
    issued_at: datetime
    invoice_id: UUID | None
    invoice_number: str | None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund as proposed: of days of an invoice, or of a payment's money that pays nothing."""

    id: UUID
    client_id: UUID
    trade_name: str
    invoice_id: UUID | None
    invoice_number: str | None
    payment_id: UUID | None
    payment_ref: str | None
    termination_id: UUID | None
    days_total: int | None
    days_unused: int | None
    base_paid_cents: int
    amount_cents: int
    status: str
    provider_ref: str | None
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a payment or credit note for so much of an invoice; negative takes it back."""

    at: datetime
    amount_cents: int
    invoice_id: UUID
    invoice_number: str | None
    payment_id: UUID | None
    payment_ref: str | None
    credit_id: UUID | None
    credit_number: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deferral that is in force."""

    id: UUID
    invoice_id: UUID | None
    until: datetime
    reason: str
    granted_by: str


def bills(session: Session, asked: Asked, now: datetime, most: int) -> list[Bill]:
    """Newest first; `status` may also be `overdue`, and `term` is how a number begins."""
    page = select(Invoice.id).order_by(Invoice.id.desc()).limit(most)
    if asked.status == "overdue":
        page = page.where(Invoice.status == InvoiceStatus.OPEN, Invoice.due_at <= now)
    elif asked.status:
        page = page.where(Invoice.status == asked.status)
    if asked.term:
        page = page.where(Invoice.number.startswith(asked.term.upper(), autoescape=True))
    page = _narrowed(page, Invoice, asked)
    chosen = page.subquery()
    rows = session.execute(_bill().join(chosen, chosen.c.id == Invoice.id).order_by(Invoice.id.desc()))
    return [Bill(*row) for row in rows]


def bill(session: Session, invoice_id: UUID) -> Bill | None:
    row = session.execute(_bill().where(Invoice.id == invoice_id)).one_or_none()
    return Bill(*row) if row else None


def bill_lines(session: Session, invoice_id: UUID) -> list[BillLine]:
    columns = (InvoiceLine.kind, InvoiceLine.quantity, InvoiceLine.amount_cents, InvoiceLine.facts)
    mine = InvoiceLine.invoice_id == invoice_id
    return [BillLine(*row) for row in session.execute(select(*columns).where(mine).order_by(InvoiceLine.position))]


def payments(session: Session, asked: Asked, most: int) -> list[Paid]:
    """Newest first; `term` is how a reference begins."""
    statement = _narrowed(_payment().order_by(Payment.id.desc()).limit(most), Payment, asked)
    if asked.status:
        statement = statement.where(Payment.status == asked.status)
    if asked.term:
        statement = statement.where(Payment.provider_ref.startswith(asked.term, autoescape=True))
    return [Paid(*row) for row in session.execute(statement)]


def payment(session: Session, payment_id: UUID) -> Paid | None:
    row = session.execute(_payment().where(Payment.id == payment_id)).one_or_none()
    return Paid(*row) if row else None


def credit_notes(session: Session, asked: Asked, most: int) -> list[Credit]:
    """Newest first; `term` is how a number begins."""
    statement = _narrowed(_credit().order_by(CreditNote.id.desc()).limit(most), CreditNote, asked)
    if asked.term:
        statement = statement.where(CreditNote.number.startswith(asked.term.upper(), autoescape=True))
    return [Credit(*row) for row in session.execute(statement)]


def credit_note(session: Session, credit_id: UUID) -> Credit | None:
    row = session.execute(_credit().where(CreditNote.id == credit_id)).one_or_none()
    return Credit(*row) if row else None


def refunds(session: Session, asked: Asked, most: int) -> list[GivenBack]:
    statement = _narrowed(_refund().order_by(Refund.id.desc()).limit(most), Refund, asked)
    if asked.status:
        statement = statement.where(Refund.status == asked.status)
    return [GivenBack(*row) for row in session.execute(statement)]


def refund(session: Session, refund_id: UUID) -> GivenBack | None:
    row = session.execute(_refund().where(Refund.id == refund_id)).one_or_none()
    return GivenBack(*row) if row else None


def to_decide(session: Session) -> int:
    """Refunds that wait for a decision."""
    counted = select(func.count()).select_from(Refund).where(Refund.status == RefundStatus.PROPOSED)
    return session.scalar(counted) or 0


def parts(
    session: Session, *, invoice: UUID | None = None, payment: UUID | None = None, credit: UUID | None = None
) -> list[Part]:
    """What an invoice was paid with, or what a payment or credit note paid, in the order it happened."""
    wanted = {Allocation.invoice_id: invoice, Allocation.payment_id: payment, Allocation.credit_note_id: credit}
    rows = session.execute(
        select(
            Allocation.at,
            Allocation.amount_cents,
            Allocation.invoice_id,
            Invoice.number,
            Allocation.payment_id,
            Payment.provider_ref,
            Allocation.credit_note_id,
            CreditNote.number,
        )
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .outerjoin(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(CreditNote, CreditNote.id == Allocation.credit_note_id)
        .where(*(name == value for name, value in wanted.items() if value is not None))
        .order_by(Allocation.id)
        .limit(200)
    )
    return [Part(*row) for row in rows]


def deferrals(session: Session, client_id: UUID, now: datetime) -> list[Waiting]:
    """Those in force."""
    rows = session.execute(
        select(Deferral.id, Deferral.invoice_id, Deferral.until, Deferral.reason, Deferral.granted_by)
        .where(Deferral.client_id == client_id, Deferral.revoked_at.is_(None), Deferral.until > now)
        .order_by(Deferral.until)
    )
    return [Waiting(*row) for row in rows]


def names(session: Session, client_ids: list[UUID]) -> dict[UUID, str]:
    """Trade names by id."""
    rows = session.execute(select(Client.id, Client.trade_name).where(Client.id.in_(client_ids)))
    return {row[0]: row[1] for row in rows}


def _narrowed(statement: Any, model: Any, asked: Asked) -> Any:
    if asked.client_id is not None:
        statement = statement.where(model.client_id == asked.client_id)
    return statement.where(model.id < asked.after) if asked.after is not None else statement


def _bill() -> Select[*tuple[Any, ...]]:
    named = (Invoice.id, Invoice.client_id, Client.trade_name, Invoice.number, Invoice.kind, Invoice.status)
    money = (Invoice.total_cents, _BALANCE.c.paid_cents, _BALANCE.c.balance_cents)
    dates = (Invoice.issued_at, Invoice.due_at, Invoice.voided_at)
    columns = (*named, Invoice.period_starts_at, Invoice.period_ends_at, *money, *dates)
    return (
        select(*columns, Invoice.billed_to, Invoice.fiscal_ref)
        .join(Client, Client.id == Invoice.client_id)
        .join(_BALANCE, _BALANCE.c.id == Invoice.id)
    )


def _payment() -> Select[*tuple[Any, ...]]:
    named = (Payment.id, Payment.client_id, Client.trade_name, Payment.method, Payment.provider, Payment.provider_ref)
    state = (Payment.amount_cents, Payment.status, Payment.paid_at, Payment.recorded_at, Payment.recorded_by)
    return select(*named, *state, Payment.reversed_at, Payment.failure).join(Client, Client.id == Payment.client_id)


def _credit() -> Select[*tuple[Any, ...]]:
    named = (CreditNote.id, CreditNote.client_id, Client.trade_name, CreditNote.number, CreditNote.reason)
    what = (CreditNote.note, CreditNote.amount_cents, CreditNote.issued_at, CreditNote.invoice_id, Invoice.number)
    found = select(*named, *what).join(Client, Client.id == CreditNote.client_id)
    return found.outerjoin(Invoice, Invoice.id == CreditNote.invoice_id)


def _refund() -> Select[*tuple[Any, ...]]:
    named = (Refund.id, Refund.client_id, Client.trade_name, Refund.invoice_id, Invoice.number)
    of = (Refund.payment_id, Payment.provider_ref, Refund.termination_id)
    sums = (Refund.days_total, Refund.days_unused, Refund.base_paid_cents, Refund.amount_cents)
    state = (Refund.status, Refund.provider_ref, Refund.proposed_at, Refund.decided_at, Refund.decided_by)
    found = select(*named, *of, *sums, *state).join(Client, Client.id == Refund.client_id)
    return found.outerjoin(Invoice, Invoice.id == Refund.invoice_id).outerjoin(Payment, Payment.id == Refund.payment_id)
