"""Tasks for the staff: opened by a job or a command, closed by hand or by what settles them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from konectus.domain.tasks import TaskKind
from konectus.services.work import Work
from konectus.store.models.notices import StaffTask


def open_task(
    work: Work, kind: TaskKind, subject_ref: str, *, client_id: UUID | None = None, due_at: datetime | None = None
) -> None:
    """One open task for each subject, however often it is asked for."""
    values = {"id": work.new_id(), "client_id": client_id, "kind": kind, "subject_ref": subject_ref}
    work.session.execute(insert(StaffTask).values(**values, opened_at=work.now, due_at=due_at).on_conflict_do_nothing())


def close_task(work: Work, kind: TaskKind, subject_ref: str) -> bool:
    """Whether there was one to close."""
    done = work.session.execute(
        update(StaffTask)
        .where(StaffTask.kind == kind, StaffTask.subject_ref == subject_ref, StaffTask.closed_at.is_(None))
        .values(closed_at=work.now, closed_by=f"{work.actor.kind}:{work.actor.id}")
        .returning(StaffTask.id)
    )
    return done.first() is not None
