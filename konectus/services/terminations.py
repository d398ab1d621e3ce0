"""Announcing the end of a contract and taking it back (Terms 15.2, 16, 18).

What it does when it comes is ending_sweeps.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from konectus.domain import seats
from konectus.domain.approvals import MAY_END, Action, Command
from konectus.domain.deadlines import after_full_days
from konectus.domain.endings import (
    AlreadyEnding,
    ApprovalState,
    EndedBy,
    Ground,
    NotEnding,
    TooLateToReject,
    WindowEnd,
    WindowSource,
    cancelled_for,
)
from konectus.domain.notices import NoticeKind
from konectus.domain.suspension import require_reason
from konectus.services import approvals, ending_sweeps, erasure, notices, registration, windows
from konectus.services.notices import NewNotice
from konectus.services.suspensions import NoSuchClient
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.clients import PlanVersion
from konectus.store.models.endings import Approval, Termination
from konectus.store.queries import clients, readings
from konectus.store.queries import terminations as read

OWN_WISH = "The Client cancelled in its settings"
ENDING = "the end of a contract"
REJECTED = "The Client rejected changed terms before they took effect"


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """An end as it is announced."""

    by_whom: EndedBy
    ground: Ground
    reason: str
    effective_at: datetime
    refund_due: bool = False
    notice_id: UUID | None = None
    approvers: tuple[str, str] | None = None


def cancel(work: Work, client_id: UUID, *, at_once: bool = False) -> UUID:
    """The Client ends its contract: at the end of what is paid, or at once; the termination's id (Terms 15.2 i).

    It can be taken back until then. Raises AlreadyEnding where it ends already and no later.
    """
    _lock(work, client_id)
    at = cancelled_for(read.contract_ends_at(work.session, client_id), work.now, at_once=at_once)
    wish = _Wish(by_whom=EndedBy.CLIENT, ground=Ground.CLIENT_CANCEL, reason=OWN_WISH, effective_at=at)
    return _announce(work, client_id, wish, tell=NoticeKind.CANCELLED)


def reject_terms(work: Work, client_id: UUID, takes_effect_at: datetime, *, at_once: bool = False) -> UUID:
    """The Client rejects changed terms before they take effect: no penalty, what is unused comes back (Terms 16).

    Raises TooLateToReject or AlreadyEnding.
    """
    _lock(work, client_id)
    if work.now >= takes_effect_at:
        raise TooLateToReject("these terms have taken effect already", effective_at=takes_effect_at)
    at = work.now if at_once else takes_effect_at
    wish = _Wish(
        by_whom=EndedBy.CLIENT, ground=Ground.TERMS_REJECTED, reason=REJECTED, effective_at=at, refund_due=True
    )
    return _announce(work, client_id, wish, tell=NoticeKind.CANCELLED)


def end_for_competitor(work: Work, client_id: UUID, reason: str) -> UUID:
    """The staff grants a Client's claim that the acquirer is its direct competitor (Terms 18): at once, with refund.

    Raises NotYourRole, AlreadyEnding or ReasonTooShort.
    """
    approvals.require_role(work, MAY_END, ENDING)
    _lock(work, client_id)
    wish = _Wish(
        by_whom=EndedBy.CLIENT,
        ground=Ground.ASSIGNMENT_COMPETITOR,
        reason=require_reason(reason),
        effective_at=work.now,
        refund_due=True,
    )
    return _end_now(work, client_id, wish)


def give_notice(work: Work, client_id: UUID, reason: str) -> UUID:
    """Konectus ends the contract with thirty days' notice for any reason (Terms 15.2 ii); the termination's id.

    The days run from the delivery of the notice, so the date told is the earliest there is. What of a prepaid period
    is left then follows the reading. Raises AlreadyEnding, ReasonTooShort or NotYourRole.
    """
    approvals.require_role(work, MAY_END, ENDING)
    _lock(work, client_id)
    known = readings.current(work.session)
    at = after_full_days(work.now, known.termination_notice_days)
    wish = _Wish(
        by_whom=EndedBy.KONECTUS,
        ground=Ground.KONECTUS_NOTICE,
        reason=require_reason(reason),
        effective_at=at,
        refund_due=known.refund_on_konectus_notice,
    )
    return _announce(work, client_id, wish, tell=NoticeKind.TERMINATION_NOTICE)


def request_breach(work: Work, client_id: UUID, reason: str) -> Approval:
    """Ask a second person to end the contract at once for a material and incurable breach (Terms 15.2).

    Raises NotYourRole, AlreadyRequested, ReasonTooShort.
    """
    approvals.require_role(work, MAY_END, ENDING)
    _lock(work, client_id)
    return approvals.request(work, _breach(client_id), reason, facts(work, client_id), client_id)


def decide_breach(work: Work, approval_id: UUID, approve: bool, reason: str) -> UUID | None:  # noqa: FBT001 it is the decision itself
    """The second person decides; approved, the contract ends now: the termination's id, else None.

    Raises what `approvals.decide` raises, or AlreadyEnding.
    """
    asked = approvals.locked(work, approval_id)
    client_id = UUID(asked.subject_id)
    _lock(work, client_id)
    seen = facts(work, client_id)
    decided = approvals.decide(work, approval_id, approve, reason, seen)
    if decided.state != ApprovalState.APPROVED:
        return None
    if not approvals.use(work, approval_id, _breach(client_id), seen):
        return None
    wish = _Wish(
        by_whom=EndedBy.KONECTUS,
        ground=Ground.MATERIAL_BREACH,
        reason=asked.reason,
        effective_at=work.now,
        approvers=(asked.requested_by, approvals.who(work)),
    )
    return _end_now(work, client_id, wish)


def withdraw(work: Work, client_id: UUID, reason: str | None = None) -> None:
    """Take an end back before it comes: the Client its own, the staff either. Raises NotEnding or NotYourRole."""
    approvals.require_role(work, MAY_END, ENDING)
    _lock(work, client_id)
    found = _live(work, client_id)
    if found is None or found.effected_at is not None or not _may_withdraw(work, found):
        raise NotEnding("there is no end of this contract that you can take back")
    _take_back(work, found, reason)
    notices.queue(work, client_id, NewNotice(NoticeKind.TERMINATION_WITHDRAWN, str(found.id), {}))


def reactivate(work: Work, client_id: UUID, version: PlanVersion, reason: str) -> None:
    """The contract comes back with a new Subscription, until a deletion has started (lifecycle.md 2, #14).

    The termination's window closes, a deletion that was asked for is given up; Connectors need reconfiguring and
    debts stay. Raises NotEnding, DeletionBegun, NotYourRole, ReasonTooShort, or SeatsBelowUse where the Client has
    more people than the Plan has seats.
    """
    text = require_reason(reason)
    approvals.require_role(work, MAY_END, ENDING)
    _lock(work, client_id)
    found = _live(work, client_id)
    if found is None or found.effected_at is None:
        raise NotEnding("this contract has not ended")
    seats.require_room(version.seats, clients.seats(work.session, client_id)[1])
    erasure.give_up(work, client_id, WindowEnd.REACTIVATED)
    found.reactivated_at = work.now
    work.session.flush()  # the access view has to see it
    windows.close_windows(work, client_id, WindowSource.TERMINATION, WindowEnd.REACTIVATED)
    work.record(
        "termination.reactivated", ("termination", found.id), Change(client_id, text, {}, {"reactivated": True})
    )
    registration.subscribe(work, client_id, version, reason=text)
    notices.queue(work, client_id, NewNotice(NoticeKind.REACTIVATED, str(found.id), {}))


def _announce(work: Work, client_id: UUID, wish: _Wish, *, tell: NoticeKind) -> UUID:
    _make_way(work, client_id, wish)
    termination_id = work.new_id()
    facts = {"effective_at": wish.effective_at.isoformat()}
    notice_id = notices.queue(work, client_id, NewNotice(tell, str(termination_id), facts))
    work.session.flush()  # the termination points at it
    is_proof = wish.ground is Ground.KONECTUS_NOTICE
    _write(work, client_id, termination_id, wish, notice_id if is_proof else None)
    signals.notify(work.session, signals.OUTBOX)
    return termination_id


def _end_now(work: Work, client_id: UUID, wish: _Wish) -> UUID:
    _make_way(work, client_id, wish)
    termination_id = work.new_id()
    _write(work, client_id, termination_id, wish, None)
    work.session.flush()  # it is read back under its lock
    ending_sweeps.effect(work, termination_id)
    return termination_id


def _write(work: Work, client_id: UUID, termination_id: UUID, wish: _Wish, notice_id: UUID | None) -> None:
    first, second = wish.approvers or (None, None)
    work.session.add(
        Termination(
            id=termination_id,
            client_id=client_id,
            by_whom=wish.by_whom,
            ground=wish.ground,
            reason=wish.reason,
            notified_at=work.now,
            notified_by=approvals.who(work),
            notice_id=notice_id,
            effective_at=wish.effective_at,
            approved_by=first,
            second_by=second,
            refund_due=wish.refund_due,
        )
    )
    after = {"ground": str(wish.ground), "effective_at": wish.effective_at.isoformat()}
    work.record("termination.announced", ("termination", termination_id), Change(client_id, wish.reason, {}, after))


def _make_way(work: Work, client_id: UUID, wish: _Wish) -> None:
    """An end that comes sooner takes the place of one that was announced. Raises AlreadyEnding."""
    found = _live(work, client_id)
    if found is None:
        return
    if found.effected_at is not None or wish.effective_at >= found.effective_at:
        raise AlreadyEnding("this contract ends already", effective_at=found.effective_at)
    _take_back(work, found, "An earlier end takes its place")
    work.session.flush()  # one live termination each


def _take_back(work: Work, found: Termination, reason: str | None) -> None:
    found.withdrawn_at, found.withdrawn_by = work.now, approvals.who(work)
    change = Change(found.client_id, reason, {"effective_at": found.effective_at.isoformat()}, {"withdrawn": True})
    work.record("termination.withdrawn", ("termination", found.id), change)


def _may_withdraw(work: Work, found: Termination) -> bool:
    """A Client cannot take back what Konectus announced; the staff may take back either."""
    return work.actor.kind != "agent" or found.by_whom == EndedBy.CLIENT


def _breach(client_id: UUID) -> Command:
    return Command(Action.TERMINATE_BREACH, ("client", str(client_id)))


def facts(work: Work, client_id: UUID) -> str:
    """What a second person's word about ending a contract rests on."""
    found = read.live(work.session, client_id)
    causes = clients.access(work.session, client_id).causes
    return repr((str(found.id) if found else None, sorted(str(cause) for cause in causes)))


def _live(work: Work, client_id: UUID) -> Termination | None:
    found = read.live(work.session, client_id)
    if found is None:
        return None
    return work.session.get_one(Termination, found.id, with_for_update=True, populate_existing=True)


def _lock(work: Work, client_id: UUID) -> None:
    locks.client(work.session, client_id)
    if clients.trade_name(work.session, client_id) is None:
        raise NoSuchClient
