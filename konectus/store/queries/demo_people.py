"""Whom the demo lets in with one click: the first people ever added, and an owner for each way a contract can stand.

For a role that sees every Client's. Signing in as anybody else is services.identity's.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from konectus.domain.plans import SubscriptionStatus
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.suspension import Cause
from konectus.store.models.clients import Client, Subscription, Suspension
from konectus.store.models.endings import Termination
from konectus.store.models.identity import AuthorizedUser, Staff
from konectus.store.queries.people import UserLogin


class Standing(StrEnum):
    """Why a Client is worth a look in a demo."""

    TRIAL_OVER = "trial_over"
    TRYING = "trying"
    UNPAID = "unpaid"
    LEAVING = "leaving"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """An Authorized User whom the demo lets in with one click."""

    login: UserLogin
    client_name: str
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class DemoStaff:
    staff_id: UUID
    name: str
    role: StaffRole


_SHOWN = (
    AuthorizedUser.id,
    AuthorizedUser.client_id,
    AuthorizedUser.name,
    AuthorizedUser.role,
    Client.trade_name,
)


def users(session: Session, first: int) -> list[DemoUser]:
    """The first people ever added, then an owner of one Client for each standing that there is."""
    active = select(*_SHOWN).join(Client, Client.id == AuthorizedUser.client_id).where(AuthorizedUser.active.is_(True))
    in_order = active.order_by(AuthorizedUser.created_at, AuthorizedUser.id)
    found = {row.id: _user(row) for row in session.execute(in_order.limit(first))}
    owners = in_order.where(AuthorizedUser.role == UserRole.OWNER).limit(1)
    for standing in Standing:
        for row in session.execute(owners.where(Client.id.in_(_clients(standing)), Client.id.not_in(_of(found)))):
            found[row.id] = _user(row, standing)
    return list(found.values())


def staff(session: Session, most: int) -> list[DemoStaff]:
    rows = session.execute(
        select(Staff.id, Staff.name, Staff.role)
        .where(Staff.active.is_(True))
        .order_by(Staff.created_at, Staff.id)
        .limit(most)
    )
    return [DemoStaff(row.id, row.name, StaffRole(row.role)) for row in rows]


def _user(row: Row[UUID, UUID, str, str, str], standing: Standing | None = None) -> DemoUser:
    return DemoUser(UserLogin(row[1], row[0], row[2], UserRole(row[3]), None), row[4], standing)


def _of(found: dict[UUID, DemoUser]) -> set[UUID]:
    return {user.login.client_id for user in found.values()}


def _clients(standing: Standing) -> Select[UUID]:
    still_stands = Termination.withdrawn_at.is_(None) & Termination.reactivated_at.is_(None)
    return {
        Standing.TRYING: select(Subscription.client_id).where(Subscription.status == SubscriptionStatus.TRIALING),
        Standing.TRIAL_OVER: _suspended(Cause.TRIAL_EXPIRED),
        Standing.UNPAID: _suspended(Cause.NONPAYMENT),
        Standing.LEAVING: select(Termination.client_id).where(still_stands, Termination.effected_at.is_(None)),
        Standing.LEFT: select(Termination.client_id).where(still_stands, Termination.effected_at.is_not(None)),
    }[standing]


def _suspended(cause: Cause) -> Select[UUID]:
    return select(Suspension.client_id).where(Suspension.lifted_at.is_(None), Suspension.cause == cause)
