"""Ledger: payments, credit notes, what they pay of which invoice, refunds and deferrals. Not invoices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.money import (
    CURRENCY,
    CreditReason,
    PaymentMethod,
    PaymentOutcome,
    PaymentStatus,
    RefundStatus,
)
from konectus.domain.suspension import MIN_REASON
from konectus.store.base import Base
from konectus.store.columns import Id, one_of, to_tenant_row

LEDGER = {"schema": "ledger"}


class Payment(Base):
    """Money that came, or was tried, by SPEI, OXXO or card. Recorded by hand or by the signed webhook."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("provider", "provider_ref"),
        one_of("method", PaymentMethod),
        one_of("status", PaymentStatus),
        CheckConstraint("amount_cents > 0", name="amount_cents"),
        CheckConstraint(f"currency = '{CURRENCY}'", name="currency"),
        CheckConstraint("status not in ('succeeded', 'reversed') or paid_at is not null", name="paid"),
        Index("ix_payment_client_id_recorded_at", "client_id", "recorded_at"),
        Index("ix_payment_pending", "paid_at", postgresql_where="status = 'pending' and paid_at is not null"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    method: Mapped[str]
    # Who tells it: by_hand, or the name of the payment provider.
    provider: Mapped[str]
    provider_ref: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str]
    # When the money came by the provider's word; deadlines are held against this.
    paid_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    reversed_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class CreditNote(Base):
    """A reduction of what is owed: proration of a change, a correction, goodwill."""

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("invoice_id", "ledger.invoice"),
        one_of("reason", CreditReason),
        CheckConstraint("amount_cents > 0", name="amount_cents"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    invoice_id: Mapped[UUID | None]
    number: Mapped[str] = mapped_column(Text, unique=True)
    reason: Mapped[str]
    note: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime]


class Allocation(Base):
    """So much of a payment or credit note pays so much of an invoice; negative takes it back. Append-only (trigger)."""

    __tablename__ = "allocation"
    __table_args__ = (
        to_tenant_row("invoice_id", "ledger.invoice"),
        to_tenant_row("payment_id", "ledger.payment"),
        to_tenant_row("credit_note_id", "ledger.credit_note"),
        CheckConstraint("amount_cents <> 0", name="amount_cents"),
        CheckConstraint("num_nonnulls(payment_id, credit_note_id) = 1", name="one_source"),
        Index("ix_allocation_client_id_invoice_id", "client_id", "invoice_id"),
        Index("ix_allocation_payment_id", "payment_id"),
        LEDGER,
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    payment_id: Mapped[UUID | None]
    credit_note_id: Mapped[UUID | None]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class Refund(Base):
    """Prepaid days that were not used (Terms 16, 18; lifecycle.md 2, #15) or credit that was left, given back."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("invoice_id", "termination_id"),
        to_tenant_row("invoice_id", "ledger.invoice"),
        to_tenant_row("termination_id", "ledger.termination"),
        one_of("status", RefundStatus),
        to_tenant_row("payment_id", "ledger.payment"),
        CheckConstraint("num_nonnulls(invoice_id, payment_id) = 1", name="one_source"),
        CheckConstraint(
            "(invoice_id is null and days_total is null and days_unused is null)"
            " or (days_total > 0 and days_unused between 0 and days_total)",
            name="days",
        ),
        CheckConstraint("amount_cents between 0 and base_paid_cents", name="amount_cents"),
        Index(
            "uq_refund_one_of_payment",
            "payment_id",
            unique=True,
            postgresql_where="payment_id is not null and status in ('proposed', 'approved', 'sent')",
        ),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    # Days of a period that was paid, or what is left of a payment once the contract has ended.
    invoice_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    termination_id: Mapped[UUID | None]
    days_total: Mapped[int | None] = mapped_column(Integer)
    days_unused: Mapped[int | None] = mapped_column(Integer)
    base_paid_cents: Mapped[int] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    provider_ref: Mapped[str | None] = mapped_column(Text, unique=True)
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]


class Deferral(Base):
    """Konectus waits longer for an overdue amount; that waives nothing (Terms 18)."""

    __tablename__ = "deferral"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("invoice_id", "ledger.invoice"),
        CheckConstraint(f"length(reason) >= {MIN_REASON}", name="reason"),
        CheckConstraint("until > granted_at", name="until"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    # None: everything that is overdue.
    invoice_id: Mapped[UUID | None]
    until: Mapped[datetime]
    # The last legal day of it, as it was chosen.
    until_day: Mapped[Any] = mapped_column(Date)
    reason: Mapped[str]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PaymentEvent(Base):
    """One event of the payment webhook as it came, and what became of it: booked or set aside with a reason."""

    __tablename__ = "payment_event"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        one_of("outcome", PaymentOutcome),
        Index("ix_payment_event_client_id", "client_id"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.client.id"))
    provider: Mapped[str]
    event_id: Mapped[str]
    received_at: Mapped[datetime]
    outcome: Mapped[str]
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB)


class PaymentEventOther(Base):
    """Another body that came under the id of an event we had: kept for a person, never acted on by itself."""

    __tablename__ = "payment_event_other"
    __table_args__ = (UniqueConstraint("event", "body_sha256"), LEDGER)

    id: Mapped[Id]
    event: Mapped[UUID] = mapped_column(ForeignKey("ledger.payment_event.id"))
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    received_at: Mapped[datetime]
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB)
