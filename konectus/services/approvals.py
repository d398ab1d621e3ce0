"""One person asks, another one decides: approvals bound to the exact command and its facts, used once.

Which action needs one and who decides it is `domain.approvals`; what is then done belongs to each area.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from konectus.domain.approvals import (
    Action,
    AlreadyRequested,
    ApprovalOver,
    Command,
    NotYourRole,
    as_json,
    bound_to,
    require_another,
    require_may_decide,
)
from konectus.domain.endings import ApprovalState
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import require_reason
from konectus.errors import NotFound
from konectus.services.installation import Installation
from konectus.services.sweeps import sweep
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.endings import Approval
from konectus.store.queries import approvals as read
from konectus.store.queries import readings


class NoSuchApproval(NotFound):
    code = "no_such_approval"


def who(work: Work) -> str:
    """The actor as rows name him."""
    return f"{work.actor.kind}:{work.actor.id}"


def role_of(work: Work) -> StaffRole | None:
    """The actor's role on the staff, None for anybody else."""
    return read.role_of(work.session, UUID(work.actor.id)) if work.actor.kind == "staff" else None


def require_role(work: Work, may: Collection[StaffRole], what: str) -> None:
    """Raises NotYourRole for a person of the staff without one of these roles. Jobs, the command line and a Client's
    people do not come through a page of the staff; what they may is decided where they come in.
    """
    if work.actor.kind == "staff" and (role := role_of(work)) not in may:
        raise NotYourRole(f"{what} is not for {role or 'somebody outside the staff'}")


def request(work: Work, command: Command, reason: str, seen: str, client_id: UUID | None = None) -> Approval:
    """Ask for a second person. `seen` stands for the facts: the same text as long as nothing that matters changes.

    A request for the same thing that has expired, or whose facts changed, gives way. Raises AlreadyRequested,
    ReasonTooShort.
    """
    text = require_reason(reason)
    sha256 = bound_to(command, seen)
    _make_way(work, command, sha256)
    kind, subject = command.subject
    made = Approval(
        id=work.new_id(),
        client_id=client_id,
        action=command.action,
        subject_kind=kind,
        subject_id=subject,
        command=as_json(command),
        sha256=sha256,
        reason=text,
        requested_by=who(work),
        requested_at=work.now,
        expires_at=work.now + timedelta(hours=readings.current(work.session).approval_hours),
        state=ApprovalState.REQUESTED,
    )
    work.session.add(made)
    work.session.flush()  # it may be decided in this transaction's reads
    _record(work, made, "requested", text, None)
    return made


def decide(work: Work, approval_id: UUID, approve: bool, reason: str, seen: str) -> Approval:  # noqa: FBT001 it is the decision itself
    """A second person approves or rejects, having seen the facts; where these changed the request is void.

    Look at the state of what is returned: approved, rejected or void. Raises NoSuchApproval, SamePerson,
    NotYourRole, ApprovalOver or ReasonTooShort.
    """
    text = require_reason(reason)
    found = locked(work, approval_id)
    if found.state != ApprovalState.REQUESTED or found.expires_at <= work.now:
        raise ApprovalOver("this request was decided already, or its time has run out", state=found.state)
    require_another(found.requested_by, who(work))
    require_may_decide(Action(found.action), role_of(work))
    if bound_to(command_of(found), seen) != found.sha256:
        return _settle(work, found, ApprovalState.VOID, "The facts changed after it was asked for")
    if not still_speaks(work, found.requested_by):
        return _settle(work, found, ApprovalState.VOID, "Whoever asked for it is not of the staff any more")
    return _settle(work, found, ApprovalState.APPROVED if approve else ApprovalState.REJECTED, text)


def use(work: Work, approval_id: UUID, command: Command, seen: str) -> bool:
    """Spend an approval in the transaction of what it allows. Where the command or its facts are no longer those that
    were approved, it is void, this says False and nothing may be done. Raises NoSuchApproval or ApprovalOver.
    """
    found = locked(work, approval_id)
    if found.state != ApprovalState.APPROVED or found.expires_at <= work.now:
        raise ApprovalOver("this approval is not in force: not given, used or expired", state=found.state)
    if bound_to(command, seen) != found.sha256:
        _settle(work, found, ApprovalState.VOID, "The command or its facts changed after it was approved")
        return False
    found.state = ApprovalState.USED
    work.session.flush()  # once: the next one who locks it sees it used
    _record(work, found, "used", found.decision_reason, ApprovalState.APPROVED)
    return True


def void(work: Work, approval_id: UUID, reason: str) -> Approval:
    """Take back a request or an approval that was not used. Raises NoSuchApproval, ApprovalOver."""
    found = locked(work, approval_id)
    if found.state not in (ApprovalState.REQUESTED, ApprovalState.APPROVED):
        raise ApprovalOver("this request is over already", state=found.state)
    return _settle(work, found, ApprovalState.VOID, require_reason(reason))


def still_speaks(work: Work, person: str | None, may: Collection[StaffRole] = tuple(StaffRole)) -> bool:
    """Whether the word of somebody (as rows name them) counts: one who left the staff, or has another role by now, is
    no first and no second person. The command line and jobs speak for the installation's owner.
    """
    kind, _, known = (person or "").partition(":")
    return kind != "staff" or read.role_of(work.session, UUID(known)) in may


def command_of(approval: Approval) -> Command:
    """What was asked for."""
    subject = (approval.subject_kind, approval.subject_id)
    return Command(Action(approval.action), subject, approval.command["args"])


def approval_expiry(installation: Installation) -> int:
    """Job: what nobody decided or used in time expires; how many."""
    return sweep(installation, read.expired, _expire)


def locked(work: Work, approval_id: UUID) -> Approval:
    """The request under its Client's lock and its own, in the order of everybody else. Raises NoSuchApproval."""
    found = work.session.get(Approval, approval_id)
    if found is None:
        raise NoSuchApproval
    if found.client_id is not None:
        locks.client(work.session, found.client_id)
    work.session.refresh(found, with_for_update=True)
    return found


def _expire(work: Work, approval_id: UUID) -> bool:
    found = locked(work, approval_id)
    is_open = found.state in (ApprovalState.REQUESTED, ApprovalState.APPROVED)
    if is_open and found.expires_at <= work.now:
        _settle(work, found, ApprovalState.EXPIRED, "Nobody decided or used it in time")
        return True
    return False


def _make_way(work: Work, command: Command, sha256: bytes) -> None:
    before = read.open_for(work.session, command.action, command.subject[1])
    if before is None:
        return
    found = locked(work, before)
    if found.state != ApprovalState.REQUESTED:
        return
    if found.expires_at <= work.now:
        _settle(work, found, ApprovalState.EXPIRED, "Nobody decided it in time")
    elif found.sha256 != sha256:
        _settle(work, found, ApprovalState.VOID, "It was asked for anew under other facts")
    else:
        raise AlreadyRequested("a second person is asked already", approval_id=str(found.id))


def _settle(work: Work, found: Approval, state: ApprovalState, reason: str) -> Approval:
    before = ApprovalState(found.state)
    found.state = state
    if state in (ApprovalState.APPROVED, ApprovalState.REJECTED):
        found.decided_by = who(work)
    found.decided_at = work.now
    found.decision_reason = reason
    work.session.flush()  # the index of open requests and whoever waits for the lock have to see it
    _record(work, found, str(state), reason, before)
    return found


def _record(work: Work, found: Approval, what: str, reason: str | None, before: ApprovalState | None) -> None:
    after = {"state": str(found.state), "action": str(found.action), "subject": found.subject_id}
    change = Change(found.client_id, reason, {"state": str(before)} if before else {}, after)
    work.record(f"approval.{what}", ("approval", found.id), change)
