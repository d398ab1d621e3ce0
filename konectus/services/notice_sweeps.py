"""Jobs of notices: who owes and was not told, and what was sent and never proven. Both follow from facts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain.notices import NoticeKind
from konectus.domain.tasks import TaskKind
from konectus.services import notices
from konectus.services.installation import Installation
from konectus.services.notices import NewNotice, NothingOwed
from konectus.services.sweeps import sweep
from konectus.services.tasks import open_task
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.notices import Notice
from konectus.store.queries import notices as read
from konectus.store.queries import readings


def notify_due(installation: Installation) -> int:
    """One e-mail to each Client with a due balance that no live notice lists; however many days were missed."""
    return sweep(installation, read.untold_clients, tell_debt)


def notice_watch(installation: Installation) -> int:
    """Without a word of delivery a notice is sent once more and shown to a person, then given up (2, #3)."""
    return sweep(installation, _unproven, look_after)


def tell_debt(work: Work, client_id: UUID) -> UUID | None:
    """Terms 15.1(a): notice of pending payment, listing all that is owed. None where somebody was faster."""
    locks.client(work.session, client_id)
    untold = read.untold_invoices(work.session, client_id, work.now)
    if not untold:
        return None
    return notices.queue_again(work, client_id, NewNotice(NoticeKind.PAYMENT_PENDING, str(untold[0])))


def look_after(work: Work, notice_id: UUID) -> bool:
    """What to do about one e-mail without proof; whether something was done."""
    found = read.by_id(work.session, notice_id)
    if found is None:
        return False
    locks.client(work.session, found.client_id)
    if notice_id not in _unproven(work.session, work.now, 1, notice_id=notice_id):
        return False
    open_task(work, TaskKind.NOTICE_UNDELIVERABLE, str(notice_id), client_id=found.client_id)
    _, given_up = _borders(work.session, work.now)
    row = work.session.get(Notice, notice_id)
    assert row is not None, "it was just read"
    if (found.sent_at or found.queued_at) <= given_up:
        row.undeliverable_at = work.now
        return True
    try:
        notices.resend(work, notice_id, "No word of delivery came in time")
    except NothingOwed:
        row.facts = {**row.facts, "resent": "nothing owed"}
    else:
        open_task(work, TaskKind.NOTICE_UNDELIVERABLE, str(notice_id), client_id=found.client_id)
    return True


def _unproven(session: Session, now: datetime, most: int, *, notice_id: UUID | None = None) -> Sequence[UUID]:
    resend, given_up = _borders(session, now)
    return read.unproven(session, resend, given_up, most, notice_id=notice_id)


def _borders(session: Session, now: datetime) -> tuple[datetime, datetime]:
    """Sent before the first is sent again; tried since before the second is given up."""
    read_as = readings.current(session)
    return now - timedelta(hours=read_as.resend_hours), now - timedelta(hours=read_as.undeliverable_hours)
