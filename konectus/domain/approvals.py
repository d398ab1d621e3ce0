"""Who may open a cause, and what needs a second person: which roles decide, what an approval is bound to.

Values in, decisions out. How requests are kept is `services.approvals`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.errors import Conflict, Forbidden

_BILLING = frozenset({StaffRole.ADMIN, StaffRole.BILLING})
_TRUST = frozenset({StaffRole.ADMIN, StaffRole.TRUST})
_LEGAL = frozenset({StaffRole.ADMIN, StaffRole.LEGAL})

# lifecycle.md 6. Speed comes first: opening a cause never needs two persons.
MAY_OPEN: Mapping[Cause, frozenset[StaffRole]] = {
    Cause.AUP: _TRUST | _LEGAL,
    Cause.SECURITY: _TRUST,
    Cause.LEGAL_ORDER: _LEGAL,
}
# Contracts, holds, windows and deletions (the same sheet).
MAY_END = _LEGAL


class Action(StrEnum):
    """What one person asks for and another one decides."""

    LIFT_LEGAL_ORDER = "suspension.lift_legal_order"
    LIFT_SECURITY = "suspension.lift_security"
    RELEASE_HOLD = "hold.release"
    DELETE = "client.delete"
    # Terms 15.3 "without reactivation or export": where the Client exported, legal decides (lifecycle.md 2, #9).
    DELETE_EXPORTED = "client.delete_exported"
    TERMINATE_BREACH = "client.terminate_breach"
    RECORD_PAYMENT = "payment.record"
    VOID_INVOICE = "invoice.void"
    CREDIT_NOTE = "credit_note.issue"
    REFUND = "refund.approve"
    PUBLISH_TERMS = "document.publish"
    PUBLISH_PLAN = "plan.publish"


MAY_DECIDE: Mapping[Action, frozenset[StaffRole]] = {
    Action.LIFT_LEGAL_ORDER: _LEGAL,
    Action.LIFT_SECURITY: _TRUST | _LEGAL,
    Action.RELEASE_HOLD: _LEGAL,
    Action.DELETE: _LEGAL,
    Action.DELETE_EXPORTED: frozenset({StaffRole.LEGAL}),
    Action.TERMINATE_BREACH: _LEGAL,
    Action.RECORD_PAYMENT: _BILLING,
    Action.VOID_INVOICE: _BILLING,
    Action.CREDIT_NOTE: _BILLING,
    Action.REFUND: _BILLING,
    Action.PUBLISH_TERMS: _LEGAL,
    Action.PUBLISH_PLAN: _LEGAL,
}


@dataclass(frozen=True, slots=True)
class Command:
    """Exactly what is to be done: an action on one thing (kind, id) with its arguments, JSON values alone."""

    action: Action
    subject: tuple[str, str]
    args: Mapping[str, object] = field(default_factory=dict)


class NotYourRole(Forbidden):
    code = "not_your_role"


class SamePerson(Conflict):
    """Whoever asked, or opened it, cannot be the second person."""

    code = "same_person"


class ApprovalOver(Conflict):
    """It was decided, used, or its time has run out."""

    code = "approval_over"


class AlreadyRequested(Conflict):
    code = "already_requested"


def as_json(command: Command) -> dict[str, object]:
    """The form a command has in its row."""
    kind, subject = command.subject
    return {"action": str(command.action), "kind": kind, "id": subject, "args": dict(command.args)}


def bound_to(command: Command, seen: str) -> bytes:
    """SHA-256 of the exact command and of the facts it was asked for under (lifecycle.md 3)."""
    words = json.dumps([as_json(command), seen], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode()).digest()


def require_may_open(cause: Cause, role: StaffRole | None) -> None:
    """Raises NotYourRole where a person of that role does not open the cause."""
    if role not in MAY_OPEN.get(cause, frozenset()):
        raise NotYourRole(f"{cause} is not opened by {role or 'somebody outside the staff'}", cause=cause)


def require_may_decide(action: Action, role: StaffRole | None) -> None:
    """Raises NotYourRole where a person of that role is no second person for the action."""
    if role not in MAY_DECIDE[action]:
        raise NotYourRole(f"{action} is not decided by {role or 'somebody outside the staff'}", action=action)


def require_another(first: str, second: str) -> None:
    """Raises SamePerson."""
    if first == second:
        raise SamePerson("a second person decides; it was asked for by the same one")
