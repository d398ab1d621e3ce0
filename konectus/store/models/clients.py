"""Ledger: Clients, Plans, Subscriptions and Suspensions. Konectus's own records; they survive an erasure."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from konectus.domain.plans import Interval, SubscriptionStatus
from konectus.domain.suspension import MIN_REASON, Cause, LiftRule
from konectus.store.base import Base
from konectus.store.columns import Id, one_of, to_tenant_row

LEDGER = {"schema": "ledger"}


class Client(Base):
    """The individual or entity that contracted (Terms 2). It has no status column: access is derived."""

    __tablename__ = "client"
    __table_args__ = (
        one_of("kind", ("individual", "entity")),
        one_of("language", ("es", "en")),
        one_of("authority", ("declared", "requested", "verified", "rejected")),
        Index("ix_client_legal_name_lower", "legal_name_lower"),
        Index("ix_client_trade_name_lower", text("lower(trade_name)")),
        LEDGER,
    )

    id: Mapped[Id]
    legal_name: Mapped[str]
    # Lower-cased by Python's casefold, so that a prefix search needs no function index.
    legal_name_lower: Mapped[str]
    trade_name: Mapped[str]
    tax_id: Mapped[str | None] = mapped_column(Text, index=True)
    kind: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    registered_email: Mapped[str] = mapped_column(Text, index=True)
    language: Mapped[str]
    zone: Mapped[str]
    industry: Mapped[str]
    region: Mapped[str]
    is_agency: Mapped[bool] = mapped_column(Boolean)
    authority: Mapped[str]
    created_at: Mapped[datetime]
    # Terms 5.1: when an owner said last that all of this is right.
    details_confirmed_at: Mapped[datetime | None]
    row_version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 declarative configuration, as SQLAlchemy names it

    def __str__(self) -> str:
        return self.trade_name


class Plan(Base):
    """A subscription tier by its code (Terms 2)."""

    __tablename__ = "plan"
    __table_args__ = LEDGER

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(Boolean)

    def __str__(self) -> str:
        return self.name


class PlanVersion(Base):
    """A Plan as described when it was contracted; immutable once published (a trigger holds it)."""

    __tablename__ = "plan_version"
    __table_args__ = (
        UniqueConstraint("plan_code", "version"),
        one_of("interval", Interval),
        CheckConstraint("price_cents >= 0", name="price_cents"),
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("currency = 'MXN'", name="currency"),
        LEDGER,
    )

    id: Mapped[Id]
    plan_code: Mapped[str] = mapped_column(ForeignKey("ledger.plan.code"))
    version: Mapped[int] = mapped_column(Integer)
    price_cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    interval: Mapped[str]
    seats: Mapped[int] = mapped_column(Integer)
    connectors: Mapped[int] = mapped_column(Integer)
    published_at: Mapped[datetime | None]
    # A seat beyond those of the Plan, for a whole period; None: more seats only with another Plan.
    extra_seat_cents: Mapped[int | None] = mapped_column(BigInteger)
    # The public page as it was when this version was published (Terms 2): its HTML and hash.
    page_html: Mapped[str | None] = mapped_column(Text, deferred=True)
    page_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)

    plan: Mapped[Plan] = relationship(lazy="raise")

    def __str__(self) -> str:
        return f"{self.plan_code} v{self.version}"


class Subscription(Base):
    """What a Client contracted and until when. Suspension is not a state of it."""

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        one_of("status", SubscriptionStatus),
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("status <> 'ended' or (ended_at is not null and end_reason is not null)", name="ended"),
        CheckConstraint("status <> 'trialing' or trial_ends_at is not null", name="trial"),
        CheckConstraint("period_ends_at > period_starts_at", name="period"),
        Index("uq_subscription_one_live", "client_id", unique=True, postgresql_where="status <> 'ended'"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    plan_version_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.plan_version.id"))
    seats: Mapped[int] = mapped_column(Integer)
    status: Mapped[str]
    started_at: Mapped[datetime]
    period_starts_at: Mapped[datetime]
    period_ends_at: Mapped[datetime]
    trial_ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    # The legal day of the month on which periods begin; 31 means the last. None before the first paid period.
    anchor_day: Mapped[int | None] = mapped_column(Integer)

    client: Mapped[Client] = relationship(lazy="raise")
    plan_version: Mapped[PlanVersion] = relationship(lazy="raise")


class CausePolicy(Base):
    """The cause matrix as rows, seeded from domain/suspension.py, so that SQL derives access from it."""

    __tablename__ = "cause_policy"
    __table_args__ = (one_of("cause", Cause), one_of("lift_rule", LiftRule), LEDGER)

    cause: Mapped[str] = mapped_column(Text, primary_key=True)
    block_login: Mapped[bool] = mapped_column(Boolean)
    block_inbox: Mapped[bool] = mapped_column(Boolean)
    block_send: Mapped[bool] = mapped_column(Boolean)
    block_ingest: Mapped[bool] = mapped_column(Boolean)
    block_export: Mapped[bool] = mapped_column(Boolean)
    block_renewal: Mapped[bool] = mapped_column(Boolean)
    starts_window: Mapped[bool] = mapped_column(Boolean)
    lift_rule: Mapped[str]


class Suspension(Base):
    """One cause for which a Client is suspended (Terms 15.1); lifted once, never deleted (a trigger holds it)."""

    __tablename__ = "suspension"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        ForeignKeyConstraint(["cause"], ["ledger.cause_policy.cause"]),
        CheckConstraint("(lifted_at is null) = (lifted_by is null)", name="lifted"),
        CheckConstraint("lifted_at is null or lifted_at >= opened_at", name="order"),
        CheckConstraint(f"length(reason) >= {MIN_REASON}", name="reason"),
        to_tenant_row("notice_id", "ledger.notice"),
        to_tenant_row("invoice_id", "ledger.invoice"),
        # Terms 15.1(a) wants a notice proven delivered; the trigger looks at the proof.
        CheckConstraint(
            "cause <> 'nonpayment' or (notice_id is not null and invoice_id is not null)",
            name="nonpayment_needs_notice",
        ),
        Index(
            "uq_suspension_one_open",
            "client_id",
            "cause",
            "subject_ref",
            unique=True,
            postgresql_where="lifted_at is null",
        ),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    cause: Mapped[str]
    subject_ref: Mapped[str]
    clause: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    reason: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lift_reason: Mapped[str | None]
    # Non-payment: the notice whose time ran out, and the invoice of it that was not paid.
    notice_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    # A legal order: what it covers, whether the Client may not be told, whether it leaves the export open.
    scope: Mapped[str | None]
    is_silent: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    allows_export: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))

    client: Mapped[Client] = relationship(lazy="raise")
