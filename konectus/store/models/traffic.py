"""Platform: the webhook log, what became of each item, dead letters, counts of what was dropped, jobs, heartbeats."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Identity, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.store.base import Base
from konectus.store.columns import Id, Sealed

PLATFORM = {"schema": "platform"}


class WebhookEvent(Base):
    """One accepted body, sealed under the intake key of its day; partitioned by day and dropped after seven."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        Index("ix_webhook_event_waiting", "id", postgresql_where="processed_at is null"),
        PLATFORM | {"postgresql_partition_by": "RANGE (received_at)"},
    )

    received_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # meta:<app> or telegram:<connector id>
    door: Mapped[str]
    key_day: Mapped[date] = mapped_column(Date)
    # Associated data of the sealing: random, since the identity is not known before the insert.
    nonce_id: Mapped[UUID]
    body_sealed: Mapped[Sealed]
    processed_at: Mapped[datetime | None]
    # How often staff had it read again, and when last.
    replays: Mapped[int] = mapped_column(Integer, server_default="0")
    replayed_at: Mapped[datetime | None]


class WebhookItem(Base):
    """What became of one item of a body. No Client Content: operators read it (ops.webhook_event)."""

    __tablename__ = "webhook_item"
    __table_args__ = (
        # What was stored is nearly all; staff look for the rest.
        Index(
            "ix_webhook_item_aside",
            "received_at",
            "event_id",
            "item",
            postgresql_where="outcome in ('ignored', 'unknown', 'unroutable', 'dead')",
        ),
        PLATFORM | {"postgresql_partition_by": "RANGE (received_at)"},
    )

    received_at: Mapped[datetime] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    item: Mapped[int] = mapped_column(Integer, primary_key=True)
    channel: Mapped[str | None]
    account: Mapped[str | None]
    kind: Mapped[str]
    # stored, duplicate, applied, ignored, unroutable, dead
    outcome: Mapped[str]
    error: Mapped[str | None]
    processed_at: Mapped[datetime]


class DeadLetter(Base):
    """An item that could not be read or stored, sealed under its Client's key, until decided (30 days at most)."""

    __tablename__ = "dead_letter"
    __table_args__ = (Index("ix_dead_letter_open", "created_at", postgresql_where="decided_at is null"), PLATFORM)

    id: Mapped[Id]
    client_id: Mapped[UUID | None]
    event_id: Mapped[int] = mapped_column(BigInteger)
    item: Mapped[int] = mapped_column(Integer)
    door: Mapped[str]
    channel: Mapped[str | None]
    account: Mapped[str | None]
    reason: Mapped[str]
    body_sealed: Mapped[Sealed]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    # The event its body became when staff had it read again.
    replayed_as: Mapped[int | None] = mapped_column(BigInteger)


class DroppedCount(Base):
    """Events of unknown or disconnected accounts: counted by hour, never stored."""

    __tablename__ = "dropped_count"
    __table_args__ = PLATFORM

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    # A connector's id or 'unknown'.
    connector: Mapped[str] = mapped_column(primary_key=True)
    events: Mapped[int] = mapped_column(BigInteger)


class JobSlot(Base):
    """One run of one job: the primary key is the claim, so that two schedulers run it once."""

    __tablename__ = "job_slot"
    __table_args__ = PLATFORM

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    claimed_at: Mapped[datetime]
    worker: Mapped[str]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class Heartbeat(Base):
    """A running process, when it last said so, and its counters since it started."""

    __tablename__ = "heartbeat"
    __table_args__ = PLATFORM

    process: Mapped[str] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    counters: Mapped[dict[str, Any]] = mapped_column(JSONB)


class CollectWatermark(Base):
    """Up to which instant the daily rollups have been collected."""

    __tablename__ = "collect_watermark"
    __table_args__ = PLATFORM

    name: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
