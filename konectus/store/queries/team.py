"""Reads of a Client's own people: who holds a seat, whose invitation is open, who signs in by which address."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from konectus.domain.roles import UserRelation, UserRole
from konectus.store.models.clients import Client
from konectus.store.models.identity import AgentSession, AuthorizedUser, OneTimeLink


@dataclass(frozen=True, slots=True)
class Member:
    """An Authorized User; `invited_at` is set until they answer, inactive ones hold no seat."""

    id: UUID
    client_id: UUID
    email: str
    name: str
    role: UserRole
    relation: UserRelation | None
    active: bool
    invited_at: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody by e-mail, before it is known who asks."""

    client_id: UUID
    user_id: UUID
    email: str
    name: str
    language: str
    active: bool
    has_password: bool


def of_client(session: Session, client_id: UUID) -> list[Member]:
    """Everybody of a Client, those with a seat first."""
    seen = (
        select(func.max(AgentSession.last_seen_at))
        .where(AgentSession.client_id == AuthorizedUser.client_id, AgentSession.user_id == AuthorizedUser.id)
        .correlate(AuthorizedUser)
        .scalar_subquery()
    )
    rows = session.execute(
        select(AuthorizedUser, seen)
        .where(AuthorizedUser.client_id == client_id)
        .order_by(AuthorizedUser.active.desc(), AuthorizedUser.name, AuthorizedUser.id)
    )
    return [_member(user, last) for user, last in rows]


def member(session: Session, client_id: UUID, user_id: UUID) -> AuthorizedUser | None:
    """One person of a Client, to change."""
    return session.scalar(
        select(AuthorizedUser).where(AuthorizedUser.client_id == client_id, AuthorizedUser.id == user_id)
    )


def by_address(session: Session, client_id: UUID, email: str) -> AuthorizedUser | None:
    """Somebody of this Client, active or not."""
    return session.scalar(
        select(AuthorizedUser).where(AuthorizedUser.client_id == client_id, AuthorizedUser.email == email)
    )


def other_owners(session: Session, client_id: UUID, user_id: UUID) -> int:
    """Owners besides one person who are active and have answered their invitation."""
    statement = select(func.count()).where(
        AuthorizedUser.client_id == client_id,
        AuthorizedUser.id != user_id,
        AuthorizedUser.role == UserRole.OWNER,
        AuthorizedUser.active.is_(True),
        AuthorizedUser.invited_at.is_(None),
    )
    return session.scalar(statement) or 0


def known(session: Session, email: str) -> Known | None:
    """Who signs in by an address, of whatever Client."""
    row = session.execute(
        select(
            AuthorizedUser.client_id,
            AuthorizedUser.id,
            AuthorizedUser.email,
            AuthorizedUser.name,
            Client.language,
            AuthorizedUser.active,
            AuthorizedUser.password_hash.is_not(None).label("has_password"),
        )
        .join(Client, Client.id == AuthorizedUser.client_id)
        .where(AuthorizedUser.email == email)
    ).one_or_none()
    return Known(*row) if row else None


def void_links(session: Session, user_id: UUID, now: datetime) -> None:
    """Whatever link a person was sent before opens nothing any more."""
    statement = update(OneTimeLink).where(OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None))
    session.execute(statement.values(used_at=now))


def _member(user: AuthorizedUser, last_seen_at: datetime | None) -> Member:
    relation = UserRelation(user.relation) if user.relation else None
    who = (user.id, user.client_id, user.email, user.name, UserRole(user.role), relation)
    return Member(*who, user.active, user.invited_at, last_seen_at)
