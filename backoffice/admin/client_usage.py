"""The use of one Client, exact, on its page: a tab that asks first, for looking leaves an entry in its timeline."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice.admin import client_head, shell
from backoffice.admin.client_head import TABS, Head
from backoffice.admin.figures import SEE_OTHER, attached
from backoffice.admin.pieces import Asked, id_of, typed
from backoffice.admin.roles import CLIENT, USAGE
from backoffice.admin.view import StaffView, asked_of, in_work
from konectus.domain import spans
from konectus.domain.deadlines import local_day
from konectus.domain.sheets import as_csv
from konectus.errors import Forbidden
from konectus.i18n import gettext
from konectus.services import exact, usage
from konectus.services.usage import Use
from konectus.services.work import Work

# Terms 5, 9: what is looked at when a Client asks about capacity, a bill or misuse.
LONGEST = "90"


@dataclass(frozen=True)
class UsagePage:
    """The head of the Client and, once it was asked for, its use."""

    identity: str
    head: Head
    title: str
    chosen: str
    months: tuple[tuple[str, date], ...]
    use: Use | None = None


class ClientUsage(StaffView):
    """Each asks for its own grant first: sqladmin's `expose` does not."""

    @expose("/usage/{pk}", methods=["GET"])
    async def usage(self, request: Request) -> Response:
        """The form alone."""
        client_id, asked = _asked(request), asked_of(request)
        page = await in_work(request, lambda work: _page(work, client_id, asked, LONGEST))
        return await self.templates.TemplateResponse(request, "admin/client_usage.html", {"page": page})

    @expose("/usage-show/{pk}", methods=["GET", "POST"])
    async def usage_show(self, request: Request) -> Response:
        """The figures of a period. Raises BadPeriod."""
        client_id, asked = _asked(request), asked_of(request)
        if request.method != "POST":
            return RedirectResponse(client_head.href(client_id, "usage"), SEE_OTHER)
        name = typed((await request.form()).get("period")) or LONGEST

        def read(work: Work) -> UsagePage:
            span = spans.asked(name, local_day(work.now))
            _, use = exact.of_client(work, client_id, span)
            return _page(work, client_id, asked, span.name, use)

        page = await in_work(request, read)
        answer = await self.templates.TemplateResponse(request, "admin/client_usage.html", {"page": page})
        answer.headers["cache-control"] = "no-store"
        return answer

    @expose("/usage-csv/{pk}", methods=["POST"])
    async def usage_csv(self, request: Request) -> Response:
        """The same as a file, a row a day and channel. Raises BadPeriod."""
        client_id = _asked(request)
        name = typed((await request.form()).get("period")) or LONGEST

        def read(work: Work) -> Use:
            return exact.of_client(work, client_id, spans.asked(name, local_day(work.now)), taken=True)[1]

        use = await in_work(request, read)
        name_of = f"usage-{str(client_id)[:8]}-{use.span.first}-{use.span.last}.csv"
        return attached(as_csv(*usage.sheet(use)), name_of)


def _asked(request: Request) -> UUID:
    if not shell.may(request, CLIENT, USAGE):
        raise Forbidden
    return id_of(request.path_params["pk"])


def _page(work: Work, client_id: UUID, asked: Asked, chosen: str, use: Use | None = None) -> UsagePage:
    head = client_head.head(work, client_id, asked, "usage")
    months = spans.choices(local_day(work.now))
    tab = TABS["usage"]
    return UsagePage(CLIENT, head, gettext(tab.words), chosen, months, use)
