"""Reads of requests for archives, and of the windows in which they are asked for. What is in one: archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from konectus.domain.endings import ExportState, WindowEnd
from konectus.domain.roles import UserRole
from konectus.store.models.endings import ExportJob, ExportWindow
from konectus.store.models.identity import AgentSession, AuthorizedUser

RUNNING = (ExportState.REQUESTED, ExportState.BUILDING)


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One archive: asked for, being built, ready until it expires, failed or gone."""

    id: UUID
    client_id: UUID
    state: ExportState
    requested_at: datetime
    requested_by: str
    done: int
    total: int
    step: str | None
    attempts: int
    worker: str | None
    failure: str | None
    sha256: bytes | None
    size: int | None
    ready_at: datetime | None
    expires_at: datetime | None
    downloaded_at: datetime | None

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def finished(self) -> tuple[int, bytes, str]:
        """Length, hash and last step of one that is ready."""
        assert self.size is not None, "it is not ready"
        assert self.sha256 is not None, "it is not ready"
        assert self.step is not None, "it is not ready"
        return self.size, self.sha256, self.step

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 0


_COLUMNS = tuple(getattr(ExportJob, name) for name in ExportRow.__dataclass_fields__)


def recent(session: Session, client_id: UUID, most: int = 10) -> list[ExportRow]:
    """Newest first."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(ExportJob.client_id == client_id)
        .order_by(ExportJob.requested_at.desc(), ExportJob.id.desc())
        .limit(most)
    )
    return [_row(row) for row in rows]


def by_id(session: Session, job_id: UUID, *, client_id: UUID | None = None) -> ExportRow | None:
    """An archive; with a Client only where it is that Client's."""
    statement = select(*_COLUMNS).where(ExportJob.id == job_id)
    if client_id is not None:
        statement = statement.where(ExportJob.client_id == client_id)
    row = session.execute(statement).one_or_none()
    return _row(row) if row else None


def running(session: Session, client_id: UUID) -> UUID | None:
    """The one that is being built or waits for it."""
    return session.scalar(select(ExportJob.id).where(ExportJob.client_id == client_id, ExportJob.state.in_(RUNNING)))


def requested_since(session: Session, client_id: UUID, since: datetime) -> list[datetime]:
    """When archives were asked for after this instant, oldest first."""
    statement = select(ExportJob.requested_at).where(ExportJob.client_id == client_id, ExportJob.requested_at > since)
    return list(session.scalars(statement.order_by(ExportJob.requested_at)))


def due(session: Session, now: datetime, most: int) -> list[UUID]:
    """Requests nobody works at, oldest first."""
    abandoned = and_(ExportJob.state == ExportState.BUILDING, ExportJob.leased_until <= now)
    statement = select(ExportJob.id).where(or_(ExportJob.state == ExportState.REQUESTED, abandoned))
    return list(session.scalars(statement.order_by(ExportJob.requested_at, ExportJob.id).limit(most)))


def to_purge(session: Session, now: datetime, most: int) -> Sequence[UUID]:
    """Archives whose time is over, and what failed ones left behind."""
    expired = and_(ExportJob.state == ExportState.READY, ExportJob.expires_at <= now)
    failed = and_(ExportJob.state == ExportState.FAILED, ExportJob.step.is_not(None))
    return list(session.scalars(select(ExportJob.id).where(or_(expired, failed)).order_by(ExportJob.id).limit(most)))


def held(session: Session, client_id: UUID) -> int:
    """How many archives of a Client are under way or can be fetched."""
    states = (*RUNNING, ExportState.READY)
    statement = select(func.count()).where(ExportJob.client_id == client_id, ExportJob.state.in_(states))
    return session.scalar(statement) or 0


def was_taken(session: Session, client_id: UUID, since: datetime) -> bool:
    """Whether the Client has fetched an archive since then (lifecycle.md 2, #9)."""
    statement = select(ExportJob.id).where(ExportJob.client_id == client_id, ExportJob.downloaded_at >= since).limit(1)
    return session.scalar(statement) is not None


def may_fetch(session: Session, client_id: UUID, session_id: UUID, now: datetime) -> bool:
    """Whether somebody is still signed in there, and still an owner."""
    statement = (
        select(AgentSession.id)
        .join(AuthorizedUser, AuthorizedUser.id == AgentSession.user_id)
        .where(AgentSession.client_id == client_id, AgentSession.id == session_id)
        .where(AgentSession.ended_at.is_(None), AgentSession.expires_at > now)
        .where(AuthorizedUser.active.is_(True), AuthorizedUser.role == UserRole.OWNER)
    )
    return session.scalar(statement) is not None


def closes_at(session: Session, client_id: UUID) -> datetime | None:
    """When the last open export window closes (Terms 15.3); None without one, or while it stands still."""
    statement = select(func.max(ExportWindow.closes_at)).where(
        ExportWindow.client_id == client_id, ExportWindow.closed_at.is_(None), ExportWindow.paused_at.is_(None)
    )
    return session.scalar(statement)


def is_out_of_time(session: Session, client_id: UUID, now: datetime) -> bool:
    """Whether every window of the Client's present end is over: from then on Konectus may delete (Terms 15.3)."""
    rows = session.execute(
        select(ExportWindow.closes_at, ExportWindow.closed_at, ExportWindow.close_reason, ExportWindow.paused_at).where(
            ExportWindow.client_id == client_id
        )
    ).all()
    still = [row for row in rows if row.closed_at is None and (row.paused_at is not None or row.closes_at > now)]
    over = [row for row in rows if row.close_reason == WindowEnd.ELAPSED or row.closed_at is None]
    return bool(over) and not still


def _row(row: object) -> ExportRow:
    values = {name: getattr(row, name) for name in ExportRow.__dataclass_fields__}
    return ExportRow(**values | {"state": ExportState(values["state"])})
