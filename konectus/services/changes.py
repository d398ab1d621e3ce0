"""Changing a contract: what it would cost, asking for it, and doing what was asked when its time comes.

An upgrade counts at once and is prorated by days; what costs less, and another interval, wait for the period's end.
A Client's people only ask; this applies it with the rights of the system.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain import invoicing, proration
from konectus.domain.invoicing import Line
from konectus.domain.money import InvoiceKind
from konectus.domain.plans import Offer, SubscriptionStatus
from konectus.domain.suspension import Cause, ClientSuspended
from konectus.errors import Invalid
from konectus.services import billing, contracting, renewals
from konectus.services.contracting import NotSubscribed, PlanNotOffered, Target, Wanted
from konectus.services.installation import Installation
from konectus.services.sweeps import sweep
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.billing import SubscriptionChange
from konectus.store.queries import clients, contracts, payments, readings
from konectus.store.queries.contracts import Contract, PendingChange

__all__ = ["NothingToChange", "Preview", "Wanted", "apply", "apply_due", "preview", "request_change", "withdraw"]


class NothingToChange(Invalid):
    """The contract is like that already."""

    code = "nothing_to_change"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do, from the code that does it. Cents of MXN; `lines` with tax, empty for no bill."""

    offer: Offer
    seats: int
    applies_at: datetime
    is_at_once: bool
    lines: tuple[Line, ...]
    total_cents: int
    # What the Client has as credit already, up to the total.
    credit_cents: int
    # A whole period from then on, with tax.
    period_cents: int


def preview(session: Session, client_id: UUID, wanted: Wanted, now: datetime) -> Preview:
    """What `request_change` would bring about. Raises what it raises."""
    contract, found = _checked(session, client_id, wanted)
    applies_at = _applies_at(contract, found, now)
    tax = readings.current(session).tax_basis_points
    whole = invoicing.period_lines(found.offer, found.seats)
    lines: tuple[Line, ...] = ()
    if _begins_period(contract, now):
        lines = whole
    elif applies_at <= now:
        lines = _upgrade_lines(contracting.of_contract(contract), found, contract, now)
    lines = invoicing.with_tax(lines, tax) if lines else ()
    total = invoicing.total(lines)
    return Preview(
        offer=found.offer,
        seats=found.seats,
        applies_at=applies_at,
        is_at_once=applies_at <= now,
        lines=lines,
        total_cents=total,
        credit_cents=min(payments.credit(session, client_id), total),
        period_cents=invoicing.total(invoicing.with_tax(whole, tax)),
    )


def request_change(work: Work, client_id: UUID, wanted: Wanted, *, reason: str | None = None) -> SubscriptionChange:
    """Ask for another Plan or other seats; what was asked before and not applied is taken back by it.

    Raises NotSubscribed, NothingToChange, ClientSuspended, PlanNotOffered, SeatsNotOffered or SeatsBelowUse.
    """
    locks.client(work.session, client_id)
    contract, found = _checked(work.session, client_id, wanted)
    contracting.withdraw_pending(work, client_id, reason=reason)
    asked = SubscriptionChange(
        id=work.new_id(),
        client_id=client_id,
        subscription_id=contract.subscription_id,
        to_plan_version_id=found.plan_version_id,
        to_seats=found.seats,
        requested_at=work.now,
        requested_by=f"{work.actor.kind}:{work.actor.id}",
        applies_at=_applies_at(contract, found, work.now),
    )
    work.session.add(asked)
    work.session.flush()  # whoever applies it at once reads it
    after = {"plan": found.offer.code, "version": found.offer.version, "seats": found.seats}
    after |= {"applies_at": asked.applies_at.isoformat()}
    work.record("subscription_change.asked", ("subscription_change", asked.id), Change(client_id, reason, {}, after))
    signals.notify(work.session, signals.OUTBOX)
    return asked


def withdraw(work: Work, client_id: UUID, *, reason: str | None = None) -> bool:
    """Take back what was asked for, as long as it is not applied; whether there was anything."""
    locks.client(work.session, client_id)
    return contracting.withdraw_pending(work, client_id, reason=reason)


def apply_due(installation: Installation) -> int:
    """Job, and a loop of the sender: do what was asked and is due now; how many changes were done."""
    return sweep(installation, contracts.due_changes, apply)


def apply(work: Work, change_id: UUID, *, reason: str | None = None) -> bool:
    """Carry out a change that is due, bill what it costs, and say whether it was done.

    What does not fit any more, or comes from a Client that is suspended, is closed with its refusal's code.
    """
    change = work.session.get(SubscriptionChange, change_id)
    if change is None:
        return False
    client_id = change.client_id
    locks.client(work.session, client_id)
    pending, contract = contracts.pending_change(work.session, client_id), contracts.contract(work.session, client_id)
    if contract is None or pending is None or pending.change_id != change_id or pending.applies_at > work.now:
        return False
    if _begins_period(contract, work.now):
        return renewals.begin_next(work, client_id, reason=reason)
    if not _may_change(work.session, client_id):
        work.session.refresh(change, with_for_update=True)
        contracting.refuse(work, change, ClientSuspended.code, reason=reason)
        return False
    return _upgrade(work, client_id, contract, pending, reason)


def _upgrade(work: Work, client_id: UUID, contract: Contract, pending: PendingChange, reason: str | None) -> bool:
    before = contracting.of_contract(contract)
    if not contracting.carry_out(work, client_id, pending, reason=reason):
        return False
    now_is = contracts.contract(work.session, client_id) or contract
    lines = _upgrade_lines(before, contracting.of_contract(now_is), contract, work.now)
    rest = proration.rest_of(contract.period, work.now)
    if lines and rest is not None:
        draft = billing.Draft(client_id, contract.subscription_id, InvoiceKind.CHANGE, rest, lines)
        billing.issue(work, draft, reason=reason)
    return True


def _checked(session: Session, client_id: UUID, wanted: Wanted) -> tuple[Contract, Target]:
    contract = contracts.contract(session, client_id)
    if contract is None:
        raise NotSubscribed("there is no contract to change")
    if not _may_change(session, client_id):
        raise ClientSuspended("a suspended Client pays first and changes its Plan then")
    present = contract.plan_version_id
    if wanted.plan_version_id not in (None, present) and not contracts.is_sold(session, wanted.plan_version_id):
        raise PlanNotOffered("that Plan is not sold")
    found = contracting.target(session, client_id, contract, wanted)
    if found == contracting.of_contract(contract) and contract.status is not SubscriptionStatus.TRIALING:
        raise NothingToChange("the contract is like that already")
    return contract, found


def _may_change(session: Session, client_id: UUID) -> bool:
    """A trial that is over is no obstacle: choosing a Plan is what lifts it."""
    access = clients.access(session, client_id)
    others = [cause for cause in access.causes if cause is not Cause.TRIAL_EXPIRED]
    return not (others or access.terminated or access.deleting)


def _applies_at(contract: Contract, found: Target, now: datetime) -> datetime:
    if contract.status is SubscriptionStatus.TRIALING:
        return max(contract.trial_ends_at or now, now)
    before = contracting.of_contract(contract)
    is_upgrade = found.offer.interval == before.offer.interval and found.total() >= before.total()
    return now if is_upgrade else max(contract.period.ends_at, now)


def _begins_period(contract: Contract, now: datetime) -> bool:
    """Whether a change is carried out with the period that follows, for it is over or a trial has none.

    A period that is over and was not renewed yet leaves no days to prorate.
    """
    return contract.status is SubscriptionStatus.TRIALING or contract.period.ends_at <= now


def _upgrade_lines(before: Target, after: Target, contract: Contract, now: datetime) -> tuple[Line, ...]:
    return proration.upgrade_lines((before.offer, before.seats), (after.offer, after.seats), contract.period, now)
