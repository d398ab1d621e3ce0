"""Who gets reports of the figures by mail, and who may; read for a page of the staff. Sending is reports.mails."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from konectus.domain.roles import StaffRole
from konectus.figures import MONTH, WEEK
from konectus.store.models.identity import Staff
from konectus.store.models.readers import ReportMail, ReportSubscription
from konectus.store.models.released import Cell, Release

# Who may read the released figures at all (backoffice.sessions).
READERS = (StaffRole.ANALYST, StaffRole.ADMIN)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A report that stands, and when it last left."""

    id: UUID
    name: str
    email: str
    pace: str
    forms: list[str]
    language: str
    asked_at: datetime
    last_sent_at: datetime | None
    # Whether they still work here and may read figures; if not, nothing is sent.
    is_sent: bool


def standing(session: Session, *, most: int) -> list[Ordered]:
    """Those not stopped, by name."""
    last = select(func.max(ReportMail.sent_at)).where(ReportMail.subscription_id == ReportSubscription.id)
    query = (
        select(
            ReportSubscription.id,
            Staff.name,
            Staff.email,
            ReportSubscription.pace,
            ReportSubscription.forms,
            ReportSubscription.language,
            ReportSubscription.asked_at,
            last.scalar_subquery(),
            Staff.active & Staff.role.in_(READERS),
        )
        .join(Staff, Staff.id == ReportSubscription.staff_id)
        .where(ReportSubscription.stopped_at.is_(None))
        .order_by(Staff.name, ReportSubscription.pace)
        .limit(most)
    )
    return [Ordered(*row) for row in session.execute(query)]


def readers(session: Session) -> list[tuple[UUID, str]]:
    """Who may read the figures, by name."""
    query = select(Staff.id, Staff.name).where(Staff.active, Staff.role.in_(READERS)).order_by(Staff.name)
    return [(row.id, row.name) for row in session.execute(query)]


def weeks_are_told(released: Session) -> bool:
    """Whether weeks are published at present, read as the analyst: the newest with figures is not behind the months."""
    with_figures = select(Cell.release_id).where(Cell.release_id == Release.id).exists()
    week = released.scalar(select(func.max(Release.period)).where(Release.grain == WEEK, with_figures))
    month = released.scalar(select(func.max(Release.period)).where(Release.grain == MONTH))
    return week is not None and (month is None or week >= month)


def has(session: Session, staff_id: UUID, pace: str) -> bool:
    """Whether that person gets that report already."""
    query = select(ReportSubscription.id).where(
        ReportSubscription.staff_id == staff_id,
        ReportSubscription.pace == pace,
        ReportSubscription.stopped_at.is_(None),
    )
    return session.scalar(query) is not None
