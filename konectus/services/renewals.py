"""Periods that begin: the first, the next, the one after a Suspension; the end of a contract. One invoice each.

What a change asks for in between: changes.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain import invoicing
from konectus.domain.deadlines import local_day
from konectus.domain.invoicing import Cycle, Opening
from konectus.domain.money import InvoiceKind
from konectus.domain.notices import NoticeKind
from konectus.domain.plans import SubscriptionStatus
from konectus.services import billing, contracting, lifting, notices
from konectus.services.installation import Installation
from konectus.services.notices import NewNotice
from konectus.services.sweeps import sweep
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.clients import Subscription
from konectus.store.queries import contracts
from konectus.store.queries.contracts import Contract, PendingChange

# How long before the end of a trial it is told.
REMINDED_BEFORE = timedelta(days=3)


def renew(installation: Installation) -> int:
    """Job: begin the next period of every Subscription whose last one is over; how many began."""
    return sweep(installation, contracts.to_renew, begin_next)


def remind_trials(installation: Installation) -> int:
    """Job: tell who tries Konectus that the trial ends soon and what is lost by it (Terms 14.2); how many were told."""

    def due(session: Session, now: datetime, most: int) -> list[UUID]:
        return contracts.trials_ending(session, now, now + REMINDED_BEFORE, most)

    return sweep(installation, due, _remind)


def _remind(work: Work, client_id: UUID) -> bool:
    locks.client(work.session, client_id)
    contract = contracts.contract(work.session, client_id)
    if contract is None or contract.status is not SubscriptionStatus.TRIALING or contract.trial_ends_at is None:
        return False
    facts = {"ends_at": contract.trial_ends_at.isoformat()}
    told = NewNotice(NoticeKind.TRIAL_ENDING, str(contract.subscription_id), facts)
    return notices.queue(work, client_id, told) is not None


def begin_next(work: Work, client_id: UUID, *, reason: str | None = None) -> bool:
    """Begin a Client's next period where one is due, with what was asked to change by then; whether one began.

    Days without a run change nothing: one period at most begins, the one that runs now.
    """
    locks.client(work.session, client_id)
    contract = contracts.contract(work.session, client_id)
    if contract is None or not contracts.is_to_renew(work.session, client_id, work.now):
        return False
    pending = contracts.pending_change(work.session, client_id)
    if pending is not None and pending.applies_at > work.now:
        pending = None
    fitted = pending is not None and contracting.carry_out(work, client_id, pending, reason=reason)
    is_trial = contract.status is SubscriptionStatus.TRIALING
    if is_trial and not fitted:
        return False  # what was chosen does not fit: the trial ends without a Subscription
    contract = contracts.contract(work.session, client_id) or contract
    begin(work, client_id, _opening(work, client_id, contract, pending if is_trial else None), reason=reason)
    return True


def begin(work: Work, client_id: UUID, opening: Opening, *, reason: str | None = None) -> UUID:
    """Begin a paid period of the contract as it stands and bill it: the invoice's id.

    A trial becomes a contract by it, which lifts what its end had brought. The caller holds the Client's lock.
    """
    contract = contracts.contract(work.session, client_id)
    if contract is None:
        raise contracting.NotSubscribed
    subscription = work.session.get_one(Subscription, contract.subscription_id, with_for_update=True)
    before = {"status": str(contract.status), "period_ends_at": contract.period.ends_at.isoformat()}
    subscription.status = SubscriptionStatus.ACTIVE
    subscription.anchor_day = opening.cycle.anchor_day
    subscription.period_starts_at, subscription.period_ends_at = opening.period.starts_at, opening.period.ends_at
    after = {"status": str(SubscriptionStatus.ACTIVE), "period_ends_at": opening.period.ends_at.isoformat()}
    change = Change(client_id, reason, before, after)
    work.record("subscription.period_began", ("subscription", subscription.id), change)
    lines = invoicing.period_lines(contract.offer, contract.seats)
    draft = billing.Draft(client_id, subscription.id, InvoiceKind.PERIOD, opening.period, lines)
    invoice_id = billing.issue(work, draft, reason=reason)
    lifting.after_subscribe(work, client_id)
    return invoice_id


def end(work: Work, client_id: UUID, why: str, *, reason: str | None = None) -> bool:
    """End a Client's live Subscription, with what was asked to change of it; whether there was one.

    What is owed stays owed (Terms 15.3). `why` is a word: cancelled, rejected_terms, konectus, breach, trial_expired.
    """
    locks.client(work.session, client_id)
    contract = contracts.contract(work.session, client_id)
    if contract is None:
        return False
    contracting.withdraw_pending(work, client_id, reason=reason)
    subscription = work.session.get_one(Subscription, contract.subscription_id, with_for_update=True)
    subscription.status, subscription.ended_at, subscription.end_reason = SubscriptionStatus.ENDED, work.now, why
    change = Change(client_id, reason, {"status": str(contract.status)}, {"status": "ended", "why": why})
    work.record("subscription.ended", ("subscription", subscription.id), change)
    work.session.flush()  # another contract may follow
    return True


def _opening(work: Work, client_id: UUID, contract: Contract, chosen: PendingChange | None) -> Opening:
    """The period to begin: after a trial, or after the one before; where a Suspension lay between, from its lift on."""
    interval = contract.offer.interval
    if chosen is None:
        ended_at = contract.period.ends_at
        cycle = Cycle(interval, contract.anchor_day or local_day(ended_at).day)
        return invoicing.following(cycle, ended_at, work.now, contracts.resumed_at(work.session, client_id, ended_at))
    trial_end = contract.trial_ends_at or work.now
    # Chosen too late, service had stopped meanwhile.
    starts_at = trial_end if chosen.requested_at < trial_end else work.now
    resumed_at = contracts.resumed_at(work.session, client_id, starts_at)
    return invoicing.running(invoicing.first(resumed_at or starts_at, interval), work.now)
