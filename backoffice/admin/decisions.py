"""By what is asked for: the facts a request is bound to, what its page shows, what approving does, and the act itself.

The page on which the second person decides is decide.py; money commands are rebuilt by approved.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from backoffice.admin import approved, deletion, holds
from backoffice.admin import endings_effects as effect_of
from backoffice.admin.commands import Effect, Refused
from backoffice.admin.given import Slip, Typed
from backoffice.admin.lift import Lift
from backoffice.admin.pieces import Fact
from backoffice.admin.suspend import REHEARSED
from backoffice.admin.terminate import EndForBreach, breach_effects
from konectus.domain import approvals as rules
from konectus.domain.approvals import Action
from konectus.domain.endings import DeletionRefused
from konectus.errors import KonectusError
from konectus.i18n import gettext
from konectus.services import erasure, lifting, suspensions, terminations
from konectus.services import holds as holding
from konectus.services.work import Work
from konectus.store.models.endings import Deletion, Hold
from konectus.store.queries import erasure as deletions
from konectus.store.queries import readings
from konectus.store.queries.admin_endings import ApprovalLine

DELETIONS = (Action.DELETE, Action.DELETE_EXPORTED)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request. `seen` is None where nobody here can tell; `act` takes id, verdict and reason."""

    seen: Callable[[Work, ApprovalLine], str | None]
    facts: Callable[[Work, ApprovalLine], tuple[Fact, ...]]
    effects: Callable[[Work, ApprovalLine], tuple[Effect, ...]]
    act: Callable[[Work, UUID, bool, str], object]


def of(row: ApprovalLine) -> Kind:
    return _KINDS[Action(row.action)]


def asked_of(row: ApprovalLine) -> rules.Command:
    return rules.Command(Action(row.action), (row.subject_kind, row.subject_id), row.command.get("args", {}))


def still_same(work: Work, row: ApprovalLine) -> bool | None:
    """Whether the command still rests on the facts it was asked for under; None where nobody here can tell."""
    try:
        seen = of(row).seen(work, row)
    except KonectusError:
        return False  # what it was about is past: nothing that was approved is bound to that
    return None if seen is None else rules.bound_to(asked_of(row), seen) == row.sha256


def _subject(row: ApprovalLine) -> UUID:
    return UUID(row.subject_id)


def _facts_of_money(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    found = approved.of(asked_of(row))
    return found[0].known(work).facts if found else ()


def _seen_of_money(work: Work, row: ApprovalLine) -> str | None:
    found = approved.of(asked_of(row))
    return found[0].known(work).seen if found else None


def _pays(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    found = approved.of(asked_of(row))
    return found[0].effects(work, found[1]) if found else _nothing(work, row)


def _money(work: Work, approval_id: UUID, approve: bool, reason: str) -> object:  # noqa: FBT001 it is the decision itself
    return approved.decide(work, approval_id, approve=approve, reason=reason)


def _facts_of_lift(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    try:
        return Lift(_subject(row)).known(work).facts[1:]
    except Refused as lifted:
        return lifted.rows


def _seen_of_lift(work: Work, row: ApprovalLine) -> str:
    return lifting.facts(work, suspensions.to_lift(work, _subject(row)))


def _lifts(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    return Lift(_subject(row)).effects(work, Typed())


def _facts_of_hold(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    return holds.facts(work, holds.line(work, _subject(row)))[1:]


def _seen_of_hold(work: Work, row: ApprovalLine) -> str:
    found = work.session.get_one(Hold, _subject(row))
    work.session.refresh(found)
    return holding.facts(found)


def _releases(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    holding.decide_release(work, row.id, approve=True, reason=REHEARSED)
    return holds.release_effects(work, _subject(row))


def _facts_of_breach(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    return EndForBreach(_subject(row)).facts(work)[2]


def _seen_of_breach(work: Work, row: ApprovalLine) -> str | None:
    return terminations.facts(work, _subject(row))


def _ends(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    found = breach_effects(work, _subject(row))
    terminations.decide_breach(work, row.id, approve=True, reason=REHEARSED)
    return found


def _facts_of_deletion(work: Work, row: ApprovalLine) -> tuple[Fact, ...]:
    return deletion.facts(work, deletion.line(work, _subject(row)))[1:]


def _seen_of_deletion(work: Work, row: ApprovalLine) -> str:
    found = work.session.get_one(Deletion, _subject(row))
    return deletions.against(work.session, found.client_id).seen()


def _erases(work: Work, row: ApprovalLine) -> tuple[Effect, ...]:
    try:
        erasure.decide(work, row.id, approve=True, reason=REHEARSED)
    except DeletionRefused as refusal:
        raise Slip(deletion.against_words(refusal)) from None
    rest = timedelta(hours=readings.current(work.session).deletion_rest_hours)
    return effect_of.erases(work, deletion.line(work, _subject(row)).client_id, work.now + rest)


def _nothing(*asked: object) -> tuple[Effect, ...]:
    """New Terms are published by the command line of operations; a request for them comes from nowhere yet."""
    del asked
    raise Slip(gettext("Nothing here carries that out; it expires by itself"))


_LIFT = Kind(_seen_of_lift, _facts_of_lift, _lifts, lifting.decide_lift)
_ERASE = Kind(_seen_of_deletion, _facts_of_deletion, _erases, erasure.decide)
_KINDS: Mapping[Action, Kind] = {
    Action.LIFT_LEGAL_ORDER: _LIFT,
    Action.LIFT_SECURITY: _LIFT,
    Action.RELEASE_HOLD: Kind(_seen_of_hold, _facts_of_hold, _releases, holding.decide_release),
    Action.TERMINATE_BREACH: Kind(_seen_of_breach, _facts_of_breach, _ends, terminations.decide_breach),
    Action.DELETE: _ERASE,
    Action.DELETE_EXPORTED: _ERASE,
    Action.PUBLISH_TERMS: Kind(lambda *_: None, lambda *_: (), _nothing, _nothing),
    **dict.fromkeys(approved.MADE, Kind(_seen_of_money, _facts_of_money, _pays, _money)),
}
