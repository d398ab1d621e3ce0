"""Opening Suspensions and lifting manual ones (Terms 15.1), with all that follows at once: sessions, connectors, sends.

Non-payment is opened by `suspending`, causes that facts or two persons lift end in `lifting`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain.approvals import require_another, require_may_open
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, WrongStep
from konectus.domain.endings import HoldKind, WindowEnd, WindowSource
from konectus.domain.roles import MAY_SUSPEND
from konectus.domain.suspension import (
    POLICIES,
    AlreadyLifted,
    AlreadySuspended,
    Cause,
    DocumentMissing,
    require_by_hand,
    require_may_lift,
    require_reason,
)
from konectus.domain.tasks import TaskKind
from konectus.errors import NotFound
from konectus.services import approvals, cause_notices, connectors, holds, tasks, windows
from konectus.services.cause_notices import Unpaid
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.clients import Client, Suspension
from konectus.store.queries import clients, outbox, people, readings
from konectus.store.queries import connectors as read

NO_SUBJECT = "-"
WINDOWS = {Cause.NONPAYMENT: WindowSource.NONPAYMENT, Cause.TRIAL_EXPIRED: WindowSource.TRIAL_EXPIRED}


class NoSuchClient(NotFound):
    code = "no_such_client"


@dataclass(frozen=True, slots=True)
class Effects:
    """What a Suspension does at the moment it opens; a preview is this, from the same code in a rehearsal.

    `export_until` is the end of the export window that begins with it, None where it begins none.
    """

    suspension_id: UUID
    opened_at: datetime
    connectors: tuple[tuple[Channel, str], ...]
    people_signed_out: int
    sends_cancelled: int
    export_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lifted:
    """What a lift does: which causes still hold, and what the Client has to reconfigure."""

    still_open: tuple[Cause, ...]
    to_reconfigure: int


@dataclass(frozen=True, slots=True)
class Order:
    """What an authority ordered (Terms 15.1 c): its document, what it extends to, whether the Client may be told."""

    document: str
    scope: str
    forbids_deletion: bool
    allows_export: bool = False
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What a cause rests on beside its reason: a case, an order, or the notice and invoices of non-payment."""

    subject_ref: str = NO_SUBJECT
    notice_id: UUID | None = None
    invoice_id: UUID | None = None
    unpaid: Unpaid | None = None
    order: Order | None = None


NONE = Ground()


def suspend_by_hand(
    work: Work, client_id: UUID, cause: Cause, reason: str, *, subject_ref: str = NO_SUBJECT
) -> Effects:
    """A person of the staff suspends at once, without prior notice (Terms 15.1 b, d); another one reviews it.

    Raises NoSuchClient, AlreadySuspended, NotByHand, NotYourRole, DocumentMissing for a legal order, ReasonTooShort.
    """
    require_by_hand(cause)
    if cause is Cause.LEGAL_ORDER:
        raise DocumentMissing("a legal order is carried out by its document")
    _require_role(work, cause)
    return _by_hand(work, client_id, cause, reason, Ground(subject_ref))


def suspend_by_order(work: Work, client_id: UUID, order: Order, reason: str) -> Effects:
    """An authority ordered it (Terms 15.1 c). Where the order forbids a deletion, a hold stands from now on.

    Raises NoSuchClient, AlreadySuspended, DocumentMissing, NotYourRole or ReasonTooShort.
    """
    if not order.document.strip() or not order.scope.strip():
        raise DocumentMissing("name the document of the order and what it extends to")
    _require_role(work, Cause.LEGAL_ORDER)
    ground = Ground(order.document.strip(), order=order)
    effects = _by_hand(work, client_id, Cause.LEGAL_ORDER, reason, ground)
    if order.forbids_deletion:
        holds.place(work, client_id, HoldKind.AUTHORITY, f"Ordered by {ground.subject_ref}: {reason.strip()}")
    return effects


def review(work: Work, suspension_id: UUID, reason: str) -> None:
    """A second person has looked at a Suspension that one person opened (lifecycle.md 6).

    Raises NotFound, NotYourRole, SamePerson or ReasonTooShort.
    """
    text = require_reason(reason)
    found = work.session.get(Suspension, suspension_id)
    if found is None:
        raise NotFound
    approvals.require_role(work, MAY_SUSPEND, "a review of a Suspension")
    require_another(found.opened_by, approvals.who(work))
    tasks.close_task(work, TaskKind.SUSPENSION_REVIEW, str(suspension_id))
    work.record("suspension.reviewed", ("suspension", suspension_id), Change(found.client_id, text))


def open_cause(work: Work, client_id: UUID, cause: Cause, reason: str, ground: Ground = NONE) -> Effects:
    """Open a cause and carry out what it blocks, in this transaction. Raises NoSuchClient or AlreadySuspended."""
    locks.client(work.session, client_id)
    if clients.trade_name(work.session, client_id) is None:
        raise NoSuchClient
    found = clients.open_suspensions(work.session, client_id)
    if any((s.cause, s.subject_ref) == (cause, ground.subject_ref) for s in found):
        raise AlreadySuspended(f"the Client is suspended for {cause} already", cause=cause)
    suspension = _row(work, client_id, cause, reason, ground)
    until = _window(work, suspension)
    effects = Effects(
        suspension_id=suspension.id,
        opened_at=work.now,
        connectors=_disconnect_all(work, client_id, reason),
        people_signed_out=people.end_sessions_of_client(work.session, client_id, work.now),
        sends_cancelled=outbox.cancel_queued(work.session, client_id, "suspended"),
        export_until=until,
    )
    cause_notices.suspended(work, suspension, ground.unpaid, until)
    signals.notify(work.session, signals.OUTBOX)
    after = {"cause": str(cause), "connectors": len(effects.connectors), "cancelled": effects.sends_cancelled}
    work.record("suspension.opened", ("suspension", suspension.id), Change(client_id, reason, {}, after))
    return effects


def lift_by_hand(work: Work, suspension_id: UUID, reason: str) -> Lifted:
    """A person of the staff lifts a manual cause. Connectors stay disconnected (Terms 2).

    Raises NotFound, AlreadyLifted, NotByHand, SecondPersonNeeded, NotYourRole or ReasonTooShort.
    """
    text = require_reason(reason)
    suspension = to_lift(work, suspension_id)
    require_may_lift(Cause(suspension.cause))
    _require_role(work, Cause(suspension.cause))
    if suspension.lifted_at is not None:
        raise AlreadyLifted("this Suspension is lifted already", lifted_at=suspension.lifted_at)
    return close_cause(work, suspension, text, WindowEnd.REACTIVATED)


def to_lift(work: Work, suspension_id: UUID) -> Suspension:
    """The Suspension under its Client's lock, lifted or not. Raises NotFound."""
    suspension = work.session.get(Suspension, suspension_id)
    if suspension is None:
        raise NotFound
    locks.client(work.session, suspension.client_id)
    work.session.refresh(suspension, with_for_update=True)
    return suspension


def close_cause(work: Work, suspension: Suspension, reason: str, end: WindowEnd) -> Lifted:
    """End one open cause with what hangs on it: window, days that stood still, review. The caller has decided."""
    client_id, cause = suspension.client_id, Cause(suspension.cause)
    suspension.lifted_at = work.now
    suspension.lifted_by = approvals.who(work)
    suspension.lift_reason = reason
    work.session.flush()  # the access view has to see it
    if cause in WINDOWS:
        windows.close_windows(work, client_id, WINDOWS[cause], end)
    found = clients.access(work.session, client_id)
    if not found.export:
        windows.resume(work, client_id)
    tasks.close_task(work, TaskKind.SUSPENSION_REVIEW, str(suspension.id))
    stopped = (ConnectorState.DISCONNECTING, ConnectorState.NEEDS_RECONFIGURATION)
    waiting = sum(row.state in stopped for row in read.of_client(work.session, client_id))
    if found.is_open:
        cause_notices.reactivated(work, suspension, waiting)
    change = Change(client_id, reason, {"cause": str(cause)}, {"still_open": [str(c) for c in found.causes]})
    work.record("suspension.lifted", ("suspension", suspension.id), change)
    return Lifted(found.causes, waiting)


def suspend_ended_trial(work: Work, client_id: UUID) -> Effects | None:
    """Terms 14.2: the trial is over and nobody subscribed. Decides again in its own transaction; None if moot."""
    locks.client(work.session, client_id)
    if client_id not in clients.trial_ended(work.session, work.now, most=1, client_id=client_id):
        return None
    return open_cause(work, client_id, Cause.TRIAL_EXPIRED, "The free trial ended without a subscription")


def client_of(work: Work, client_id: UUID) -> Client:
    """The Client's own row. Raises NoSuchClient."""
    client = work.session.get(Client, client_id)
    if client is None:
        raise NoSuchClient
    return client


def _disconnect_all(work: Work, client_id: UUID, why: str) -> tuple[tuple[Channel, str], ...]:
    """Terms 2: during a Suspension, Connectors are disconnected and must be reconfigured."""
    ending = replace(connectors.SUSPENDED, why=why)
    stopped = []
    for row in read.of_client(work.session, client_id):
        if row.state not in (*LIVE, ConnectorState.PENDING_AUTH):
            continue
        try:
            connectors.disconnect(work, client_id, row.id, ending)
        except WrongStep:
            continue  # the sender settled it meanwhile; it holds the row lock no longer and is not live
        stopped.append((row.channel, row.name))
    return tuple(stopped)


def _by_hand(work: Work, client_id: UUID, cause: Cause, reason: str, ground: Ground) -> Effects:
    effects = open_cause(work, client_id, cause, require_reason(reason), ground)
    due = work.now + timedelta(hours=readings.current(work.session).review_hours)
    tasks.open_task(work, TaskKind.SUSPENSION_REVIEW, str(effects.suspension_id), client_id=client_id, due_at=due)
    return effects


def _require_role(work: Work, cause: Cause) -> None:
    """Somebody the staff does not know can act through a door alone, and that one knows misuse only."""
    role = approvals.role_of(work)
    if role is not None or cause is not Cause.AUP:
        require_may_open(cause, role)


def _row(work: Work, client_id: UUID, cause: Cause, reason: str, ground: Ground) -> Suspension:
    order = ground.order
    suspension = Suspension(
        id=work.new_id(),
        client_id=client_id,
        cause=cause,
        subject_ref=ground.subject_ref,
        clause=POLICIES[cause].clause,
        opened_at=work.now,
        opened_by=approvals.who(work),
        reason=reason,
        notice_id=ground.notice_id,
        invoice_id=ground.invoice_id,
        scope=order.scope.strip() if order else None,
        is_silent=order is not None and order.is_silent,
        allows_export=order is not None and order.allows_export,
    )
    work.session.add(suspension)
    work.session.flush()  # the access view has to see it
    return suspension


def _window(work: Work, suspension: Suspension) -> datetime | None:
    """Open the export window of a cause that starts one, and stop the days of all where it blocks the export."""
    client_id, cause = suspension.client_id, Cause(suspension.cause)
    if clients.access(work.session, client_id).export:
        windows.pause(work, client_id)
    if not POLICIES[cause].starts_window:
        return None
    made = windows.open_window(work, client_id, WINDOWS[cause], suspension.id)
    return windows.end_of(work, made)
