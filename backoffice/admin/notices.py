"""Notices: the list by state, one with its events, and the proof to take along: the mail and what was said."""

import json
from typing import Any, ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import book_cells, money_words, serving, shell
from backoffice.admin.notice_commands import FixAddress, Resend
from backoffice.admin.paging import Place
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import CLIENT, FIX, INVOICE, NOTICE, RESEND
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView, in_work
from konectus.domain.notices import NoticeState
from konectus.errors import Forbidden, NotFound
from konectus.i18n import gettext
from konectus.services import notice_proof
from konectus.services.work import Work
from konectus.store.models.notices import Notice
from konectus.store.queries import admin_notices as read
from konectus.store.queries.admin_notices import Told


class NoticeAdmin(StaffView, model=Notice):
    name: ClassVar[str] = "notice"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(NOTICE, asked, read.STATES)
        rows = read.notices(work.session, state=place.show, after=place.after, most=PAGE_SIZE + 1)
        return Listing(
            title=gettext("Notices"),
            identity=NOTICE,
            lead=gettext("What was told formally by e-mail, and how sure it is that it arrived."),
            tabs=place.tabs(money_words.states("notice")),
            table=table(rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.notice(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        return Details(
            title=gettext("Notice: {notice}", notice=money_words.notice_kind(row.kind)),
            identity=NOTICE,
            lead=row.subject,
            crumbs=((gettext("Notices"), list_of(NOTICE)),),
            state=money_words.notice(row.state),
            facts=_facts(row),
            tables=(_said(work, row), _invoices(work, row)),
            acts=_acts(row, asked),
        )

    @expose("/resend/{pk}", methods=["GET", "POST"])
    async def resend(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, Resend(id_of(request.path_params["pk"])))

    @expose("/fix/{pk}", methods=["GET", "POST"])
    async def fix(self, request: Request) -> Response:
        """Asks for its own grant first."""
        return await serving.serve(request, self.templates, FixAddress(id_of(request.path_params["pk"])))

    @expose("/mail/{pk}", methods=["GET"])
    async def mail(self, request: Request) -> Response:
        """The whole message as it went out, for whoever may see the notice."""
        found = await self._evidence(request)
        if found.eml is None:
            raise NotFound
        return _download(found.eml, "message/rfc822", f"{request.path_params['pk']}.eml")

    @expose("/events/{pk}", methods=["GET"])
    async def events(self, request: Request) -> Response:
        """What was said about it, as it came, and whether the mail still has the hash it had."""
        found = await self._evidence(request)
        told = {"body_unchanged": found.is_whole, "events": [_plain(one) for one in found.events]}
        body = json.dumps(told, ensure_ascii=False, indent=1, default=str).encode()
        return _download(body, "application/json", f"{request.path_params['pk']}.json")

    async def _evidence(self, request: Request) -> Any:
        if not shell.may(request, NOTICE, "details"):
            raise Forbidden
        notice_id = id_of(request.path_params["pk"])

        def find(work: Work) -> Any:
            if read.notice(work.session, notice_id) is None:
                raise NotFound
            return notice_proof.evidence(work.session, notice_id)

        return await in_work(request, find)


def table(rows: list[Told], *, with_client: bool) -> Table:
    """Notices as the list and a Client's page show them."""
    whose = (gettext("Client"),) if with_client else ()

    def cells(row: Told) -> tuple[Cell, ...]:
        return (
            Cell(money_words.notice_kind(row.kind), small=row.subject, href=page_of(NOTICE, row.id)),
            *((Cell(row.trade_name, href=page_of(CLIENT, row.client_id)),) if with_client else ()),
            Cell(state=money_words.notice(row.state), small=_wrong(row)),
            Cell(row.recipient),
            Cell(at=row.delivered_at or row.sent_at or row.queued_at),
        )

    headings = (gettext("Notice"), *whose, gettext("State"), gettext("Recipient"), gettext("When"))
    return Table(headings, tuple(cells(row) for row in rows), gettext("No notice here."), gettext("Notices"))


def _facts(row: Told) -> tuple[Fact, ...]:
    language = gettext("Spanish") if row.language == "es" else gettext("Spanish and English")
    return (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Sent to"), Cell(row.recipient)),
        Fact(gettext("Which one"), Cell(gettext("number {n}", n=row.seq), small=language)),
        Fact(gettext("Queued"), Cell(at=row.queued_at)),
        Fact(gettext("Sent"), Cell(at=row.sent_at)),
        Fact(gettext("Delivered"), Cell(at=row.delivered_at)),
        Fact(gettext("Bounced"), Cell(at=row.bounced_at)),
        Fact(gettext("No longer tried"), Cell(at=row.undeliverable_at)),
        Fact(gettext("What went wrong"), Cell(_wrong(row))),
        Fact(gettext("Fingerprint (SHA-256)"), Cell(row.body_sha256.hex())),
    )


def _wrong(row: Told) -> str:
    """The words of a mail server; a notice that was withdrawn had nothing wrong."""
    return "" if row.state is NoticeState.WITHDRAWN else row.last_error or ""


def _said(work: Work, row: Told) -> Table:
    found = read.said(work.session, row.client_id, row.id)
    return Table(
        title=gettext("What was said about it"),
        headings=(gettext("Event"), gettext("Happened"), gettext("We heard of it")),
        rows=tuple(
            (
                Cell(money_words.notice_event(one.kind), small=one.provider_event_id),
                Cell(at=one.occurred_at),
                Cell(at=one.received_at),
            )
            for one in found
        ),
        empty=gettext("Nothing yet: no proof that it arrived."),
    )


def _invoices(work: Work, row: Told) -> Table:
    listed = read.listed(work.session, row.id)
    return Table(
        title=gettext("Invoices it lists"),
        headings=(gettext("Invoice"), gettext("Owed when it left")),
        rows=tuple(
            (Cell(number, href=page_of(INVOICE, id_)), book_cells.money(cents)) for id_, number, cents in listed
        ),
        empty=gettext("None: no time to pay runs from it."),
    )


def _acts(row: Told, asked: Asked) -> tuple[Act, ...]:
    has_failed = row.state in (NoticeState.BOUNCED, NoticeState.UNDELIVERABLE)
    fix = Act(gettext("Fix and send again"), f"{HOME}{NOTICE}/fix/{row.id}", "pencil", "primary" if has_failed else "")
    again = Act(gettext("Send again"), f"{HOME}{NOTICE}/resend/{row.id}", "rotate-cw")
    mail = Act(gettext("Download the mail"), f"{HOME}{NOTICE}/mail/{row.id}", "download")
    events = Act(gettext("Download the events"), f"{HOME}{NOTICE}/events/{row.id}", "download")
    offered = (
        (fix, asked.may(NOTICE, FIX)),
        (again, asked.may(NOTICE, RESEND)),
        (mail, row.sent_at is not None),
        (events, True),
    )
    return tuple(act for act, shown in offered if shown)


def _plain(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__slots__}


def _download(body: bytes, kind: str, name: str) -> Response:
    """Bytes to keep, never to open in the page."""
    disposition = f'attachment; filename="{name}"'
    return Response(body, media_type=kind, headers={"content-disposition": disposition})
