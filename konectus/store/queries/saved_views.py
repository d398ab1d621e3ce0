"""Views of the figures that a person keeps: their own, by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from konectus.store.models.readers import SavedView


@dataclass(frozen=True)
class Kept:
    """A view under its name; `path` and `query` are those of its address below /dashboard/."""

    id: UUID
    name: str
    path: str
    query: str
    saved_at: datetime

    @property
    def address(self) -> str:
        return f"/dashboard/{self.path}" + (f"?{self.query}" if self.query else "")


def own(session: Session, staff_id: UUID, *, most: int) -> Sequence[Kept]:
    """Those of one person, by name."""
    rows = session.execute(
        select(SavedView.id, SavedView.name, SavedView.path, SavedView.query, SavedView.saved_at)
        .where(SavedView.staff_id == staff_id)
        .order_by(func.lower(SavedView.name), SavedView.id)
        .limit(most)
    )
    return [Kept(*row) for row in rows]


def named(session: Session, staff_id: UUID, name: str) -> UUID | None:
    """The view that has this name already."""
    found: UUID | None = session.scalar(
        select(SavedView.id).where(SavedView.staff_id == staff_id, SavedView.name == name)
    )
    return found
