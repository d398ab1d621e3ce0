"""States, kinds and methods of money, notices and tasks in words of the staff, with tone and symbol."""

from collections.abc import Mapping
from typing import Any

from backoffice.admin.pieces import State
from konectus.domain.money import (
    CreditReason,
    InvoiceKind,
    InvoiceStatus,
    LineKind,
    PaymentMethod,
    PaymentOutcome,
    PaymentStatus,
)
from konectus.domain.money import RefundStatus as Refund
from konectus.domain.notices import NoticeEventKind, NoticeKind
from konectus.domain.tasks import TaskKind
from konectus.i18n import gettext, msg, ngettext

Look = tuple[str, str, str]

_INVOICES: dict[str, Look] = {
    InvoiceStatus.DRAFT: (msg("Draft"), "mute", "pencil"),
    InvoiceStatus.OPEN: (msg("To be paid"), "info", "hourglass"),
    "overdue": (msg("Overdue"), "danger", "circle-alert"),
    InvoiceStatus.PAID: (msg("Paid"), "ok", "check"),
    InvoiceStatus.VOID: (msg("Void"), "mute", "ban"),
    InvoiceStatus.WRITTEN_OFF: (msg("Written off"), "mute", "minus"),
}
_PAYMENTS: dict[str, Look] = {
    PaymentStatus.PENDING: (msg("Under way"), "info", "hourglass"),
    PaymentStatus.SUCCEEDED: (msg("Received"), "ok", "check"),
    PaymentStatus.FAILED: (msg("Declined"), "danger", "circle-x"),
    PaymentStatus.REVERSED: (msg("Reversed"), "warn", "undo-2"),
}
_REFUNDS: dict[str, Look] = {
    Refund.PROPOSED: (msg("To be decided"), "warn", "hourglass"),
    Refund.APPROVED: (msg("Approved, to be sent"), "info", "check"),
    Refund.SENT: (msg("Sent"), "info", "check-check"),
    Refund.SETTLED: (msg("Given back"), "ok", "circle-check"),
    Refund.FAILED: (msg("Not given back"), "mute", "circle-x"),
}
_OUTCOMES: dict[str, Look] = {
    PaymentOutcome.BOOKED: (msg("Booked"), "ok", "check"),
    PaymentOutcome.DUPLICATE: (msg("Known already"), "mute", "check-check"),
    PaymentOutcome.UNKNOWN_CLIENT: (msg("Names no Client"), "warn", "circle-help"),
    PaymentOutcome.FOREIGN_CURRENCY: (msg("Another currency"), "warn", "circle-help"),
    PaymentOutcome.BAD_AMOUNT: (msg("Amount that cannot be"), "warn", "circle-help"),
    PaymentOutcome.UNKNOWN_PAYMENT: (msg("About an unknown payment"), "warn", "circle-help"),
    PaymentOutcome.UNKNOWN_KIND: (msg("Of an unknown kind"), "warn", "circle-help"),
}
_NOTICES: dict[str, Look] = {
    "queued": (msg("Waiting to leave"), "info", "hourglass"),
    "sent": (msg("Sent, not proven"), "warn", "mail"),
    "delivered": (msg("Delivered"), "ok", "mail-check"),
    "bounced": (msg("Bounced"), "danger", "mail-warning"),
    "undeliverable": (msg("Undeliverable"), "danger", "circle-x"),
    "withdrawn": (msg("Withdrawn before it left"), "mute", "minus"),
}
KINDS = {
    InvoiceKind.PERIOD: msg("Period of the Plan"),
    InvoiceKind.CHANGE: msg("Change of the Plan"),
    InvoiceKind.OTHER: msg("Other"),
}
_LINES = {
    LineKind.PLAN: msg("Plan"),
    LineKind.SEATS: msg("Extra people"),
    LineKind.PRORATION_DEBIT: msg("Days of the new contract"),
    LineKind.PRORATION_CREDIT: msg("Days of the old contract, not used"),
    LineKind.TAX: msg("Tax"),
    LineKind.OTHER: msg("Other"),
}
METHODS = {
    PaymentMethod.SPEI: msg("SPEI transfer"),
    PaymentMethod.OXXO: msg("OXXO"),
    PaymentMethod.CARD: msg("Card"),
}
CREDIT_REASONS = {
    CreditReason.GOODWILL: msg("Goodwill"),
    CreditReason.CORRECTION: msg("Correction"),
    CreditReason.PRORATION: msg("Proration"),
}
_NOTICE_KINDS = {
    NoticeKind.INVOICE_ISSUED: msg("Invoice issued"),
    NoticeKind.PAYMENT_PENDING: msg("Payment pending"),
    NoticeKind.CHARGE_DECLINED: msg("Charge declined"),
    NoticeKind.PAYMENT_RECEIVED: msg("Payment received"),
    NoticeKind.PAYMENT_REVERSED: msg("Payment reversed"),
    NoticeKind.CREDIT_NOTE: msg("Credit note"),
    NoticeKind.REFUND: msg("Refund"),
    NoticeKind.SUSPENDED: msg("Suspension"),
    NoticeKind.REACTIVATED: msg("Service back"),
    NoticeKind.TRIAL_ENDING: msg("The trial ends"),
    NoticeKind.EXPORT_WINDOW: msg("Days left to export"),
    NoticeKind.EXPORT_READY: msg("Export ready"),
    NoticeKind.CANCELLED: msg("Cancellation"),
    NoticeKind.TERMINATION_WITHDRAWN: msg("Termination withdrawn"),
    NoticeKind.TERMINATION_NOTICE: msg("Notice of termination"),
    NoticeKind.TERMINATED: msg("Contract ended"),
    NoticeKind.DELETED: msg("Data deleted"),
    NoticeKind.DOCUMENTS_REQUESTED: msg("Documents requested"),
    NoticeKind.EMAIL_CHANGED: msg("Legal e-mail changed"),
    NoticeKind.TERMS_CHANGED: msg("Terms changed"),
}
_NOTICE_EVENTS = {
    NoticeEventKind.ACCEPTED: msg("Taken by the mail system"),
    NoticeEventKind.DEFERRED: msg("The other server asks to wait"),
    NoticeEventKind.DELIVERED: msg("Delivered"),
    NoticeEventKind.SOFT_BOUNCE: msg("Came back for now"),
    NoticeEventKind.HARD_BOUNCE: msg("Came back for good"),
    NoticeEventKind.COMPLAINT: msg("Marked as unwanted"),
    NoticeEventKind.SHOWN: msg("Shown in the product"),
    NoticeEventKind.ACKNOWLEDGED: msg("Confirmed by the Client"),
}
_TASKS = {
    TaskKind.NOTICE_BOUNCED: msg("A notice bounced"),
    TaskKind.NOTICE_UNDELIVERABLE: msg("A notice cannot be delivered"),
    TaskKind.AUTHORITY_DOCUMENTS: msg("Documents of authority were asked for"),
    TaskKind.AUTHORITY_CAME: msg("Documents of authority to review"),
    TaskKind.DETAILS_WANTED: msg("A Client asks to correct its registered data"),
    TaskKind.SUSPENSION_REVIEW: msg("A suspension to review by a second person"),
    TaskKind.REFUND_DUE: msg("A refund to decide"),
    TaskKind.DELETION_DUE: msg("A deletion to approve"),
    TaskKind.EXPORT_FAILED: msg("An export failed"),
    TaskKind.PAYMENT_UNMATCHED: msg("A message about a payment that could not be booked"),
    TaskKind.PAYMENT_UNSETTLED: msg("A payment that has not arrived"),
    TaskKind.PAYMENT_TWICE: msg("A payment that may be booked twice"),
    TaskKind.MAIL_COMPLAINT: msg("Mail that was marked as unwanted"),
}


def invoice(status: str, *, is_overdue: bool) -> State:
    """An open invoice whose day has passed is told as overdue."""
    return _said(_INVOICES["overdue" if is_overdue and status == InvoiceStatus.OPEN else status])


def payment(status: str) -> State:
    return _said(_PAYMENTS[status])


def refund(status: str) -> State:
    return _said(_REFUNDS[status])


def notice(state: str) -> State:
    return _said(_NOTICES[state])


def invoice_kind(kind: str) -> str:
    return gettext(KINDS[InvoiceKind(kind)])


def method(of: str) -> str:
    return gettext(METHODS[PaymentMethod(of)])


def outcome(of: str) -> State:
    """What became of a message of a payment provider."""
    return _said(_OUTCOMES[of])


def credit_reason(of: str) -> str:
    return gettext(CREDIT_REASONS[CreditReason(of)])


def notice_kind(kind: str) -> str:
    return gettext(_NOTICE_KINDS[NoticeKind(kind)])


def notice_event(kind: str) -> str:
    return gettext(_NOTICE_EVENTS[NoticeEventKind(kind)])


def task(kind: str) -> str:
    return gettext(_TASKS[TaskKind(kind)])


def line(kind: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """What a line of an invoice is for, and the days it is counted by where there are some."""
    days, total = facts.get("days"), facts.get("total_days")
    named = " ".join(str(facts[name]) for name in ("plan",) if name in facts)
    counted = gettext("{days} of {total} days", days=days, total=total) if days is not None and total else ""
    return gettext(_LINES[LineKind(kind)]), " · ".join(part for part in (named, counted) if part)


def states(looks: str) -> list[tuple[str, str]]:
    """Names and words of the states a list can be narrowed to."""
    found = {"invoice": _INVOICES, "payment": _PAYMENTS, "refund": _REFUNDS, "notice": _NOTICES}[looks]
    return [(str(name), gettext(look[0])) for name, look in found.items()]


def many(n: int) -> str:
    return ngettext("{n} invoice", "{n} invoices", n)


def _said(look: Look) -> State:
    return State(gettext(look[0]), look[1], look[2])
