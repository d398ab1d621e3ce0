"""Connectors: the list along the primary key, and one with its history and what its channel answered. Read only."""

from typing import ClassVar
from uuid import UUID

from backoffice.admin import words
from backoffice.admin.pieces import Asked, Cell, Details, Fact, Listing, Tab, Table, id_of
from backoffice.admin.roles import CLIENT, CONNECTOR
from backoffice.admin.shell import list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.errors import NotFound
from konectus.i18n import gettext, ngettext
from konectus.services.work import Work
from konectus.store.models.connectors import Connector
from konectus.store.queries import admin_lists
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_lists import ConnectorLine

SHOWN = 20


class ConnectorAdmin(StaffView, model=Connector):
    name: ClassVar[str] = "connector"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        term, sick = asked.text("search"), asked.query.get("show") == "care"
        rows = admin_lists.connectors(
            work.session, term=term, sick=sick, after=_pair(asked.query.get("after", "")), most=PAGE_SIZE + 1
        )
        shown, here = rows[:PAGE_SIZE], list_of(CONNECTOR)
        kept = "&show=care" if sick else ""
        last = f"{shown[-1].client_id};{shown[-1].id}" if shown else ""
        return Listing(
            title=gettext("Connectors"),
            identity=CONNECTOR,
            lead=_about(admin_lists.estimate(work.session, "tenant.connector")),
            tabs=(
                Tab(gettext("All connectors"), here, not sick),
                Tab(gettext("With trouble"), f"{here}?show=care", sick),
            ),
            term=term,
            search_hint=gettext("Page, account or bot"),
            kept=(("show", "care"),) if sick else (),
            table=Table(_headings(), tuple(_cells(row) for row in shown), gettext("No connector like this.")),
            next_href=f"{here}?after={last}{kept}" if len(rows) > PAGE_SIZE and not term else "",
            first_href=f"{here}?{kept[1:]}" if asked.query.get("after") else "",
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        pair = _pair(asked.pk)
        row = admin_lists.connector(work.session, *pair) if pair else None
        if row is None:
            raise NotFound
        return Details(
            title=row.name,
            identity=CONNECTOR,
            state=words.connector(row.state),
            crumbs=((gettext("Connectors"), list_of(CONNECTOR)),),
            facts=_facts(row),
            tables=(_requests(work, row), _steps(work, row)),
        )


def _pair(text: str) -> tuple[UUID, UUID] | None:
    """Client and connector, as sqladmin writes a key of two columns; None where it is not one."""
    client_id, _, connector_id = text.partition(";")
    try:
        return id_of(client_id), id_of(connector_id)
    except NotFound:
        return None


def _about(rows: int | None) -> str:
    return ngettext("About {n} in all.", "About {n} in all.", rows) if rows else ""


def _headings() -> tuple[str, ...]:
    return (gettext("Account"), gettext("Client"), gettext("State"), gettext("Since"), gettext("Last event"))


def _cells(row: ConnectorLine) -> tuple[Cell, ...]:
    return (
        Cell(row.name, small=row.account_id, href=page_of(CONNECTOR, f"{row.client_id};{row.id}"), channel=row.channel),
        Cell(row.trade_name, href=page_of(CLIENT, row.client_id)),
        Cell(state=words.connector(row.state), small=words.connector_reason(row.reason)),
        Cell(at=row.since),
        Cell(at=row.last_event_at),
    )


def _facts(row: ConnectorLine) -> tuple[Fact, ...]:
    return (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Channel"), Cell(channel=row.channel)),
        Fact(gettext("Account"), Cell(row.account_id)),
        Fact(gettext("State"), Cell(state=words.connector(row.state), small=words.connector_reason(row.reason))),
        Fact(gettext("Since"), Cell(at=row.since)),
        Fact(gettext("Last event"), Cell(at=row.last_event_at)),
        Fact(gettext("Times configured"), Cell(str(row.generation))),
    )


def _requests(work: Work, row: ConnectorLine) -> Table:
    asked = admin_lists.requests(work.session, row.client_id, row.id, SHOWN)
    return Table(
        title=gettext("What was asked of the channel"),
        headings=(gettext("Request"), gettext("State"), gettext("Asked"), gettext("Finished"), gettext("Answer")),
        rows=tuple(
            (
                Cell(words.request_kind(r.kind), small=ngettext("{n} try", "{n} tries", r.attempts)),
                Cell(state=words.request(r.state)),
                Cell(at=r.requested_at),
                Cell(at=r.finished_at),
                Cell(r.error or ""),
            )
            for r in asked
        ),
        empty=gettext("Nothing yet."),
    )


def _steps(work: Work, row: ConnectorLine) -> Table:
    found = admin_lists.steps(work.session, row.client_id, row.id, SHOWN)
    names = staff_names(work.session, {step.by for step in found})
    return Table(
        title=gettext("History"),
        headings=(gettext("State"), gettext("When"), gettext("Who")),
        rows=tuple(
            (
                Cell(words.state_of(step.to_state).words, small=words.connector_reason(step.reason)),
                Cell(at=step.at),
                Cell(names.get(step.by) or words.actor(step.by.partition(":")[0])),
            )
            for step in found
        ),
        empty=gettext("Nothing yet."),
    )
