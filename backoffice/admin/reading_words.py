"""The readings of the Terms in words: what each point is about, and its value as people say it."""

from konectus.i18n import format_money, format_number, format_percent, gettext, msg, ngettext

NAMES = {
    "payment_notice_days": msg("Full days between the delivered notice and a suspension"),
    "suspend_from": msg("Hour from which suspensions are carried out"),
    "settlement_minutes": msg("Minutes that a payment of the evening before may take to be told"),
    "pending_payment_hours": msg("Hours that a payment on its way holds a suspension off"),
    "export_window_days": msg("Days to export after the end or a suspension"),
    "reminder_days": msg("Days of that time on which we remind"),
    "export_link_hours": msg("Hours that a finished export can be fetched"),
    "termination_notice_days": msg("Days of notice when Konectus ends the contract"),
    "terms_notice_days": msg("Days of notice of a material change of the Terms"),
    "resend_hours": msg("Hours without proof until a notice is sent again"),
    "undeliverable_hours": msg("Hours without proof until a person takes over"),
    "trial_days": msg("Days of the free trial"),
    "tax_basis_points": msg("Tax"),
    "four_eyes_above_cents": msg("Amount above which a second person approves"),
    "approval_hours": msg("Hours that an approval holds"),
    "deletion_rest_hours": msg("Hours that a deletion rests after its second approval"),
    "exported_needs_legal": msg("Whether Legal has to approve where the Client exported"),
    "refund_on_konectus_notice": msg("Whether unused days are given back when Konectus ends the contract"),
    "review_hours": msg("Hours for the second look at a suspension by hand"),
}


def about(name: str) -> str:
    return gettext(NAMES[name])


def told(name: str, value: object) -> str:
    """A value as people say it."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, list):
        return ", ".join(format_number(one) for one in value)
    if isinstance(value, int):
        return _number(name, value)
    return str(value)


def _number(name: str, value: int) -> str:
    if name.endswith("_cents"):
        return format_money(value)
    if name == "tax_basis_points":
        return format_percent(value / 10_000, 2 if value % 100 else 0)
    if name.endswith("_hours"):
        return ngettext("{n} hour", "{n} hours", value)
    if name.endswith("_minutes"):
        return ngettext("{n} minute", "{n} minutes", value)
    return ngettext("{n} day", "{n} days", value)
