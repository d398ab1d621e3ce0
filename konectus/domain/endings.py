"""Words of the end of a contract: terminations, export windows and archives, holds, deletions, approvals."""

from enum import StrEnum


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
