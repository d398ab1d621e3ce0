"""Remarks of staff on the charts of the figures, as /admin lists them and the releaser copies them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.store.models.identity import Staff
from konectus.store.models.readers import Annotation


@dataclass(frozen=True)
class Remark:
    """One that stands, with who wrote it."""

    id: UUID
    day: date
    words_es: str
    words_en: str
    by: str
    written_at: datetime


def standing(session: Session, *, most: int) -> Sequence[Remark]:
    """Those that were not withdrawn, newest day first."""
    rows = session.execute(
        select(
            Annotation.id,
            Annotation.day,
            Annotation.words_es,
            Annotation.words_en,
            Staff.name,
            Annotation.written_at,
        )
        .join(Staff, Staff.id == Annotation.staff_id)
        .where(Annotation.withdrawn_at.is_(None))
        .order_by(Annotation.day.desc(), Annotation.id)
        .limit(most)
    )
    return [Remark(*row) for row in rows]
