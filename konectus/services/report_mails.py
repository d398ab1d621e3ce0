"""Ordering and stopping reports of the figures by mail. What was released before is never sent."""

from dataclasses import dataclass
from uuid import UUID

from konectus.errors import Conflict, NotFound
from konectus.ids import uuid7
from konectus.services.work import Change, Work
from konectus.store.models.identity import Staff
from konectus.store.models.readers import ReportSubscription
from konectus.store.queries import report_mails as stored
from konectus.store.queries.report_mails import READERS


class NotOrdered(Conflict):
    """The person has that report already, or may not read figures."""

    code = "report_not_ordered"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """`pace` week or month, `forms` of pdf and xlsx, `language` es or en."""

    staff_id: UUID
    pace: str
    forms: tuple[str, ...]
    language: str


def order(work: Work, new: NewOrder, *, reason: str) -> UUID:
    """From the next release on. Raises NotOrdered."""
    person = work.session.get(Staff, new.staff_id, with_for_update=True)  # two at once wait for each other
    standing = stored.has(work.session, new.staff_id, new.pace)
    if person is None or not person.active or person.role not in READERS or standing:
        raise NotOrdered
    made = ReportSubscription(
        id=uuid7(work.now),
        staff_id=new.staff_id,
        pace=new.pace,
        forms=list(new.forms),
        language=new.language,
        asked_at=work.now,
    )
    work.session.add(made)
    work.record("report.ordered", ("report_subscription", made.id), Change(reason=reason, after=_said(made)))
    return made.id


def stop(work: Work, order_id: UUID, *, reason: str) -> None:
    """Nothing more is sent, not even what waits. Raises NotFound, also where it is stopped already."""
    found = work.session.get(ReportSubscription, order_id, with_for_update=True)
    if found is None or found.stopped_at is not None:
        raise NotFound
    found.stopped_at = work.now
    change = Change(reason=reason, before=_said(found), after={"stopped_at": work.now.isoformat()})
    work.record("report.stopped", ("report_subscription", found.id), change)


def _said(order: ReportSubscription) -> dict[str, object]:
    return {
        "staff_id": str(order.staff_id),
        "pace": order.pace,
        "forms": list(order.forms),
        "language": order.language,
    }
