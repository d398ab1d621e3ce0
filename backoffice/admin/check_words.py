"""What a person does about an invariant that does not hold: the first place to look, never a repair by itself."""

from konectus.i18n import gettext, msg

_DOORS = msg("Stop the connector on its page; if it comes back, restart the sender.")
_PEOPLE = msg("Suspend the Client again: its sessions end. Then look for the request in Audit.")
_LIFT = msg("Look at the notice and the invoices; lift the suspension by deferring it, and tell the Client.")
_MANUAL = msg("Find the entry in Audit. If nobody stands for it, suspend again and tell Legal.")
_ERASED = msg("Place a hold, tell Legal, and run the restore guard (konectus up) before anything else.")
_BOOKS = msg("Compare the invoice with its payments and credit notes; reverse or credit, never edit rows.")
_SEATS = msg("Ask the Client's owner who leaves; nobody is deactivated silently.")
_TERMS = msg("Tell Legal; the Client keeps the terms it had before.")
_ENDS = msg("Look at the job in the table below; its next run mends it. If not, tell operations.")
_TRAIL = msg("Tell operations with the id: who wrote it is in the log of the database.")

_MENDS = {
    **dict.fromkeys(
        (
            "connector_without_access",
            "account_without_access",
            "maps_disagree",
            "message_during_suspension",
            "connector_outlived_suspension",
        ),
        _DOORS,
    ),
    "session_without_login": _PEOPLE,
    **dict.fromkeys(("suspension_without_notice", "suspension_without_debt", "suspension_despite_deferral"), _LIFT),
    "manual_cause_lifted_by_nobody": _MANUAL,
    **dict.fromkeys(("deletion_unlawful", "erased_but_here"), _ERASED),
    **dict.fromkeys(
        (
            "invoice_overpaid",
            "invoice_sum_differs",
            "invoice_state_differs",
            "payment_overspent",
            "credit_overspent",
            "refund_too_high",
        ),
        _BOOKS,
    ),
    "seats_exceeded": _SEATS,
    "bound_too_early": _TERMS,
    **dict.fromkeys(("window_missing", "subscription_outlived_termination"), _ENDS),
    **dict.fromkeys(("change_without_audit", "letter_with_body"), _TRAIL),
}


def mend(code: str) -> str:
    """One that has no words of its own goes to operations."""
    return gettext(_MENDS.get(code, _TRAIL))
