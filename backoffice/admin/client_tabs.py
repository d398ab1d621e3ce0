"""The tabs of a Client's page beside its overview, each with an address of its own and its own few statements."""

from collections.abc import Callable
from typing import Any

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import book_cells, claim, client_head, client_page, endings_client, notices, reason_words, shell
from backoffice.admin.client_head import TABS, Sheet
from backoffice.admin.lift import who
from backoffice.admin.pieces import Asked, Cell, Table, id_of
from backoffice.admin.roles import AUDIT, CREDIT, INVOICE, NOTICE, PAYMENT, REFUND
from backoffice.admin.shell import list_of, page_of
from backoffice.admin.view import StaffView, asked_of, in_work
from backoffice.admin.words import action, actor
from konectus.errors import Forbidden
from konectus.i18n import gettext
from konectus.services.work import Work
from konectus.store.queries import admin, admin_audit, admin_clients, admin_money, admin_notices

# As many rows as one looks through; the lists of the menu hold the rest.
MOST = 50
MOST_PEOPLE = 200


class ClientTabs(StaffView):
    """Each asks for its own grant first: sqladmin's `expose` does not."""

    @expose("/money/{pk}", methods=["GET"])
    async def money(self, request: Request) -> Response:
        return await self._tab(request, "money", _money)

    @expose("/notices/{pk}", methods=["GET"])
    async def notices(self, request: Request) -> Response:
        return await self._tab(request, "notices", _notices)

    @expose("/connectors/{pk}", methods=["GET"])
    async def connectors(self, request: Request) -> Response:
        return await self._tab(request, "connectors", _connectors)

    @expose("/people/{pk}", methods=["GET"])
    async def people(self, request: Request) -> Response:
        return await self._tab(request, "people", _people)

    @expose("/ending/{pk}", methods=["GET"])
    async def ending(self, request: Request) -> Response:
        return await self._tab(request, "ending", endings_client.sheet)

    @expose("/timeline/{pk}", methods=["GET"])
    async def timeline(self, request: Request) -> Response:
        return await self._tab(request, "timeline", _timeline)

    @expose("/danger/{pk}", methods=["GET"])
    async def danger(self, request: Request) -> Response:
        return await self._tab(request, "danger", _danger)

    async def _tab(self, request: Request, name: str, read: Callable[[Work, Any, Asked], Sheet]) -> Response:
        if not shell.may(request, *TABS[name].grant):
            raise Forbidden
        client_id, asked = id_of(request.path_params["pk"]), asked_of(request)

        def page(work: Work) -> Any:
            return client_head.page(work, client_id, asked, name, read(work, client_id, asked))

        found = await in_work(request, page)
        return await self.templates.TemplateResponse(request, "admin/client_tab.html", {"page": found})


def _money(work: Work, client_id: Any, asked: Asked) -> Sheet:
    mine = admin_money.Asked(client_id=client_id)
    return Sheet(
        tables=(
            book_cells.bills(admin_money.bills(work.session, mine, work.now, MOST), work.now, with_client=False),
            book_cells.payments(admin_money.payments(work.session, mine, MOST), with_client=False),
            book_cells.credits_(admin_money.credit_notes(work.session, mine, MOST), with_client=False),
            book_cells.refunds(admin_money.refunds(work.session, mine, MOST), with_client=False),
            _deferrals(work, client_id),
        ),
        acts=client_head.money_acts(client_id, asked),
        claim=claim.read(work, client_id, asked),
        lists=tuple(
            (gettext(words), list_of(identity))
            for words, identity in (
                ("Invoices", INVOICE),
                ("Payments", PAYMENT),
                ("Credit notes", CREDIT),
                ("Refunds", REFUND),
            )
        ),
    )


def _deferrals(work: Work, client_id: Any) -> Table:
    rows = admin_money.deferrals(work.session, client_id, work.now)
    names = admin.staff_names(work.session, {row.granted_by for row in rows})
    return Table(
        title=gettext("Deferrals in force"),
        headings=(gettext("Until"), gettext("By"), gettext("Reason")),
        rows=tuple((Cell(at=row.until), Cell(who(row.granted_by, names)), Cell(row.reason)) for row in rows),
        empty=gettext("Nobody waits for this Client."),
    )


def _notices(work: Work, client_id: Any, asked: Asked) -> Sheet:
    del asked
    rows = admin_notices.notices(work.session, client_id=client_id, most=MOST)
    return Sheet(tables=(notices.table(rows, with_client=False),), lists=((gettext("Notices"), list_of(NOTICE)),))


def _connectors(work: Work, client_id: Any, asked: Asked) -> Sheet:
    links = admin_clients.links(work.session, client_id)
    again = client_page.reconnecting(work, client_id, links, asked)
    return Sheet(tables=(client_page.connectors(client_id, links),), acts=again)


def _people(work: Work, client_id: Any, asked: Asked) -> Sheet:
    del asked
    found = admin_clients.people(work.session, client_id, work.now, MOST_PEOPLE)
    total, _ = admin_clients.people_counted(work.session, client_id)
    return Sheet(tables=(client_page.people(found, total),))


def _timeline(work: Work, client_id: Any, asked: Asked) -> Sheet:
    may_open = asked.may(AUDIT, "details")
    before = asked.query.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None  # noqa: PLR2004 digits of a bigint
    rows = admin_audit.entries(work.session, admin_audit.Asked(client_id=client_id, before=number), MOST + 1)
    table = Table(
        title=gettext("Timeline"),
        headings=(gettext("What"), gettext("Who"), gettext("When")),
        rows=tuple(
            (
                Cell(
                    action(row.action),
                    small=reason_words.told(row.reason),
                    href=page_of(AUDIT, row.id) if may_open else "",
                ),
                Cell(row.actor_name, small=actor(row.actor_kind)),
                Cell(at=row.at),
            )
            for row in rows[:MOST]
        ),
        empty=gettext("Nothing yet."),
    )
    here = client_head.href(client_id, "timeline")
    trail = ((gettext("Audit"), f"{list_of(AUDIT)}?client={client_id}"),) if may_open else ()
    following = f"{here}?before={rows[MOST - 1].id}" if len(rows) > MOST else ""
    return Sheet(tables=(table,), next_href=following, lists=trail)


def _danger(work: Work, client_id: Any, asked: Asked) -> Sheet:
    del work
    ends = endings_client.dangers(client_id, asked)
    return Sheet(dangers=(*client_head.dangers(client_id, asked), *ends))
