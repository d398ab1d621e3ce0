"""Ledger: people who sign in (Authorized Users and staff), their sessions, one-time links and API tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from konectus.domain.roles import StaffRole, UserRelation, UserRole
from konectus.store.base import Base
from konectus.store.columns import SEALED, Id, one_of, to_tenant_row

LEDGER = {"schema": "ledger"}
SECRET = {SEALED: True}  # no role that shows pages to people may select these


class AuthorizedUser(Base):
    """An employee, contractor or agent of one Client (Terms 2). The e-mail address is unique everywhere."""

    __tablename__ = "authorized_user"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        one_of("role", UserRole),
        one_of("relation", UserRelation),
        CheckConstraint("email = lower(email)", name="email_lower"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None] = mapped_column(Text, info=SECRET, deferred=True, deferred_raiseload=True)
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]
    # Terms 2: an employee, a contractor or an agent of the Client.
    relation: Mapped[str | None]
    # Set while an invitation waits for its answer; such a person holds a seat.
    invited_at: Mapped[datetime | None]


class AgentSession(Base):
    """A browser in which an Authorized User is signed in; only the hash of its token is kept."""

    __tablename__ = "agent_session"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("user_id", "ledger.authorized_user"),
        Index("ix_agent_session_live", "client_id", postgresql_where="ended_at is null"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID]
    user_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None]


class Staff(Base):
    """A person of Konectus."""

    __tablename__ = "staff"
    __table_args__ = (one_of("role", StaffRole), CheckConstraint("email = lower(email)", name="email_lower"), LEDGER)

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int | None] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]

    def __str__(self) -> str:
        return self.name


class StaffSession(Base):
    """A browser in which a person of the staff is signed in."""

    __tablename__ = "staff_session"
    __table_args__ = LEDGER

    id: Mapped[Id]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.staff.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None]

    staff: Mapped[Staff] = relationship(lazy="raise")


class OneTimeLink(Base):
    """A link that sets a password, once: for the first sign-in and for a reset."""

    __tablename__ = "one_time_link"
    __table_args__ = (CheckConstraint("num_nonnulls(user_id, staff_id) = 1", name="one_person"), LEDGER)

    id: Mapped[Id]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.authorized_user.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.staff.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EmailChange(Base):
    """A Client's wish for another registered e-mail: it holds once somebody opened the link sent there (Terms 5.1)."""

    __tablename__ = "email_change"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("user_id", "ledger.authorized_user"),
        CheckConstraint("new_email = lower(new_email)", name="email_lower"),
        CheckConstraint("num_nonnulls(confirmed_at, withdrawn_at) < 2", name="one_end"),
        CheckConstraint("applied_at is null or confirmed_at is not null", name="applied"),
        Index(
            "uq_email_change_one_open",
            "client_id",
            unique=True,
            postgresql_where="applied_at is null and withdrawn_at is null",
        ),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    user_id: Mapped[UUID]
    old_email: Mapped[str]
    new_email: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    # By the worker: the Client's people may not write the address of its Notices.
    applied_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class SignInFailure(Base):
    """Failed sign-ins per account and per address, so that guessing slows down without locking others out."""

    __tablename__ = "sign_in_failure"
    __table_args__ = LEDGER

    # A keyed hash of the e-mail or of the address: neither is kept in clear.
    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


class ApiToken(Base):
    """A bearer token of a Client's own programs; only its hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("client_id", "id"), LEDGER)

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
