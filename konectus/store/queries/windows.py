"""Reads of export windows (Terms 15.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from konectus.domain.endings import WindowEnd, WindowSource
from konectus.domain.notices import NoticeChannel, NoticeKind
from konectus.store.models.endings import ExportWindow
from konectus.store.models.notices import Notice


@dataclass(frozen=True, slots=True)
class WindowRow:
    """Days in which a Client takes its data along. While `paused_at` is set they do not pass."""

    id: UUID
    client_id: UUID
    source: WindowSource
    source_id: UUID
    opened_at: datetime
    closes_at: datetime
    paused_at: datetime | None
    extended_reason: str | None
    closed_at: datetime | None
    close_reason: WindowEnd | None


def open_of(session: Session, client_id: UUID) -> list[WindowRow]:
    """Those that run or stand still; the one that closes last comes last: that is the Client's."""
    return _rows(session, ExportWindow.client_id == client_id, ExportWindow.closed_at.is_(None))


def of_client(session: Session, client_id: UUID) -> list[WindowRow]:
    """All there ever were."""
    return _rows(session, ExportWindow.client_id == client_id)


def elapsed_of(session: Session, client_id: UUID) -> list[WindowRow]:
    """Those whose days passed: Konectus may delete from then on, if nothing else stands against it."""
    return _rows(session, ExportWindow.client_id == client_id, ExportWindow.close_reason == WindowEnd.ELAPSED)


def running(session: Session) -> list[WindowRow]:
    """Every open window of all Clients whose days pass."""
    return _rows(session, ExportWindow.closed_at.is_(None), ExportWindow.paused_at.is_(None))


def over(session: Session, now: datetime, most: int) -> Sequence[UUID]:
    """Windows whose time has come."""
    return session.scalars(
        select(ExportWindow.id)
        .where(ExportWindow.closed_at.is_(None), ExportWindow.paused_at.is_(None), ExportWindow.closes_at <= now)
        .order_by(ExportWindow.closes_at)
        .limit(most)
    ).all()


def announced(session: Session, subjects: Iterable[str]) -> set[str]:
    """Which of the reminders were queued already."""
    rows = session.scalars(
        select(Notice.subject_ref).where(
            Notice.kind == NoticeKind.EXPORT_WINDOW,
            Notice.channel == NoticeChannel.EMAIL,
            Notice.subject_ref.in_(list(subjects)),
        )
    )
    return set(rows)


def _rows(session: Session, *where: ColumnElement[bool]) -> list[WindowRow]:
    found = session.scalars(select(ExportWindow).where(*where).order_by(ExportWindow.closes_at, ExportWindow.id))
    return [
        WindowRow(
            id=one.id,
            client_id=one.client_id,
            source=WindowSource(one.source),
            source_id=one.source_id,
            opened_at=one.opened_at,
            closes_at=one.closes_at,
            paused_at=one.paused_at,
            extended_reason=one.extended_reason,
            closed_at=one.closed_at,
            close_reason=WindowEnd(one.close_reason) if one.close_reason else None,
        )
        for one in found
    ]
