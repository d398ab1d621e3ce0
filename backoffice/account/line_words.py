"""States of invoices and refunds in words. Words alone; those of lines are konectus.papers.invoice's."""

from konectus.domain.money import InvoiceStatus, RefundStatus
from konectus.i18n import msg

# Words, symbol and colour of an invoice in a list.
STATUSES = {
    InvoiceStatus.OPEN: (msg("To be paid"), "circle-alert", "tone-danger"),
    InvoiceStatus.PAID: (msg("Settled"), "check", "tone-ok"),
    InvoiceStatus.VOID: (msg("Void"), "ban", "tone-mute"),
    InvoiceStatus.WRITTEN_OFF: (msg("Written off"), "minus", "tone-mute"),
}
# Of money that Konectus gives back.
REFUNDS = {
    RefundStatus.PROPOSED: (msg("Being decided"), "hourglass", "tone-mute"),
    RefundStatus.APPROVED: (msg("On its way"), "hourglass", "tone-info"),
    RefundStatus.SENT: (msg("On its way"), "hourglass", "tone-info"),
    RefundStatus.SETTLED: (msg("Given back"), "check", "tone-ok"),
    RefundStatus.FAILED: (msg("Not given back: it stays credit"), "circle-x", "tone-warn"),
}
