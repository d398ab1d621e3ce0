"""Export windows (Terms 15.3): opened by a cause or a termination, still while the export is blocked, then closed.

What is deleted afterwards, and by whom, is `erasure`; the archive itself is `exports`.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from konectus.domain.approvals import MAY_END
from konectus.domain.deadlines import after_full_days, local_day, start_of
from konectus.domain.elapsed import full_days_left, reminder_due, resumed
from konectus.domain.endings import WindowEnd, WindowSource
from konectus.domain.suspension import require_reason
from konectus.errors import Conflict, Invalid, NotFound
from konectus.services import approvals, cause_notices
from konectus.services.installation import Installation
from konectus.services.sweeps import sweep
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.endings import ExportWindow
from konectus.store.queries import clients, jobs, readings
from konectus.store.queries import windows as read

# The scheduler's name of the job that closes windows; nobody has looked for longer than this: the service was down.
JOB, DOWN_AFTER = "close_windows", timedelta(hours=1)


class NoSuchWindow(NotFound):
    code = "no_such_window"


class WindowClosed(Conflict):
    code = "window_closed"


class NotLater(Invalid):
    """A window is only ever extended: nobody loses days that were promised."""

    code = "window_not_later"


def open_window(work: Work, client_id: UUID, source: WindowSource, source_id: UUID) -> UUID:
    """Give the Client its thirty days from now; the same window for the same source, however often it is asked for.

    Where an order or a security cause blocks the export the days do not pass yet (decisions.md).
    """
    for known in read.of_client(work.session, client_id):
        if known.source_id == source_id:
            return known.id
    days = readings.current(work.session).export_window_days
    made = ExportWindow(id=work.new_id(), client_id=client_id, source=source, source_id=source_id)
    made.opened_at, made.closes_at = work.now, after_full_days(work.now, days)
    if clients.access(work.session, client_id).export:
        made.paused_at = work.now
    work.session.add(made)
    work.session.flush()  # whoever asks for the Client's windows in this transaction has to see it
    after = {"source": str(source), "closes_at": made.closes_at.isoformat()}
    _record(work, made, "opened", "Thirty days to export begin (Terms 15.3)", after)
    return made.id


def end_of(work: Work, window_id: UUID) -> datetime:
    """When a window closes, as things stand. Raises NoSuchWindow."""
    return _locked(work, window_id).closes_at


def close_windows(work: Work, client_id: UUID, source: WindowSource, reason: WindowEnd) -> int:
    """The Client paid or came back: no right to delete follows from this source any more; how many windows closed."""
    found = [row for row in read.open_of(work.session, client_id) if row.source is source]
    for row in found:
        _close(work, _locked(work, row.id), reason)
    return len(found)


def pause(work: Work, client_id: UUID) -> int:
    """Days do not pass while the export is blocked; how many windows stand still from now on."""
    found = [row for row in read.open_of(work.session, client_id) if row.paused_at is None]
    for row in found:
        window = _locked(work, row.id)
        window.paused_at = work.now
        work.session.flush()  # the job that closes windows has to see it
        _record(work, window, "paused", "The export is blocked: these days do not count", {})
    return len(found)


def resume(work: Work, client_id: UUID) -> int:
    """The export is possible again: the days that were lost come back; how many windows run again."""
    found = [row for row in read.open_of(work.session, client_id) if row.paused_at is not None]
    for row in found:
        window = _locked(work, row.id)
        if window.paused_at is not None:
            window.closes_at = resumed(window.closes_at, window.paused_at, work.now)
            window.paused_at = None
            work.session.flush()  # the guard holds that it is only ever extended
            after = {"closes_at": window.closes_at.isoformat()}
            _record(work, window, "resumed", "The export is possible again: lost days come back", after)
    return len(found)


def extend(work: Work, window_id: UUID, until_day: date, reason: str) -> datetime:
    """A person gives more time: until the end of a legal day; the new end.

    Raises NoSuchWindow, WindowClosed, NotLater, NotYourRole or ReasonTooShort.
    """
    text = require_reason(reason)
    approvals.require_role(work, MAY_END, "an export window")
    window = _locked(work, window_id)
    if window.closed_at is not None:
        raise WindowClosed("this export window is closed", closed_at=window.closed_at)
    _extend(work, window, start_of(until_day + timedelta(days=1)), text)
    return window.closes_at


def extend_for_downtime(installation: Installation, since: datetime, until: datetime) -> int:
    """The service was down: every window that ran meanwhile gets the time back, up to the end of a legal day.

    How many windows were extended; each in a transaction of its own, and the same time once, however often and in
    whichever pieces this is asked for.
    """
    if until <= since:
        return 0
    with installation.works.system() as work:
        found = [row.id for row in read.running(work.session) if row.opened_at < until and row.closes_at > since]
    done = 0
    for window_id in found:
        with installation.works.system() as work:
            done += _give_back(work, window_id, since, until)
    return done


def close_elapsed(installation: Installation) -> int:
    """Job: close the windows whose days have passed. From then on Konectus may delete, which a job never does.

    Where nobody has looked for long, the service was down and that time comes back first (lifecycle.md 2, #12).
    """
    if installation.settings.environment != "demo":  # there somebody moves the clock: a gap says nothing
        with installation.works.system() as work:
            looked_at, now = jobs.last_successes(work.session).get(JOB), work.now
        if looked_at is not None and now - looked_at > DOWN_AFTER:
            extend_for_downtime(installation, looked_at, now)
    return sweep(installation, read.over, _close_if_over)


def window_reminders(installation: Installation) -> int:
    """Job: say on the days of the readings that the data should be taken along; missed reminders are not caught up."""
    with installation.works.system() as work:
        due = _unannounced(work)
    done = 0
    for window_id in due:
        with installation.works.system() as work:
            done += _remind(work, window_id)
    return done


def _unannounced(work: Work) -> list[UUID]:
    rules = readings.current(work.session)
    refs = {
        _announcement(row.id, day, row.closes_at): row.id
        for row in read.running(work.session)
        if (day := reminder_due(row.closes_at, work.now, rules)) is not None
    }
    told = read.announced(work.session, refs)
    return [window_id for ref, window_id in refs.items() if ref not in told]


def _remind(work: Work, window_id: UUID) -> bool:
    window = _locked(work, window_id)
    day = reminder_due(window.closes_at, work.now, readings.current(work.session))
    if window.closed_at is not None or window.paused_at is not None or day is None:
        return False
    left = max(full_days_left(window.closes_at, work.now), 0)
    ref = _announcement(window.id, day, window.closes_at)
    return cause_notices.window_reminder(work, window, ref, left)


def _announcement(window_id: UUID, day: int, closes_at: datetime) -> str:
    """One reminder of one end: an extended window is announced again."""
    return f"{window_id}:{day}:{local_day(closes_at)}"


def _give_back(work: Work, window_id: UUID, since: datetime, until: datetime) -> bool:
    window = _locked(work, window_id)
    if window.closed_at is not None or window.paused_at is not None:
        return False
    since = max(since, window.opened_at)
    if window.made_up_until is not None and window.made_up_until >= since:
        # Part of it was given back already: whoever did so was stopped before all windows had theirs.
        since = window.made_up_until
        if until - since <= DOWN_AFTER:
            return False
    window.made_up_until = until
    reason = f"The service was down for {round((until - since).total_seconds() / 60)} minutes"
    _extend(work, window, resumed(window.closes_at, since, until), reason)
    return True


def _close_if_over(work: Work, window_id: UUID) -> bool:
    window = _locked(work, window_id)
    if window.closed_at is not None or window.paused_at is not None or window.closes_at > work.now:
        return False
    _close(work, window, WindowEnd.ELAPSED)
    return True


def _locked(work: Work, window_id: UUID) -> ExportWindow:
    """The window, its Client locked before it as everywhere. Raises NoSuchWindow."""
    found = work.session.get(ExportWindow, window_id)
    if found is None:
        raise NoSuchWindow
    locks.client(work.session, found.client_id)
    work.session.refresh(found, with_for_update=True)
    return found


def _extend(work: Work, window: ExportWindow, until: datetime, reason: str) -> None:
    if until <= window.closes_at:
        raise NotLater("an export window is only ever extended", closes_at=window.closes_at)
    before = {"closes_at": window.closes_at.isoformat()}
    window.closes_at, window.extended_reason = until, reason
    work.session.flush()  # the guard holds that it is only ever extended
    change = Change(window.client_id, reason, before, {"closes_at": until.isoformat()})
    work.record("export_window.extended", ("export_window", window.id), change)


def _close(work: Work, window: ExportWindow, reason: WindowEnd) -> None:
    window.closed_at, window.close_reason = work.now, reason
    work.session.flush()  # the guard of a deletion has to see it
    _record(work, window, "closed", f"The export window ends: {reason}", {"close_reason": str(reason)})


def _record(work: Work, window: ExportWindow, what: str, reason: str, after: Mapping[str, object]) -> None:
    change = Change(window.client_id, reason, {"source": window.source}, dict(after))
    work.record(f"export_window.{what}", ("export_window", window.id), change)
