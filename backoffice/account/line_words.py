"""States of invoices in words. Words alone; those of lines are konectus.papers.invoice's."""

from konectus.domain.money import InvoiceStatus
from konectus.i18n import msg

# Words, symbol and colour of an invoice in a list.
STATUSES = {
    InvoiceStatus.OPEN: (msg("To be paid"), "circle-alert", "tone-danger"),
    InvoiceStatus.PAID: (msg("Settled"), "check", "tone-ok"),
    InvoiceStatus.VOID: (msg("Void"), "ban", "tone-mute"),
    InvoiceStatus.WRITTEN_OFF: (msg("Written off"), "minus", "tone-mute"),
}
