"""Names and settings that pages show: a Client's house and its people."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from konectus.domain.roles import UserRole
from konectus.store.models.clients import Client
from konectus.store.models.identity import AuthorizedUser


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
