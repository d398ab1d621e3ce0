"""A Client's endings: the tab with its contract's end, days, holds, deletions and documents; the ways to commands."""

from uuid import UUID

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import deletions, documents, exports, holds, serving, terminations
from backoffice.admin.authority import SettleAuthority
from backoffice.admin.client_head import Danger, Sheet
from backoffice.admin.commands import Command
from backoffice.admin.holds import PlaceHold
from backoffice.admin.pieces import Act, Asked, id_of
from backoffice.admin.reactivate import Reactivate
from backoffice.admin.roles import (
    ARCHIVE,
    BREACH,
    CLIENT,
    DELETION,
    HOLD,
    HOLD_IT,
    PAPER,
    REACTIVATE,
    SETTLE,
    TERMINATE,
    TERMINATION,
    WINDOW,
    WITHDRAW,
)
from backoffice.admin.shell import HOME, list_of
from backoffice.admin.terminate import EndForBreach, GiveNotice, Withdraw
from backoffice.admin.view import StaffView
from konectus.i18n import gettext
from konectus.services.work import Work
from konectus.store.queries import admin_checks
from konectus.store.queries import admin_endings as read
from konectus.store.queries import terminations as contracts
from konectus.store.queries.admin_endings import ArchiveLine, DeletionLine, HoldLine, TerminationLine, WindowLine

GET_AND_POST = ["GET", "POST"]
MOST = 20


class ClientEndings(StaffView):
    """Each asks for its own grant first, in serving.py: sqladmin's `expose` does not."""

    @expose(f"/{TERMINATE}/{{pk}}", methods=GET_AND_POST)
    async def terminate(self, request: Request) -> Response:
        return await self._given(request, GiveNotice(_id(request)))

    @expose(f"/{BREACH}/{{pk}}", methods=GET_AND_POST)
    async def end_for_breach(self, request: Request) -> Response:
        return await self._given(request, EndForBreach(_id(request)))

    @expose(f"/{WITHDRAW}/{{pk}}", methods=GET_AND_POST)
    async def withdraw_end(self, request: Request) -> Response:
        return await self._given(request, Withdraw(_id(request)))

    @expose(f"/{REACTIVATE}/{{pk}}", methods=GET_AND_POST)
    async def reactivate(self, request: Request) -> Response:
        return await self._given(request, Reactivate(_id(request)))

    @expose(f"/{HOLD_IT}/{{pk}}", methods=GET_AND_POST)
    async def hold(self, request: Request) -> Response:
        return await self._given(request, PlaceHold(_id(request)))

    @expose("/verify-authority/{pk}", methods=GET_AND_POST)
    async def verify_authority(self, request: Request) -> Response:
        return await self._given(request, SettleAuthority(_id(request), verified=True))

    @expose("/reject-authority/{pk}", methods=GET_AND_POST)
    async def reject_authority(self, request: Request) -> Response:
        return await self._given(request, SettleAuthority(_id(request), verified=False))

    async def _given(self, request: Request, command: Command) -> Response:
        return await serving.serve(request, self.templates, command)


def sheet(work: Work, client_id: UUID, asked: Asked) -> Sheet:
    """Everything about the end of one Client, in a fixed number of statements."""
    mine = read.Asked(client_id=client_id, most=MOST)
    session = work.session
    return Sheet(
        tables=(
            terminations.table(read.rows(session, TerminationLine, mine), with_client=False),
            exports.table(work, read.rows(session, WindowLine, mine), with_client=False),
            exports.archives(read.rows(session, ArchiveLine, mine), with_client=False),
            holds.table(read.rows(session, HoldLine, mine), with_client=False),
            deletions.table(read.rows(session, DeletionLine, mine), with_client=False),
            documents.table(admin_checks.accepted(session, client_id=client_id, most=MOST), with_client=False),
        ),
        acts=_acts(work, client_id, asked),
        lists=tuple(
            (gettext(words), list_of(identity))
            for words, identity in (
                ("Terminations", TERMINATION),
                ("Days to export", WINDOW),
                ("Exports", ARCHIVE),
                ("Holds", HOLD),
                ("Deletions", DELETION),
            )
        ),
    )


def dangers(client_id: UUID, asked: Asked) -> tuple[Danger, ...]:
    """What ends a contract; each page says first what would happen."""
    offered = (
        (
            TERMINATE,
            Act(gettext("End with thirty days' notice"), _at(client_id, TERMINATE), "calendar-clock"),
            gettext("For any reason (clause 15.2). The days run from the delivery of the notice."),
        ),
        (
            BREACH,
            Act(gettext("End for breach"), _at(client_id, BREACH), "gavel"),
            gettext("A material breach that cannot be cured: at once, and two people decide it."),
        ),
        (
            HOLD_IT,
            Act(gettext("Place a hold"), _at(client_id, HOLD_IT), "lock"),
            gettext("Nothing of it is deleted from then on. Two people release it."),
        ),
    )
    return tuple(Danger(act, small) for action, act, small in offered if asked.may(CLIENT, action))


def _acts(work: Work, client_id: UUID, asked: Asked) -> tuple[Act, ...]:
    """What fits the state of the contract and the reader's role."""
    found = contracts.live(work.session, client_id)
    offered: list[tuple[str, Act]] = []
    if found is not None and found.effected_at is None:
        offered.append((WITHDRAW, Act(gettext("Take the end back"), _at(client_id, WITHDRAW), "undo-2")))
    if found is not None and found.effected_at is not None:
        offered.append((REACTIVATE, Act(gettext("Bring the contract back"), _at(client_id, REACTIVATE), "rotate-cw")))
    offered.append((HOLD_IT, Act(gettext("Place a hold"), _at(client_id, HOLD_IT), "lock")))
    verify = Act(gettext("Verify the authority"), _at(client_id, "verify-authority"), "shield-check")
    reject = Act(gettext("Reject the documents"), _at(client_id, "reject-authority"), "circle-x")
    offered += [(SETTLE, verify), (SETTLE, reject)]
    papers = Act(gettext("Papers of authority"), f"{list_of(PAPER)}?client={client_id}", "file-text")
    given = tuple(act for action, act in offered if asked.may(CLIENT, action))
    return (*given, papers) if asked.may(PAPER, "list") else given


def _at(client_id: UUID, path: str) -> str:
    return f"{HOME}{CLIENT}/{path}/{client_id}"


def _id(request: Request) -> UUID:
    return id_of(request.path_params["pk"])
