"""Proof that notices arrived: events of the mail system, the state they lead to, and the bundle that shows it.

A status only grows more severe, in the predicate of its UPDATE; every event is kept as it came (lifecycle.md 2, #3).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from konectus.domain.notices import NoticeEventKind, within
from konectus.domain.tasks import TaskKind
from konectus.errors import NotFound
from konectus.services.tasks import close_task, open_task
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.notices import Notice, NoticeEvent
from konectus.store.queries import notices as read
from konectus.store.queries.notices import EventRow, NoticeRow

Known = Literal["applied", "duplicate", "unknown"]


@dataclass(frozen=True, slots=True)
class MailEvent:
    """What a mail system says about one message. `event_id` is its own and counts once; `raw` is kept as it came."""

    event_id: str
    message_id: str
    kind: NoticeEventKind
    occurred_at: datetime
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All there is to show about an e-mail: its bytes as they went out, the invoices in it, and what was heard."""

    notice: NoticeRow
    eml: bytes | None
    sha256: bytes
    invoices: tuple[tuple[UUID, int], ...]
    events: tuple[EventRow, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the bytes kept are those whose hash was taken when they left."""
        return self.eml is not None and hashlib.sha256(self.eml).digest() == self.sha256


def event(work: Work, told: MailEvent) -> Known:
    """Keep an event and do what follows from it, once. Unknown messages are none of ours and are not kept."""
    whose = read.id_of_message(work.session, told.message_id)
    if whose is None:
        return "unknown"
    locks.client(work.session, whose[0])
    if not note(work, whose, told):
        return "duplicate"
    apply(work, whose, told)
    return "applied"


def note(work: Work, whose: tuple[UUID, UUID], told: MailEvent) -> bool:
    """Keep it; False where its id is known."""
    values = {
        "client_id": whose[0],
        "notice_id": whose[1],
        "kind": told.kind,
        "provider_event_id": told.event_id,
        "occurred_at": told.occurred_at,
        "received_at": work.now,
        "raw": dict(told.raw),
    }
    made = insert(NoticeEvent).values(values).on_conflict_do_nothing().returning(NoticeEvent.id)
    return work.session.scalar(made) is not None


def apply(work: Work, whose: tuple[UUID, UUID], told: MailEvent) -> None:
    """A delivery counts the first time and never after a bounce or once a person has been asked; a bounce always."""
    if told.kind is NoticeEventKind.DELIVERED:
        _deliver(work, whose, told)
    elif told.kind is NoticeEventKind.HARD_BOUNCE:
        _bounce(work, whose, told)
    elif told.kind is NoticeEventKind.COMPLAINT:
        _complained(work, whose)


def evidence(session: Session, notice_id: UUID) -> Evidence:
    """The bundle for a Client who disputes a Suspension (lifecycle.md 6, task 12). Raises NotFound."""
    found, kept = read.by_id(session, notice_id), read.message(session, notice_id)
    if found is None or kept is None:
        raise NotFound("no such notice")
    invoices = tuple(read.listed(session, notice_id))
    return Evidence(found, kept[0], kept[1], invoices, tuple(read.events(session, notice_id)))


def close_tasks(work: Work, row: NoticeRow) -> None:
    """What a person had to look at is settled, for every e-mail of this fact."""
    for one in read.chain(work.session, row.client_id, row.kind, row.subject_ref):
        for kind in (TaskKind.NOTICE_BOUNCED, TaskKind.NOTICE_UNDELIVERABLE):
            close_task(work, kind, str(one.id))


def _deliver(work: Work, whose: tuple[UUID, UUID], told: MailEvent) -> None:
    row = read.by_id(work.session, whose[1])
    assert row is not None, "its event was just written"
    at = within(told.occurred_at, row.sent_at, work.now)
    done = work.session.scalar(
        update(Notice)
        .where(
            Notice.client_id == whose[0],
            Notice.id == whose[1],
            Notice.delivered_at.is_(None),
            Notice.bounced_at.is_(None),
            Notice.undeliverable_at.is_(None),
        )
        .values(delivered_at=at, sent_at=func.coalesce(Notice.sent_at, at), last_error=None)
        .returning(Notice.id)
    )
    if done is not None:
        close_tasks(work, row)


def _bounce(work: Work, whose: tuple[UUID, UUID], told: MailEvent) -> None:
    row = read.by_id(work.session, whose[1])
    assert row is not None, "its event was just written"
    at = within(told.occurred_at, row.sent_at, work.now)
    done = work.session.scalar(
        update(Notice)
        .where(Notice.client_id == whose[0], Notice.id == whose[1], Notice.bounced_at.is_(None))
        .values(bounced_at=at, last_error=_reason(told.raw))
        .returning(Notice.id)
    )
    if done is not None:
        close_task(work, TaskKind.NOTICE_UNDELIVERABLE, str(whose[1]))
        open_task(work, TaskKind.NOTICE_BOUNCED, str(whose[1]), client_id=whose[0])


def _complained(work: Work, whose: tuple[UUID, UUID]) -> None:
    """Somebody called our mail unwanted: a person asks them. It arrived all the same, and what the Terms have us tell
    (15.1, 15.2, 15.3) goes on being sent; what only is useful stops for that address (notice_sending).
    """
    open_task(work, TaskKind.MAIL_COMPLAINT, f"client:{whose[0]}", client_id=whose[0])


def _reason(raw: Mapping[str, Any]) -> str:
    return str(raw.get("reply") or raw.get("reason") or "hard bounce")[:500]
