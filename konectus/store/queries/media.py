"""Attachments whose bytes are still at the channel: claiming and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.store.models.inbox import Attachment, Message


@dataclass(frozen=True, slots=True)
class Pending:
    """An attachment this process fetches until its lease is over. `source` says where, sealed."""

    client_id: UUID
    id: UUID
    message_id: UUID
    conversation_id: UUID
    connector_id: UUID
    kind: AttachmentKind
    attempts: int
    source_sealed: bytes = field(repr=False)


def claim(session: Session, now: datetime, leased_until: datetime, most: int) -> list[Pending]:
    """Attachments whose turn it is, oldest first."""
    due = (
        select(Attachment.client_id, Attachment.id)
        .where(Attachment.state == AttachmentState.PENDING)
        .where(func.coalesce(Attachment.not_before, now) <= now)
        .order_by(Attachment.id)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    rows = session.execute(
        update(Attachment)
        .where(Attachment.client_id == due.c.client_id, Attachment.id == due.c.id)
        .where(Message.client_id == Attachment.client_id, Message.id == Attachment.message_id)
        .values(attempts=Attachment.attempts + 1, not_before=leased_until)
        .returning(
            Attachment.client_id,
            Attachment.id,
            Attachment.message_id,
            Message.conversation_id,
            Message.connector_id,
            Attachment.kind,
            Attachment.attempts,
            Attachment.source_sealed,
        )
        .execution_options(synchronize_session=False)
    )
    return [Pending(*row[:5], AttachmentKind(row.kind), row.attempts, row.source_sealed) for row in rows]


def mark_stored(session: Session, pending: Pending, media_type: str, size: int, now: datetime) -> None:
    """Its sealed bytes are in the file store under its id."""
    _set(
        session,
        pending,
        {
            "state": AttachmentState.STORED,
            "media_type": media_type,
            "size": size,
            "stored_at": now,
            "not_before": None,
            "failure": None,
        },
    )


def mark_failed(session: Session, pending: Pending, failure: str) -> None:
    """The link is dead, or leads where we do not go. The message stays as it is."""
    _set(session, pending, {"state": AttachmentState.FAILED, "failure": failure, "not_before": None})


def mark_link_only(session: Session, pending: Pending) -> None:
    """Media that must not be stored (channels.md 3.2)."""
    _set(session, pending, {"state": AttachmentState.LINK_ONLY, "not_before": None})


def mark_without_bytes(session: Session, pending: Pending) -> None:
    """The channel gave neither an address nor a file id."""
    _set(session, pending, {"state": AttachmentState.NO_BYTES, "not_before": None})


def postpone(session: Session, waiting: Sequence[Pending], not_before: datetime, *, counts: bool) -> None:
    """Try again later. `counts` False gives the attempt back: it was not the channel's fault."""
    for pending in waiting:
        attempts = pending.attempts if counts else pending.attempts - 1
        _set(session, pending, {"not_before": not_before, "attempts": attempts})


def _set(session: Session, pending: Pending, values: dict[str, Any]) -> None:
    session.execute(
        update(Attachment)
        .where(
            Attachment.client_id == pending.client_id,
            Attachment.id == pending.id,
            Attachment.state == AttachmentState.PENDING,
        )
        .values(**values)
    )
