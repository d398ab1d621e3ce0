"""Reads for deciding about refunds: how those of credit stand, what one ending gives back. Lists are payments'."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from konectus.domain.money import RefundStatus
from konectus.store.models.payments import Refund


def of_payments(session: Session, client_id: UUID) -> dict[UUID, set[RefundStatus]]:
    """How the refunds of credit stand, by the payment they give back."""
    rows = session.execute(
        select(Refund.payment_id, Refund.status).where(Refund.client_id == client_id, Refund.payment_id.is_not(None))
    )
    found: dict[UUID, set[RefundStatus]] = {}
    for payment_id, status in rows:
        assert payment_id is not None, "asked for"
        found.setdefault(payment_id, set()).add(RefundStatus(status))
    return found


def of_ending(session: Session, refund_id: UUID) -> int:
    """Cents that the ending of a refund gives back in all: split into parts, the limit of one person stays the same."""
    one = select(Refund.client_id, Refund.termination_id).where(Refund.id == refund_id).subquery()
    found = session.scalar(
        select(func.sum(Refund.amount_cents))
        .join(one, one.c.client_id == Refund.client_id)
        .where(Refund.termination_id.is_not_distinct_from(one.c.termination_id), Refund.status != RefundStatus.FAILED)
    )
    return int(found or 0)
