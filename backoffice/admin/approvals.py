"""Requests for a second person: the list of what waits, and one with the exact command, its facts and its fate."""

import json
from typing import ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import approval_words, decide, serving, shell
from backoffice.admin import endings_words as say
from backoffice.admin.lift import who
from backoffice.admin.paging import Place, cells
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import APPROVAL, CLIENT, DECIDE, DELETION, HOLD, INVOICE, PLAN, REFUND, SUSPENSION
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView, in_work
from backoffice.admin.words import staff_role
from konectus.domain.approvals import MAY_DECIDE, Action
from konectus.domain.endings import ApprovalState
from konectus.errors import Forbidden
from konectus.i18n import gettext
from konectus.services.work import Work
from konectus.store.models.endings import Approval
from konectus.store.queries import admin_endings as read
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_endings import ApprovalLine

# Where the thing it is about has its page.
PLACES = {
    "suspension": SUSPENSION,
    "hold": HOLD,
    "client": CLIENT,
    "deletion": DELETION,
    "invoice": INVOICE,
    "refund": REFUND,
    "plan": PLAN,
}


class ApprovalAdmin(StaffView, model=Approval):
    name: ClassVar[str] = "approval"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(APPROVAL, asked, ("waiting", "decided"))
        rows = read.rows(work.session, ApprovalLine, read.Asked(place.show, after=place.after, most=PAGE_SIZE + 1))
        names = staff_names(work.session, {row.requested_by for row in rows})

        def of(row: ApprovalLine) -> tuple[Cell, ...]:
            return (
                Cell(approval_words.about(row.action), small=row.reason, href=page_of(APPROVAL, row.id)),
                Cell(row.trade_name or ""),
                Cell(state=say.approval(row.state, row.expires_at, work.now)),
                Cell(who(row.requested_by, names)),
                Cell(at=row.requested_at),
            )

        headings = (gettext("What"), gettext("Client"), gettext("State"), gettext("Asked by"), gettext("Asked for"))
        return Listing(
            title=gettext("Approvals"),
            identity=APPROVAL,
            lead=gettext("What one person asked for and another one decides; never the same one."),
            tabs=place.tabs([("waiting", gettext("Waiting")), ("decided", gettext("Decided ones"))]),
            table=Table(headings, cells(rows, of), gettext("Nothing waits for a second person.")),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = decide.line(work, id_of(asked.pk))
        act = Act(gettext("Decide"), f"{HOME}{APPROVAL}/decide/{row.id}", "fingerprint", "primary")
        may = asked.may(APPROVAL, DECIDE) and decide.why_not(work, row) is None
        return Details(
            title=approval_words.about(row.action),
            identity=APPROVAL,
            lead=_lead(work, row),
            crumbs=((gettext("Approvals"), list_of(APPROVAL)),),
            state=say.approval(row.state, row.expires_at, work.now),
            facts=(*decide.facts(work, row), *_settled(work, row), *_same(work, row)),
            tables=(_command(row),),
            acts=(act,) if may else (),
        )

    @expose("/decide/{pk}", methods=["GET", "POST"])
    async def decide(self, request: Request) -> Response:
        """Asks for its own grant first; which form it is depends on what is decided."""
        if not shell.may(request, APPROVAL, DECIDE):
            raise Forbidden
        approval_id = id_of(request.path_params["pk"])
        row = await in_work(request, lambda work: decide.line(work, approval_id))
        return await serving.serve(request, self.templates, decide.command(row))


def _lead(work: Work, row: ApprovalLine) -> str:
    if row.state != ApprovalState.REQUESTED:
        return ""
    return decide.why_not(work, row) or gettext("It waits for you or another person who may decide it.")


def _settled(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    names = staff_names(work.session, {row.decided_by or ""})
    return (
        Fact(gettext("Decided on"), Cell(at=row.decided_at, small=who(row.decided_by, names))),
        Fact(gettext("Why it was decided so"), Cell(row.decision_reason or "")),
    )


def _same(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    """Whether what was asked for still rests on the same facts; told while it can be decided."""
    if row.state != ApprovalState.REQUESTED or row.expires_at <= work.now:
        return ()
    roles = sorted(staff_role(role) for role in MAY_DECIDE[Action(row.action)])
    return (
        Fact(gettext("The facts"), Cell(state=decide.sameness(work, row))),
        Fact(gettext("Decided by"), Cell(", ".join(roles))),
        Fact(gettext("Until"), Cell(at=row.expires_at, small=say.left(row.expires_at, work.now))),
    )


def _command(row: ApprovalLine) -> Table:
    """Exactly what the approval is bound to."""
    place = PLACES.get(row.subject_kind)
    subject = Cell(row.subject_id, href=page_of(place, row.subject_id) if place else "")
    args = tuple((Cell(str(name)), Cell(_plain(value))) for name, value in sorted(row.command.get("args", {}).items()))
    hashed = gettext("Command and facts together, SHA-256: {hash}", hash=row.sha256.hex())
    return Table(
        (gettext("Part"), gettext("Value")),
        ((Cell(gettext("Action")), Cell(row.action)), (Cell(gettext("On")), subject), *args),
        title=gettext("The exact command"),
        note=hashed,
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
