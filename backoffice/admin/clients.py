"""Clients: the searched list, the page of one, its edit form and the way to the command that suspends it."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice.admin import client_page, edits, words
from backoffice.admin.client_commands import ClientCommands
from backoffice.admin.client_tabs import ClientTabs
from backoffice.admin.client_usage import ClientUsage
from backoffice.admin.endings_client import ClientEndings
from backoffice.admin.evidence import EvidenceOfClient
from backoffice.admin.pieces import Asked, Cell, Listing, Tab, Table, id_of
from backoffice.admin.roles import CLIENT
from backoffice.admin.serving import SEE_OTHER
from backoffice.admin.shell import list_of, page_of
from backoffice.admin.view import PAGE_SIZE, asked_of, in_work
from konectus.i18n import format_number, gettext, ngettext
from konectus.services.work import Work
from konectus.store.models.clients import Client
from konectus.store.queries import admin_clients, admin_lists
from konectus.store.queries.admin_clients import ClientLine


class ClientAdmin(ClientTabs, ClientCommands, ClientEndings, ClientUsage, EvidenceOfClient, model=Client):
    name: ClassVar[str] = "client"
    can_edit: ClassVar[bool] = True
    details_template: ClassVar[str] = "admin/client.html"
    # What the form holds; anything else that is posted is not stored.
    form_columns = edits.COLUMNS

    async def list_page(self, request: Request) -> Response:
        """The search on top of every page opens a Client that it finds alone."""
        asked = asked_of(request)
        page = await in_work(request, lambda work: self.read_list(work, asked))
        found = page.table.rows
        if asked.query.get("open") and page.term and len(found) == 1 and asked.may(CLIENT, "details"):
            return RedirectResponse(found[0][0].href, SEE_OTHER)
        return await self.templates.TemplateResponse(request, self.list_template, {"page": page})

    def read_list(self, work: Work, asked: Asked) -> Listing:
        term, suspended, after = asked.text("search"), asked.query.get("show") == "suspended", asked.id("after")
        rows = admin_clients.lines(
            work.session, term=term, suspended=suspended, after=None if term else after, most=PAGE_SIZE + 1
        )
        shown, here = rows[:PAGE_SIZE], list_of(CLIENT)
        more = len(rows) > PAGE_SIZE
        kept = "&show=suspended" if suspended else ""
        return Listing(
            title=gettext("Clients"),
            identity=CLIENT,
            lead=_lead(work, term, len(shown), more=more),
            tabs=(
                Tab(gettext("All Clients"), here, not suspended),
                Tab(gettext("Suspended"), f"{here}?show=suspended", suspended),
            ),
            term=term,
            search_hint=gettext("Name, RFC, e-mail, invoice, page or bot"),
            kept=(("show", "suspended"),) if suspended else (),
            table=Table(_headings(), tuple(_cells(row) for row in shown), gettext("No Client like this.")),
            next_href=f"{here}?after={shown[-1].id}{kept}" if more and not term else "",
            first_href=f"{here}?{kept[1:]}" if after and not term else "",
        )

    def read_details(self, work: Work, asked: Asked) -> client_page.ClientPage:
        return client_page.read(work, id_of(asked.pk), asked)

    async def edit_page(self, request: Request) -> Response:
        return await edits.serve(request, self.templates, id_of(asked_of(request).pk))


def _lead(work: Work, term: str, found: int, *, more: bool) -> str:
    if term:
        if more:
            return gettext("More than {n} begin like this; write more of it.", n=format_number(found))
        return ngettext("{n} begins like this.", "{n} begin like this.", found)
    about = admin_lists.estimate(work.session, "ledger.client")
    return ngettext("About {n} in all.", "About {n} in all.", about) if about else ""


def _headings() -> tuple[str, ...]:
    return (gettext("Client"), gettext("RFC"), gettext("Plan"), gettext("Service"), gettext("Connectors"))


def _cells(row: ClientLine) -> tuple[Cell, ...]:
    plan = words.subscription(row.status).words if row.status else ""
    return (
        Cell(row.trade_name, small=row.legal_name, href=page_of(CLIENT, row.id)),
        Cell(row.tax_id or ""),
        Cell(row.plan or gettext("None in force"), small=plan),
        Cell(state=words.service(row.causes)),
        Cell(gettext("{live} of {all}", live=format_number(row.live), all=format_number(row.connectors)), numeric=True),
    )
