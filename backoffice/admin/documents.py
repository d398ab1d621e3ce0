"""Versions of the documents Clients accept (Terms 1, 16): the list, one with its hash, its text and who accepted it."""

from typing import ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import endings_words as say
from backoffice.admin import shell
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import CLIENT, DOCUMENT
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import StaffView, in_work
from konectus.errors import Forbidden, NotFound
from konectus.i18n import format_number, gettext
from konectus.services.work import Work
from konectus.store.models.documents import DocumentVersion
from konectus.store.queries import admin_checks as read
from konectus.store.queries.admin_checks import Accepted, Version

MOST = 50


class DocumentAdmin(StaffView, model=DocumentVersion):
    name: ClassVar[str] = "document"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        del asked
        rows = read.versions(work.session)
        headings = (gettext("Document"), gettext("State"), gettext("In effect from"), gettext("Clients"))
        found = tuple(
            (
                Cell(_name(row), small=row.sha256_es.hex()[:16], href=page_of(DOCUMENT, row.id)),
                Cell(state=say.version(row, work.now)),
                Cell(at=row.effective_at),
                Cell(format_number(row.accepted), numeric=True),
            )
            for row in rows
        )
        return Listing(
            title=gettext("Documents"),
            identity=DOCUMENT,
            lead=gettext("Each version stays as it was published; the Spanish text prevails (clause 18)."),
            table=Table(headings, found, gettext("No document was published.")),
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = _version(work, asked.pk)
        rows = read.accepted(work.session, version_id=row.id, most=MOST)
        kind = gettext("Material: thirty days before it binds") if row.is_material else gettext("Not material")
        text = Act(gettext("Text in Spanish"), f"{HOME}{DOCUMENT}/text/{row.id}", "download")
        return Details(
            title=_name(row),
            identity=DOCUMENT,
            crumbs=((gettext("Documents"), list_of(DOCUMENT)),),
            state=say.version(row, work.now),
            facts=(
                Fact(gettext("Kind of change"), Cell(kind)),
                Fact(gettext("Published"), Cell(at=row.published_at)),
                Fact(gettext("In effect from"), Cell(at=row.effective_at)),
                Fact(gettext("Withdrawn"), Cell(at=row.withdrawn_at)),
                Fact(gettext("English"), Cell(gettext("Yes") if row.has_english else gettext("No"))),
                Fact("SHA-256", Cell(row.sha256_es.hex())),
                Fact(gettext("Clients that accepted it"), Cell(format_number(row.accepted))),
            ),
            tables=(table(rows, with_client=True),),
            acts=(text,),
        )

    @expose("/text/{pk}", methods=["GET"])
    async def text(self, request: Request) -> Response:
        """The text whose hash the page shows. Asks for its own grant first."""
        if not shell.may(request, DOCUMENT, "details"):
            raise Forbidden
        pk = id_of(request.path_params["pk"])
        found = await in_work(request, lambda work: read.text_of(work.session, pk))
        if found is None:
            raise NotFound
        headers = {"Content-Disposition": f'attachment; filename="{pk}.txt"', "Cache-Control": "private, no-store"}
        return Response(found.encode(), headers=headers, media_type="text/plain; charset=utf-8")


def table(rows: list[Accepted], *, with_client: bool) -> Table:
    """Who was shown what and what they answered."""
    first = (gettext("Client") if with_client else gettext("Document"),)

    def of(row: Accepted) -> tuple[Cell, ...]:
        name = gettext("{document}, version {n}", document=say.document(row.document), n=row.version)
        place = page_of(CLIENT, row.client_id) if with_client else page_of(DOCUMENT, row.document_version_id)
        return (
            Cell(row.trade_name if with_client else name, href=place),
            Cell(state=say.answer(row.outcome)),
            Cell(at=row.outcome_at or row.shown_at),
            Cell(at=row.binds_from),
        )

    headings = (*first, gettext("Answer"), gettext("When"), gettext("Binds from"))
    title = gettext("Who accepted it") if with_client else gettext("Documents accepted")
    return Table(headings, tuple(of(row) for row in rows), gettext("Nobody yet."), title)


def _name(row: Version) -> str:
    return gettext("{document}, version {n}", document=say.document(row.document), n=row.version)


def _version(work: Work, pk: str) -> Version:
    found = read.versions(work.session, id_of(pk))
    if not found:
        raise NotFound
    return found[0]
