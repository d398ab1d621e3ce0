"""Reads of what a Client contracted: its live Subscription, what is asked to change, and what is due for renewal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from konectus.domain.invoicing import Period
from konectus.domain.plans import Interval, Offer, SubscriptionStatus
from konectus.store.models.billing import SubscriptionChange
from konectus.store.models.clients import Plan, PlanVersion, Subscription


@dataclass(frozen=True, slots=True)
class Published:
    """A Plan version that can be contracted, as the price list shows it."""

    plan_version_id: UUID
    offer: Offer
    connectors: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A Client's live Subscription; None in `anchor_day` before its first paid period."""

    subscription_id: UUID
    plan_version_id: UUID
    offer: Offer
    seats: int
    status: SubscriptionStatus
    started_at: datetime
    period: Period
    trial_ends_at: datetime | None
    anchor_day: int | None


@dataclass(frozen=True, slots=True)
class PendingChange:
    """What was asked for and is not applied yet."""

    change_id: UUID
    to_plan_version_id: UUID | None
    to_seats: int | None
    requested_at: datetime
    applies_at: datetime


_OFFER = (
    PlanVersion.id.label("version_id"),
    PlanVersion.plan_code,
    PlanVersion.version,
    PlanVersion.price_cents,
    PlanVersion.interval,
    PlanVersion.seats.label("included"),
    PlanVersion.extra_seat_cents,
    Plan.name,
)


def contract(session: Session, client_id: UUID) -> Contract | None:
    """The live Subscription, or None before the first and after the last."""
    row = session.execute(
        select(
            *_OFFER,
            Subscription.id,
            Subscription.seats,
            Subscription.status,
            Subscription.started_at,
            Subscription.period_starts_at,
            Subscription.period_ends_at,
            Subscription.trial_ends_at,
            Subscription.anchor_day,
        )
        .join(PlanVersion, PlanVersion.id == Subscription.plan_version_id)
        .join(Plan, Plan.code == PlanVersion.plan_code)
        .where(Subscription.client_id == client_id, Subscription.status != SubscriptionStatus.ENDED)
    ).one_or_none()
    if row is None:
        return None
    return Contract(
        subscription_id=row.id,
        plan_version_id=row.version_id,
        offer=_offer(row),
        seats=row.seats,
        status=SubscriptionStatus(row.status),
        started_at=row.started_at,
        period=Period(row.period_starts_at, row.period_ends_at),
        trial_ends_at=row.trial_ends_at,
        anchor_day=row.anchor_day,
    )


def offer(session: Session, plan_version_id: UUID) -> Offer | None:
    """What a published Plan version costs, also one that is no longer sold."""
    row = session.execute(
        select(*_OFFER)
        .join(Plan, Plan.code == PlanVersion.plan_code)
        .where(PlanVersion.id == plan_version_id, PlanVersion.published_at.is_not(None))
    ).one_or_none()
    return None if row is None else _offer(row)


def published(session: Session) -> list[Published]:
    """The price list: the newest version of each Plan that is sold, the cheapest first."""
    newest = (
        select(PlanVersion.plan_code, func.max(PlanVersion.version).label("version"))
        .where(PlanVersion.published_at.is_not(None))
        .group_by(PlanVersion.plan_code)
        .subquery()
    )
    rows = session.execute(
        select(*_OFFER, PlanVersion.connectors)
        .join(Plan, Plan.code == PlanVersion.plan_code)
        .join(newest, (newest.c.plan_code == PlanVersion.plan_code) & (newest.c.version == PlanVersion.version))
        .where(Plan.active.is_(True))
        .order_by(PlanVersion.price_cents, PlanVersion.plan_code)
    )
    return [Published(row.version_id, _offer(row), row.connectors) for row in rows]


def is_sold(session: Session, plan_version_id: UUID) -> bool:
    """Whether a Client can choose it now."""
    return any(one.plan_version_id == plan_version_id for one in published(session))


def pending_change(session: Session, client_id: UUID) -> PendingChange | None:
    row = session.execute(
        select(
            SubscriptionChange.id,
            SubscriptionChange.to_plan_version_id,
            SubscriptionChange.to_seats,
            SubscriptionChange.requested_at,
            SubscriptionChange.applies_at,
        )
        .join(Subscription, Subscription.id == SubscriptionChange.subscription_id)
        .where(
            SubscriptionChange.client_id == client_id,
            SubscriptionChange.applied_at.is_(None),
            SubscriptionChange.cancelled_at.is_(None),
            Subscription.status != SubscriptionStatus.ENDED,
        )
    ).one_or_none()
    return None if row is None else PendingChange(*row)


def _offer(row: Any) -> Offer:
    return Offer(
        code=row.plan_code,
        name=row.name,
        version=row.version,
        interval=Interval(row.interval),
        price_cents=row.price_cents,
        seats=row.included,
        extra_seat_cents=row.extra_seat_cents,
    )


# A cause that blocks renewal, and an end of the contract, keep a period from following the last one.
_BLOCKED = """exists (select 1 from ledger.suspension x join ledger.cause_policy p on p.cause = x.cause
   where x.client_id = s.client_id and x.lifted_at is null and p.block_renewal
     and not (s.status = 'trialing' and x.cause = 'trial_expired'))"""
_ENDING = """exists (select 1 from ledger.termination t where t.client_id = s.client_id and t.withdrawn_at is null
   and t.reactivated_at is null and (t.effected_at is not null or t.effective_at <= :now))
 or exists (select 1 from ledger.deletion d where d.client_id = s.client_id and d.started_at is not null)"""
_CHOSEN = """exists (select 1 from ledger.subscription_change c where c.client_id = s.client_id
   and c.subscription_id = s.id and c.applied_at is null and c.cancelled_at is null and c.applies_at <= :now)"""
_TO_RENEW = f"""
select s.client_id from ledger.subscription s
where (s.status in ('active', 'past_due') and s.period_ends_at <= :now
       or s.status = 'trialing' and s.trial_ends_at <= :now and {_CHOSEN})
  and not {_BLOCKED} and not ({_ENDING}) {{more}}
order by s.period_ends_at, s.client_id limit :most
"""  # noqa: S608 constants of this file
_DUE_FOR_RENEWAL = text(_TO_RENEW.format(more=""))
_IS_DUE_FOR_RENEWAL = text(_TO_RENEW.format(more="and s.client_id = :client_id"))


def to_renew(session: Session, now: datetime, most: int) -> list[UUID]:
    """Clients whose next period begins: the last one is over, or a trial is and they chose a Plan."""
    return list(session.scalars(_DUE_FOR_RENEWAL, {"now": now, "most": most}))


def is_to_renew(session: Session, client_id: UUID, now: datetime) -> bool:
    values = {"now": now, "most": 1, "client_id": client_id}
    return session.scalar(_IS_DUE_FOR_RENEWAL, values) is not None


_TRIALS_ENDING = text("""
select s.client_id from ledger.subscription s
where s.status = 'trialing' and s.trial_ends_at > :now and s.trial_ends_at <= :until
  and not exists (select 1 from ledger.subscription_change c where c.client_id = s.client_id
    and c.subscription_id = s.id and c.applied_at is null and c.cancelled_at is null)
  and not exists (select 1 from ledger.notice n where n.client_id = s.client_id and n.kind = 'trial_ending'
    and n.subject_ref = s.id::text)
order by s.trial_ends_at, s.client_id limit :most
""")


def trials_ending(session: Session, now: datetime, until: datetime, most: int) -> list[UUID]:
    """Clients in a trial that ends by `until`, who chose no Plan and were not told."""
    return list(session.scalars(_TRIALS_ENDING, {"now": now, "until": until, "most": most}))


_RESUMED = text("""
select max(x.lifted_at) from ledger.suspension x join ledger.cause_policy p on p.cause = x.cause
where x.client_id = :client_id and p.block_renewal and x.lifted_at > :ended_at
""")


def resumed_at(session: Session, client_id: UUID, ended_at: datetime) -> datetime | None:
    """When the last cause that kept a period from following `ended_at` was lifted; None where there was none."""
    found: datetime | None = session.scalar(_RESUMED, {"client_id": client_id, "ended_at": ended_at})
    return found


# A trial that a cause keeps from becoming a contract waits outside, or such ones would fill the batch.
_DUE_CHANGES = text(f"""
select c.id from ledger.subscription_change c
join ledger.subscription s on s.client_id = c.client_id and s.id = c.subscription_id
where c.applied_at is null and c.cancelled_at is null and c.applies_at <= :now
  and (s.status in ('active', 'past_due') and s.period_ends_at > :now or s.status = 'trialing' and not {_BLOCKED})
order by c.applies_at, c.id limit :most
""")  # noqa: S608 constants of this file


def due_changes(session: Session, now: datetime, most: int) -> list[UUID]:
    """Changes to carry out now; those for the end of a period are the renewal's."""
    return list(session.scalars(_DUE_CHANGES, {"now": now, "most": most}))
