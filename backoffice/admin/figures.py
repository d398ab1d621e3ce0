"""Figures: exact totals of the house for capacity and billing (privacy.md 2). By POST, for looking leaves an entry.

What is computed and recorded is services.exact's. Analysts have the dashboard and nothing of this.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice.admin import figure_cells, shell
from backoffice.admin.pieces import Asked, Table, typed
from backoffice.admin.roles import FIGURES, FIGURES_OF_MONEY
from backoffice.admin.shell import list_of
from backoffice.admin.view import StaffView, in_work
from konectus.domain import spans
from konectus.domain.columns import Columns
from konectus.domain.deadlines import local_day
from konectus.domain.sheets import as_csv
from konectus.domain.spans import BadPeriod, Span
from konectus.errors import Forbidden, NotFound
from konectus.i18n import gettext
from konectus.services import exact
from konectus.services.exact import House
from konectus.services.work import Work
from konectus.store.models.figures import UsageDaily

SEE_OTHER, _UNREADABLE = 303, 422


@dataclass(frozen=True)
class FiguresPage:
    """What was chosen and, once it was asked for, what was found."""

    identity: str
    chosen: str
    months: tuple[tuple[str, date], ...]
    error: str = ""
    house: House | None = None
    tables: tuple[Table, ...] = ()
    money: Columns | None = None


class FiguresAdmin(StaffView, model=UsageDaily):
    """One page; a day has none of its own."""

    name: ClassVar[str] = "figures"
    list_template: ClassVar[str] = "admin/figures.html"

    def read_list(self, work: Work, asked: Asked) -> Any:
        """The form alone: no figure is read by GET."""
        return _page(work, asked.text("period") or spans.DEFAULT)

    def read_details(self, work: Work, asked: Asked) -> Any:
        del work, asked
        raise NotFound

    @expose("/show", methods=["GET", "POST"])
    async def show(self, request: Request) -> Response:
        """The figures of a period. Asks for its own grant first: sqladmin's `expose` does not."""
        _require(request)
        if request.method != "POST":
            return RedirectResponse(list_of(FIGURES), SEE_OTHER)
        name = typed((await request.form()).get("period")) or spans.DEFAULT
        with_money = shell.may(request, *FIGURES_OF_MONEY)

        def read(work: Work) -> FiguresPage:
            try:
                span = spans.asked(name, local_day(work.now))
            except BadPeriod:
                return _page(work, spans.DEFAULT, gettext("There is no such period. Choose one of the list."))
            return _filled(work, span, with_money=with_money)

        page = await in_work(request, read)
        around = {"page": page}
        status = _UNREADABLE if page.error else 200
        answer = await self.templates.TemplateResponse(request, self.list_template, around, status)
        answer.headers["cache-control"] = "no-store"
        return answer

    @expose("/csv", methods=["POST"])
    async def csv(self, request: Request) -> Response:
        """The same, day by day, as a file. Raises BadPeriod."""
        _require(request)
        name = typed((await request.form()).get("period")) or spans.DEFAULT
        with_money = shell.may(request, *FIGURES_OF_MONEY)

        def read(work: Work) -> tuple[House, Span]:
            span = spans.asked(name, local_day(work.now))
            return exact.of_house(work, span, with_money=with_money, taken=True), span

        house, span = await in_work(request, read)
        return attached(as_csv(*figure_cells.sheet(house)), f"figures-{span.first}-{span.last}.csv")


def attached(text: str, name: str) -> Response:
    """A CSV to download that nobody keeps on the way."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


def _require(request: Request) -> None:
    if not shell.may(request, FIGURES, "list"):
        raise Forbidden


def _page(work: Work, chosen: str, error: str = "") -> FiguresPage:
    return FiguresPage(FIGURES, chosen, spans.choices(local_day(work.now)), error)


def _filled(work: Work, span: Span, *, with_money: bool) -> FiguresPage:
    found = exact.of_house(work, span, with_money=with_money)
    return FiguresPage(
        identity=FIGURES,
        chosen=span.name,
        months=spans.choices(local_day(work.now)),
        house=found,
        tables=(figure_cells.connectors(found.links), figure_cells.days(found)),
        money=figure_cells.money(found),
    )
