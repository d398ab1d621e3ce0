"""Jobs & invariants: how each job fares, which are missing, and what does not hold with samples and the way to mend."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from backoffice.admin import check_words, job_words
from backoffice.admin.pieces import Asked, Cell, Details, Fact, State, Table
from backoffice.admin.roles import CHECK
from backoffice.admin.view import StaffView
from konectus.domain.alarms import JOB_MOST
from konectus.errors import NotFound
from konectus.i18n import format_number, gettext, ngettext
from konectus.services import invariants
from konectus.services.invariants import Finding
from konectus.services.work import Work
from konectus.store.models.traffic import JobSlot
from konectus.store.queries import admin_checks as read
from konectus.store.queries.admin_checks import Run

# The look itself comes every five minutes; nobody has looked for longer than this: the scheduler is down.
LATE = timedelta(minutes=30)


class CheckAdmin(StaffView, model=JobSlot):
    """One page; a run has none of its own."""

    name: ClassVar[str] = "job"
    list_template: ClassVar[str] = "admin/details.html"

    def read_list(self, work: Work, asked: Asked) -> Any:
        del asked
        runs = {one.job: one for one in read.runs(work.session)}
        found, looked_at = invariants.look(work), invariants.looked_at(work)
        missing = [job for job in JOB_MOST if is_missing(job, runs.get(job), work.now)]
        broken = [one for one in found if one.broken]
        return Details(
            title=gettext("Jobs and invariants"),
            identity=CHECK,
            lead=gettext("What runs by itself, and what must always be so (looked at every five minutes)."),
            state=_state(broken, missing, looked_at, work.now),
            facts=(
                Fact(gettext("Looked last"), Cell(at=looked_at) if looked_at else Cell(gettext("nobody within a day"))),
                Fact(gettext("Do not hold"), Cell(format_number(len(broken)))),
                Fact(gettext("Jobs that are missing"), Cell(", ".join(map(job_words.job, missing)) or gettext("None"))),
            ),
            tables=(_broken(broken, looked_at), _jobs(runs, work.now), *_holding(found, looked_at)),
        )

    def read_details(self, work: Work, asked: Asked) -> Any:
        del work, asked
        raise NotFound


def is_missing(job: str, run: Run | None, now: datetime) -> bool:
    """Whether a job ended well too long ago (domain.alarms), or never did."""
    return run is None or run.succeeded_at is None or now - run.succeeded_at > JOB_MOST[job]


def _state(broken: list[Finding], missing: list[str], looked_at: datetime | None, now: datetime) -> State:
    if broken:
        n = len(broken)
        return State(ngettext("{n} does not hold", "{n} do not hold", n), "danger", "circle-alert")
    if looked_at is None or now - looked_at > LATE or missing:
        return State(gettext("Nobody looked, or a job is missing"), "warn", "circle-help")
    return State(gettext("All hold"), "ok", "circle-check")


def _broken(found: list[Finding], looked_at: datetime | None) -> Table:
    all_hold = gettext("Everything that must be so, is so.") if looked_at else gettext("Nobody looked within a day")
    rows = tuple(
        (
            Cell(gettext(one.words), small=one.code, state=None),
            Cell(format_number(one.broken), numeric=True),
            Cell(", ".join(one.samples)),
            Cell(check_words.mend(one.code)),
        )
        for one in found
    )
    headings = (gettext("What does not hold"), gettext("How many"), gettext("Some of them"), gettext("How to mend it"))
    return Table(headings, rows, all_hold, gettext("What does not hold"))


def _jobs(runs: dict[str, Run], now: datetime) -> Table:
    names = sorted(set(JOB_MOST) | set(runs))
    headings = (gettext("Job"), gettext("State"), gettext("Ended well"), gettext("Last slot"), gettext("Failed"))
    note = gettext("Failures of the thirty days that are kept.")
    return Table(headings, tuple(_job(name, runs.get(name), now) for name in names), title=gettext("Jobs"), note=note)


def _job(name: str, run: Run | None, now: datetime) -> tuple[Cell, ...]:
    if run is None:
        never = State(gettext("It never ran here"), "warn", "circle-help")
        return (_named(name), Cell(state=never), Cell(), Cell(), Cell("0", numeric=True))
    state = State(gettext("In order"), "ok", "circle-check")
    if name in JOB_MOST and is_missing(name, run, now):
        state = State(gettext("Missing"), "danger", "circle-alert")
    elif run.error:
        state = State(gettext("Its last run failed"), "warn", "triangle-alert")
    ended = Cell(at=run.succeeded_at) if run.succeeded_at else Cell()
    failed = Cell(format_number(run.failed), numeric=True)
    return (_named(name), Cell(state=state, small=run.error or ""), ended, Cell(at=run.slot), failed)


def _named(job: str) -> Cell:
    """In words, and as operations know it."""
    return Cell(job_words.job(job), small=job)


def _holding(found: list[Finding], looked_at: datetime | None) -> tuple[Table, ...]:
    """What was looked at and holds; nothing where nobody looked."""
    if looked_at is None:
        return ()
    rows = tuple(
        (
            Cell(gettext(one.words), small=one.code),
            Cell(one.about),
            Cell(state=State(gettext("None"), "ok", "circle-check")),
        )
        for one in found
        if not one.broken
    )
    return (Table((gettext("Would be wrong"), gettext("Rule"), gettext("Found")), rows, title=gettext("What holds")),)
