"""What an accepted part meets in the store: the echo that was faster, receipts that came first, a chat's new id."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from konectus.domain.conversations import Delivery
from konectus.store.models.inbox import Attachment, Conversation, EndContact, Message, Outbox, Tombstone


@dataclass(frozen=True, slots=True)
class Named:
    """What the channel called a message: its key for lookups, and its id sealed at the message's place."""

    key: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Receipts:
    """State of a part, when it was written to the wire, and up to when its conversation is delivered and read."""

    status: Delivery
    written_at: datetime | None
    delivered_until: datetime | None
    read_until: datetime | None


def receipts(session: Session, client_id: UUID, part_id: UUID) -> Receipts | None:
    """The part's state and its conversation's watermarks; the part is locked until the transaction ends."""
    row = session.execute(
        select(Message.status, Outbox.written_at, Conversation.delivered_until, Conversation.read_until)
        .join(Outbox, (Outbox.client_id == Message.client_id) & (Outbox.id == Message.id))
        .join(
            Conversation,
            (Conversation.client_id == Message.client_id) & (Conversation.id == Message.conversation_id),
        )
        .where(Message.client_id == client_id, Message.id == part_id)
        .with_for_update(of=Message)
    ).one_or_none()
    return row and Receipts(Delivery(row.status), row.written_at, row.delivered_until, row.read_until)


def take_over_echo(session: Session, client_id: UUID, connector_id: UUID, part_id: UUID, key: bytes) -> Delivery | None:
    """Remove the row that the echo of this part has made before the channel answered; its state, None without one."""
    echo = session.execute(
        select(Message.id, Message.status)
        .where(Message.client_id == client_id, Message.connector_id == connector_id, Message.external_key == key)
        # A part of ours is never taken for an echo.
        .where(Message.id != part_id, Message.reply_id.is_(None))
        .with_for_update()
    ).one_or_none()
    if echo is None:
        return None
    session.execute(delete(Attachment).where(Attachment.client_id == client_id, Attachment.message_id == echo.id))
    session.execute(delete(Message).where(Message.client_id == client_id, Message.id == echo.id))
    return Delivery(echo.status)


def take_tombstone(session: Session, client_id: UUID, connector_id: UUID, key: bytes) -> Delivery | None:
    """The receipt that came before its message, if one did; it is used up."""
    found = session.scalar(
        delete(Tombstone)
        .where(Tombstone.client_id == client_id, Tombstone.connector_id == connector_id, Tombstone.external_key == key)
        .returning(Tombstone.status)
    )
    return Delivery(found) if found is not None else None


def name_part(session: Session, client_id: UUID, part_id: UUID, status: Delivery, named: Named) -> None:
    """The part is accepted under this name. Raises IntegrityError while an echo is being written at the same time."""
    session.execute(
        update(Message)
        .where(Message.client_id == client_id, Message.id == part_id)
        .values(status=status, failure=None, external_key=named.key, external_id_sealed=named.sealed)
    )


def rename_contact(session: Session, client_id: UUID, contact_id: UUID, named: Named) -> bool:
    """A chat got a new id (Telegram group to supergroup); False where that id has a contact already."""
    try:
        with session.begin_nested():
            session.execute(
                update(EndContact)
                .where(EndContact.client_id == client_id, EndContact.id == contact_id)
                .values(external_key=named.key, external_id_sealed=named.sealed)
            )
    except IntegrityError:
        return False
    return True
