"""Remarks of staff on the charts of the figures: written and withdrawn with a reason; analysts read a copy of them.

The copy is made by reports.remarks. Nobody changes one: it is withdrawn, and another one written.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from konectus.errors import NotFound
from konectus.ids import uuid7
from konectus.services.work import Change, Work
from konectus.store.models.readers import Annotation

LONGEST = 80


@dataclass(frozen=True)
class NewRemark:
    """A day and what happened on it, in both languages; 1 to 80 characters, and no Client may be named."""

    day: date
    words_es: str
    words_en: str


def write(work: Work, new: NewRemark, *, reason: str) -> UUID:
    """Keep it; it is on the charts after the releaser's next run."""
    found = Annotation(
        id=uuid7(work.now),
        day=new.day,
        words_es=new.words_es,
        words_en=new.words_en,
        staff_id=UUID(work.actor.id),
        written_at=work.now,
    )
    work.session.add(found)
    work.record("annotation.written", ("annotation", found.id), Change(reason=reason, after=_said(found)))
    return found.id


def withdraw(work: Work, remark_id: UUID, *, reason: str) -> None:
    """Take it off the charts with the releaser's next run. Raises NotFound, also where it is withdrawn already."""
    found = work.session.get(Annotation, remark_id, with_for_update=True)
    if found is None or found.withdrawn_at is not None:
        raise NotFound
    found.withdrawn_at = work.now
    change = Change(reason=reason, before=_said(found), after={"withdrawn_at": work.now.isoformat()})
    work.record("annotation.withdrawn", ("annotation", found.id), change)


def _said(found: Annotation) -> dict[str, object]:
    return {"day": found.day.isoformat(), "words_es": found.words_es, "words_en": found.words_en}
