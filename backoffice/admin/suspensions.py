"""Suspensions: the list, one with what it did and how it stands, and the way to lift it."""

from typing import ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import reason_words, serving, words
from backoffice.admin.lift import BY_PEOPLE, Lift, who
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Tab, Table, id_of
from backoffice.admin.review import Review
from backoffice.admin.roles import AUDIT, CLIENT, CONNECTOR, LIFT, SUSPENSION
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.suspension import POLICIES
from konectus.errors import NotFound
from konectus.i18n import format_number, gettext
from konectus.services.work import Work
from konectus.store.models.clients import Suspension
from konectus.store.queries import admin_audit, admin_clients, admin_lists
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_lists import SuspensionLine


class SuspensionAdmin(StaffView, model=Suspension):
    name: ClassVar[str] = "suspension"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        wanted = asked.query.get("show", "")
        which = wanted if wanted in ("open", "lifted") else ""
        after = asked.id("after")
        rows = admin_lists.suspensions(work.session, which=which, after=after, most=PAGE_SIZE + 1)
        shown, here = rows[:PAGE_SIZE], list_of(SUSPENSION)
        names = staff_names(work.session, {row.opened_by for row in shown})
        kept = f"&show={which}" if which else ""
        return Listing(
            title=gettext("Suspensions"),
            identity=SUSPENSION,
            lead=gettext("One row for each cause; a Client has its service back when none is open."),
            tabs=(
                Tab(gettext("All"), here, not which),
                Tab(gettext("Open ones"), f"{here}?show=open", which == "open"),
                Tab(gettext("Lifted ones"), f"{here}?show=lifted", which == "lifted"),
            ),
            table=Table(
                (gettext("Client"), gettext("Cause"), gettext("State"), gettext("Since"), gettext("By")),
                tuple(
                    (
                        Cell(
                            row.trade_name,
                            small=reason_words.told(row.reason),
                            href=page_of(SUSPENSION, row.id),
                        ),
                        Cell(words.cause(row.cause), small=gettext("clause {clause}", clause=row.clause)),
                        Cell(state=words.lift_state(is_lifted=row.lifted_at is not None)),
                        Cell(at=row.opened_at),
                        Cell(who(row.opened_by, names)),
                    )
                    for row in shown
                ),
                gettext("No suspension here."),
            ),
            next_href=f"{here}?after={shown[-1].id}{kept}" if len(rows) > PAGE_SIZE else "",
            first_href=f"{here}?{kept[1:]}" if after else "",
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = admin_lists.suspension(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        names = staff_names(work.session, {row.opened_by, row.lifted_by or ""})
        can_lift = row.lifted_at is None and POLICIES[row.cause].lift in BY_PEOPLE
        lift = Act(gettext("Lift the suspension"), f"{HOME}{SUSPENSION}/lift/{row.id}", "undo-2", "primary")
        return Details(
            title=gettext("Suspension of {client}", client=row.trade_name),
            identity=SUSPENSION,
            lead=gettext("Suspended {cause}", cause=words.cause(row.cause)) + f" · {row.clause}",
            crumbs=((gettext("Suspensions"), list_of(SUSPENSION)),),
            state=words.lift_state(is_lifted=row.lifted_at is not None),
            facts=(*_facts(row, names), *_done(work, row, asked)),
            tables=(_connectors(work, row),),
            acts=(lift,) if can_lift and asked.may(SUSPENSION, LIFT) else (),
        )

    @expose("/review/{pk}", methods=["GET", "POST"])
    async def review(self, request: Request) -> Response:
        """Asks for its own grant first."""
        return await serving.serve(request, self.templates, Review(id_of(request.path_params["pk"])))

    @expose("/lift/{pk}", methods=["GET", "POST"])
    async def lift(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, Lift(id_of(request.path_params["pk"])))


def _facts(row: SuspensionLine, names: dict[str, str]) -> tuple[Fact, ...]:
    opened = (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Since"), Cell(at=row.opened_at)),
        Fact(gettext("By"), Cell(who(row.opened_by, names))),
        Fact(gettext("Reason"), Cell(reason_words.told(row.reason))),
        Fact(gettext("Case"), Cell("" if row.subject_ref == "-" else row.subject_ref)),
        Fact(gettext("How it ends"), Cell(words.how_it_ends(row.cause))),
    )
    if row.lifted_at is None:
        return opened
    return (
        *opened[:-1],
        Fact(gettext("Lifted on"), Cell(at=row.lifted_at)),
        Fact(gettext("Lifted by"), Cell(who(row.lifted_by, names))),
        Fact(gettext("Why it was lifted"), Cell(row.lift_reason or "")),
    )


def _done(work: Work, row: SuspensionLine, asked: Asked) -> tuple[Fact, ...]:
    """What the opening did, from its audit entry."""
    entry = admin_audit.opening(work.session, row.id, row.client_id)
    if entry is None:
        return ()
    cancelled = Cell(format_number(int(entry.after.get("cancelled", 0))))
    audit = Cell(gettext("See the entry"), href=page_of(AUDIT, entry.id))
    return (
        Fact(gettext("Messages cancelled"), cancelled),
        *((Fact(gettext("Audit"), audit),) if asked.may(AUDIT, "details") else ()),
    )


def _connectors(work: Work, row: SuspensionLine) -> Table:
    """Each Connector as it stands now: still disconnecting, done, or what its channel answered."""
    links = admin_clients.links(work.session, row.client_id)
    return Table(
        title=gettext("What happened to each connector"),
        headings=(gettext("Account"), gettext("State"), gettext("Since"), gettext("Answer of the channel")),
        rows=tuple(
            (
                Cell(
                    link.name,
                    small=link.account_id,
                    href=page_of(CONNECTOR, f"{row.client_id};{link.id}"),
                    channel=link.channel,
                ),
                Cell(state=words.connector(link.state), small=words.connector_reason(link.reason)),
                Cell(at=link.since),
                Cell(link.error or ""),
            )
            for link in links
        ),
        empty=gettext("The Client had no connector."),
    )
