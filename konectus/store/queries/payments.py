"""Reads of money that came: payments, credit notes, what they pay of which invoice, refunds. Not what is owed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from konectus.domain.invoicing import Period
from konectus.domain.money import CreditReason, PaymentMethod, PaymentStatus, RefundStatus
from konectus.store.models.billing import Invoice
from konectus.store.models.payments import Allocation, CreditNote, Payment, Refund

SourceKind = Literal["payment", "credit_note"]


@dataclass(frozen=True, slots=True)
class Source:
    """A payment or credit note with what of it pays nothing yet."""

    kind: SourceKind
    id: UUID
    left_cents: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one payment or credit note pays of one invoice, after all that was taken back."""

    kind: SourceKind
    source_id: UUID
    invoice_id: UUID
    cents: int


@dataclass(frozen=True, slots=True)
class PaymentRow:
    payment_id: UUID
    method: PaymentMethod
    provider: str
    provider_ref: str
    amount_cents: int
    status: PaymentStatus
    paid_at: datetime | None
    recorded_at: datetime
    recorded_by: str
    reversed_at: datetime | None
    failure: str | None
    unused_cents: int


@dataclass(frozen=True, slots=True)
class CreditNoteRow:
    credit_note_id: UUID
    number: str
    invoice_id: UUID | None
    reason: CreditReason
    note: str
    amount_cents: int
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class RefundRow:
    """`invoice_number` and the days are empty where credit is given back that paid nothing."""

    refund_id: UUID
    invoice_number: str
    days_total: int | None
    days_unused: int | None
    base_paid_cents: int
    amount_cents: int
    status: RefundStatus
    provider_ref: str | None
    proposed_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prepayment:
    """An invoice of a period that goes on after an instant, with what payments really paid of it."""

    invoice_id: UUID
    number: str
    period: Period
    paid_cents: int


# Money in the order in which it came; what was taken back, tried in vain or given back is no source.
_SOURCES = text("""
select * from (
  select 'payment' as kind, p.id, coalesce(p.paid_at, p.recorded_at) as came_at, p.amount_cents
    - coalesce((select sum(a.amount_cents) from ledger.allocation a
                where a.client_id = p.client_id and a.payment_id = p.id), 0)
    - coalesce((select sum(r.amount_cents) from ledger.refund r where r.client_id = p.client_id
                and r.payment_id = p.id and r.status in ('approved', 'sent', 'settled')), 0) as left_cents
  from ledger.payment p where p.client_id = :client_id and p.status = 'succeeded'
  union all
  select 'credit_note', c.id, c.issued_at, c.amount_cents
    - coalesce((select sum(a.amount_cents) from ledger.allocation a
                where a.client_id = c.client_id and a.credit_note_id = c.id), 0)
  from ledger.credit_note c where c.client_id = :client_id) s
where left_cents > 0 order by came_at, id
""")


def sources(session: Session, client_id: UUID) -> list[Source]:
    """Money that pays nothing yet, in the order in which it came."""
    rows = session.execute(_SOURCES, {"client_id": client_id})
    return [Source(row.kind, row.id, int(row.left_cents)) for row in rows]


def credit(session: Session, client_id: UUID) -> int:
    """Cents that a Client paid or was credited and that pay nothing yet."""
    return sum(source.left_cents for source in sources(session, client_id))


_PARTS = text("""
select case when payment_id is null then 'credit_note' else 'payment' end as kind,
       coalesce(payment_id, credit_note_id) as source_id, invoice_id, sum(amount_cents) as cents, min(id) as first
from ledger.allocation
where client_id = :client_id and (invoice_id = :invoice_id or payment_id = :payment_id)
group by payment_id, credit_note_id, invoice_id having sum(amount_cents) > 0 order by first
""")


def parts_of_invoice(session: Session, client_id: UUID, invoice_id: UUID) -> list[Part]:
    """Which money pays an invoice."""
    return _parts(session, client_id, invoice_id=invoice_id)


def parts_of_payment(session: Session, client_id: UUID, payment_id: UUID) -> list[Part]:
    """Which invoices a payment pays."""
    return _parts(session, client_id, payment_id=payment_id)


def _parts(
    session: Session, client_id: UUID, *, invoice_id: UUID | None = None, payment_id: UUID | None = None
) -> list[Part]:
    values = {"client_id": client_id, "invoice_id": invoice_id, "payment_id": payment_id}
    return [Part(r.kind, r.source_id, r.invoice_id, int(r.cents)) for r in session.execute(_PARTS, values)]


_USED = (
    select(func.coalesce(func.sum(Allocation.amount_cents), 0))
    .where(Allocation.client_id == Payment.client_id, Allocation.payment_id == Payment.id)
    .correlate(Payment)
    .scalar_subquery()
    .label("used_cents")
)


def payments(session: Session, client_id: UUID, most: int = 200) -> list[PaymentRow]:
    """What came and what was tried, the newest first."""
    rows = session.execute(
        select(Payment, _USED)
        .where(Payment.client_id == client_id)
        .order_by(Payment.recorded_at.desc(), Payment.id.desc())
        .limit(most)
    )
    return [_payment(row, int(used)) for row, used in rows]


def _payment(row: Payment, used: int) -> PaymentRow:
    status = PaymentStatus(row.status)
    return PaymentRow(
        payment_id=row.id,
        method=PaymentMethod(row.method),
        provider=row.provider,
        provider_ref=row.provider_ref,
        amount_cents=row.amount_cents,
        status=status,
        paid_at=row.paid_at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        reversed_at=row.reversed_at,
        failure=row.failure,
        unused_cents=row.amount_cents - used if status is PaymentStatus.SUCCEEDED else 0,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A payment by the name its provider gave it."""

    payment_id: UUID
    client_id: UUID
    status: PaymentStatus
    amount_cents: int


def by_reference(session: Session, provider: str, reference: str) -> Known | None:
    row = session.execute(
        select(Payment.id, Payment.client_id, Payment.status, Payment.amount_cents).where(
            Payment.provider == provider, Payment.provider_ref == reference
        )
    ).one_or_none()
    return None if row is None else Known(row.id, row.client_id, PaymentStatus(row.status), row.amount_cents)


def credit_notes(session: Session, client_id: UUID) -> list[CreditNoteRow]:
    rows = session.execute(
        select(
            CreditNote.id,
            CreditNote.number,
            CreditNote.invoice_id,
            CreditNote.reason,
            CreditNote.note,
            CreditNote.amount_cents,
            CreditNote.issued_at,
        )
        .where(CreditNote.client_id == client_id)
        .order_by(CreditNote.issued_at.desc(), CreditNote.id.desc())
    )
    return [
        CreditNoteRow(r.id, r.number, r.invoice_id, CreditReason(r.reason), r.note, r.amount_cents, r.issued_at)
        for r in rows
    ]


def credited(session: Session, client_id: UUID, invoice_id: UUID) -> int:
    """Cents of the credit notes on an invoice."""
    found = session.scalar(
        select(func.coalesce(func.sum(CreditNote.amount_cents), 0)).where(
            CreditNote.client_id == client_id, CreditNote.invoice_id == invoice_id
        )
    )
    return int(found or 0)


def refunded(session: Session, client_id: UUID, invoice_id: UUID) -> int:
    """Cents of an invoice that were given back or are going to be."""
    found = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
            Refund.client_id == client_id, Refund.invoice_id == invoice_id, Refund.status != RefundStatus.FAILED
        )
    )
    return int(found or 0)


def refunded_for(session: Session, client_id: UUID, termination_id: UUID) -> set[UUID]:
    """Invoices a termination has a refund of, whatever became of it."""
    mine = (Refund.client_id == client_id, Refund.termination_id == termination_id, Refund.invoice_id.is_not(None))
    return {found for found in session.scalars(select(Refund.invoice_id).where(*mine)) if found is not None}


def refunds(session: Session, client_id: UUID) -> list[RefundRow]:
    rows = session.execute(
        select(Refund, Invoice.number)
        .outerjoin(Invoice, (Invoice.client_id == Refund.client_id) & (Invoice.id == Refund.invoice_id))
        .where(Refund.client_id == client_id)
        .order_by(Refund.proposed_at.desc(), Refund.id.desc())
    )
    return [
        RefundRow(
            refund_id=row.id,
            invoice_number=number or "",
            days_total=row.days_total,
            days_unused=row.days_unused,
            base_paid_cents=row.base_paid_cents,
            amount_cents=row.amount_cents,
            status=RefundStatus(row.status),
            provider_ref=row.provider_ref,
            proposed_at=row.proposed_at,
            decided_at=row.decided_at,
        )
        for row, number in rows
    ]


# Money, never credit notes: what was forgiven is not given back. Refunds that failed gave nothing.
_PREPAID = text("""
select i.id, i.number, i.period_starts_at, i.period_ends_at,
  coalesce((select sum(a.amount_cents) from ledger.allocation a join ledger.payment p
      on p.client_id = a.client_id and p.id = a.payment_id
    where a.client_id = i.client_id and a.invoice_id = i.id and p.status = 'succeeded'), 0)
  - coalesce((select sum(r.amount_cents) from ledger.refund r
    where r.client_id = i.client_id and r.invoice_id = i.id and r.status <> 'failed'), 0) as paid_cents
from ledger.invoice i
where i.client_id = :client_id and i.kind in ('period', 'change') and i.status in ('open', 'paid')
  and i.period_ends_at > :at
order by i.period_starts_at, i.id
""")


def prepaid_after(session: Session, client_id: UUID, at: datetime) -> list[Prepayment]:
    """Invoices whose service goes on after an instant, with what was really paid of them and not given back."""
    rows = session.execute(_PREPAID, {"client_id": client_id, "at": at})
    return [
        Prepayment(r.id, r.number, Period(r.period_starts_at, r.period_ends_at), max(int(r.paid_cents), 0))
        for r in rows
    ]
