"""Set-based changes of what is queued to be sent."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from konectus.domain.conversations import Delivery
from konectus.store.models.inbox import Message, Outbox


def cancel_queued(session: Session, client_id: UUID, failure: str) -> int:
    """Cancel what waits; the sender then puts the text back as a draft. Parts on the wire stay as they are.

    The outbox row stays undone until the draft is written: only roles with keys can move the text.
    """
    waiting = select(Outbox.id).where(Outbox.client_id == client_id, Outbox.done_at.is_(None))
    cancelled = session.scalars(
        update(Message)
        .where(Message.client_id == client_id, Message.status == Delivery.QUEUED, Message.id.in_(waiting))
        .values(status=Delivery.CANCELLED, failure=failure)
        .returning(Message.id)
    )
    return len(cancelled.all())
