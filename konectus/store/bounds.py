"""What a Client's people may write of a table, beyond that the row is their Client's: requests of theirs, never what
Konectus, its jobs or the mail system say. Grants and policies that hold for whole tables are in the registry.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """For the role of a Client's people. `changes`: the columns it may update, where not all; SQL rules."""

    changes: tuple[str, ...] = ()
    inserts: str = ""
    updates: str = ""


BOUNDS: Mapping[str, Bound] = {
    # Not the address of its Notices (Terms 15.1), nor what says who contracted.
    "ledger.client": Bound(
        ("trade_name", "language", "zone", "region", "industry", "details_confirmed_at", "row_version")
    ),
    "ledger.termination": Bound(
        ("withdrawn_at", "withdrawn_by"),
        "by_whom = 'client' and ground in ('client_cancel', 'terms_rejected') and num_nonnulls(effected_at,"
        " withdrawn_at, withdrawn_by, reactivated_at, approved_by, second_by, notice_id) = 0",
        "by_whom = 'client' and effected_at is null",
    ),
    "ledger.export_job": Bound(
        ("downloaded_at",),
        "state = 'requested' and num_nonnulls(step, worker, leased_until, sha256, size, ready_at, expires_at,"
        " downloaded_at) = 0",
    ),
    "ledger.notice": Bound(
        ("shown_at", "acknowledged_at"),
        "num_nonnulls(message, sent_at, delivered_at, bounced_at, undeliverable_at, provider_message_id) = 0",
    ),
    "ledger.notice_event": Bound(inserts="kind in ('shown', 'acknowledged')"),
    "ledger.subscription_change": Bound(("cancelled_at",), "num_nonnulls(applied_at, refusal) = 0"),
    "ledger.hold": Bound(inserts="kind = 'export_running' and released_at is null"),
    "ledger.email_change": Bound(("withdrawn_at",), "num_nonnulls(confirmed_at, applied_at, withdrawn_at) = 0"),
    "ledger.staff_task": Bound(inserts="closed_at is null"),
    "ledger.audit_entry": Bound(inserts="actor_kind <> 'staff'"),
}
