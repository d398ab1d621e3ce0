"""Mounts sqladmin at /admin over the staff role's sessions: our pages, our rights, only the routes that we serve."""

import types
from collections.abc import Sequence
from typing import Any, NoReturn, cast

from anyio import to_thread
from fastapi import FastAPI
from sqladmin import Admin
from sqladmin.authentication import login_required
from sqladmin.authorization import Action
from sqlalchemy.orm import Session, sessionmaker
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from backoffice import deps, errors
from backoffice.admin import shell, today
from backoffice.admin.approvals import ApprovalAdmin
from backoffice.admin.audit import AuditAdmin
from backoffice.admin.authority_files import AuthorityAdmin
from backoffice.admin.books import InvoiceAdmin, PaymentAdmin
from backoffice.admin.checks import CheckAdmin
from backoffice.admin.clients import ClientAdmin
from backoffice.admin.connectors import ConnectorAdmin
from backoffice.admin.credits import CreditAdmin, RefundAdmin
from backoffice.admin.deletions import DeletionAdmin
from backoffice.admin.documents import DocumentAdmin
from backoffice.admin.events import EventAdmin
from backoffice.admin.exports import ArchiveAdmin, WindowAdmin
from backoffice.admin.figures import FiguresAdmin
from backoffice.admin.holds import HoldAdmin
from backoffice.admin.letters import LetterAdmin
from backoffice.admin.money import PlanAdmin, SubscriptionAdmin
from backoffice.admin.notices import NoticeAdmin
from backoffice.admin.payments_told import PaymentEventAdmin
from backoffice.admin.readings import ReadingAdmin
from backoffice.admin.remarks import RemarkAdmin
from backoffice.admin.report_mails import ReportAdmin
from backoffice.admin.roles import TODAY, RoleMatrix, StaffOnly
from backoffice.admin.shell import Templates
from backoffice.admin.suspensions import SuspensionAdmin
from backoffice.admin.tasks import TaskAdmin
from backoffice.admin.terminations import TerminationAdmin
from backoffice.admin.view import StaffView, asked_of, in_work
from konectus.errors import Forbidden, NotFound
from konectus.services import alarms
from konectus.services.installation import Installation

VIEWS: Sequence[type[StaffView]] = (
    ClientAdmin,
    PlanAdmin,
    SubscriptionAdmin,
    InvoiceAdmin,
    PaymentAdmin,
    PaymentEventAdmin,
    CreditAdmin,
    RefundAdmin,
    SuspensionAdmin,
    NoticeAdmin,
    TaskAdmin,
    ApprovalAdmin,
    TerminationAdmin,
    WindowAdmin,
    ArchiveAdmin,
    HoldAdmin,
    DeletionAdmin,
    DocumentAdmin,
    AuthorityAdmin,
    CheckAdmin,
    FiguresAdmin,
    ReportAdmin,
    RemarkAdmin,
    ReadingAdmin,
    ConnectorAdmin,
    EventAdmin,
    LetterAdmin,
    AuditAdmin,
)
# Of sqladmin's own routes. Deleting, exporting, importing, lookups, files and its sign-in are not among them.
SERVED = frozenset({"index", "list", "details", "edit"})


def mount(app: FastAPI, installation: Installation) -> None:
    """Put the admin under /admin of `app`. The guard (backoffice.middleware) has to stand before it."""
    site = Backoffice(app, installation)
    for view in VIEWS:
        # sqladmin writes the site into the class: a class of its own lets two installations live in one process.
        site.add_view(types.new_class(view.__name__, (view,)))
    # A path of ours and no address: behind a proxy, the host and scheme that we see are not the browser's.
    app.add_api_route("/admin", lambda: RedirectResponse(shell.HOME), include_in_schema=False)


class NoSession(Session):
    """sqladmin opens no session: every page runs in a unit of work, so that row policies and the audit hold."""

    def __init__(self, **_: Any) -> NoReturn:
        raise AssertionError("sqladmin asked for a session of its own")


class Backoffice(Admin):
    """sqladmin with its pages replaced; it keeps the views, the rights and the routes."""

    def __init__(self, app: FastAPI, installation: Installation) -> None:
        super().__init__(
            app,
            session_maker=sessionmaker(class_=NoSession),
            title="Konectus",
            authentication_backend=StaffOnly(),
            authorization_backend=RoleMatrix(),
        )
        self.admin.state.installation = installation
        self.admin.router.routes = [
            route for route in self.admin.router.routes if isinstance(route, Route) and route.name in SERVED
        ]
        self.admin.exception_handlers.pop(HTTPException)  # sqladmin's page for refusals
        errors.install(cast("FastAPI", self.admin))

    def init_templating_engine(self) -> Templates:
        return Templates()

    @login_required
    async def index(self, request: Request) -> Response:
        if not self.authorization_backend.has_permission(request, TODAY, Action.LIST):
            raise Forbidden
        watch = await to_thread.run_sync(alarms.look, deps.installation(request))
        asked = asked_of(request)
        page = await in_work(request, lambda work: today.read(work, watch, asked))
        return await self.templates.TemplateResponse(request, "admin/today.html", {"page": page})

    @login_required
    async def list(self, request: Request) -> Response:
        return await self._view(request, Action.LIST).list_page(request)

    @login_required
    async def details(self, request: Request) -> Response:
        return await self._view(request, Action.DETAILS).details_page(request)

    @login_required
    async def edit(self, request: Request) -> Response:
        return await self._view(request, Action.EDIT).edit_page(request)

    def _view(self, request: Request, action: Action) -> StaffView:
        """The view of the address, if it offers this and the person may. Raises NotFound or Forbidden."""
        found = next((view for view in self.views if view.identity == request.path_params["identity"]), None)
        if not isinstance(found, StaffView) or (action is Action.EDIT and not found.can_edit):
            raise NotFound
        if not found.has_permission(request, action):
            raise Forbidden
        return found
