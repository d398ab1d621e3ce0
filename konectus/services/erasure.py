"""Asking for the deletion of a Client, approving it twice, giving it up (Terms 15.3). Carrying it out is erasing.

A job only ever asks; two people decide, after the window has elapsed (decisions.md, "Deletion guard").
"""

from uuid import UUID

from konectus.domain.approvals import MAY_DECIDE, MAY_END, Action, Command, bound_to, require_may_decide
from konectus.domain.endings import Against, ApprovalState, DeletionBegun, DeletionEnd, DeletionRefused, DeletionState
from konectus.domain.suspension import require_reason
from konectus.domain.tasks import TaskKind
from konectus.errors import NotFound
from konectus.services import approvals, tasks
from konectus.services.installation import Installation
from konectus.services.sweeps import sweep
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.endings import Approval, Deletion
from konectus.store.queries import approvals as asked
from konectus.store.queries import erasure as read


class UnknownDeletion(NotFound):
    code = "unknown_deletion"


def deletion_requests(installation: Installation) -> int:
    """Job: ask for the deletion of every Client whose window elapsed; how many were asked for. Deletes nothing."""
    return sweep(installation, read.due, open_request)


def open_request(work: Work, client_id: UUID) -> UUID | None:
    """Ask the staff whether to delete a Client; None where something stands against it, or somebody asked already."""
    locks.client(work.session, client_id)
    facts = read.against(work.session, client_id)
    if facts.refusal() is not None or facts.window is None or read.live(work.session, client_id) is not None:
        return None
    deletion = Deletion(
        id=work.new_id(),
        client_id=client_id,
        window_id=UUID(facts.window),
        eligible_at=work.now,
        export_done=facts.exported,
        requested_at=work.now,
        requested_by=approvals.who(work),
    )
    work.session.add(deletion)
    work.session.flush()  # one live deletion each
    after = {"window": facts.window, "exported": facts.exported}
    work.record(
        "deletion.requested", ("deletion", deletion.id), Change(client_id, "The export window elapsed", {}, after)
    )
    tasks.open_task(work, TaskKind.DELETION_DUE, str(deletion.id), client_id=client_id)
    return deletion.id


def approve(work: Work, deletion_id: UUID, reason: str) -> Approval:
    """The first person approves and asks for the second: admin or legal; legal alone decides where data was exported.

    Raises DeletionRefused, DeletionBegun, AlreadyRequested, NotYourRole or ReasonTooShort.
    """
    found = locked(work, deletion_id)
    require_may_decide(Action.DELETE, approvals.role_of(work))
    if found.second_at is not None:
        raise DeletionBegun("this deletion is approved by two people already")
    facts = require_may_delete(work, found)
    if found.export_done != facts.exported:
        _void_open(work, found, "The Client has exported since it was asked for")
        found.export_done = facts.exported
    given = approvals.request(work, command(found), reason, facts.seen(), found.client_id)
    found.approved_by, found.approved_at = approvals.who(work), work.now
    _record(work, found, "approved", require_reason(reason), {"approval": str(given.id)})
    return given


def decide(work: Work, approval_id: UUID, approve: bool, reason: str) -> DeletionState:  # noqa: FBT001 it is the decision itself
    """The second person approves, or rejects: then it is given up and not asked for again by itself.

    Where the facts changed since the first one, the first approval is void. Raises what `approvals.decide` raises.
    """
    given = approvals.locked(work, approval_id)
    found = locked(work, UUID(given.subject_id))
    facts = read.against(work.session, found.client_id)
    wanted = command(found)
    decided = approvals.decide(work, approval_id, approve, reason, facts.seen())
    if decided.state == ApprovalState.REJECTED:
        cancel_row(work, found, DeletionEnd.REJECTED, reason)
        return read.state_of(found)
    if decided.state == ApprovalState.APPROVED:
        require_may_delete(work, found)
    if decided.state == ApprovalState.APPROVED and approvals.use(work, approval_id, wanted, facts.seen()):
        found.second_by, found.second_at = approvals.who(work), work.now
        _record(work, found, "approved_twice", require_reason(reason), {"approval": str(approval_id)})
    else:
        found.approved_by = found.approved_at = None
        _record(work, found, "approval_void", "The facts changed after the first approval", {})
    return read.state_of(found)


def cancel(work: Work, deletion_id: UUID, reason: str) -> None:
    """Give up a deletion that has not begun. Raises UnknownDeletion, DeletionBegun, NotYourRole or ReasonTooShort."""
    approvals.require_role(work, MAY_END, "a deletion")
    found = locked(work, deletion_id)
    cancel_row(work, found, DeletionEnd.BY_HAND, require_reason(reason))


def give_up(work: Work, client_id: UUID, why: str) -> bool:
    """A reactivation takes the ground from a deletion; whether there was one. Raises DeletionBegun."""
    row = read.live(work.session, client_id)
    if row is None:
        return False
    cancel_row(work, locked(work, row.id), DeletionEnd(why), f"The Client was {why}")
    return True


def cancel_row(work: Work, found: Deletion, why: DeletionEnd, reason: str) -> None:
    """Raises DeletionBegun: from its start on nothing takes a deletion back."""
    if found.started_at is not None:
        raise DeletionBegun("this deletion has begun and cannot be taken back", started_at=found.started_at)
    if found.cancelled_at is not None:
        return
    _void_open(work, found, "The deletion was given up")
    found.cancelled_at, found.cancel_reason = work.now, why
    work.session.flush()  # another one may be asked for
    _record(work, found, "cancelled", reason, {"why": str(why)})
    tasks.close_task(work, TaskKind.DELETION_DUE, str(found.id))


def require_may_delete(work: Work, found: Deletion) -> Against:
    """The facts, where nothing stands against it. Raises DeletionRefused, which says what does."""
    facts = read.against(work.session, found.client_id)
    why = facts.refusal()
    if why is not None or facts.window != str(found.window_id):
        raise DeletionRefused("this Client cannot be deleted now", why=str(why or DeletionEnd.WINDOW))
    return facts


def still_as_approved(work: Work, found: Deletion, facts: Against) -> bool:
    """Whether what two people approved is what would be done now, and both still may decide it."""
    second = MAY_DECIDE[command(found).action]
    for person, may in ((found.approved_by, MAY_DECIDE[Action.DELETE]), (found.second_by, second)):
        if not approvals.still_speaks(work, person, may):
            return False
    approved = read.approved_as(work.session, command(found).action, str(found.id))
    return approved is not None and approved == bound_to(command(found), facts.seen())


def command(found: Deletion) -> Command:
    """Exactly what is approved. Where the Client exported, only legal is its second person (lifecycle.md 2, #9)."""
    action = Action.DELETE_EXPORTED if found.export_done else Action.DELETE
    args = {"client": str(found.client_id), "window": str(found.window_id)}
    return Command(action, ("deletion", str(found.id)), args)


def locked(work: Work, deletion_id: UUID) -> Deletion:
    """The row under its Client's lock. Raises UnknownDeletion."""
    found = work.session.get(Deletion, deletion_id)
    if found is None:
        raise UnknownDeletion
    locks.client(work.session, found.client_id)
    work.session.refresh(found, with_for_update=True)
    return found


def _void_open(work: Work, found: Deletion, why: str) -> None:
    waiting = asked.open_for(work.session, command(found).action, str(found.id))
    if waiting is not None:
        approvals.void(work, waiting, why)


def _record(work: Work, found: Deletion, what: str, reason: str | None, after: dict[str, object]) -> None:
    work.record(f"deletion.{what}", ("deletion", found.id), Change(found.client_id, reason, {}, after))
