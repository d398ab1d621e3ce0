"""Notices: what Konectus tells a Client formally, and how sure it is that it arrived. Texts live in templates."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """The catalogue. Each has a template in Spanish, which prevails (Terms 18), and one in English."""

    INVOICE_ISSUED = "invoice_issued"
    PAYMENT_PENDING = "payment_pending"
    CHARGE_DECLINED = "charge_declined"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REVERSED = "payment_reversed"
    CREDIT_NOTE = "credit_note"
    REFUND = "refund"
    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    TRIAL_ENDING = "trial_ending"
    EXPORT_WINDOW = "export_window"
    EXPORT_READY = "export_ready"
    CANCELLED = "cancelled"
    TERMINATION_WITHDRAWN = "termination_withdrawn"
    TERMINATION_NOTICE = "termination_notice"
    TERMINATED = "terminated"
    DELETED = "deleted"
    DOCUMENTS_REQUESTED = "documents_requested"
    EMAIL_CHANGED = "email_changed"
    TERMS_CHANGED = "terms_changed"


class NoticeChannel(StrEnum):
    EMAIL = "email"
    IN_APP = "in_app"


class NoticeEventKind(StrEnum):
    """What the mail system, the product or the Client said about a notice."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    SOFT_BOUNCE = "soft_bounce"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    SHOWN = "shown"
    ACKNOWLEDGED = "acknowledged"
