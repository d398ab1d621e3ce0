"""Tasks of the staff: what waits, where it is done, and closing one by hand with a reason."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import money_words, payment_twins, serving, task_places
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.lift import who
from backoffice.admin.paging import Place
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import CLIENT, CLOSE, TASK
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.tasks import TaskKind
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services import tasks
from konectus.services.work import Change, Work
from konectus.store.models.notices import StaffTask
from konectus.store.queries import admin_notices as read
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_notices import Task


class TaskAdmin(StaffView, model=StaffTask):
    name: ClassVar[str] = "staff task"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(TASK, asked, ("closed",))
        rows = read.tasks(work.session, closed=place.show == "closed", after=place.after, most=PAGE_SIZE + 1)
        open_, closed = place.tabs([("closed", gettext("Closed ones"))])
        return Listing(
            title=gettext("Tasks"),
            identity=TASK,
            lead=gettext("What a person has to look at; most of them close themselves when it is settled."),
            tabs=(type(open_)(gettext("Open ones"), open_.href, open_.is_current), closed),
            table=Table(
                (gettext("Task"), gettext("Client"), gettext("Since"), gettext("Due")),
                tuple(_cells(row) for row in rows[:PAGE_SIZE]),
                gettext("Nothing waits."),
            ),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.task(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        close = Act(gettext("Close the task"), f"{HOME}{TASK}/close/{row.id}", "check")
        return Details(
            title=money_words.task(row.kind),
            identity=TASK,
            crumbs=((gettext("Tasks"), list_of(TASK)),),
            facts=_facts(work, row),
            acts=(close,) if row.closed_at is None and asked.may(TASK, CLOSE) else (),
        )

    @expose("/close/{pk}", methods=["GET", "POST"])
    async def close(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, CloseTask(id_of(request.path_params["pk"])))


@dataclass(frozen=True)
class CloseTask(Command):
    """The command on one task."""

    task_id: UUID
    identity: ClassVar[str] = TASK
    action: ClassVar[str] = CLOSE
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Close")

    @property
    def go(self) -> str:
        return gettext("Close the task")

    def known(self, work: Work) -> Known:
        row = self._row(work)
        if row.closed_at is not None:
            see = Act(gettext("See the task"), page_of(TASK, row.id), "flag", "primary")
            lead = gettext("Somebody was faster, or it settled itself.")
            raise Refused(gettext("This task is closed already"), lead, _facts(work, row), (see,), identity=TASK)
        return Known(
            title=gettext("Close the task: {task}", task=money_words.task(row.kind)),
            lead=gettext("Only when there is nothing left to do: closing it does nothing else."),
            name=row.trade_name or "",
            href=page_of(TASK, row.id),
            facts=_facts(work, row),
            read_at=work.now,
            seen=fingerprint(str(row.id)),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        self._close(work)
        heading = gettext("The task leaves the list")
        nothing = gettext("If the cause is still there, the job that opened it opens another one.")
        return (Effect("check", "ok", heading, nothing, heading),)

    def carry_out(self, work: Work, given: Typed) -> str:
        row = self._close(work)
        work.record("task.closed", ("staff_task", row.id), Change(row.client_id, given.why, {}, {"kind": row.kind}))
        return list_of(TASK)

    def _close(self, work: Work) -> Task:
        row = self._row(work)
        tasks.close_task(work, TaskKind(row.kind), row.subject_ref)
        return row

    def _row(self, work: Work) -> Task:
        found = read.task(work.session, self.task_id)
        if found is None:
            raise NotFound
        return found


def _cells(row: Task) -> tuple[Cell, ...]:
    return (
        Cell(money_words.task(row.kind), href=page_of(TASK, row.id)),
        Cell(row.trade_name or "", href=page_of(CLIENT, row.client_id) if row.client_id else ""),
        Cell(at=row.opened_at),
        Cell(at=row.due_at),
    )


def _facts(work: Work, row: Task) -> tuple[Fact, ...]:
    names = staff_names(work.session, {row.closed_by or ""})
    return (
        Fact(
            gettext("Client"), Cell(row.trade_name or "", href=page_of(CLIENT, row.client_id) if row.client_id else "")
        ),
        Fact(gettext("About"), task_places.about(row.kind, row.subject_ref)),
        *task_places.wanted(work, row.kind, row.client_id),
        *payment_twins.of_task(work, row.kind, row.subject_ref),
        Fact(gettext("Since"), Cell(at=row.opened_at)),
        Fact(gettext("Due"), Cell(at=row.due_at)),
        Fact(gettext("Closed"), Cell(at=row.closed_at, small=who(row.closed_by, names))),
    )
