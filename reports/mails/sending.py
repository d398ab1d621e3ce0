"""The job: each release with figures to each subscription of its pace, once, however many schedulers there are.

`sent_at` is written before a message is handed over and taken back only where a server said no, as for notices:
whoever dies in between, or never hears the answer, leaves a row that nobody sends again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from konectus.figures import QUARTER
from konectus.ids import uuid7
from konectus.mail import letters
from konectus.mail.letters import BadAddress, House
from konectus.mail.opening import open_mail
from konectus.mail.port import Answer, Envelope, Mail, Outcome
from konectus.services.installation import Installation
from konectus.store.models.identity import Staff
from konectus.store.models.readers import ReportMail, ReportSubscription
from konectus.store.queries.report_mails import READERS
from konectus.store.roles import Role
from reports.mails import letter, reading
from reports.mails.facts import Report
from reports.mails.letter import Addressee, Letter
from reports.mails.reading import Fresh

# A release so old is sent to nobody any more, however late its mail is.
LOOKS_BACK = timedelta(days=14)
# So long the mail of the month that ends a quarter waits for the figures of the quarter, which come right after.
WAITS_FOR_QUARTER = timedelta(hours=1)
MOST_TRIES = 8
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=6)

logger = logging.getLogger("konectus.reports.mails")


@dataclass(frozen=True, slots=True)
class Due:
    """A mail that waits, and who gets it."""

    id: UUID
    release_id: UUID
    to: Addressee


@dataclass(frozen=True)
class Sender:
    """What one run sends with."""

    installation: Installation
    mail: Mail

    @property
    def now(self) -> datetime:
        return self.installation.clock.now()

    @property
    def house(self) -> House:
        settings = self.installation.settings
        return House(settings.mail_from, settings.public_url, settings.pay_to)


def run(installation: Installation, mail: Mail | None = None) -> int:
    """Send what is due by now; how many mails were handed over."""
    sender = Sender(installation, mail or open_mail(installation.settings))
    found = _found(sender)
    if not found:
        return 0
    _plan(sender, list(found.values()))
    read: dict[UUID, Report] = {}
    sent = 0
    for due in _due(sender, list(found)):
        if due.release_id not in read:
            with installation.released.session(Role.ANALYST) as released:
                read[due.release_id] = reading.report(released, found[due.release_id])
        sent += _send(sender, due, read[due.release_id])
    return sent


def _found(sender: Sender) -> dict[UUID, Fresh]:
    """Releases that may be sent by now, by id."""
    with sender.installation.released.session(Role.ANALYST) as released:
        fresh = reading.fresh(released, sender.now - LOOKS_BACK)
        return {one.id: one for one in fresh if not _waits(sender, released, one)}


def _waits(sender: Sender, released: Session, one: Fresh) -> bool:
    if one.quarter is None or sender.now - one.released_at > WAITS_FOR_QUARTER:
        return False
    return reading.told(released, QUARTER, one.quarter) is None


def _plan(sender: Sender, releases: Sequence[Fresh]) -> None:
    """A row for each release and subscription that stood when it was published."""
    with sender.installation.database.session(Role.WORKER) as session:
        for release in releases:
            wanted = select(ReportSubscription.id).where(
                ReportSubscription.pace == release.grain,
                ReportSubscription.stopped_at.is_(None),
                ReportSubscription.asked_at <= release.released_at,
            )
            rows = [
                {
                    "id": uuid7(sender.now),
                    "release_id": release.id,
                    "subscription_id": one,
                    "tries": 0,
                    "next_try_at": sender.now,
                }
                for one in session.scalars(wanted)
            ]
            if rows:
                session.execute(insert(ReportMail).on_conflict_do_nothing(), rows)


def _due(sender: Sender, releases: Sequence[UUID]) -> list[Due]:
    """Mails that wait."""
    query = (
        select(ReportMail, ReportSubscription, Staff.email)
        .join(ReportSubscription, ReportSubscription.id == ReportMail.subscription_id)
        .join(Staff, Staff.id == ReportSubscription.staff_id)
        .where(
            ReportMail.release_id.in_(releases),
            ReportMail.sent_at.is_(None),
            ReportMail.given_up_at.is_(None),
            ReportMail.next_try_at <= sender.now,
            ReportSubscription.id.in_(_standing()),
        )
        .order_by(ReportMail.id)
    )
    with sender.installation.database.session(Role.WORKER) as session:
        return [
            Due(row.id, row.release_id, Addressee(str(row.id), email, wish.language, tuple(wish.forms)))
            for row, wish, email in session.execute(query)
        ]


def _standing() -> Select[UUID]:
    """Subscriptions nobody stopped, of people who still work here and may still read figures."""
    return (
        select(ReportSubscription.id)
        .join(Staff, Staff.id == ReportSubscription.staff_id)
        .where(ReportSubscription.stopped_at.is_(None), Staff.active, Staff.role.in_(READERS))
    )


def _send(sender: Sender, due: Due, report: Report) -> bool:
    """One mail; nothing that happens to it stops the others."""
    try:
        made = letter.compose(sender.house, due.to, report, sender.now)
    except BadAddress:
        _write(sender, due, given_up_at=sender.now)
        return False
    tries = _take(sender, due, made)
    if tries is None:
        return False
    answer = sender.mail.hand_over(Envelope(_from(sender), made.recipient, made.message_id, made.data))
    _settle(sender, due, tries, answer)
    return answer.outcome is Outcome.ACCEPTED


def _from(sender: Sender) -> str:
    return letters.sender_of(sender.house)


def _take(sender: Sender, due: Due, made: Letter) -> int | None:
    """Mark it as under way; None where another scheduler did, or who gets it should not any more."""
    taking = (
        update(ReportMail)
        .where(
            ReportMail.id == due.id,
            ReportMail.sent_at.is_(None),
            ReportMail.given_up_at.is_(None),
            ReportMail.next_try_at <= sender.now,
            ReportMail.subscription_id.in_(_standing()),
        )
        .values(sent_at=sender.now, tries=ReportMail.tries + 1, message_id=made.message_id, sha256=made.sha256)
        .returning(ReportMail.tries)
    )
    with sender.installation.database.session(Role.WORKER) as session:
        return session.scalar(taking)


def _settle(sender: Sender, due: Due, tries: int, answer: Answer) -> None:
    """Write down a no. Where the server said nothing it may have taken the message: it stays as sent."""
    if answer.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
        return
    logger.warning("a report was not taken", extra={"mail": str(due.id), "outcome": answer.outcome})
    if answer.outcome is Outcome.REFUSED or tries >= MOST_TRIES:
        _write(sender, due, sent_at=None, given_up_at=sender.now)
    else:
        wait = min(_FIRST_WAIT * 2 ** (tries - 1), _LONGEST_WAIT)
        _write(sender, due, sent_at=None, next_try_at=sender.now + wait)


def _write(sender: Sender, due: Due, **values: datetime | None) -> None:
    with sender.installation.database.session(Role.WORKER) as session:
        session.execute(update(ReportMail).where(ReportMail.id == due.id).values(**values))
