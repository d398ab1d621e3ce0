"""Payments that need a person's eye: money that does not arrive, and the same money booked under two references.

Nothing is refused and no money moves here; a task asks somebody to look. Booking is payments.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain.money import PaymentStatus
from konectus.domain.tasks import TaskKind
from konectus.services import tasks
from konectus.services.installation import Installation
from konectus.services.sweeps import sweep
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.payments import Payment
from konectus.store.queries import payment_watch as read
from konectus.store.queries import readings
from konectus.store.queries.payment_watch import Twin


def unsettled(installation: Installation) -> int:
    """Job: ask somebody to look at money that was paid by its provider's word and did not arrive; how many tasks.

    Once for each payment: whoever closes the task has looked.
    """
    return sweep(installation, _late, _ask)


def ask_about_twins(work: Work, payment_id: UUID) -> bool:
    """Open a task for a payment that looks like one already booked; whether it does. Its Client is locked."""
    payment = work.session.get_one(Payment, payment_id)
    if payment.paid_at is None or not twins(work.session, payment):
        return False
    tasks.open_task(work, TaskKind.PAYMENT_TWICE, str(payment_id), client_id=payment.client_id)
    return True


def settled(work: Work, payment_id: UUID) -> None:
    """It came, or it never will: nobody has to look any more."""
    tasks.close_task(work, TaskKind.PAYMENT_UNSETTLED, str(payment_id))


def taken_back(work: Work, payment: Payment) -> None:
    """One of two was reversed: whoever was asked about the pair has decided."""
    for payment_id in (payment.id, *(twin.payment_id for twin in twins(work.session, payment))):
        tasks.close_task(work, TaskKind.PAYMENT_TWICE, str(payment_id))


def twins(session: Session, payment: Payment) -> list[Twin]:
    """What looks like the same money as a payment that is booked."""
    if payment.paid_at is None:
        return []
    like = read.Like(payment.client_id, payment.amount_cents, payment.paid_at, payment.provider_ref)
    return read.twins(session, like, but=payment.id)


def _late(session: Session, now: datetime, most: int) -> list[UUID]:
    hours = readings.current(session).pending_payment_hours
    return read.unsettled(session, now - timedelta(hours=hours), most)


def _ask(work: Work, payment_id: UUID) -> bool:
    payment = work.session.get_one(Payment, payment_id)
    locks.client(work.session, payment.client_id)
    work.session.refresh(payment)
    if payment.status != PaymentStatus.PENDING:
        return False
    tasks.open_task(work, TaskKind.PAYMENT_UNSETTLED, str(payment_id), client_id=payment.client_id)
    return True
