"""Ledger: the audit trail. Nothing else writes history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from konectus.domain.suspension import MIN_REASON
from konectus.store.base import Base
from konectus.store.columns import one_of

LEDGER = {"schema": "ledger"}


class AuditEntry(Base):
    """Who changed what and why, in the change's own transaction; rows never change (a trigger)."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        one_of("actor_kind", ("staff", "agent", "system", "provider")),
        CheckConstraint(f"actor_kind <> 'staff' or length(reason) >= {MIN_REASON}", name="staff_reason"),
        Index("ix_audit_entry_client_id_id", "client_id", "id"),
        LEDGER,
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    client_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(index=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    ip: Mapped[str | None]
    request_id: Mapped[str | None]
    action: Mapped[str] = mapped_column(index=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    reason: Mapped[str | None]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
