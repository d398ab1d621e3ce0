"""Endings as the staff see them: approvals, terminations, holds, windows, archives, deletions; never Client Content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from konectus.domain.endings import ApprovalState
from konectus.store.models.clients import Client
from konectus.store.models.endings import Approval, Deletion, ExportJob, ExportWindow, Hold, Termination


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of a list: of one Client, before an id, so many. `state` is the list's own word, empty for all."""

    state: str = ""
    client_id: UUID | None = None
    after: UUID | None = None
    most: int = 50


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """What one person asked of another. `trade_name` is None where it is about no Client."""

    id: UUID
    client_id: UUID | None
    trade_name: str | None
    action: str
    subject_kind: str
    subject_id: str
    command: Mapping[str, Any]
    sha256: bytes
    reason: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None


@dataclass(frozen=True, slots=True)
class TerminationLine:
    """The end of a contract, announced, come, withdrawn or undone."""

    id: UUID
    client_id: UUID
    trade_name: str
    zone: str
    by_whom: str
    ground: str
    reason: str
    notified_at: datetime
    notified_by: str
    notice_id: UUID | None
    effective_at: datetime
    effected_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    reactivated_at: datetime | None
    approved_by: str | None
    second_by: str | None
    refund_due: bool


@dataclass(frozen=True, slots=True)
class HoldLine:
    """Why nothing of a Client is deleted, or was not."""

    id: UUID
    client_id: UUID
    trade_name: str
    kind: str
    reason: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None


@dataclass(frozen=True, slots=True)
class WindowLine:
    """Days in which a Client takes its data along."""

    id: UUID
    client_id: UUID
    trade_name: str
    zone: str
    source: str
    source_id: UUID
    opened_at: datetime
    closes_at: datetime
    paused_at: datetime | None
    extended_reason: str | None
    closed_at: datetime | None
    close_reason: str | None


@dataclass(frozen=True, slots=True)
class ArchiveLine:
    """An archive that a Client asked for: how far it is, never what is in it."""

    id: UUID
    client_id: UUID
    trade_name: str
    requested_by: str
    requested_at: datetime
    state: str
    done: int
    total: int
    attempts: int
    failure: str | None
    sha256: bytes | None
    size: int | None
    ready_at: datetime | None
    expires_at: datetime | None
    downloaded_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeletionLine:
    """A deletion with the instant of each of its steps."""

    id: UUID
    client_id: UUID
    trade_name: str
    legal_name: str
    window_id: UUID
    eligible_at: datetime
    export_done: bool
    requested_at: datetime
    requested_by: str
    approved_by: str | None
    approved_at: datetime | None
    second_by: str | None
    second_at: datetime | None
    started_at: datetime | None
    key_destroyed_at: datetime | None
    rows_purged_at: datetime | None
    files_purged_at: datetime | None
    verified_at: datetime | None
    certified_at: datetime | None
    residual_gone_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    certificate: Mapping[str, Any] | None


_CLIENTS = ("trade_name", "legal_name", "zone")
_MODELS: Mapping[type, Any] = {
    ApprovalLine: Approval,
    TerminationLine: Termination,
    HoldLine: Hold,
    WindowLine: ExportWindow,
    ArchiveLine: ExportJob,
    DeletionLine: Deletion,
}
# By list and the word of its tab; one that is not here shows everything.
_STATES: Mapping[tuple[type, str], tuple[ColumnElement[bool], ...]] = {
    (ApprovalLine, "waiting"): (Approval.state == ApprovalState.REQUESTED,),
    (ApprovalLine, "decided"): (Approval.state != ApprovalState.REQUESTED,),
    (TerminationLine, "announced"): (Termination.effected_at.is_(None), Termination.withdrawn_at.is_(None)),
    (TerminationLine, "ended"): (Termination.effected_at.is_not(None), Termination.reactivated_at.is_(None)),
    (TerminationLine, "withdrawn"): (Termination.withdrawn_at.is_not(None),),
    (HoldLine, "open"): (Hold.released_at.is_(None),),
    (HoldLine, "released"): (Hold.released_at.is_not(None),),
    (WindowLine, "open"): (ExportWindow.closed_at.is_(None),),
    (WindowLine, "closed"): (ExportWindow.closed_at.is_not(None),),
    (ArchiveLine, "running"): (ExportJob.state.in_(("requested", "building")),),
    (ArchiveLine, "ready"): (ExportJob.state == "ready",),
    (ArchiveLine, "failed"): (ExportJob.state == "failed",),
    (DeletionLine, "open"): (Deletion.cancelled_at.is_(None), Deletion.certified_at.is_(None)),
    (DeletionLine, "done"): (Deletion.certified_at.is_not(None),),
    (DeletionLine, "cancelled"): (Deletion.cancelled_at.is_not(None),),
}
Row = TypeVar("Row")


def rows(session: Session, of: type[Row], asked: Asked) -> list[Row]:
    """Newest first."""
    model = _MODELS[of]
    statement = _all(of).where(*_STATES.get((of, asked.state), ())).order_by(model.id.desc()).limit(asked.most)
    if asked.client_id is not None:
        statement = statement.where(model.client_id == asked.client_id)
    if asked.after is not None:
        statement = statement.where(model.id < asked.after)
    return [of(*found) for found in session.execute(statement)]


def row(session: Session, of: type[Row], row_id: UUID) -> Row | None:
    """One by its id."""
    found = session.execute(_all(of).where(_MODELS[of].id == row_id)).one_or_none()
    return None if found is None else of(*found)


def _all(of: type[Any]) -> Select[Any]:
    model = _MODELS[of]
    names = of.__dataclass_fields__
    columns = [getattr(Client if name in _CLIENTS else model, name) for name in names]
    return select(*columns).select_from(model).outerjoin(Client, Client.id == model.client_id)
