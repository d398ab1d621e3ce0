"""Names and settings that pages show: a Client's house, its people, and who the demo lets in with one click."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from konectus.domain.roles import StaffRole, UserRole
from konectus.store.models.clients import Client
from konectus.store.models.identity import AuthorizedUser, Staff
from konectus.store.queries.people import UserLogin


@dataclass(frozen=True, slots=True)
class House:
    """A Client as its own people see it."""

    trade_name: str
    zone: str
    language: str


@dataclass(frozen=True, slots=True)
class Colleague:
    user_id: UUID
    name: str
    role: UserRole


@dataclass(frozen=True, slots=True)
class DemoUser:
    """An Authorized User whom the demo lets in with one click."""

    login: UserLogin
    client_name: str


@dataclass(frozen=True, slots=True)
class DemoStaff:
    staff_id: UUID
    name: str
    role: StaffRole


def house(session: Session, client_id: UUID) -> House:
    row = session.execute(select(Client.trade_name, Client.zone, Client.language).where(Client.id == client_id)).one()
    return House(row.trade_name, row.zone, row.language)


def colleagues(session: Session, client_id: UUID) -> list[Colleague]:
    """The active people of a Client by name."""
    rows = session.execute(
        select(AuthorizedUser.id, AuthorizedUser.name, AuthorizedUser.role)
        .where(AuthorizedUser.client_id == client_id, AuthorizedUser.active.is_(True))
        .order_by(func.lower(AuthorizedUser.name), AuthorizedUser.id)
    )
    return [Colleague(row.id, row.name, UserRole(row.role)) for row in rows]


def demo_users(session: Session, most: int) -> list[DemoUser]:
    """The first people ever added, for a role that sees every Client's."""
    rows = session.execute(
        select(AuthorizedUser.id, AuthorizedUser.client_id, AuthorizedUser.name, AuthorizedUser.role, Client.trade_name)
        .join(Client, Client.id == AuthorizedUser.client_id)
        .where(AuthorizedUser.active.is_(True))
        .order_by(AuthorizedUser.created_at, AuthorizedUser.id)
        .limit(most)
    )
    return [
        DemoUser(UserLogin(row.client_id, row.id, row.name, UserRole(row.role), None), row.trade_name) for row in rows
    ]


def demo_staff(session: Session, most: int) -> list[DemoStaff]:
    rows = session.execute(
        select(Staff.id, Staff.name, Staff.role)
        .where(Staff.active.is_(True))
        .order_by(Staff.created_at, Staff.id)
        .limit(most)
    )
    return [DemoStaff(row.id, row.name, StaffRole(row.role)) for row in rows]
