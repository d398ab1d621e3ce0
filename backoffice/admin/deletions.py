"""Deletions: the list, one with the instant of every step, its countdown, and the certificate to take along."""

import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import endings_effects as effect_of
from backoffice.admin import endings_words as say
from backoffice.admin import serving, shell
from backoffice.admin.deletion import ApproveDeletion, GiveUpDeletion, line, state_of
from backoffice.admin.lift import who
from backoffice.admin.paging import Place, cells
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import APPROVAL, APPROVE, CLIENT, DELETION, GIVE_UP, WINDOW
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView, in_work
from konectus import i18n
from konectus.domain.approvals import Action
from konectus.domain.endings import DeletionState
from konectus.errors import Forbidden, NotFound
from konectus.i18n import gettext
from konectus.papers import certificate
from konectus.services.work import Work
from konectus.store.models.endings import Deletion
from konectus.store.queries import admin_endings as read
from konectus.store.queries import approvals, readings
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_endings import DeletionLine

GET_AND_POST = ["GET", "POST"]


class DeletionAdmin(StaffView, model=Deletion):
    """Each command asks for its own grant first: sqladmin's `expose` does not."""

    name: ClassVar[str] = "deletion"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(DELETION, asked, ("open", "done", "cancelled"))
        rows = read.rows(work.session, DeletionLine, read.Asked(place.show, after=place.after, most=PAGE_SIZE + 1))
        return Listing(
            title=gettext("Deletions"),
            identity=DELETION,
            lead=gettext(
                "A job asks once the days to export have passed; two people decide. Nothing deletes by itself."
            ),
            tabs=place.tabs(
                [("open", gettext("Under way")), ("done", gettext("Done")), ("cancelled", gettext("Given up"))]
            ),
            table=table(rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = line(work, id_of(asked.pk))
        state = state_of(row)
        return Details(
            title=gettext("Deletion of {client}", client=row.trade_name),
            identity=DELETION,
            lead=_lead(work, row, state),
            crumbs=((gettext("Deletions"), list_of(DELETION)),),
            state=say.deletion(state),
            facts=_facts(work, row),
            tables=(_steps(row),),
            acts=_acts(work, row, state, asked),
        )

    @expose("/approve/{pk}", methods=GET_AND_POST)
    async def approve(self, request: Request) -> Response:
        return await serving.serve(request, self.templates, ApproveDeletion(id_of(request.path_params["pk"])))

    @expose("/give-up/{pk}", methods=GET_AND_POST)
    async def give_up(self, request: Request) -> Response:
        return await serving.serve(request, self.templates, GiveUpDeletion(id_of(request.path_params["pk"])))

    @expose("/certificate/{pk}", methods=["GET"])
    async def certificate(self, request: Request) -> Response:
        """As it was written, with its hash as the printed one shows it."""
        said = await self._certificate(request)
        told = {"certificate": said, "sha256": certificate.fingerprint(said)}
        body = json.dumps(told, ensure_ascii=False, indent=1).encode()
        return _download(body, "application/json", f"{request.path_params['pk']}.json")

    @expose("/paper/{pk}", methods=["GET"])
    async def paper(self, request: Request) -> Response:
        said = await self._certificate(request)
        return _download(
            certificate.render(said, i18n.current()), "application/pdf", f"{request.path_params['pk']}.pdf"
        )

    async def _certificate(self, request: Request) -> dict[str, Any]:
        """Raises NotFound before there is one."""
        if not shell.may(request, DELETION, "details"):
            raise Forbidden
        deletion_id = id_of(request.path_params["pk"])
        row = await in_work(request, lambda work: line(work, deletion_id))
        if row.certificate is None or row.certified_at is None:
            raise NotFound
        return dict(row.certificate)


def table(rows: list[DeletionLine], *, with_client: bool) -> Table:
    """Deletions, newest first."""
    first = (gettext("Client"),) if with_client else ()

    def of(row: DeletionLine) -> tuple[Cell, ...]:
        here = page_of(DELETION, row.id)
        name = (Cell(row.trade_name, small=row.legal_name, href=here),) if with_client else ()
        asked = Cell(at=row.requested_at, href="" if with_client else here)
        state = Cell(state=say.deletion(state_of(row)), small=say.given_up(row.cancel_reason))
        return (*name, asked, state, Cell(at=row.certified_at))

    headings = (*first, gettext("Asked for"), gettext("State"), gettext("Certified"))
    return Table(headings, cells(rows, of), gettext("No deletion was asked for."), gettext("Deletions"))


def _lead(work: Work, row: DeletionLine, state: DeletionState) -> str:
    if state is DeletionState.CANCELLED:
        return say.given_up(row.cancel_reason)
    if state is not DeletionState.APPROVED_2 or row.second_at is None:
        return ""
    rest = timedelta(hours=readings.current(work.session).deletion_rest_hours)
    return effect_of.rests(row.second_at + rest, work.now)


def _facts(work: Work, row: DeletionLine) -> tuple[Fact, ...]:
    names = staff_names(work.session, {one for one in (row.approved_by, row.second_by, row.requested_by) if one})
    exported = gettext("Yes: Legal is the second person") if row.export_done else gettext("No")
    return (
        Fact(gettext("Client"), Cell(row.trade_name, small=row.legal_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Days to export"), Cell(gettext("See the days"), href=page_of(WINDOW, row.window_id))),
        Fact(gettext("The Client exported"), Cell(exported)),
        Fact(gettext("Asked for"), Cell(at=row.requested_at, small=who(row.requested_by, names))),
        Fact(gettext("First signature"), Cell(at=row.approved_at, small=who(row.approved_by, names))),
        Fact(gettext("Second signature"), Cell(at=row.second_at, small=who(row.second_by, names))),
        Fact(gettext("Given up on"), Cell(at=row.cancelled_at, small=say.given_up(row.cancel_reason))),
        Fact(gettext("Out of the backups"), Cell(at=row.residual_gone_at)),
    )


def _steps(row: DeletionLine) -> Table:
    """In the order they are taken; each looks at what is really left."""
    taken: tuple[tuple[str, datetime | None], ...] = (
        (gettext("Begun"), row.started_at),
        (gettext("Key destroyed"), row.key_destroyed_at),
        (gettext("Rows deleted"), row.rows_purged_at),
        (gettext("Files deleted"), row.files_purged_at),
        (gettext("Verified that nothing is left"), row.verified_at),
        (gettext("Certificate written"), row.certified_at),
    )
    found = tuple((Cell(words), Cell(at=at) if at else Cell(gettext("not yet"))) for words, at in taken)
    return Table((gettext("Step"), gettext("When")), found, title=gettext("How far it is"))


def _acts(work: Work, row: DeletionLine, state: DeletionState, asked: Asked) -> tuple[Act, ...]:
    at = f"{HOME}{DELETION}"
    acts: list[Act] = []
    action = Action.DELETE_EXPORTED if row.export_done else Action.DELETE
    waiting = approvals.open_for(work.session, action, str(row.id))
    if state in (DeletionState.REQUESTED, DeletionState.APPROVED_1):
        if waiting is not None:
            acts.append(Act(gettext("See the request"), page_of(APPROVAL, waiting), "fingerprint", "primary"))
        elif asked.may(DELETION, APPROVE):
            acts.append(Act(gettext("Approve as the first person"), f"{at}/approve/{row.id}", "fingerprint", "primary"))
    if row.started_at is None and row.cancelled_at is None and asked.may(DELETION, GIVE_UP):
        acts.append(Act(gettext("Give the deletion up"), f"{at}/give-up/{row.id}", "undo-2"))
    if state is DeletionState.CERTIFIED:
        acts.append(Act(gettext("Certificate (PDF)"), f"{at}/paper/{row.id}", "download", "primary"))
        acts.append(Act(gettext("Certificate (JSON)"), f"{at}/certificate/{row.id}", "download"))
    return tuple(acts)


def _download(body: bytes, media_type: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="certificate-{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(body, headers=headers, media_type=media_type)
