"""What Today says of money and signatures: who is suspended tomorrow and why, bounces, tasks, refunds, approvals."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from backoffice.admin import approval_words, book_cells, money_words, task_places
from backoffice.admin.lift import who
from backoffice.admin.pieces import Act, Asked, Cell, State, Table
from backoffice.admin.roles import (
    APPROVAL,
    CLIENT,
    DEFER,
    FIX,
    INVOICE,
    NOTICE,
    REFUND,
    TASK,
)
from backoffice.admin.shell import HOME, list_of, page_of
from konectus.domain.deadlines import local_day, start_of
from konectus.domain.money import RefundStatus
from konectus.i18n import format_date, format_money, format_number, gettext, ngettext
from konectus.services import invariants, suspending
from konectus.services.work import Work
from konectus.store.queries import admin, admin_money, admin_notices, approvals
from konectus.store.queries.admin_money import Asked as Wanted

SHOWN = 5
MOST_SUSPENDING = 20
# Notices that came back are told by mailbox.
_MOST_BOUNCED = 60


@dataclass(frozen=True, slots=True)
class Waits:
    """A thing that waits, its way, and the word on its button."""

    heading: str
    small: str
    act: Act
    glyph: str
    tone: str


@dataclass(frozen=True, slots=True)
class Line:
    """The first ones that wait, and how many there are as far as anybody counted."""

    rows: tuple[Waits, ...] = ()
    count: str = ""


@dataclass(frozen=True, slots=True)
class Queues:
    """Everything of money and signatures that waits for a person."""

    suspending: Table
    bounced: Line
    overdue: Table
    tasks: Line
    refunds: Line
    mine: Line
    invariants: State


def read(work: Work, asked: Asked) -> Queues:
    """What the reader's role may see of it; the rest is empty."""
    return Queues(
        suspending=_suspending(work, asked),
        bounced=_bounced(work, asked) if asked.may(NOTICE, "list") else Line(),
        overdue=_overdue(work, asked),
        tasks=_tasks(work) if asked.may(TASK, "list") else Line(),
        refunds=_refunds(work) if asked.may(REFUND, "list") else Line(),
        mine=_mine(work) if asked.may(APPROVAL, "list") else Line(),
        invariants=_invariants(work),
    )


def _suspending(work: Work, asked: Asked) -> Table:
    """Until the end of tomorrow, unless somebody pays."""
    tomorrow = local_day(work.now) + timedelta(days=1)
    rows = suspending.upcoming(work.session, work.now, start_of(tomorrow + timedelta(days=1)))[:MOST_SUSPENDING]
    may_defer = asked.may(CLIENT, DEFER)
    names = admin_money.names(work.session, [row.client_id for row in rows])
    told = admin_notices.of_ids(work.session, [row.notice_id for row in rows])

    def cells(row: suspending.Upcoming) -> tuple[Cell, ...]:
        notice = told[row.notice_id]
        wait = Act(gettext("Defer"), f"{HOME}{CLIENT}/defer/{row.client_id}")
        return (
            Cell(names[row.client_id], href=page_of(CLIENT, row.client_id)),
            Cell(money_words.notice_kind(notice.kind), small=row.number),
            book_cells.money(row.balance_cents),
            Cell(state=money_words.notice(notice.state), at=notice.delivered_at),
            Cell(at=row.deadline),
            *((Cell(acts=(wait,)),) if may_defer else ()),
        )

    named = (gettext("Client"), gettext("Why"), gettext("Owes"), gettext("Notice"), gettext("From"))
    headings = (*named, gettext("Actions")) if may_defer else named
    note = gettext("Whoever pays before that is not suspended, and nobody has to touch anything.")
    day = format_date(tomorrow, form="long")
    title = gettext("Suspended until {day} unless they pay", day=day)
    table = tuple(cells(row) for row in rows)
    return Table(headings, table, gettext("Nobody is about to be suspended."), title, note=note)


def _bounced(work: Work, asked: Asked) -> Line:
    def act(notice_id: object) -> Act:
        if asked.may(NOTICE, FIX):
            return Act(gettext("Fix and send again"), f"{HOME}{NOTICE}/fix/{notice_id}")
        return Act(gettext("Look"), page_of(NOTICE, notice_id))

    by_mailbox = dict[tuple[UUID, str], list[admin_notices.Told]]()
    for row in admin_notices.bounced(work.session, _MOST_BOUNCED):
        by_mailbox.setdefault((row.client_id, row.recipient), []).append(row)
    return _line(
        Waits(
            gettext("{notice} of {client}", notice=money_words.notice_kind(rows[0].kind), client=rows[0].trade_name),
            _came_back(rows),
            act(rows[0].id),
            "mail-warning",
            "danger",
        )
        for rows in by_mailbox.values()
    )


def _came_back(rows: list[admin_notices.Told]) -> str:
    """The newest of a mailbox, and how many came back before it."""
    newest, others = rows[0], len(rows) - 1
    said = gettext("{state}: {address}", state=money_words.notice(newest.state).words, address=newest.recipient)
    more = ngettext("and {n} older one", "and {n} older ones", others)
    return f"{said} · {more}" if others else said


def _overdue(work: Work, asked: Asked) -> Table:
    if not asked.may(INVOICE, "list"):
        return Table((), ())
    rows = admin_money.bills(work.session, Wanted(status="overdue"), work.now, SHOWN + 1)
    table = book_cells.bills(rows[:SHOWN], work.now, with_client=True)
    more = f"{list_of(INVOICE)}?show=overdue"
    none, title = gettext("Nothing is overdue."), gettext("Overdue invoices")
    return Table(table.headings, table.rows, none, title, more, count=_counted(len(rows)))


def _tasks(work: Work) -> Line:
    return _line(
        Waits(
            money_words.task(row.kind),
            row.trade_name or "",
            Act(gettext("Look"), task_places.href(row.kind, row.subject_ref) or page_of(TASK, row.id)),
            "flag",
            "warn",
        )
        for row in admin_notices.tasks(work.session, most=SHOWN + 1)
    )


def _refunds(work: Work) -> Line:
    rows = admin_money.refunds(work.session, Wanted(status=RefundStatus.PROPOSED), SHOWN + 1)
    return _line(
        Waits(
            gettext("Refund of {amount}", amount=format_money(row.amount_cents)),
            row.trade_name,
            Act(gettext("Decide"), page_of(REFUND, row.id)),
            "undo-2",
            "warn",
        )
        for row in rows
    )


def _mine(work: Work) -> Line:
    """What somebody else asked for and the reader's role decides."""
    rows = approvals.waiting(work.session, work.now, not_by=f"{work.actor.kind}:{work.actor.id}")
    names = admin.staff_names(work.session, {row.requested_by for row in rows})
    role = approvals.role_of(work.session, approval_words.reader(work)) if rows else None
    return _line(
        Waits(
            approval_words.about(row.action),
            gettext("{name} asks: {reason}", name=who(row.requested_by, names), reason=row.reason),
            Act(gettext("Review"), f"{HOME}{APPROVAL}/decide/{row.id}"),
            "fingerprint",
            "info",
        )
        for row in rows
        if approval_words.decides(row.action, role)
    )


def _line(found: Iterable[Waits]) -> Line:
    rows = tuple(islice(found, SHOWN + 1))
    return Line(rows[:SHOWN], _counted(len(rows)))


def _counted(read: int) -> str:
    """How many there are of what was read up to one more than is shown."""
    return format_number(read) if read <= SHOWN else gettext("more than {n}", n=SHOWN)


def _invariants(work: Work) -> State:
    broken = [one for one in invariants.look(work) if one.broken]
    if broken:
        return State(", ".join(gettext(one.words) for one in broken), "danger", "circle-alert")
    if invariants.looked_at(work) is None:
        return State(gettext("Nobody looked within a day"), "warn", "circle-help")
    return State(gettext("All hold"), "ok", "circle-check")
