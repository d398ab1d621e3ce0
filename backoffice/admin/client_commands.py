"""The addresses of every command on a Client; each command is a file of its own."""

from uuid import UUID

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import serving
from backoffice.admin.commands import Command
from backoffice.admin.credit import IssueCredit
from backoffice.admin.defer import Defer
from backoffice.admin.papers import AskDocuments
from backoffice.admin.payment import RecordPayment
from backoffice.admin.pieces import id_of
from backoffice.admin.plan_change import ChangePlan
from backoffice.admin.suspend import Suspend, SuspendByOrder, SuspendForSecurity
from backoffice.admin.view import StaffView

GET_AND_POST = ["GET", "POST"]


class ClientCommands(StaffView):
    """Each asks for its own grant first, in serving.py: sqladmin's `expose` does not."""

    @expose("/suspend/{pk}", methods=GET_AND_POST)
    async def suspend(self, request: Request) -> Response:
        return await self._serve(request, Suspend(_id(request)))

    @expose("/suspend-security/{pk}", methods=GET_AND_POST)
    async def suspend_security(self, request: Request) -> Response:
        return await self._serve(request, SuspendForSecurity(_id(request)))

    @expose("/suspend-order/{pk}", methods=GET_AND_POST)
    async def suspend_order(self, request: Request) -> Response:
        return await self._serve(request, SuspendByOrder(_id(request)))

    @expose("/record-payment/{pk}", methods=GET_AND_POST)
    async def record_payment(self, request: Request) -> Response:
        return await self._serve(request, RecordPayment(_id(request)))

    @expose("/credit/{pk}", methods=GET_AND_POST)
    async def credit(self, request: Request) -> Response:
        return await self._serve(request, IssueCredit(_id(request)))

    @expose("/defer/{pk}", methods=GET_AND_POST)
    async def defer(self, request: Request) -> Response:
        return await self._serve(request, Defer(_id(request)))

    @expose("/change/{pk}", methods=GET_AND_POST)
    async def change(self, request: Request) -> Response:
        return await self._serve(request, ChangePlan(_id(request)))

    @expose("/request-documents/{pk}", methods=GET_AND_POST)
    async def request_documents(self, request: Request) -> Response:
        return await self._serve(request, AskDocuments(_id(request)))

    async def _serve(self, request: Request, command: Command) -> Response:
        return await serving.serve(request, self.templates, command)


def _id(request: Request) -> UUID:
    return id_of(request.path_params["pk"])
