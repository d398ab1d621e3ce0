"""The second person decides: the same command rehearsed, approve or reject with a reason, never by the asker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import approval_words, decisions, deletion
from backoffice.admin import given as typed_in
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.lift import who
from backoffice.admin.pieces import Act, Cell, Fact, Field, State
from backoffice.admin.roles import APPROVAL, CLIENT, DECIDE
from backoffice.admin.shell import page_of
from konectus.domain import approvals as rules
from konectus.domain.approvals import Action
from konectus.domain.endings import ApprovalState, DeletionRefused
from konectus.errors import KonectusError, NotFound
from konectus.i18n import gettext
from konectus.services import approvals
from konectus.services.work import Work
from konectus.store.queries import admin_endings as read
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_endings import ApprovalLine

YES, NO = "approve", "reject"
# What is decided with a fresh code as well.
PROVED = frozenset({Action.LIFT_LEGAL_ORDER, Action.LIFT_SECURITY, *decisions.DELETIONS})


def line(work: Work, approval_id: UUID) -> ApprovalLine:
    """Raises NotFound."""
    found = read.row(work.session, ApprovalLine, approval_id)
    if found is None:
        raise NotFound
    return found


def command(row: ApprovalLine) -> "Decide":
    """The page for what is decided: of a deletion, the legal name is typed."""
    return DecideDeletion(row.id) if row.action in decisions.DELETIONS else Decide(row.id)


def why_not(work: Work, row: ApprovalLine) -> str | None:
    """In words, why the reader cannot decide this now; None where he can."""
    if row.state != ApprovalState.REQUESTED or row.expires_at <= work.now:
        return gettext("It was decided already, or its time has run out.")
    if row.requested_by == approvals.who(work):
        return gettext("You asked for it, so another person has to decide it.")
    if not approval_words.decides(row.action, approvals.role_of(work)):
        return gettext("Your role does not decide this.")
    return None


@dataclass(frozen=True)
class Decide(Command):
    """The command on one request."""

    approval_id: UUID
    identity: ClassVar[str] = APPROVAL
    action: ClassVar[str] = DECIDE
    is_confirmed: ClassVar[bool] = False
    is_dangerous: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("verdict",)

    @property
    def step(self) -> str:
        return gettext("Decide")

    @property
    def go(self) -> str:
        return gettext("Sign the decision")

    def known(self, work: Work) -> Known:
        approvals.locked(work, self.approval_id)
        row = line(work, self.approval_id)
        why = why_not(work, row)
        if why is not None:
            self._refuse(work, row, why)
        return Known(
            title=approval_words.about(row.action),
            lead=gettext("You are the second person: read the facts and what will happen, then approve or reject."),
            name=self.name_of(work, row),
            href=page_of(APPROVAL, row.id),
            facts=(*facts(work, row), *self.more(work, row)),
            read_at=work.now,
            seen=fingerprint(str(row.id), row.state, decisions.still_same(work, row)),
        )

    def needs_proof(self, work: Work) -> bool:
        return Action(line(work, self.approval_id).action) in PROVED

    def name_of(self, work: Work, row: ApprovalLine) -> str:
        del work
        return row.trade_name or approval_words.about(row.action)

    def more(self, work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
        """Whether they are still the same, and the facts of the thing itself as its own page shows them."""
        return (Fact(gettext("The facts"), Cell(state=sameness(work, row))), *decisions.of(row).facts(work, row))

    def start(self, work: Work) -> Mapping[str, str]:
        del work
        return {"verdict": YES}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        del work
        options = ((YES, gettext("Approve")), (NO, gettext("Reject")))
        error = problems.get("verdict", "")
        return (Field("verdict", gettext("Decision"), given["verdict"], "select", options, error=error),)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found: dict[str, str] = {}
        typed_in.problem(found, "verdict", lambda: typed_in.choice(given["verdict"], (YES, NO)))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        row = line(work, self.approval_id)
        if decisions.still_same(work, row) is False:
            heading = gettext("The facts changed: nothing is done and the request is void")
            return (Effect("triangle-alert", "danger", heading, gettext("It can be asked for anew."), heading),)
        if given["verdict"] == NO:
            return (_rejected(row),)
        return decisions.of(row).effects(work, row)

    def carry_out(self, work: Work, given: Typed) -> str:
        row = line(work, self.approval_id)
        try:
            decisions.of(row).act(work, row.id, given["verdict"] == YES, given.why)
        except DeletionRefused as refusal:
            raise Slip(deletion.against_words(refusal)) from None
        except Refused:
            raise
        except KonectusError as refusal:
            raise Slip(gettext("It was refused: {code}", code=refusal.code)) from None
        return page_of(APPROVAL, row.id)

    def _refuse(self, work: Work, row: ApprovalLine, why: str) -> None:
        """Raises NotYourRole for a role that never decides this, else Refused."""
        rules.require_may_decide(Action(row.action), approvals.role_of(work))
        see = Act(gettext("See the request"), page_of(APPROVAL, row.id), "fingerprint", "primary")
        title = gettext("You cannot decide this")
        raise Refused(title, why, facts(work, row), (see,), identity=APPROVAL)


@dataclass(frozen=True)
class DecideDeletion(Decide):
    """The second signature of a deletion: the legal name is typed (lifecycle.md 6)."""

    is_confirmed: ClassVar[bool] = True
    is_dangerous: ClassVar[bool] = True

    def name_of(self, work: Work, row: ApprovalLine) -> str:
        return deletion.line(work, UUID(row.subject_id)).legal_name


def facts(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    """Who asked for what, why and until when."""
    names = staff_names(work.session, {row.requested_by})
    href = page_of(CLIENT, row.client_id) if row.client_id else ""
    return (
        Fact(gettext("What"), Cell(approval_words.about(row.action))),
        Fact(gettext("Client"), Cell(row.trade_name or "", href=href)),
        Fact(gettext("Asked by"), Cell(who(row.requested_by, names))),
        Fact(gettext("Asked for"), Cell(at=row.requested_at)),
        Fact(gettext("Why it was asked for"), Cell(row.reason)),
    )


def sameness(work: Work, row: ApprovalLine) -> State:
    """Whether what was asked for still rests on the same facts."""
    same = decisions.still_same(work, row)
    if same is None:
        return State(gettext("Compared when it is decided"), "info", "eye")
    if same:
        return State(gettext("The same as when it was asked for"), "ok", "circle-check")
    return State(gettext("They changed: deciding makes it void"), "danger", "triangle-alert")


def _rejected(row: ApprovalLine) -> Effect:
    heading = gettext("Nothing is done: the request is rejected")
    small = gettext("The one who asked sees your reason.")
    if row.action in decisions.DELETIONS:
        small = gettext("The data stays, and the job does not ask for its deletion again by itself.")
    return Effect("circle-x", "", heading, small, heading)
