"""Reads of Clients, their Plan, seats, access and Suspensions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, true
from sqlalchemy.orm import Session

from konectus.domain.plans import SubscriptionStatus
from konectus.domain.suspension import Access, Cause
from konectus.errors import NotFound
from konectus.store.models.billing import SubscriptionChange
from konectus.store.models.clients import Client, PlanVersion, Subscription, Suspension
from konectus.store.models.identity import AuthorizedUser


@dataclass(frozen=True, slots=True)
class OpenSuspension:
    """A Suspension that is in force."""

    id: UUID
    cause: Cause
    subject_ref: str
    clause: str
    opened_at: datetime
    opened_by: str


def access(session: Session, client_id: UUID) -> Access:
    """What a Client cannot do now, by the view every part of the product derives it from.

    Raises NotFound where there is no such Client, or not in this tenant's sight.
    """
    row = session.execute(
        text(
            "select block_login, block_inbox, block_send, block_ingest, block_export, causes, terminated, deleting"
            " from ledger.client_access where client_id = :id"
        ),
        {"id": client_id},
    ).one_or_none()
    if row is None:
        raise NotFound("no such Client")
    return Access(
        login=row.block_login,
        inbox=row.block_inbox,
        send=row.block_send,
        ingest=row.block_ingest,
        export=row.block_export,
        causes=tuple(Cause(cause) for cause in row.causes),
        terminated=row.terminated,
        deleting=row.deleting,
    )


def open_suspensions(session: Session, client_id: UUID) -> list[OpenSuspension]:
    which = (Suspension.id, Suspension.cause, Suspension.subject_ref, Suspension.clause)
    rows = session.execute(
        select(*which, Suspension.opened_at, Suspension.opened_by)
        .where(Suspension.client_id == client_id, Suspension.lifted_at.is_(None))
        .order_by(Suspension.opened_at, Suspension.id)
    )
    return [
        OpenSuspension(row.id, Cause(row.cause), row.subject_ref, row.clause, row.opened_at, row.opened_by)
        for row in rows
    ]


def last_plan_version(session: Session, plan_code: str) -> int:
    """The highest version number of a Plan, 0 where there is none."""
    found = session.scalar(select(func.max(PlanVersion.version)).where(PlanVersion.plan_code == plan_code))
    return found or 0


def seats(session: Session, client_id: UUID) -> tuple[int | None, int]:
    """Seats contracted (None without a subscription) and taken."""
    contracted = session.scalar(
        select(Subscription.seats).where(
            Subscription.client_id == client_id, Subscription.status != SubscriptionStatus.ENDED
        )
    )
    taken = session.scalar(
        select(func.count())
        .select_from(AuthorizedUser)
        .where(AuthorizedUser.client_id == client_id, AuthorizedUser.active.is_(True))
    )
    return contracted, taken or 0


def trial_ended(session: Session, now: datetime, most: int, *, client_id: UUID | None = None) -> list[UUID]:
    """Clients whose trial is over, who have not subscribed and are not suspended for it; or just one of them."""
    rows = session.scalars(
        select(Subscription.client_id)
        .where(Subscription.client_id == client_id if client_id else true())
        .where(
            Subscription.status == SubscriptionStatus.TRIALING,
            Subscription.trial_ends_at <= now,
            ~select(Suspension.id)
            .where(
                Suspension.client_id == Subscription.client_id,
                Suspension.cause == Cause.TRIAL_EXPIRED,
                Suspension.lifted_at.is_(None),
            )
            .exists(),
            # They have chosen a Plan, which begins by itself.
            ~select(SubscriptionChange.id)
            .where(
                SubscriptionChange.client_id == Subscription.client_id,
                SubscriptionChange.subscription_id == Subscription.id,
                SubscriptionChange.applied_at.is_(None),
                SubscriptionChange.cancelled_at.is_(None),
            )
            .exists(),
        )
        .order_by(Subscription.trial_ends_at)
        .limit(most)
    )
    return list(rows)


def trade_name(session: Session, client_id: UUID) -> str | None:
    return session.scalar(select(Client.trade_name).where(Client.id == client_id))
