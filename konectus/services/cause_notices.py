"""What a Client is told when a cause opens, when its service comes back, and while an export window runs.

The kinds and their texts are `notices`; whether somebody is told at all is decided here and by who calls.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from konectus.domain.notices import NoticeKind
from konectus.services import notices
from konectus.services.notices import NewNotice
from konectus.services.work import Work
from konectus.store.models.clients import Suspension
from konectus.store.models.endings import ExportWindow


@dataclass(frozen=True, slots=True)
class Unpaid:
    """Which invoices are behind a Suspension for non-payment, and the cents of them."""

    numbers: tuple[str, ...]
    owed_cents: int


def suspended(work: Work, suspension: Suspension, unpaid: Unpaid | None, closes_at: datetime | None) -> UUID | None:
    """Tell the Client afterwards that it is suspended; not where an authority forbids to say so (Terms 15.1 c)."""
    if suspension.is_silent:
        return None
    facts: dict[str, object] = {
        "cause": suspension.cause,
        "clause": suspension.clause,
        "opened_at": suspension.opened_at.isoformat(),
    }
    if closes_at is not None:
        facts["closes_at"] = closes_at.isoformat()
    if unpaid is not None:
        facts |= {"numbers": list(unpaid.numbers), "owed_cents": unpaid.owed_cents}
    return notices.queue(work, suspension.client_id, NewNotice(NoticeKind.SUSPENDED, str(suspension.id), facts))


def reactivated(work: Work, suspension: Suspension, connectors: int) -> UUID | None:
    """The service is back and no channel is connected (Terms 2): where each one is authorized again."""
    if suspension.is_silent:
        return None
    facts = {"connectors": connectors}
    return notices.queue(work, suspension.client_id, NewNotice(NoticeKind.REACTIVATED, str(suspension.id), facts))


def window_reminder(work: Work, window: ExportWindow, ref: str, days_left: int) -> bool:
    """Whether this reminder was not told before."""
    facts = {"closes_at": window.closes_at.isoformat(), "days_left": days_left, "source": window.source}
    return notices.queue(work, window.client_id, NewNotice(NoticeKind.EXPORT_WINDOW, ref, facts)) is not None
