"""Words of money: invoices and their lines, payments, refunds. Integer cents of MXN; the rules are billing's."""

from enum import StrEnum

CURRENCY = "MXN"


class InvoiceKind(StrEnum):
    """A period of a Plan, a change within it, or something by hand."""

    PERIOD = "period"
    CHANGE = "change"
    OTHER = "other"


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    WRITTEN_OFF = "written_off"


class LineKind(StrEnum):
    PLAN = "plan"
    SEATS = "seats"
    PRORATION_DEBIT = "proration_debit"
    PRORATION_CREDIT = "proration_credit"
    TAX = "tax"
    OTHER = "other"


class PaymentMethod(StrEnum):
    SPEI = "spei"
    OXXO = "oxxo"
    CARD = "card"


class PaymentStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REVERSED = "reversed"


class CreditReason(StrEnum):
    PRORATION = "proration"
    GOODWILL = "goodwill"
    CORRECTION = "correction"


class RefundStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"


class PaymentOutcome(StrEnum):
    """What became of an event of the payment webhook."""

    BOOKED = "booked"
    DUPLICATE = "duplicate"
    UNKNOWN_CLIENT = "unknown_client"
    FOREIGN_CURRENCY = "foreign_currency"
    BAD_AMOUNT = "bad_amount"
    UNKNOWN_PAYMENT = "unknown_payment"
    UNKNOWN_KIND = "unknown_kind"
