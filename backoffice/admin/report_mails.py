"""Reports of the figures by mail: who gets them, ordering and stopping one. Analysts and administrators get them."""

from dataclasses import dataclass
from typing import Any, ClassVar

from anyio import to_thread
from sqladmin import expose
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice import deps
from backoffice.admin import shell
from backoffice.admin.given import Typed
from backoffice.admin.pieces import Asked, id_of
from backoffice.admin.roles import ORDER, REPORT, STOP
from backoffice.admin.shell import list_of
from backoffice.admin.view import StaffView, in_work
from konectus.domain.suspension import MIN_REASON
from konectus.errors import Forbidden, NotFound
from konectus.figures import CUTS, MONTH, WEEK
from konectus.i18n import gettext
from konectus.services import report_mails
from konectus.services.report_mails import NewOrder, NotOrdered
from konectus.services.work import Work
from konectus.store.models.readers import ReportSubscription
from konectus.store.queries import report_mails as stored
from konectus.store.queries.report_mails import Ordered
from konectus.store.roles import Role

SEE_OTHER, UNREADABLE = 303, 422
MOST = 200
# From so many Clients on weeks are published.
WEEKS_FROM = min(cut.first_rung for cut in CUTS if cut.grain == WEEK)
FORMS = {"both": ("pdf", "xlsx"), "pdf": ("pdf",), "xlsx": ("xlsx",)}


@dataclass(frozen=True)
class ReportsPage:
    """Those that stand, the lists of the form, and what was refused; `stopping` is whose reason was.

    `paces` are those of which figures are published; weeks are not, below `weeks_from` Clients.
    """

    identity: str
    paces: tuple[str, ...]
    ordered: tuple[Ordered, ...]
    people: tuple[tuple[str, str], ...]
    typed: Typed
    error: str = ""
    stopping: str = ""
    weeks_from: int = WEEKS_FROM


class ReportAdmin(StaffView, model=ReportSubscription):
    """One page; a report has none of its own."""

    name: ClassVar[str] = "report"
    list_template: ClassVar[str] = "admin/report_mails.html"

    async def list_page(self, request: Request) -> Response:
        paces = await _paces(request)
        page = await in_work(request, lambda work: _page(work, paces, Typed()))
        return await self.templates.TemplateResponse(request, self.list_template, {"page": page})

    def read_details(self, work: Work, asked: Asked) -> Any:
        del work, asked
        raise NotFound

    @expose("/order", methods=["POST"])
    async def order(self, request: Request) -> Response:
        """Asks for its own grant first, as the next one: sqladmin's `expose` does not."""
        _require(request, ORDER)
        typed, paces = Typed.of(await request.form()), await _paces(request)

        def do(work: Work) -> ReportsPage | None:
            new = _read(work, paces, typed)
            if new is None:
                return _page(work, paces, typed, gettext("Choose one of each list."))
            if len(typed.why) < MIN_REASON:
                return _page(work, paces, typed, _too_short())
            try:
                report_mails.order(work, new, reason=typed.why)
            except NotOrdered:
                words = gettext("This person gets that report already, or may not read figures.")
                return _page(work, paces, typed, words)
            return None

        return await self._answer(request, await in_work(request, do))

    @expose("/stop/{pk}", methods=["POST"])
    async def stop(self, request: Request) -> Response:
        _require(request, STOP)
        typed, order_id = Typed.of(await request.form()), id_of(request.path_params["pk"])
        paces = await _paces(request)

        def do(work: Work) -> ReportsPage | None:
            if len(typed.why) < MIN_REASON:
                return _page(work, paces, Typed(), _too_short(), stopping=str(order_id))
            report_mails.stop(work, order_id, reason=typed.why)
            return None

        return await self._answer(request, await in_work(request, do))

    async def _answer(self, request: Request, page: ReportsPage | None) -> Response:
        if page is None:
            return RedirectResponse(list_of(REPORT), SEE_OTHER)
        return await self.templates.TemplateResponse(request, self.list_template, {"page": page}, UNREADABLE)


def _require(request: Request, action: str) -> None:
    if not shell.may(request, REPORT, action):
        raise Forbidden


async def _paces(request: Request) -> tuple[str, ...]:
    """How often figures are published at present, read as an analyst would."""
    released = deps.installation(request).released

    def look() -> tuple[str, ...]:
        with released.session(Role.ANALYST) as session:
            return (MONTH, WEEK) if stored.weeks_are_told(session) else (MONTH,)

    return await to_thread.run_sync(look)


def _read(work: Work, paces: tuple[str, ...], typed: Typed) -> NewOrder | None:
    """What was chosen; None where it is none of the lists."""
    person = next((one for one, _ in stored.readers(work.session) if str(one) == typed["person"]), None)
    forms = FORMS.get(typed["forms"])
    if person is None or forms is None or typed["pace"] not in paces:
        return None
    return NewOrder(person, typed["pace"], forms, typed["language"]) if typed["language"] in ("es", "en") else None


def _too_short() -> str:
    return gettext("Give the reason in at least ten characters")


def _page(work: Work, paces: tuple[str, ...], typed: Typed, error: str = "", *, stopping: str = "") -> ReportsPage:
    people = tuple((str(one), name) for one, name in stored.readers(work.session))
    standing = tuple(stored.standing(work.session, most=MOST))
    return ReportsPage(REPORT, paces, standing, people, typed, error, stopping)
