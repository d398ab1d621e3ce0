"""How ambiguous points of the Terms are read: one value each, kept as a row that the owner can change.

Rules take these values; nothing here decides. The defaults are lifecycle.md 2.
"""

from dataclasses import dataclass, fields
from datetime import time


@dataclass(frozen=True, slots=True)
class Readings:
    """Every reading with its default. A row of `ledger.reading` carries the field's name and its value as JSON."""

    # Terms 15.1(a): full legal days between the delivery of a notice and the earliest Suspension.
    payment_notice_days: int = 2
    # Local time from which the sweep acts, and how long a payment of the evening before may take to be told.
    suspend_from: time = time(9)
    settlement_minutes: int = 30
    # A payment that its provider says was made, and that does not arrive, holds a Suspension off for so long.
    pending_payment_hours: int = 72
    # Terms 15.3, also granted after a trial (14.2 names no window).
    export_window_days: int = 30
    reminder_days: tuple[int, ...] = (0, 15, 25, 29)
    # An archive that was asked for in time can be fetched for so long.
    export_link_hours: int = 72
    # Terms 15.2: notice of a termination by Konectus; Terms 16: of a material change.
    termination_notice_days: int = 30
    terms_notice_days: int = 30
    # A notice without proof of delivery is sent again, then given to a person.
    resend_hours: int = 24
    undeliverable_hours: int = 72
    # Terms 9 is empty: prepaid, a trial first, tax as a line of its own in hundredths of a percent.
    trial_days: int = 14
    tax_basis_points: int = 1600
    # Four eyes above this amount; how long an approval holds; how long a deletion rests after its second one.
    four_eyes_above_cents: int = 1_000_000
    approval_hours: int = 72
    # A second person looks at what one suspended by hand.
    review_hours: int = 24
    deletion_rest_hours: int = 24
    # Terms 15.3 "without reactivation or export": where the Client exported, the second approver is legal.
    exported_needs_legal: bool = True
    # Terms 15.2 is silent on what is left of a prepaid period when Konectus ends the contract without a breach.
    refund_on_konectus_notice: bool = True


# Where each reading comes from, as the page that lists them says.
CLAUSES: dict[str, str] = {
    "payment_notice_days": "15.1(a)",
    "suspend_from": "15.1(a)",
    "settlement_minutes": "15.1(a)",
    "pending_payment_hours": "15.1(a)",
    "export_window_days": "15.3",
    "reminder_days": "14.2",
    "export_link_hours": "15.3",
    "termination_notice_days": "15.2",
    "terms_notice_days": "16",
    "resend_hours": "15.1(a)",
    "undeliverable_hours": "15.1(a)",
    "trial_days": "14.2",
    "tax_basis_points": "9",
    "four_eyes_above_cents": "9",
    "approval_hours": "15.3",
    "review_hours": "15.1",
    "deletion_rest_hours": "15.3",
    "exported_needs_legal": "15.3",
    "refund_on_konectus_notice": "15.2",
}


def as_json(value: object) -> object:
    """The form a reading has in its row."""
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    return list(value) if isinstance(value, tuple) else value


def from_rows(rows: dict[str, object]) -> Readings:
    """Readings of what the rows say; a field without a row keeps its default, a row without a field is ignored."""
    given = {one.name: _read(rows[one.name], one.default) for one in fields(Readings) if one.name in rows}
    return Readings(**given)  # type: ignore[arg-type]  # each has the kind of its default


def _read(value: object, default: object) -> object:
    if isinstance(default, time):
        return time.fromisoformat(str(value))
    return tuple(value) if isinstance(default, tuple) and isinstance(value, list) else value
