"""Papers with which a Client proves its authority (Terms 5.1): their list, one of them, opening it with a reason.

For the legal role alone. A paper is never shown inside a page: it is downloaded, and each time is kept in Audit.
"""

from typing import ClassVar
from urllib.parse import quote, urlencode
from uuid import UUID

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice.admin import shell
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Field, Listing, State, Table, id_of, typed
from backoffice.admin.roles import CLIENT, OPEN_PAPER, PAPER
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import StaffView, in_work
from konectus.domain.suspension import MIN_REASON
from konectus.errors import Forbidden, NotFound
from konectus.i18n import format_number, gettext
from konectus.services import authority
from konectus.services.work import Work
from konectus.store.models.documents import AuthorityDocument
from konectus.store.queries import authority as read
from konectus.store.queries.authority import Row

MOST = 100
KINDS = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}
_UNREADABLE, SEE_OTHER = 422, 303


class AuthorityAdmin(StaffView, model=AuthorityDocument):
    name: ClassVar[str] = "authority document"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        """The newest of all Clients; of one with `?client=`."""
        client_id = asked.id("client")
        rows = read.of_client(work.session, client_id) if client_id else read.newest(work.session, MOST)
        headings = (gettext("File"), gettext("Client"), gettext("State"), gettext("When"), gettext("Size"))
        return Listing(
            title=gettext("Documents of authority"),
            identity=PAPER,
            lead=gettext("What Clients sent to prove who may bind them (clause 5.1). Opening one asks for a reason."),
            table=Table(headings, tuple(_cells(work, row) for row in rows[:MOST]), gettext("No file came.")),
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = _row(work, id_of(asked.pk))
        may_open = row.withdrawn_at is None and asked.may(PAPER, OPEN_PAPER)
        open_it = Act(gettext("Open the file"), f"{HOME}{PAPER}/open/{row.id}", "download", "primary")
        return Details(
            title=authority.name_of_row(work.keys, row),
            identity=PAPER,
            crumbs=((gettext("Documents of authority"), list_of(PAPER)),),
            state=_state(row),
            facts=_facts(row),
            acts=(open_it,) if may_open else (),
        )

    @expose("/open/{pk}", methods=["GET"])
    async def open(self, request: Request) -> Response:
        """Asks why. Asks for its own grant first: sqladmin's `expose` does not."""
        paper_id, why = _asked(request), request.query_params.get("why")
        error = "" if why is None else gettext("Give the reason in at least ten characters")
        hint = gettext("It stays in Audit with your name.")
        field = Field("why", gettext("Why you open it"), typed(why), "area", hint=hint, error=error, is_wide=True)

        def shown(work: Work) -> dict[str, object]:
            row = _row(work, paper_id)
            if row.withdrawn_at is not None:
                raise NotFound
            name = authority.name_of_row(work.keys, row)
            return {"name": name, "id": row.id, "facts": _facts(row), "why": field, "href": page_of(PAPER, row.id)}

        page = await in_work(request, shown)
        around = {"page": {"identity": PAPER, **page}}
        return await self.templates.TemplateResponse(request, "admin/paper.html", around, _UNREADABLE if error else 200)

    @expose("/bytes/{pk}", methods=["GET", "POST"])
    async def bytes(self, request: Request) -> Response:
        """The paper itself, under a policy that lets nothing of it run; back to the form without a reason.

        Raises NotFound where it is asked for without the form.
        """
        paper_id = _asked(request)
        if request.method != "POST":
            raise NotFound
        why = typed((await request.form()).get("why"))
        if len(why) < MIN_REASON:
            return RedirectResponse(f"{HOME}{PAPER}/open/{paper_id}?{urlencode({'why': why})}", SEE_OTHER)
        return _download(*await in_work(request, lambda work: authority.open_for_staff(work, paper_id, why)))


def _asked(request: Request) -> UUID:
    if not shell.may(request, PAPER, OPEN_PAPER):
        raise Forbidden
    return id_of(request.path_params["pk"])


def _download(paper: authority.Paper, content: bytes) -> Response:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(paper.name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


def _cells(work: Work, row: Row) -> tuple[Cell, ...]:
    return (
        Cell(authority.name_of_row(work.keys, row), small=KINDS[row.media_type], href=page_of(PAPER, row.id)),
        Cell(row.trade_name, small=row.person, href=page_of(CLIENT, row.client_id)),
        Cell(state=_state(row)),
        Cell(at=row.uploaded_at),
        Cell(format_number(row.size), numeric=True),
    )


def _facts(row: Row) -> tuple[Fact, ...]:
    return (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Sent by"), Cell(row.person)),
        Fact(gettext("When"), Cell(at=row.uploaded_at)),
        Fact(gettext("Kind"), Cell(KINDS[row.media_type])),
        Fact(gettext("Bytes"), Cell(format_number(row.size))),
        Fact("SHA-256", Cell(row.sha256.hex())),
        Fact(gettext("Taken back"), Cell(at=row.withdrawn_at)),
    )


def _state(row: Row) -> State:
    if row.withdrawn_at is not None:
        return State(gettext("Taken back; its bytes are deleted"), "mute", "undo-2")
    return State(gettext("Here"), "ok", "circle-check")


def _row(work: Work, paper_id: UUID) -> Row:
    found = read.by_id(work.session, paper_id)
    if found is None:
        raise NotFound
    return found
