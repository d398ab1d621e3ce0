"""Attachments whose bytes are still at the channel: claiming and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
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
    size: int | None
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
            Attachment.size,
            Attachment.source_sealed,
        )
        .execution_options(synchronize_session=False)
    )
    return [Pending(*row[:5], AttachmentKind(row.kind), row.attempts, row.size, row.source_sealed) for row in rows]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file turned out to be. Width and height of an image; with `has_preview` a small one lies beside it."""

    media_type: str
    size: int
    width: int | None = None
    height: int | None = None
    has_preview: bool = False


def mark_stored(session: Session, pending: Pending, kept: Kept, now: datetime) -> bool:
    """Its sealed bytes are in the file store under its id; False where it was withdrawn meanwhile."""
    return _set(
        session,
        pending,
        {
            "state": AttachmentState.STORED,
            "media_type": kept.media_type,
            "size": kept.size,
            "width": kept.width,
            "height": kept.height,
            "preview_at": now if kept.has_preview else None,
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


def _set(session: Session, pending: Pending, values: dict[str, Any]) -> bool:
    done = session.execute(
        update(Attachment)
        .where(
            Attachment.client_id == pending.client_id,
            Attachment.id == pending.id,
            Attachment.state == AttachmentState.PENDING,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def withdrawn(session: Session, most: int) -> list[tuple[UUID, UUID]]:
    """Attachments (client, id) of messages that were taken back, whose bytes still lie in the file store."""
    rows = session.execute(
        text(
            "select client_id, id from tenant.attachment where state = 'withdrawn'"
            " and (stored_at is not null or preview_at is not null) order by client_id, id limit :most"
        ),
        {"most": most},
    )
    return [(row.client_id, row.id) for row in rows]


def mark_erased(session: Session, gone: Sequence[tuple[UUID, UUID]]) -> None:
    """Their bytes are gone."""
    session.execute(
        text(
            "update tenant.attachment a set stored_at = null, preview_at = null, size = null, media_type = null"
            " from unnest(cast(:clients as uuid[]), cast(:ids as uuid[])) as g(client_id, id)"
            " where a.client_id = g.client_id and a.id = g.id and a.state = 'withdrawn'"
        ),
        {"clients": [client for client, _ in gone], "ids": [attachment for _, attachment in gone]},
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How an attachment stands, for whoever asks for it again."""

    conversation_id: UUID
    state: AttachmentState
    failure: str | None


def standing(session: Session, client_id: UUID, attachment_id: UUID) -> Standing | None:
    """Locked."""
    row = session.execute(
        select(Message.conversation_id, Attachment.state, Attachment.failure)
        .join(Message, (Message.client_id == Attachment.client_id) & (Message.id == Attachment.message_id))
        .where(Attachment.client_id == client_id, Attachment.id == attachment_id, Message.deleted_at.is_(None))
        .with_for_update(of=Attachment)
    ).one_or_none()
    return row and Standing(row[0], AttachmentState(row[1]), row[2])


def again(session: Session, client_id: UUID, attachment_id: UUID) -> None:
    """A failed one is asked for from the beginning."""
    session.execute(
        update(Attachment)
        .where(
            Attachment.client_id == client_id,
            Attachment.id == attachment_id,
            Attachment.state == AttachmentState.FAILED,
        )
        .values(state=AttachmentState.PENDING, attempts=0, not_before=None, failure=None)
        .execution_options(synchronize_session=False)
    )
