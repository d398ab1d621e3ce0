"""Reads of approvals, holds and the roles of those who decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.domain.endings import ApprovalState, HoldKind
from konectus.domain.roles import StaffRole
from konectus.store.models.endings import Approval, Hold
from konectus.store.models.identity import Staff


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """Something one person asked for and another one decides."""

    id: UUID
    client_id: UUID | None
    action: str
    subject: tuple[str, str]
    args: dict[str, Any]
    reason: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    state: ApprovalState


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A reason why nothing of a Client is deleted."""

    id: UUID
    client_id: UUID
    kind: HoldKind
    reason: str
    placed_at: datetime
    placed_by: str


def role_of(session: Session, staff_id: UUID) -> StaffRole | None:
    """The role of an active person of the staff."""
    found = session.scalar(select(Staff.role).where(Staff.id == staff_id, Staff.active.is_(True)))
    return StaffRole(found) if found else None


def open_for(session: Session, action: str, subject_id: str) -> UUID | None:
    """The request of that action on that thing that nobody has decided yet."""
    return session.scalar(
        select(Approval.id).where(
            Approval.action == action,
            Approval.subject_id == subject_id,
            Approval.state == ApprovalState.REQUESTED,
        )
    )


def waiting(session: Session, now: datetime, *, not_by: str | None = None) -> list[ApprovalRow]:
    """Requests that can still be decided, the oldest first; without those of a person who cannot decide them."""
    found = session.scalars(
        select(Approval)
        .where(Approval.state == ApprovalState.REQUESTED, Approval.expires_at > now)
        .where(Approval.requested_by != (not_by or ""))
        .order_by(Approval.requested_at)
    )
    return [
        ApprovalRow(
            id=one.id,
            client_id=one.client_id,
            action=one.action,
            subject=(one.subject_kind, one.subject_id),
            args=dict(one.command.get("args", {})),
            reason=one.reason,
            requested_by=one.requested_by,
            requested_at=one.requested_at,
            expires_at=one.expires_at,
            state=ApprovalState(one.state),
        )
        for one in found
    ]


def expired(session: Session, now: datetime, most: int) -> Sequence[UUID]:
    """Those nobody decided or used in time."""
    return session.scalars(
        select(Approval.id)
        .where(Approval.state.in_((ApprovalState.REQUESTED, ApprovalState.APPROVED)), Approval.expires_at <= now)
        .order_by(Approval.expires_at)
        .limit(most)
    ).all()


def holds(session: Session, client_id: UUID) -> list[HoldRow]:
    """The holds in force."""
    rows = session.scalars(
        select(Hold).where(Hold.client_id == client_id, Hold.released_at.is_(None)).order_by(Hold.placed_at)
    )
    return [HoldRow(h.id, h.client_id, HoldKind(h.kind), h.reason, h.placed_at, h.placed_by) for h in rows]
