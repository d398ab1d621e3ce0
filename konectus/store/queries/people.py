"""Reads for signing in. The functions of schema `app` answer before the Client is known. A Client's team is in team."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from konectus.domain.roles import StaffRole, UserRole
from konectus.store import locks
from konectus.store.models.identity import AgentSession, ApiToken, AuthorizedUser, SignInFailure, Staff, StaffSession


@dataclass(frozen=True, slots=True)
class UserLogin:
    """An Authorized User by e-mail, with the hash to check a password against."""

    client_id: UUID
    user_id: UUID
    name: str
    role: UserRole
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class UserSession:
    """A signed-in Authorized User."""

    client_id: UUID
    session_id: UUID
    user_id: UUID
    name: str
    email: str
    role: UserRole
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StaffSignedIn:
    """A signed-in person of the staff."""

    session_id: UUID
    staff_id: UUID
    name: str
    email: str
    role: StaffRole
    last_seen_at: datetime
    expires_at: datetime


def user_by_email(session: Session, email: str) -> UserLogin | None:
    row = session.execute(text("select * from app.user_by_email(:email)"), {"email": email}).one_or_none()
    return UserLogin(row.client_id, row.user_id, row.name, UserRole(row.role), row.password_hash) if row else None


def user_session(session: Session, token_hash: bytes) -> UserSession | None:
    row = session.execute(text("select * from app.session_by_token(:hash)"), {"hash": token_hash}).one_or_none()
    if row is None:
        return None
    who = (row.client_id, row.session_id, row.user_id, row.name, row.email, UserRole(row.role))
    return UserSession(*who, row.last_seen_at, row.expires_at)


def client_by_api_token(session: Session, token_hash: bytes) -> tuple[UUID, UUID, str] | None:
    """Client, token id and token name."""
    row = session.execute(text("select * from app.api_token_by_hash(:hash)"), {"hash": token_hash}).one_or_none()
    return row and (row.client_id, row.token_id, row.name)


def use_link(session: Session, token_hash: bytes, now: datetime) -> tuple[UUID, UUID] | None:
    """Spend a one-time link of an Authorized User; Client and user, or None where it is unknown, used or too old."""
    statement = text("select * from app.use_link(:hash, :now)")
    row = session.execute(statement, {"hash": token_hash, "now": now}).one_or_none()
    return row and (row.client_id, row.user_id)


def staff_by_email(session: Session, email: str) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.email == email, Staff.active.is_(True)))


def staff_by_id(session: Session, staff_id: UUID) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.id == staff_id, Staff.active.is_(True)))


def staff_session(session: Session, token_hash: bytes) -> StaffSignedIn | None:
    row = session.execute(
        select(
            StaffSession.id,
            Staff.id.label("staff_id"),
            Staff.name,
            Staff.email,
            Staff.role,
            StaffSession.last_seen_at,
            StaffSession.expires_at,
        )
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(StaffSession.token_hash == token_hash, StaffSession.ended_at.is_(None), Staff.active.is_(True))
    ).one_or_none()
    if row is None:
        return None
    who = (row.id, row.staff_id, row.name, row.email, StaffRole(row.role))
    return StaffSignedIn(*who, row.last_seen_at, row.expires_at)


def touch_user_session(session: Session, session_id: UUID, now: datetime) -> None:
    session.execute(update(AgentSession).where(AgentSession.id == session_id).values(last_seen_at=now))


def touch_staff_session(session: Session, session_id: UUID, now: datetime) -> None:
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=now))


def end_user_session(session: Session, session_id: UUID, now: datetime) -> None:
    statement = update(AgentSession).where(AgentSession.id == session_id, AgentSession.ended_at.is_(None))
    session.execute(statement.values(ended_at=now))


def end_staff_session(session: Session, session_id: UUID, now: datetime) -> None:
    statement = update(StaffSession).where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
    session.execute(statement.values(ended_at=now))


def end_sessions_of_client(session: Session, client_id: UUID, now: datetime) -> int:
    """End every session of a Client's people; how many there were."""
    statement = update(AgentSession).where(AgentSession.client_id == client_id, AgentSession.ended_at.is_(None))
    ended = session.scalars(statement.values(ended_at=now).returning(AgentSession.id))
    return len(ended.all())


def end_sessions_of_staff(session: Session, staff_id: UUID, now: datetime) -> None:
    statement = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    session.execute(statement.values(ended_at=now))


def end_sessions_of_user(session: Session, user_id: UUID, now: datetime) -> None:
    statement = update(AgentSession).where(AgentSession.user_id == user_id, AgentSession.ended_at.is_(None))
    session.execute(statement.values(ended_at=now))


def set_password(session: Session, user_id: UUID, password_hash: str) -> str:
    """Returns the person's name. Whoever sets a password has answered the invitation."""
    values = {"password_hash": password_hash, "invited_at": None}
    statement = update(AuthorizedUser).where(AuthorizedUser.id == user_id).values(values)
    return session.execute(statement.returning(AuthorizedUser.name)).scalar_one()


def use_step(session: Session, staff_id: UUID, step: int) -> bool:
    """Spend the code of a time step; False where it, or a later one, was used before."""
    unused = or_(Staff.totp_last_step.is_(None), Staff.totp_last_step < step)
    statement = update(Staff).where(Staff.id == staff_id, unused).values(totp_last_step=step)
    return session.scalar(statement.returning(Staff.id)) is not None


def revoke_api_token(session: Session, client_id: UUID, token_id: UUID, now: datetime) -> str | None:
    """Returns the token's name, or None where there is no live one."""
    statement = update(ApiToken).where(
        ApiToken.client_id == client_id, ApiToken.id == token_id, ApiToken.revoked_at.is_(None)
    )
    return session.scalar(statement.values(revoked_at=now).returning(ApiToken.name))


def role_of(session: Session, client_id: UUID, user_id: UUID) -> UserRole | None:
    """The role of an active person of a Client."""
    statement = select(AuthorizedUser.role).where(AuthorizedUser.client_id == client_id, AuthorizedUser.id == user_id)
    found = session.scalar(statement.where(AuthorizedUser.active.is_(True)))
    return UserRole(found) if found else None


def is_active_user(session: Session, client_id: UUID, user_id: UUID) -> bool:
    statement = select(AuthorizedUser.id).where(AuthorizedUser.client_id == client_id, AuthorizedUser.id == user_id)
    return session.scalar(statement.where(AuthorizedUser.active.is_(True))) is not None


def lock_failures(session: Session, subject: bytes, since: datetime) -> tuple[int, datetime] | None:
    """How often signing in failed for a subject since an instant, and when last; others wait until this ends."""
    locks.sign_in(session, subject)
    row = session.execute(
        select(SignInFailure.failures, SignInFailure.last_at).where(
            SignInFailure.subject == subject, SignInFailure.last_at > since
        )
    ).one_or_none()
    return row and (row.failures, row.last_at)


def add_failure(session: Session, subject: bytes, now: datetime, forget_after: timedelta) -> None:
    """Count a failure; a row older than `forget_after` starts over."""
    statement = insert(SignInFailure).values(subject=subject, failures=1, last_at=now)
    again = case((SignInFailure.last_at > now - forget_after, SignInFailure.failures + 1), else_=1)
    session.execute(
        statement.on_conflict_do_update(index_elements=["subject"], set_={"failures": again, "last_at": now})
    )


def clear_failures(session: Session, subject: bytes) -> int:
    """Forget the failures of a subject; how many there were."""
    statement = delete(SignInFailure).where(SignInFailure.subject == subject).returning(SignInFailure.failures)
    return session.scalar(statement) or 0


def take_back_failures(session: Session, subject: bytes, failures: int) -> None:
    left = func.greatest(SignInFailure.failures - failures, 0)
    session.execute(update(SignInFailure).where(SignInFailure.subject == subject).values(failures=left))
