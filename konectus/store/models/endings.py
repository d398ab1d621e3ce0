"""Ledger: how a contract ends: terminations, export windows and archives, holds, approvals, deletions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.endings import ApprovalState, EndedBy, ExportState, Ground, HoldKind, WindowEnd, WindowSource
from konectus.domain.suspension import MIN_REASON
from konectus.store.base import Base
from konectus.store.columns import Id, one_of, to_tenant_row

LEDGER = {"schema": "ledger"}


class Termination(Base):
    """The end of a contract (Terms 15.2): announced, then effective, or withdrawn; reactivated at most once."""

    __tablename__ = "termination"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("notice_id", "ledger.notice"),
        one_of("by_whom", EndedBy),
        one_of("ground", Ground),
        CheckConstraint("withdrawn_at is null or effected_at is null", name="withdrawn_before"),
        CheckConstraint("effected_at is null or effected_at >= effective_at", name="effected"),
        CheckConstraint("reactivated_at is null or effected_at is not null", name="reactivated"),
        CheckConstraint("ground <> 'konectus_notice' or notice_id is not null", name="notice"),
        CheckConstraint(
            "ground <> 'material_breach'"
            " or (approved_by is not null and second_by is not null and approved_by <> second_by)",
            name="two_persons",
        ),
        CheckConstraint("ground not in ('terms_rejected', 'assignment_competitor') or refund_due", name="refund"),
        Index(
            "uq_termination_one_live",
            "client_id",
            unique=True,
            postgresql_where="withdrawn_at is null and reactivated_at is null",
        ),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    by_whom: Mapped[str]
    ground: Mapped[str]
    reason: Mapped[str]
    notified_at: Mapped[datetime]
    notified_by: Mapped[str]
    notice_id: Mapped[UUID | None]
    effective_at: Mapped[datetime]
    # When it was carried out: from then on access is closed.
    effected_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    reactivated_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    second_by: Mapped[str | None]
    refund_due: Mapped[bool] = mapped_column(Boolean)


class ExportWindow(Base):
    """Thirty days to take the data along (Terms 15.3), from a termination, a Suspension for non-payment or a trial."""

    __tablename__ = "export_window"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        one_of("source", WindowSource),
        one_of("close_reason", WindowEnd),
        CheckConstraint("closes_at > opened_at", name="order"),
        CheckConstraint("(closed_at is null) = (close_reason is null)", name="closed"),
        Index("ix_export_window_open", "client_id", postgresql_where="closed_at is null"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    source: Mapped[str]
    # The Suspension or termination that opened it.
    source_id: Mapped[UUID] = mapped_column(unique=True)
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    # It does not run while the export is blocked: from when, and how long it stood still before.
    paused_at: Mapped[datetime | None]
    extended_reason: Mapped[str | None]
    # Downtime up to this instant was given back already, so that it is given once.
    made_up_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]


class ExportJob(Base):
    """An archive of everything a Client has here, asked for by one of its people, built in the background."""

    __tablename__ = "export_job"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        one_of("state", ExportState),
        Index(
            "uq_export_job_one_running", "client_id", unique=True, postgresql_where="state in ('requested', 'building')"
        ),
        Index("ix_export_job_state", "state"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"), index=True)
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    state: Mapped[str]
    # Rows written of all, and where it goes on after an interruption: the last finished step.
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    step: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(Integer)
    worker: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    failure: Mapped[str | None]
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int | None] = mapped_column(BigInteger)
    counts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    downloaded_at: Mapped[datetime | None]


class Hold(Base):
    """A reason why nothing of a Client may be deleted."""

    __tablename__ = "hold"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        one_of("kind", HoldKind),
        CheckConstraint(f"length(reason) >= {MIN_REASON}", name="reason"),
        CheckConstraint("(released_at is null) = (released_by is null)", name="released"),
        Index("ix_hold_in_force", "client_id", postgresql_where="released_at is null"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    placed_at: Mapped[datetime]
    placed_by: Mapped[str]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None]
    release_reason: Mapped[str | None]


class Approval(Base):
    """One person's request that another one decides: bound to the hash of the exact command and of its facts."""

    __tablename__ = "approval"
    __table_args__ = (
        one_of("state", ApprovalState),
        CheckConstraint(f"length(reason) >= {MIN_REASON}", name="reason"),
        CheckConstraint("decided_by is null or decided_by <> requested_by", name="two_persons"),
        Index("uq_approval_one_open", "action", "subject_id", unique=True, postgresql_where="state in ('requested')"),
        Index("ix_approval_client_id", "client_id"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.client.id"))
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    # The command with its arguments, and the hash of it together with the facts it was asked for under.
    command: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


class Deletion(Base):
    """The erasure of a Client (Terms 15.3), step by step; a trigger guards its start, nothing takes it back after."""

    __tablename__ = "deletion"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        to_tenant_row("window_id", "ledger.export_window"),
        CheckConstraint("approved_by is null or second_by is null or approved_by <> second_by", name="two_persons"),
        CheckConstraint("second_by is null or approved_by is not null", name="in_order"),
        CheckConstraint(
            "started_at is null or (second_at is not null and cancelled_at is null and started_at >= eligible_at)",
            name="started",
        ),
        CheckConstraint("key_destroyed_at is null or started_at is not null", name="key_after_start"),
        CheckConstraint("verified_at is null or key_destroyed_at is not null", name="verified"),
        CheckConstraint(
            "certified_at is null or (verified_at is not null and certificate is not null)", name="certified"
        ),
        Index("uq_deletion_one_live", "client_id", unique=True, postgresql_where="cancelled_at is null"),
        LEDGER,
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.client.id"))
    window_id: Mapped[UUID]
    eligible_at: Mapped[datetime]
    # Whether the Client had exported when it was asked for (lifecycle.md 2, #9).
    export_done: Mapped[bool] = mapped_column(Boolean)
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    second_by: Mapped[str | None]
    second_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    key_destroyed_at: Mapped[datetime | None]
    rows_purged_at: Mapped[datetime | None]
    files_purged_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    certified_at: Mapped[datetime | None]
    residual_gone_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    certificate: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
