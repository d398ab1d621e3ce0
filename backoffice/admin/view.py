"""A model of the admin: its list and its details, read in one transaction of the staff role, off the event loop.

Nothing is created, deleted or exported through these; changes have pages of their own (edits.py, commands.py).
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from anyio import to_thread
from sqladmin import ModelView
from starlette.requests import Request
from starlette.responses import Response

from backoffice import deps
from backoffice.admin import shell
from backoffice.admin.pieces import Asked, Details, Listing
from backoffice.admin.roles import LETTER, SUSPENSION
from konectus.services.work import Work
from konectus.store.queries import admin

PAGE_SIZE = 50
T = TypeVar("T")


async def in_work(request: Request, do: Callable[[Work], T]) -> T:
    """Run `do` in the request's one transaction, as the staff role and in a thread; it commits when `do` ends well."""
    works, actor = deps.works(request), deps.actor(request)

    def unit() -> T:
        with works.staff(actor) as work:
            request.state.waiting = waiting(work)
            return do(work)

    return await to_thread.run_sync(unit)


def waiting(work: Work) -> dict[str, int]:
    """The counts beside the lines of the menu."""
    found = admin.waiting(work.session)
    return {SUSPENSION: found.suspensions, LETTER: found.letters}


class StaffView(ModelView):
    """What sqladmin routes to. A view says what it reads; columns are named in its queries, never `select *`."""

    can_create: ClassVar[bool] = False
    can_edit: ClassVar[bool] = False
    can_delete: ClassVar[bool] = False
    can_export: ClassVar[bool] = False
    can_import: ClassVar[bool] = False
    list_template: ClassVar[str] = "admin/list.html"
    details_template: ClassVar[str] = "admin/details.html"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        raise NotImplementedError

    def read_details(self, work: Work, asked: Asked) -> Any:
        """Raises NotFound where there is no such row."""
        raise NotImplementedError

    async def list_page(self, request: Request) -> Response:
        asked = asked_of(request)
        page = await in_work(request, lambda work: self.read_list(work, asked))
        return await self.templates.TemplateResponse(request, self.list_template, {"page": page})

    async def details_page(self, request: Request) -> Response:
        asked = asked_of(request)
        page: Details = await in_work(request, lambda work: self.read_details(work, asked))
        return await self.templates.TemplateResponse(request, self.details_template, {"page": page})

    async def edit_page(self, request: Request) -> Response:
        """Only views with `can_edit` are asked for it."""
        raise NotImplementedError


def asked_of(request: Request) -> Asked:
    return Asked(
        may=lambda identity, action: shell.may(request, identity, action),
        pk=request.path_params.get("pk", ""),
        query=dict(request.query_params),
    )
