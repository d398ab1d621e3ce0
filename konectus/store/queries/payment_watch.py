"""Reads of payments that need a person's eye: what does not arrive, and what looks booked twice. Not what is paid."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import String, and_, cast, or_, select
from sqlalchemy.orm import Session

from konectus.domain.deadlines import local_day, start_of
from konectus.domain.money import PaymentStatus
from konectus.domain.tasks import TaskKind
from konectus.store.models.notices import StaffTask
from konectus.store.models.payments import Payment


@dataclass(frozen=True, slots=True)
class Like:
    """What a payment is compared by."""

    client_id: UUID
    amount_cents: int
    paid_at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A payment that may be the same money, and who booked it."""

    payment_id: UUID
    provider: str
    reference: str
    amount_cents: int
    status: PaymentStatus
    paid_at: datetime
    recorded_at: datetime
    recorded_by: str


def twins(session: Session, like: Like, *, but: UUID | None = None, most: int = 5) -> list[Twin]:
    """Money of the same Client that came or is on its way and may be this one, the newest first.

    Either its amount is the same and its legal day the same, the one before or the one after: by hand only the day
    is known, and a bank books what comes at night on the next one. Or its reference is the same at another provider.
    """
    day = local_day(like.paid_at)
    near = and_(
        Payment.amount_cents == like.amount_cents,
        Payment.paid_at >= start_of(day - timedelta(days=1)),
        Payment.paid_at < start_of(day + timedelta(days=2)),
    )
    statement = select(Payment).where(
        Payment.client_id == like.client_id,
        Payment.status.in_((PaymentStatus.PENDING, PaymentStatus.SUCCEEDED)),
        Payment.paid_at.is_not(None),
        or_(near, Payment.provider_ref == like.reference),
    )
    if but is not None:
        statement = statement.where(Payment.id != but)
    rows = session.scalars(statement.order_by(Payment.recorded_at.desc(), Payment.id.desc()).limit(most))
    return [_twin(row) for row in rows]


def unsettled(session: Session, before: datetime, most: int) -> list[UUID]:
    """Payments on their way since then or longer that nobody was asked about yet."""
    asked = select(StaffTask.id).where(
        StaffTask.kind == TaskKind.PAYMENT_UNSETTLED, StaffTask.subject_ref == cast(Payment.id, String)
    )
    statement = (
        select(Payment.id)
        .where(Payment.status == PaymentStatus.PENDING, Payment.paid_at <= before, ~asked.exists())
        .order_by(Payment.paid_at)
        .limit(most)
    )
    return list(session.scalars(statement))


def _twin(row: Payment) -> Twin:
    assert row.paid_at is not None, "asked for"
    return Twin(
        payment_id=row.id,
        provider=row.provider,
        reference=row.provider_ref,
        amount_cents=row.amount_cents,
        status=PaymentStatus(row.status),
        paid_at=row.paid_at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )
