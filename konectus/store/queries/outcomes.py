"""What an answer meets in the store: the echo that was faster, receipts that came first, the person and the thread."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from konectus.domain.conversations import Delivery, Status
from konectus.store.models.inbox import Attachment, Conversation, EndContact, Message, Outbox, Tombstone
from konectus.store.queries import search


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


@dataclass(frozen=True, slots=True)
class Echo:
    """What had become of the row that an echo of a part has made."""

    status: Delivery
    edited_at: datetime | None
    deleted_at: datetime | None
    # Attachments whose bytes lie in the file store.
    files: tuple[UUID, ...] = ()


def take_over_echo(session: Session, client_id: UUID, connector_id: UUID, part_id: UUID, key: bytes) -> Echo | None:
    """Remove the row that the echo of this part has made before the channel answered; None without one."""
    echo = session.execute(
        select(Message.id, Message.status, Message.edited_at, Message.deleted_at)
        .where(Message.client_id == client_id, Message.connector_id == connector_id, Message.external_key == key)
        # A part of ours is never taken for an echo.
        .where(Message.id != part_id, Message.reply_id.is_(None))
        .with_for_update()
    ).one_or_none()
    if echo is None:
        return None
    search.forget(session, client_id, [echo.id])
    gone = session.execute(
        delete(Attachment)
        .where(Attachment.client_id == client_id, Attachment.message_id == echo.id)
        .returning(Attachment.id, Attachment.stored_at, Attachment.preview_at)
    ).all()
    session.execute(delete(Message).where(Message.client_id == client_id, Message.id == echo.id))
    files = tuple(row.id for row in gone if row.stored_at or row.preview_at)
    return Echo(Delivery(echo.status), echo.edited_at, echo.deleted_at, files)


def amend(session: Session, client_id: UUID, part_id: UUID, echo: Echo) -> None:
    """What was done to the echo's row holds for the part: edited, or taken back and with it its words."""
    if echo.edited_at is None and echo.deleted_at is None:
        return
    values: dict[str, object] = {"edited_at": echo.edited_at, "deleted_at": echo.deleted_at}
    if echo.deleted_at is not None:
        values |= {"text_sealed": None, "facts_sealed": None}
    session.execute(update(Message).where(Message.client_id == client_id, Message.id == part_id).values(**values))


def wake_waiting(session: Session, client_id: UUID, connector_id: UUID, key: bytes, now: datetime) -> Delivery | None:
    """The receipt among what waited for this message, if one did.

    All of it stays for the worker, as if it had been said just now: only that one knows what edits, reactions and
    withdrawals change, and a receipt does no harm twice.
    """
    found = session.scalar(
        update(Tombstone)
        .where(Tombstone.client_id == client_id, Tombstone.connector_id == connector_id, Tombstone.external_key == key)
        .values(at=func.greatest(Tombstone.at, now))
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


def mark_contact(session: Session, client_id: UUID, contact_id: UUID, unreachable: str | None, now: datetime) -> None:
    """The channel says the person is out of reach, or took a message for them; a later word of theirs counts more."""
    session.execute(
        update(EndContact)
        .where(EndContact.client_id == client_id, EndContact.id == contact_id)
        .where(func.coalesce(EndContact.unreachable_at, now) <= now)
        .values(unreachable=unreachable, unreachable_at=now)
    )


def free_thread(session: Session, client_id: UUID, conversation_id: UUID) -> None:
    """No other app holds the thread any more: we have taken it."""
    session.execute(
        update(Conversation)
        .where(Conversation.client_id == client_id, Conversation.id == conversation_id)
        .values(owner_app=None)
    )


def close_thread(session: Session, client_id: UUID, conversation_id: UUID, now: datetime) -> None:
    """The chat is over for us; what comes in opens it again."""
    session.execute(
        update(Conversation)
        .where(Conversation.client_id == client_id, Conversation.id == conversation_id)
        .where(Conversation.status != Status.CLOSED)
        .values(status=Status.CLOSED, closed_at=now)
    )
