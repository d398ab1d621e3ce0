"""The clocks of a Client as facts: notice delivered, time to pay, days to export, from when it can be deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain.elapsed import clock_of, full_days_left
from konectus.i18n import gettext, ngettext
from konectus.services.work import Work
from konectus.store.queries import admin_notices, causes, readings, windows

# The last instant of a day is told as 23:59 of it and not as the next midnight.
_BEFORE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """One step of what runs: its name, its instant, a line below; `done` is past, `now` runs, `share` of it is over."""

    label: str
    at: datetime
    small: str
    state: str = ""
    strong: str = ""
    share: float | None = None


def read(work: Work, client_id: UUID) -> tuple[Clock, ...]:
    """Those that run or have run out and still count; none for a Client that owes nothing and has access."""
    return (*_payment(work, client_id), *_export(work, client_id))


def _payment(work: Work, client_id: UUID) -> tuple[Clock, ...]:
    days = readings.current(work.session).payment_notice_days
    found = [clock for debt in causes.debts(work.session, client_id) if (clock := clock_of(debt, days)) is not None]
    first = min(found, key=lambda clock: clock.deadline, default=None)
    if first is None:
        return ()
    notice = admin_notices.notice(work.session, first.notice)
    is_over = first.deadline <= work.now
    time_left = gettext("run out") if is_over else gettext("if they pay before, nothing happens")
    until = Clock(gettext("Time to pay"), first.deadline - _BEFORE, time_left, "done" if is_over else "now")
    if notice is None or notice.delivered_at is None:
        return (until,)
    return (Clock(gettext("Notice delivered"), notice.delivered_at, notice.recipient, "done"), until)


def _export(work: Work, client_id: UUID) -> tuple[Clock, ...]:
    open_ones = windows.open_of(work.session, client_id)
    if not open_ones:
        return ()
    last = open_ones[-1]
    whole, left = last.closes_at - last.opened_at, last.closes_at - work.now
    strong = ngettext("{n} day left", "{n} days left", max(full_days_left(last.closes_at, work.now), 0))
    if last.paused_at is not None:
        strong = gettext("Stands still")
    share = min(max(1 - left / whole, 0.0), 1.0)
    export = Clock(gettext("It can export everything"), last.closes_at - _BEFORE, "", "now", strong, share)
    after = gettext("only with two signatures")
    return (export, Clock(gettext("Deletion can be asked for"), last.closes_at, after))
