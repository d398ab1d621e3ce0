"""Another Plan or other seats in a contract: what is meant, whether it fits, writing it down. No money, no periods."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain.plans import Offer
from konectus.errors import Conflict, Invalid, KonectusError
from konectus.services.work import Change, Work
from konectus.store.models.billing import SubscriptionChange
from konectus.store.models.clients import Subscription
from konectus.store.queries import clients, contracts
from konectus.store.queries.contracts import Contract, PendingChange


class NotSubscribed(Conflict):
    """There is no contract to change."""

    code = "not_subscribed"


class PlanNotOffered(Invalid):
    """That Plan version is not sold, or not any more."""

    code = "plan_not_offered"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Another Plan version, other seats or both. Seats left open: as the new Plan comes, else as they are."""

    plan_version_id: UUID | None = None
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What the contract would be."""

    plan_version_id: UUID
    offer: Offer
    seats: int

    def total(self) -> int:
        return self.offer.total(self.seats)


def of_contract(contract: Contract) -> Target:
    return Target(contract.plan_version_id, contract.offer, contract.seats)


def target(session: Session, client_id: UUID, contract: Contract, wanted: Wanted) -> Target:
    """What is wanted, against the people who hold seats now.

    Raises PlanNotOffered, SeatsNotOffered or SeatsBelowUse.
    """
    found, version_id, seats = contract.offer, contract.plan_version_id, contract.seats
    if wanted.plan_version_id is not None and wanted.plan_version_id != version_id:
        offer = contracts.offer(session, wanted.plan_version_id)
        if offer is None:
            raise PlanNotOffered("no such Plan is published")
        found, version_id, seats = offer, wanted.plan_version_id, offer.seats
    seats = seats if wanted.seats is None else wanted.seats
    found.require_seats(seats, used=clients.seats(session, client_id)[1])
    return Target(version_id, found, seats)


def carry_out(work: Work, client_id: UUID, pending: PendingChange, *, reason: str | None = None) -> bool:
    """Put a change into the contract; whether it fitted. What no longer fits is closed with its refusal's code."""
    change = work.session.get_one(SubscriptionChange, pending.change_id, with_for_update=True)
    contract = contracts.contract(work.session, client_id)
    try:
        if contract is None:
            raise NotSubscribed
        found = target(work.session, client_id, contract, Wanted(pending.to_plan_version_id, pending.to_seats))
    except KonectusError as refusal:
        refuse(work, change, refusal.code, reason=reason)
        return False
    subscription = work.session.get_one(Subscription, contract.subscription_id, with_for_update=True)
    before = {"plan": contract.offer.code, "version": contract.offer.version, "seats": contract.seats}
    after = {"plan": found.offer.code, "version": found.offer.version, "seats": found.seats}
    subscription.plan_version_id, subscription.seats = found.plan_version_id, found.seats
    change.applied_at = work.now
    written = Change(client_id, reason, before, after)
    work.record("subscription.changed", ("subscription", subscription.id), written)
    work.record("subscription_change.applied", ("subscription_change", change.id), written)
    work.session.flush()  # the contract is read again
    return True


def refuse(work: Work, change: SubscriptionChange, code: str, *, reason: str | None = None) -> None:
    """Close a change that cannot be carried out; the contract stays as it is and the Client sees why."""
    change.cancelled_at, change.refusal = work.now, code
    written = Change(change.client_id, reason, {}, {"refusal": code})
    work.record("subscription_change.refused", ("subscription_change", change.id), written)
    work.session.flush()  # what is pending is read again


def withdraw_pending(work: Work, client_id: UUID, *, reason: str | None = None) -> bool:
    """Take back what was asked for and not applied; whether there was any. The caller holds the Client's lock."""
    pending = contracts.pending_change(work.session, client_id)
    if pending is None:
        return False
    change = work.session.get_one(SubscriptionChange, pending.change_id, with_for_update=True)
    change.cancelled_at = work.now
    written = Change(client_id, reason)
    work.record("subscription_change.withdrawn", ("subscription_change", change.id), written)
    work.session.flush()  # another one may take its place
    return True
