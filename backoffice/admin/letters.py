"""Dead letters: what could not be read or stored, why, and the ways to read it again or discard it. Never content."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import serving, words
from backoffice.admin.event_page import href_of
from backoffice.admin.lift import who
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Table, id_of
from backoffice.admin.replay import DiscardLetters, ReplayLetters
from backoffice.admin.roles import CLIENT, DISCARD, LETTER, REPLAY
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView, asked_of
from konectus.domain.channels import Channel
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services import replays
from konectus.services.work import Work
from konectus.store.models.traffic import DeadLetter
from konectus.store.queries import clients, dead
from konectus.store.queries.admin import staff_names
from konectus.store.queries.dead import ASKED, DECIDED, OPEN, LetterLine, Wanted

_MOST_REASONS = 50


@dataclass(frozen=True, slots=True)
class LetterList:
    """A page of letters with what it is narrowed to."""

    identity: str
    tabs: tuple[tuple[str, str, bool], ...]
    show: str
    reasons: tuple[tuple[str, str], ...]
    reason: str
    account: str
    client_id: str
    client_name: str
    all_href: str
    table: Table
    acts: tuple[Act, ...]
    next_href: str
    first_href: str


class LetterAdmin(StaffView, model=DeadLetter):
    name: ClassVar[str] = "dead letter"
    list_template: ClassVar[str] = "admin/letters.html"

    def read_list(self, work: Work, asked: Asked) -> Any:
        wanted, after = _wanted(asked), asked.id("after")
        rows = dead.lines(work.session, wanted, after, PAGE_SIZE + 1)
        shown = rows[:PAGE_SIZE]
        names = staff_names(work.session, {row.decided_by or "" for row in shown})
        client = wanted.client_id
        return LetterList(
            identity=LETTER,
            tabs=_tabs(wanted),
            show=wanted.state,
            reasons=tuple((reason, f"{reason} ({n})") for reason, n in dead.reasons(work.session, _MOST_REASONS)),
            reason=wanted.reason,
            account=wanted.account,
            client_id=str(client or ""),
            client_name=clients.trade_name(work.session, client) or "" if client else "",
            all_href=_href(wanted, client=""),
            table=_table(shown, wanted.state, names),
            acts=_many(wanted, asked) if shown and wanted.state == OPEN else (),
            next_href=_href(wanted, after=str(shown[-1].id)) if len(rows) > PAGE_SIZE else "",
            first_href=_href(wanted) if after else "",
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = dead.line(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        names = staff_names(work.session, {row.decided_by or ""})
        return Details(
            title=gettext("Dead letter"),
            identity=LETTER,
            lead=row.reason,
            crumbs=((gettext("Dead letters"), list_of(LETTER)),),
            state=words.decision(row.decision),
            facts=_facts(row, names),
            acts=_acts(row, asked),
        )

    @expose("/replay/{pk}", methods=["GET", "POST"])
    async def replay(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        wanted = Wanted(letter_id=id_of(request.path_params["pk"]))
        return await serving.serve(request, self.templates, ReplayLetters(wanted))

    @expose("/replay-many", methods=["GET", "POST"])
    async def replay_many(self, request: Request) -> Response:
        return await serving.serve(request, self.templates, ReplayLetters(_wanted(asked_of(request), only=OPEN)))

    @expose("/discard/{pk}", methods=["GET", "POST"])
    async def discard(self, request: Request) -> Response:
        wanted = Wanted(letter_id=id_of(request.path_params["pk"]))
        return await serving.serve(request, self.templates, DiscardLetters(wanted))

    @expose("/discard-many", methods=["GET", "POST"])
    async def discard_many(self, request: Request) -> Response:
        return await serving.serve(request, self.templates, DiscardLetters(_wanted(asked_of(request), only=OPEN)))


def _wanted(asked: Asked, *, only: str = "") -> Wanted:
    show = asked.text("show")
    state = only or (show if show in (ASKED, DECIDED) else OPEN)
    return Wanted(state, asked.text("reason"), asked.id("client"), asked.text("account"))


def _query(wanted: Wanted, **changed: str) -> str:
    show = "" if wanted.state == OPEN else wanted.state
    kept = {"show": show, "reason": wanted.reason, "client": str(wanted.client_id or ""), "account": wanted.account}
    return urlencode({name: value for name, value in (kept | changed).items() if value})


def _href(wanted: Wanted, **changed: str) -> str:
    found = _query(wanted, **changed)
    return f"{list_of(LETTER)}?{found}" if found else list_of(LETTER)


def _tabs(wanted: Wanted) -> tuple[tuple[str, str, bool], ...]:
    said = ((OPEN, gettext("Waiting")), (ASKED, gettext("On their way back")), (DECIDED, gettext("Decided")))
    return tuple(
        (told, _href(wanted, show="" if state == OPEN else state, reason=""), state == wanted.state)
        for state, told in said
    )


def _table(rows: list[LetterLine], state: str, names: dict[str, str]) -> Table:
    headings: tuple[str, ...] = (gettext("Why"), gettext("Client"), gettext("Account"), gettext("Set aside"))
    if state == DECIDED:
        headings = (*headings, gettext("Decision"))
    return Table(
        headings,
        tuple(_cells(row, names, is_decided=state == DECIDED) for row in rows),
        gettext("No letter waits for a decision.") if state == OPEN else gettext("None here."),
    )


def _cells(row: LetterLine, names: dict[str, str], *, is_decided: bool) -> tuple[Cell, ...]:
    cells = (
        Cell(row.reason or gettext("No reason"), small=row.door, href=page_of(LETTER, row.id)),
        Cell(row.client_name or "", href=page_of(CLIENT, row.client_id) if row.client_id else ""),
        Cell(row.account or "", channel=Channel(row.channel) if row.channel else None),
        Cell(at=row.created_at),
    )
    if not is_decided:
        return cells
    return (*cells, Cell(state=words.decision(row.decision), small=who(row.decided_by, names)))


def _facts(row: LetterLine, names: dict[str, str]) -> tuple[Fact, ...]:
    is_open = row.decided_at is None
    return (
        Fact(gettext("Why"), Cell(row.reason)),
        Fact(
            gettext("Client"), Cell(row.client_name or "", href=page_of(CLIENT, row.client_id) if row.client_id else "")
        ),
        Fact(gettext("Account"), Cell(row.account or "", channel=Channel(row.channel) if row.channel else None)),
        Fact(gettext("Door"), Cell(row.door)),
        Fact(gettext("Event"), Cell(gettext("Event {number}", number=row.event_id), href=href_of(row.event_id))),
        Fact(gettext("Item"), Cell(str(row.item + 1))),
        Fact(gettext("Set aside"), Cell(at=row.created_at)),
        Fact(gettext("Kept until"), Cell(at=row.created_at + replays.KEPT_LETTERS) if is_open else Cell()),
        Fact(gettext("Decided"), Cell(at=row.decided_at)),
        Fact(gettext("By"), Cell(who(row.decided_by, names))),
        Fact(
            gettext("It became"),
            Cell(gettext("Event {number}", number=row.replayed_as), href=href_of(row.replayed_as))
            if row.replayed_as
            else Cell(),
        ),
    )


def _acts(row: LetterLine, asked: Asked) -> tuple[Act, ...]:
    if row.decided_at is not None or row.decision is not None:
        return ()
    again = Act(gettext("Read it again"), f"{HOME}{LETTER}/replay/{row.id}", "rotate-cw", "primary")
    drop = Act(gettext("Discard"), f"{HOME}{LETTER}/discard/{row.id}", "trash-2")
    return tuple(act for act, action in ((drop, DISCARD), (again, REPLAY)) if asked.may(LETTER, action))


def _many(wanted: Wanted, asked: Asked) -> tuple[Act, ...]:
    query = f"?{found}" if (found := _query(wanted)) else ""
    again = Act(gettext("Read these again"), f"{HOME}{LETTER}/replay-many{query}", "rotate-cw", "primary")
    drop = Act(gettext("Discard these"), f"{HOME}{LETTER}/discard-many{query}", "trash-2")
    return tuple(act for act, action in ((drop, DISCARD), (again, REPLAY)) if asked.may(LETTER, action))
