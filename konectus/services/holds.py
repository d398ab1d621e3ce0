"""Holds: why nothing of a Client may be deleted. Placed by one person, released by two (lifecycle.md 6)."""

import hashlib
from uuid import UUID

from konectus.domain.approvals import MAY_END, Action, Command
from konectus.domain.endings import ApprovalState, DeletionBegun, HoldKind
from konectus.domain.suspension import require_reason
from konectus.errors import Conflict, NotFound
from konectus.services import approvals
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.endings import Approval, Hold
from konectus.store.queries import approvals as read
from konectus.store.queries import clients

# These end with what they stand for, not by a person's word.
BY_THEMSELVES = (HoldKind.EXPORT_RUNNING,)


class NoSuchHold(NotFound):
    code = "no_such_hold"


class HoldReleased(Conflict):
    code = "hold_released"


def place(work: Work, client_id: UUID, kind: HoldKind, reason: str) -> UUID:
    """Forbid every deletion of the Client's data from now on.

    Raises NotYourRole, ReasonTooShort, or DeletionBegun where it would keep nothing: nobody may think that it does.
    """
    text = require_reason(reason)
    approvals.require_role(work, MAY_END, "a hold")
    locks.client(work.session, client_id)
    if clients.access(work.session, client_id).deleting:
        raise DeletionBegun("the deletion of this Client has begun; a hold would keep nothing")
    hold = Hold(id=work.new_id(), client_id=client_id, kind=kind, reason=text)
    hold.placed_at, hold.placed_by = work.now, approvals.who(work)
    work.session.add(hold)
    work.session.flush()  # the guard of a deletion has to see it
    work.record("hold.placed", ("hold", hold.id), Change(client_id, text, {}, {"kind": str(kind)}))
    return hold.id


def request_release(work: Work, hold_id: UUID, reason: str) -> Approval:
    """Ask a second person to release a hold.

    Raises NoSuchHold, HoldReleased, NotYourRole, AlreadyRequested or ReasonTooShort.
    """
    approvals.require_role(work, MAY_END, "a hold")
    hold = _locked(work, hold_id)
    return approvals.request(work, _command(hold), reason, facts(hold), hold.client_id)


def decide_release(work: Work, approval_id: UUID, approve: bool, reason: str) -> bool:  # noqa: FBT001 it is the decision itself
    """The second person decides; whether the hold is released. Raises what `approvals.decide` raises, HoldReleased."""
    asked = approvals.locked(work, approval_id)
    hold = _locked(work, UUID(asked.subject_id))
    seen = facts(hold)
    decided = approvals.decide(work, approval_id, approve, reason, seen)
    if decided.state != ApprovalState.APPROVED:
        return False
    if not approvals.use(work, approval_id, _command(hold), seen):
        return False
    _release(work, hold, require_reason(reason))
    return True


def release_export(work: Work, client_id: UUID, reason: str) -> int:
    """What an archive held is free again once it is done, failed or expired; how many holds ended."""
    found = [hold for hold in read.holds(work.session, client_id) if hold.kind in BY_THEMSELVES]
    for row in found:
        _release(work, _locked(work, row.id), reason)
    return len(found)


def facts(hold: Hold) -> str:
    """The same text as long as the hold is the same."""
    known = (str(hold.id), hold.kind, hold.reason, str(hold.placed_at), str(hold.released_at))
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _command(hold: Hold) -> Command:
    return Command(Action.RELEASE_HOLD, ("hold", str(hold.id)))


def _locked(work: Work, hold_id: UUID) -> Hold:
    found = work.session.get(Hold, hold_id)
    if found is None:
        raise NoSuchHold
    locks.client(work.session, found.client_id)
    work.session.refresh(found, with_for_update=True)
    if found.released_at is not None:
        raise HoldReleased("this hold is released already", released_at=found.released_at)
    return found


def _release(work: Work, hold: Hold, reason: str) -> None:
    hold.released_at, hold.released_by, hold.release_reason = work.now, approvals.who(work), reason
    work.session.flush()  # the guard of a deletion has to see it
    change = Change(hold.client_id, reason, {"kind": hold.kind}, {"released": True})
    work.record("hold.released", ("hold", hold.id), change)
