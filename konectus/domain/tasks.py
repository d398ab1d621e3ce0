"""Words of what waits for a person of the staff."""

from enum import StrEnum


class TaskKind(StrEnum):
    """What a person of the staff has to look at; each is opened by a job or a command and closed by hand or by it."""

    NOTICE_BOUNCED = "notice_bounced"
    NOTICE_UNDELIVERABLE = "notice_undeliverable"
    AUTHORITY_DOCUMENTS = "authority_documents"
    AUTHORITY_CAME = "authority_came"
    DETAILS_WANTED = "details_wanted"
    SUSPENSION_REVIEW = "suspension_review"
    REFUND_DUE = "refund_due"
    DELETION_DUE = "deletion_due"
    EXPORT_FAILED = "export_failed"
    PAYMENT_UNMATCHED = "payment_unmatched"
    PAYMENT_UNSETTLED = "payment_unsettled"
    PAYMENT_TWICE = "payment_twice"
    MAIL_COMPLAINT = "mail_complaint"
