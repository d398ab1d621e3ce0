"""Ledger: notices to Clients, the proof that they arrived, and tasks for the staff."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.notices import NoticeChannel, NoticeEventKind, NoticeKind
from konectus.domain.tasks import TaskKind
from konectus.store.base import Base
from konectus.store.columns import Id, one_of, to_tenant_row

LEDGER = {"schema": "ledger"}


class Notice(Base):
    """Something Konectus tells a Client, with what was sent, to whom and when it arrived. States are instants."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        # Sweeps run twice and side by side: each fact is told once, sent again only as the next of its row.
        UniqueConstraint("client_id", "kind", "subject_ref", "channel", "seq"),
        one_of("kind", NoticeKind),
        one_of("channel", NoticeChannel),
        one_of("language", ("es", "en")),
        CheckConstraint("delivered_at is null or sent_at is null or delivered_at >= sent_at", name="order"),
        Index("ix_notice_client_id_queued_at", "client_id", "queued_at"),
        Index(
            "ix_notice_to_send",
            "not_before",
            postgresql_where="channel = 'email' and sent_at is null and undeliverable_at is null",
        ),
        Index(
            "ix_notice_failed",
            "id",
            postgresql_where="channel = 'email' and (bounced_at is not null or undeliverable_at is not null)",
        ),
        Index(
            "ix_notice_unproven",
            "sent_at",
            postgresql_where="channel = 'email' and delivered_at is null and bounced_at is null"
            " and undeliverable_at is null",
        ),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    kind: Mapped[str]
    channel: Mapped[str]
    # What it is about: an invoice, a suspension, a termination; with `seq` it tells repetitions apart.
    subject_ref: Mapped[str]
    seq: Mapped[int] = mapped_column(Integer)
    template_version: Mapped[int] = mapped_column(Integer)
    # The Client's; Spanish is always in it (Terms 18).
    language: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    # What the text was made of, without Client Content.
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The whole message as it went out, and its hash; None for a banner.
    message: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    queued_at: Mapped[datetime]
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    undeliverable_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    # Our Message-ID, by which the mail system's events name it.
    provider_message_id: Mapped[str | None] = mapped_column(Text, unique=True)


class NoticeEvent(Base):
    """What was said about a notice, as it came. Append-only (trigger)."""

    __tablename__ = "notice_event"
    __table_args__ = (
        to_tenant_row("notice_id", "ledger.notice"),
        one_of("kind", NoticeEventKind),
        Index("ix_notice_event_client_id_notice_id", "client_id", "notice_id"),
        LEDGER,
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    client_id: Mapped[UUID]
    notice_id: Mapped[UUID]
    kind: Mapped[str]
    provider_event_id: Mapped[str] = mapped_column(Text, unique=True)
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB)


class NoticeInvoice(Base):
    """An invoice that a notice lists, with what was owed when it was sent (Terms 15.1 a)."""

    __tablename__ = "notice_invoice"
    __table_args__ = (
        to_tenant_row("notice_id", "ledger.notice"),
        to_tenant_row("invoice_id", "ledger.invoice"),
        CheckConstraint("balance_cents > 0", name="balance_cents"),
        Index("ix_notice_invoice_invoice_id", "invoice_id"),
        LEDGER,
    )

    client_id: Mapped[UUID]
    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    balance_cents: Mapped[int] = mapped_column(BigInteger)


class StaffTask(Base):
    """Something a person of the staff has to look at; one open row for each subject."""

    __tablename__ = "staff_task"
    __table_args__ = (
        one_of("kind", TaskKind),
        Index("uq_staff_task_one_open", "kind", "subject_ref", unique=True, postgresql_where="closed_at is null"),
        Index("ix_staff_task_client_id", "client_id"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.client.id"))
    kind: Mapped[str]
    subject_ref: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
