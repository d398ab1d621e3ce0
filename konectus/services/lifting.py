"""Lifts that follow from facts or need two persons: paid, deferred or contracted; a legal order, a security risk.

What one person lifts by hand is `suspensions.lift_by_hand`. A payment never ends any other cause (Terms 15.1).
"""

import hashlib
from dataclasses import replace
from uuid import UUID

from konectus.domain.approvals import Action, Command
from konectus.domain.elapsed import elapsed
from konectus.domain.endings import ApprovalState, WindowEnd
from konectus.domain.roles import MAY_SUSPEND
from konectus.domain.suspension import AlreadyLifted, Cause, NotByHand, require_reason
from konectus.services import approvals, suspensions
from konectus.services.installation import Installation
from konectus.services.suspensions import Lifted
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.clients import Suspension
from konectus.store.models.endings import Approval
from konectus.store.queries import approvals as holds
from konectus.store.queries import causes, clients, readings

PAID = "Nothing whose time had run out is owed any more"
DEFERRED = "Konectus waits longer for what is owed; that waives nothing (Terms 18)"
SUBSCRIBED = "The Client contracted a Plan after its trial"
_ACTIONS = {Cause.LEGAL_ORDER: Action.LIFT_LEGAL_ORDER, Cause.SECURITY: Action.LIFT_SECURITY}


def after_payment(work: Work, client_id: UUID) -> bool:
    """Lift the Suspension for non-payment where no elapsed invoice has a balance left; whether it was lifted.

    To be called in the transaction of whatever lowers a balance. Touches no other cause, and nothing once a deletion
    has begun: such a payment settles a debt and brings nothing back (Terms 15.3).
    """
    return _lift_unpaid(work, client_id, PAID, WindowEnd.PAID)


def after_deferral(work: Work, client_id: UUID) -> bool:
    """The same where we wait longer for what is owed: the clock of those invoices stands again."""
    return _lift_unpaid(work, client_id, DEFERRED, WindowEnd.REACTIVATED)


def after_subscribe(work: Work, client_id: UUID) -> bool:
    """Lift the Suspension of an ended trial where there is a contract now; whether it was lifted."""
    locks.client(work.session, client_id)
    suspension_id = causes.open_of_cause(work.session, client_id, Cause.TRIAL_EXPIRED)
    if suspension_id is None or not causes.is_contracted(work.session, client_id):
        return False
    suspensions.close_cause(work, suspensions.to_lift(work, suspension_id), SUBSCRIBED, WindowEnd.REACTIVATED)
    return True


def lift_paid(installation: Installation, *, step: int = causes.STEP) -> int:
    """Job: lift what nobody has a reason to keep: an invoice was voided, a notice turned out to have bounced."""
    with installation.works.system() as work:
        at = causes.Moment(work.now, readings.current(work.session).payment_notice_days, most=step)
    done = 0
    while True:
        with installation.works.system() as work:
            found = causes.paid(work.session, at)
        for client_id in found:
            with installation.works.system() as work:
                done += after_payment(work, client_id)
        if len(found) < at.most:
            return done
        at = replace(at, after=found[-1])


def request_lift(work: Work, suspension_id: UUID, reason: str) -> Approval:
    """Ask a second person to lift a legal order or a security cause.

    Raises NotFound, AlreadyLifted, NotByHand, NotYourRole, AlreadyRequested or ReasonTooShort.
    """
    approvals.require_role(work, MAY_SUSPEND, "the lift of a Suspension")
    suspension = suspensions.to_lift(work, suspension_id)
    return approvals.request(work, _command(suspension), reason, facts(work, suspension), suspension.client_id)


def decide_lift(work: Work, approval_id: UUID, approve: bool, reason: str) -> Lifted | None:  # noqa: FBT001 it is the decision itself
    """The second person decides; None where the cause stays: rejected, or void because the facts changed.

    Raises what `approvals.decide` raises, NotFound or AlreadyLifted.
    """
    text = require_reason(reason)
    asked = approvals.locked(work, approval_id)
    suspension = suspensions.to_lift(work, UUID(asked.subject_id))
    command, seen = _command(suspension), facts(work, suspension)
    if approvals.decide(work, approval_id, approve, text, seen).state != ApprovalState.APPROVED:
        return None
    if not approvals.use(work, approval_id, command, seen):
        return None
    return suspensions.close_cause(work, suspension, text, WindowEnd.REACTIVATED)


def facts(work: Work, suspension: Suspension) -> str:
    """The same text as long as the Client's causes and holds are the same ones."""
    opened = [str(one.id) for one in clients.open_suspensions(work.session, suspension.client_id)]
    held = [str(one.id) for one in holds.holds(work.session, suspension.client_id)]
    return hashlib.sha256(repr((str(suspension.id), opened, held)).encode()).hexdigest()


def _command(suspension: Suspension) -> Command:
    """Raises AlreadyLifted, or NotByHand where no second person is needed."""
    if suspension.lifted_at is not None:
        raise AlreadyLifted("this Suspension is lifted already", lifted_at=suspension.lifted_at)
    action = _ACTIONS.get(Cause(suspension.cause))
    if action is None:
        raise NotByHand(f"{suspension.cause} is not lifted by two persons", cause=suspension.cause)
    return Command(action, ("suspension", str(suspension.id)))


def _lift_unpaid(work: Work, client_id: UUID, reason: str, end: WindowEnd) -> bool:
    locks.client(work.session, client_id)
    suspension_id = causes.open_of_cause(work.session, client_id, Cause.NONPAYMENT)
    if suspension_id is None or clients.access(work.session, client_id).deleting:
        return False
    days = readings.current(work.session).payment_notice_days
    if elapsed(causes.debts(work.session, client_id), work.now, days):
        return False
    suspensions.close_cause(work, suspensions.to_lift(work, suspension_id), reason, end)
    return True
