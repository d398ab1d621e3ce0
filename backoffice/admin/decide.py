"""The second person decides: the same command rehearsed, approve or reject with a reason, never by the asker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from backoffice.admin import approval_words, approved, deletion, holds
from backoffice.admin import endings_effects as effect_of
from backoffice.admin import given as typed_in
from backoffice.admin.commands import Command, Effect, Known, Refused, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.lift import Lift, who
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import APPROVAL, CLIENT, DECIDE
from backoffice.admin.shell import page_of
from backoffice.admin.suspend import REHEARSED
from backoffice.admin.terminate import breach_effects
from konectus.domain import approvals as rules
from konectus.domain.approvals import Action
from konectus.domain.endings import ApprovalState, DeletionRefused
from konectus.errors import KonectusError, NotFound
from konectus.i18n import gettext
from konectus.services import approvals, erasure, lifting, suspensions, terminations
from konectus.services import holds as holding
from konectus.services.work import Work
from konectus.store.models.endings import Deletion, Hold
from konectus.store.queries import admin_endings as read
from konectus.store.queries import erasure as deletions
from konectus.store.queries import readings
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_endings import ApprovalLine

YES, NO = "approve", "reject"
_DELETIONS = (Action.DELETE, Action.DELETE_EXPORTED)


def line(work: Work, approval_id: UUID) -> ApprovalLine:
    """Raises NotFound."""
    found = read.row(work.session, ApprovalLine, approval_id)
    if found is None:
        raise NotFound
    return found


def command(row: ApprovalLine) -> "Decide":
    """The page for what is decided: of a deletion, the legal name is typed."""
    return DecideDeletion(row.id) if row.action in _DELETIONS else Decide(row.id)


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
            seen=fingerprint(str(row.id), row.state, still_same(work, row)),
        )

    def name_of(self, work: Work, row: ApprovalLine) -> str:
        del work
        return row.trade_name or approval_words.about(row.action)

    def more(self, work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
        """The facts of the money command, as its own page shows them."""
        found = approved.of(asked_of(row))
        return found[0].known(work).facts if found else ()

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
        if still_same(work, row) is False:
            heading = gettext("The facts changed: nothing is done and the request is void")
            return (Effect("triangle-alert", "danger", heading, gettext("It can be asked for anew."), heading),)
        if given["verdict"] == NO:
            return (_rejected(row),)
        return rehearsed(work, row)

    def carry_out(self, work: Work, given: Typed) -> str:
        row = line(work, self.approval_id)
        act = _DECIDED.get(Action(row.action))
        if act is None:
            raise Slip(gettext("Nothing here carries that out; it expires by itself"))
        try:
            act(work, row.id, given["verdict"] == YES, given.why)
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

    def more(self, work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
        return deletion.facts(work, deletion.line(work, UUID(row.subject_id)))[1:]


def asked_of(row: ApprovalLine) -> rules.Command:
    return rules.Command(Action(row.action), (row.subject_kind, row.subject_id), row.command.get("args", {}))


def facts(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    """Who asked for what, why and until when."""
    names = staff_names(work.session, {row.requested_by})
    href = page_of(CLIENT, row.client_id) if row.client_id else ""
    return (
        Fact(gettext("What"), Cell(approval_words.about(row.action), small=row.action)),
        Fact(gettext("Client"), Cell(row.trade_name or "", href=href)),
        Fact(gettext("Asked by"), Cell(who(row.requested_by, names))),
        Fact(gettext("Asked for"), Cell(at=row.requested_at)),
        Fact(gettext("Reason"), Cell(row.reason)),
    )


def still_same(work: Work, row: ApprovalLine) -> bool | None:
    """Whether the command still rests on the facts it was asked for under; None where nobody here can tell."""
    made = _SEEN.get(Action(row.action), _seen_of_money)
    seen = made(work, row)
    return None if seen is None else rules.bound_to(asked_of(row), seen) == row.sha256


def rehearsed(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    """What approving does, from the code that does it. Raises Slip."""
    made = _REHEARSED.get(Action(row.action))
    if made is not None:
        return made(work, row)
    found = approved.of(asked_of(row))
    if found is None:
        raise Slip(gettext("Nothing here carries that out; it expires by itself"))
    return found[0].effects(work, found[1])


def _rejected(row: ApprovalLine) -> Effect:
    heading = gettext("Nothing is done: the request is rejected")
    small = gettext("The one who asked sees your reason.")
    if row.action in _DELETIONS:
        small = gettext("The data stays, and the job does not ask for its deletion again by itself.")
    return Effect("circle-x", "", heading, small, heading)


def _seen_of_money(work: Work, row: ApprovalLine) -> str | None:
    found = approved.of(asked_of(row))
    try:
        return found[0].known(work).seen if found else None
    except (Refused, NotFound):
        return ""  # what it was about is past: nothing that was approved is bound to that


def _seen_of_hold(work: Work, row: ApprovalLine) -> str:
    found = work.session.get_one(Hold, UUID(row.subject_id))
    work.session.refresh(found)
    return holding.facts(found)


def _seen_of_lift(work: Work, row: ApprovalLine) -> str:
    return lifting.facts(work, suspensions.to_lift(work, UUID(row.subject_id)))


def _seen_of_deletion(work: Work, row: ApprovalLine) -> str:
    found = work.session.get_one(Deletion, UUID(row.subject_id))
    return deletions.against(work.session, found.client_id).seen()


def _lifts(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    return Lift(UUID(row.subject_id)).effects(work, Typed())


def _releases(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    holding.decide_release(work, row.id, approve=True, reason=REHEARSED)
    return holds.release_effects(work, UUID(row.subject_id))


def _ends(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    found = breach_effects(work, UUID(row.subject_id))
    terminations.decide_breach(work, row.id, approve=True, reason=REHEARSED)
    return found


def _erases(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    try:
        erasure.decide(work, row.id, approve=True, reason=REHEARSED)
    except DeletionRefused as refusal:
        raise Slip(deletion.against_words(refusal)) from None
    rest = timedelta(hours=readings.current(work.session).deletion_rest_hours)
    return effect_of.erases(work, deletion.line(work, UUID(row.subject_id)).client_id, work.now + rest)


def _money(work: Work, approval_id: UUID, approve: bool, reason: str) -> object:  # noqa: FBT001 it is the decision itself
    return approved.decide(work, approval_id, approve=approve, reason=reason)


_Seen = Callable[[Work, ApprovalLine], str | None]
_SEEN: Mapping[Action, _Seen] = {
    Action.LIFT_LEGAL_ORDER: _seen_of_lift,
    Action.LIFT_SECURITY: _seen_of_lift,
    Action.RELEASE_HOLD: _seen_of_hold,
    Action.DELETE: _seen_of_deletion,
    Action.DELETE_EXPORTED: _seen_of_deletion,
}
_REHEARSED: Mapping[Action, Callable[[Work, ApprovalLine], tuple[Effect, ...]]] = {
    Action.LIFT_LEGAL_ORDER: _lifts,
    Action.LIFT_SECURITY: _lifts,
    Action.RELEASE_HOLD: _releases,
    Action.TERMINATE_BREACH: _ends,
    Action.DELETE: _erases,
    Action.DELETE_EXPORTED: _erases,
}
_DECIDED: Mapping[Action, Callable[[Work, UUID, bool, str], object]] = {
    Action.LIFT_LEGAL_ORDER: lifting.decide_lift,
    Action.LIFT_SECURITY: lifting.decide_lift,
    Action.RELEASE_HOLD: holding.decide_release,
    Action.TERMINATE_BREACH: terminations.decide_breach,
    Action.DELETE: erasure.decide,
    Action.DELETE_EXPORTED: erasure.decide,
    **dict.fromkeys(approved.MADE, _money),
}
