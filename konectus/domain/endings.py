"""Words of the end of a contract: terminations, export windows and archives, holds, deletions, approvals.

And the rules that need no more than values; how long things are kept is retention.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from konectus.domain.deadlines import after_full_days
from konectus.errors import Conflict


class EndedBy(StrEnum):
    CLIENT = "client"
    KONECTUS = "konectus"


class Ground(StrEnum):
    """Why a contract ends (Terms 15.2, 16, 18)."""

    CLIENT_CANCEL = "client_cancel"
    TERMS_REJECTED = "terms_rejected"
    ASSIGNMENT_COMPETITOR = "assignment_competitor"
    KONECTUS_NOTICE = "konectus_notice"
    MATERIAL_BREACH = "material_breach"


class WindowSource(StrEnum):
    """What started the thirty days of Terms 15.3."""

    TERMINATION = "termination"
    NONPAYMENT = "nonpayment"
    TRIAL_EXPIRED = "trial_expired"


class WindowEnd(StrEnum):
    ELAPSED = "elapsed"
    PAID = "paid"
    REACTIVATED = "reactivated"


class ExportState(StrEnum):
    REQUESTED = "requested"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class HoldKind(StrEnum):
    LEGAL = "legal"
    DISPUTE = "dispute"
    INCIDENT = "incident"
    AUTHORITY = "authority"
    EXPORT_RUNNING = "export_running"
    DATA_REQUEST = "data_request"


class ApprovalState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOID = "void"
    USED = "used"


class DeletionState(StrEnum):
    """How far a deletion is, derived from its instants; nothing takes it back from `started` on."""

    REQUESTED = "requested"
    APPROVED_1 = "approved_1"
    APPROVED_2 = "approved_2"
    STARTED = "started"
    KEY_DESTROYED = "key_destroyed"
    ROWS_PURGED = "rows_purged"
    FILES_PURGED = "files_purged"
    VERIFIED = "verified"
    CERTIFIED = "certified"
    CANCELLED = "cancelled"


class DeletionEnd(StrEnum):
    """Why a deletion that had not begun was given up."""

    REJECTED = "rejected"
    REACTIVATED = "reactivated"
    HOLD = "hold"
    WINDOW = "window"
    FACTS_CHANGED = "facts_changed"
    BY_HAND = "by_hand"


class NotEnding(Conflict):
    """There is no end of this contract to take back, or it has come."""

    code = "not_ending"


class AlreadyEnding(Conflict):
    """The contract ends already, and not later than this would."""

    code = "already_ending"


class TooLateToReject(Conflict):
    """Changed terms can be rejected until they take effect (Terms 16)."""

    code = "too_late_to_reject"


class DeletionRefused(Conflict):
    """Something stands against this deletion; `why` says what."""

    code = "deletion_refused"


class DeletionBegun(Conflict):
    """It cannot be taken back any more."""

    code = "deletion_begun"


# What a Subscription says of its end.
END_REASONS = {
    Ground.CLIENT_CANCEL: "cancelled",
    Ground.TERMS_REJECTED: "rejected_terms",
    Ground.ASSIGNMENT_COMPETITOR: "cancelled",
    Ground.KONECTUS_NOTICE: "konectus",
    Ground.MATERIAL_BREACH: "breach",
}


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks for and against deleting a Client, as facts. `window` is the elapsed one that allows it."""

    window: str | None
    is_elsewhere_open: bool
    holds: tuple[str, ...]
    has_access: bool
    exported: bool

    def refusal(self) -> DeletionEnd | None:
        """None where the deletion may go on (decisions.md, "Deletion guard")."""
        if self.has_access:
            return DeletionEnd.REACTIVATED
        if self.window is None or self.is_elsewhere_open:
            return DeletionEnd.WINDOW
        return DeletionEnd.HOLD if self.holds else None

    def seen(self) -> str:
        """The same text as long as nothing changes that an approval rests on."""
        return repr((self.window, self.is_elsewhere_open, self.holds, self.has_access, self.exported))


def runs_out(delivered_at: datetime | None, bounced_at: datetime | None, days: int) -> datetime | None:
    """When a notice of termination takes effect: never before it was delivered; a bounce in its time voids it.

    Counted like the notice of non-payment (lifecycle.md 2, #16).
    """
    if delivered_at is None:
        return None
    at = after_full_days(delivered_at, days)
    return None if bounced_at is not None and bounced_at < at else at


def cancelled_for(period_ends_at: datetime | None, now: datetime, *, at_once: bool) -> datetime:
    """When a Client's own cancellation takes effect: at the end of what is paid, or at once (Terms 15.2)."""
    return now if at_once or period_ends_at is None else max(period_ends_at, now)
