"""Days to export with their clocks, extending them, and the archives Clients asked for: how far, never what is in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import endings_effects as effect_of
from backoffice.admin import endings_words as say
from backoffice.admin import given as typed_in
from backoffice.admin import serving
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.paging import Place, cells
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Field, Listing, Table, id_of
from backoffice.admin.roles import ARCHIVE, CLIENT, EXTEND, SUSPENSION, TERMINATION, WINDOW
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.suspend import REHEARSED
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.deadlines import local_day
from konectus.domain.endings import WindowSource
from konectus.errors import NotFound
from konectus.i18n import format_number, format_percent, gettext
from konectus.services import windows
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.endings import ExportJob, ExportWindow
from konectus.store.queries import admin_endings as read
from konectus.store.queries.admin_endings import ArchiveLine, WindowLine

# A year at once is a slip of the finger.
MOST_DAYS = 365
_BEFORE = timedelta(minutes=1)


class WindowAdmin(StaffView, model=ExportWindow):
    name: ClassVar[str] = "export window"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(WINDOW, asked, ("open", "closed"))
        rows = read.rows(work.session, WindowLine, read.Asked(place.show, after=place.after, most=PAGE_SIZE + 1))
        return Listing(
            title=gettext("Days to export"),
            identity=WINDOW,
            lead=gettext("Thirty days from the end of a contract or a suspension for non-payment (clause 15.3)."),
            tabs=place.tabs([("open", gettext("They run")), ("closed", gettext("Over"))]),
            table=table(work, rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = _window(work, id_of(asked.pk))
        extend = Act(gettext("Give more days"), f"{HOME}{WINDOW}/extend/{row.id}", "calendar-clock", "primary")
        return Details(
            title=gettext("Days to export of {client}", client=row.trade_name),
            identity=WINDOW,
            lead=say.source(row.source),
            crumbs=((gettext("Days to export"), list_of(WINDOW)),),
            state=say.window(row),
            facts=_facts(work, row),
            acts=(extend,) if row.closed_at is None and asked.may(WINDOW, EXTEND) else (),
        )

    @expose("/extend/{pk}", methods=["GET", "POST"])
    async def extend(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, ExtendWindow(id_of(request.path_params["pk"])))


class ArchiveAdmin(StaffView, model=ExportJob):
    """Nobody of the staff downloads one: it is the Client's (Terms 10)."""

    name: ClassVar[str] = "export"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(ARCHIVE, asked, ("running", "ready", "failed"))
        rows = read.rows(work.session, ArchiveLine, read.Asked(place.show, after=place.after, most=PAGE_SIZE + 1))
        return Listing(
            title=gettext("Exports"),
            identity=ARCHIVE,
            lead=gettext("What Clients asked for. Only they download it; nobody here can open it."),
            tabs=place.tabs(
                [("running", gettext("Under way")), ("ready", gettext("Ready")), ("failed", gettext("Failed"))]
            ),
            table=archives(rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.row(work.session, ArchiveLine, id_of(asked.pk))
        if row is None:
            raise NotFound
        return Details(
            title=gettext("Export of {client}", client=row.trade_name),
            identity=ARCHIVE,
            lead=gettext("Only the Client downloads it."),
            crumbs=((gettext("Exports"), list_of(ARCHIVE)),),
            state=say.archive(row.state),
            facts=(
                Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
                Fact(gettext("Asked for"), Cell(at=row.requested_at)),
                Fact(gettext("Progress"), Cell(_progress(row))),
                Fact(gettext("Tries"), Cell(format_number(row.attempts))),
                Fact(gettext("What went wrong"), Cell(row.failure or "")),
                Fact(gettext("Ready since"), Cell(at=row.ready_at)),
                Fact(gettext("Size"), Cell(_size(row.size))),
                Fact("SHA-256", Cell(row.sha256.hex() if row.sha256 else "")),
                Fact(gettext("It expires"), Cell(at=row.expires_at)),
                Fact(gettext("Downloaded"), Cell(at=row.downloaded_at)),
            ),
        )


@dataclass(frozen=True)
class ExtendWindow(Command):
    """More days for a Client to take its data along; never fewer."""

    window_id: UUID
    identity: ClassVar[str] = WINDOW
    action: ClassVar[str] = EXTEND
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("until",)

    @property
    def step(self) -> str:
        return gettext("Give more days")

    @property
    def go(self) -> str:
        return gettext("Give more days")

    def known(self, work: Work) -> Known:
        row = self._locked(work)
        if row.closed_at is not None:
            raise Refused(
                gettext("These days are over"),
                gettext("What is closed is not opened again; a hold keeps the data instead."),
                _facts(work, row),
                (Act(gettext("See the days"), page_of(WINDOW, row.id), "calendar-clock", "primary"),),
                identity=WINDOW,
            )
        return Known(
            title=gettext("Give {client} more days to export", client=row.trade_name),
            lead=gettext("Until the end of a day in Mexico City; nothing is deleted before."),
            name=row.trade_name,
            href=page_of(WINDOW, row.id),
            facts=_facts(work, row),
            read_at=work.now,
            seen=fingerprint(str(row.id), str(row.closes_at), str(row.paused_at)),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        return {"until": (_last_day(self._locked(work)) + timedelta(days=7)).isoformat()}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        least, most = self._bounds(work)
        label, error = gettext("Until the end of"), problems.get("until", "")
        day = Field("until", label, given["until"], "day", error=error, least=least.isoformat(), most=most.isoformat())
        return (day,)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        found: dict[str, str] = {}
        typed_in.problem(found, "until", lambda: self._until(work, given))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        return (effect_of.extended(windows.extend(work, self.window_id, self._until(work, given), REHEARSED)),)

    def carry_out(self, work: Work, given: Typed) -> str:
        windows.extend(work, self.window_id, self._until(work, given), given.why)
        return page_of(WINDOW, self.window_id)

    def _until(self, work: Work, given: Typed) -> date:
        least, most = self._bounds(work)
        return typed_in.day(given["until"], least=least, most=most)

    def _bounds(self, work: Work) -> tuple[date, date]:
        last = _last_day(self._locked(work))
        return last + timedelta(days=1), last + timedelta(days=MOST_DAYS)

    def _locked(self, work: Work) -> WindowLine:
        locks.client(work.session, _window(work, self.window_id).client_id)
        return _window(work, self.window_id)


def table(work: Work, rows: list[WindowLine], *, with_client: bool) -> Table:
    """Windows, newest first."""
    first = (gettext("Client"),) if with_client else ()

    def of(row: WindowLine) -> tuple[Cell, ...]:
        here = page_of(WINDOW, row.id)
        name = (Cell(row.trade_name, href=here),) if with_client else ()
        why = Cell(say.source(row.source), href="" if with_client else here)
        return (*name, why, Cell(state=say.window(row)), Cell(at=row.opened_at), _closes(work, row))

    headings = (*first, gettext("Why"), gettext("State"), gettext("Since"), gettext("Until"))
    return Table(headings, cells(rows, of), gettext("No days to export here."), gettext("Days to export"))


def archives(rows: list[ArchiveLine], *, with_client: bool) -> Table:
    """Archives, newest first."""
    first = (gettext("Client"),) if with_client else ()

    def of(row: ArchiveLine) -> tuple[Cell, ...]:
        here = page_of(ARCHIVE, row.id)
        name = (Cell(row.trade_name, href=here),) if with_client else ()
        asked = Cell(at=row.requested_at, href="" if with_client else here)
        state = Cell(state=say.archive(row.state), small=_progress(row))
        return (*name, asked, state, Cell(at=row.expires_at), Cell(at=row.downloaded_at))

    headings = (
        *first,
        gettext("Asked for"),
        gettext("State"),
        gettext("It expires"),
        gettext("Downloaded"),
    )
    return Table(headings, cells(rows, of), gettext("No export was asked for."), gettext("Exports"))


def _closes(work: Work, row: WindowLine) -> Cell:
    """The last minute of the last day, told on our clock; below, what is left of it."""
    small = "" if row.closed_at else say.left(row.closes_at, work.now)
    return Cell(at=row.closes_at - _BEFORE, small=small)


def _facts(work: Work, row: WindowLine) -> tuple[Fact, ...]:
    source = TERMINATION if row.source == WindowSource.TERMINATION else SUSPENSION
    why = Cell(say.source(row.source), href=page_of(source, row.source_id))
    left = "" if row.closed_at or row.paused_at else say.left(row.closes_at, work.now)
    return (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Why"), why),
        Fact(gettext("Since"), say.both_zones(row.opened_at, row.zone)),
        Fact(gettext("Until"), say.both_zones(row.closes_at - _BEFORE, row.zone)),
        Fact(gettext("What is left"), Cell(left)),
        Fact(gettext("It stands still since"), Cell(at=row.paused_at)),
        Fact(gettext("Extended because"), Cell(row.extended_reason or "")),
        Fact(gettext("Closed"), Cell(at=row.closed_at)),
    )


def _window(work: Work, window_id: UUID) -> WindowLine:
    found = read.row(work.session, WindowLine, window_id)
    if found is None:
        raise NotFound
    return found


def _last_day(row: WindowLine) -> date:
    closes_at: datetime = row.closes_at - _BEFORE
    return local_day(closes_at)


def _progress(row: ArchiveLine) -> str:
    if not row.total:
        return ""
    share = min(row.done / row.total, 1)
    return gettext(
        "{share}, {done} of {total} rows",
        share=format_percent(share),
        done=format_number(row.done),
        total=format_number(row.total),
    )


def _size(size: int | None) -> str:
    return gettext("{n} MB", n=format_number(size / 1_000_000, 1)) if size is not None else ""
