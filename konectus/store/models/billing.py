"""Ledger: readings, changes of contract, invoices. Integer cents of MXN; rows survive an erasure. Not payments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.money import (
    CURRENCY,
    InvoiceKind,
    InvoiceStatus,
    LineKind,
)
from konectus.store.base import Base
from konectus.store.columns import Id, one_of, to_tenant_row

LEDGER = {"schema": "ledger"}


class Reading(Base):
    """How a point of the Terms is read (konectus.domain.readings); seeded with the defaults, changed by the owner."""

    __tablename__ = "reading"
    __table_args__ = LEDGER

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    clause: Mapped[str]
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str | None]


class NumberSeries(Base):
    """The last number given out of a series; its row lock keeps invoices without gaps."""

    __tablename__ = "number_series"
    __table_args__ = LEDGER

    series: Mapped[str] = mapped_column(Text, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class SubscriptionChange(Base):
    """Another Plan, other seats or a first contract, asked for now and applied when its time comes."""

    __tablename__ = "subscription_change"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("subscription_id", "ledger.subscription"),
        CheckConstraint("to_seats is null or to_seats > 0", name="seats"),
        CheckConstraint("num_nonnulls(applied_at, cancelled_at) < 2", name="one_end"),
        Index(
            "uq_subscription_change_one_pending",
            "subscription_id",
            unique=True,
            postgresql_where="applied_at is null and cancelled_at is null",
        ),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    subscription_id: Mapped[UUID]
    to_plan_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.plan_version.id"))
    to_seats: Mapped[int | None] = mapped_column(Integer)
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    applies_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    # Why it could not be applied, as a stable code.
    refusal: Mapped[str | None]


class Invoice(Base):
    """What a Client owes for a period or a change. Its balance is derived from allocations, never stored."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("subscription_id", "ledger.subscription"),
        one_of("kind", InvoiceKind),
        one_of("status", InvoiceStatus),
        CheckConstraint(f"currency = '{CURRENCY}'", name="currency"),
        CheckConstraint("total_cents >= 0", name="total_cents"),
        CheckConstraint("period_ends_at > period_starts_at", name="period"),
        CheckConstraint(
            "status = 'draft' or (number is not null and issued_at is not null and due_at is not null)", name="issued"
        ),
        Index(
            "uq_invoice_one_per_period",
            "subscription_id",
            "period_starts_at",
            unique=True,
            postgresql_where="kind = 'period' and status <> 'void'",
        ),
        Index("ix_invoice_client_id_issued_at", "client_id", "issued_at"),
        Index("ix_invoice_open", "due_at", postgresql_where="status = 'open'"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    subscription_id: Mapped[UUID]
    number: Mapped[str | None] = mapped_column(Text, unique=True)
    kind: Mapped[str]
    status: Mapped[str]
    period_starts_at: Mapped[datetime]
    period_ends_at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    total_cents: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    # To whom it was billed at that moment: legal_name, tax_id, email, country.
    billed_to: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The fiscal invoice made elsewhere (CFDI), which this one is not.
    fiscal_ref: Mapped[str | None]


class InvoiceLine(Base):
    """One line of an invoice; the sum of all is its total."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("invoice_id", "position"),
        to_tenant_row("invoice_id", "ledger.invoice"),
        one_of("kind", LineKind),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str]
    quantity: Mapped[int] = mapped_column(Integer)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    # What the words of the line are made of: plan, version, days, total_days, rate.
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
