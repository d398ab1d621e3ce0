"""What each kind of notice needs to be told: its facts, where it leads, its clause. No texts, those are templates.

Facts are JSON: integers of cents (`…_cents`), instants in ISO 8601 (`…_at`), numbers of invoices, words of ours. Never
Client Content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from konectus.domain.notices import NoticeKind


@dataclass(frozen=True, slots=True)
class Words:
    """`facts` must be given; a template says more where it finds those of `also`."""

    facts: tuple[str, ...]
    also: tuple[str, ...]
    # Where the Client goes next, a path of its own pages.
    path: str
    clause: str


CATALOGUE: Mapping[NoticeKind, Words] = {
    NoticeKind.INVOICE_ISSUED: Words(("number", "total_cents", "due_at"), (), "/account/invoices", "9"),
    # Both list every invoice that is owed when they leave: `invoices` and `owed_cents` are filled in then.
    NoticeKind.PAYMENT_PENDING: Words((), ("deadline_at",), "/account/invoices", "15.1(a)"),
    NoticeKind.CHARGE_DECLINED: Words(("amount_cents",), ("deadline_at",), "/account/invoices", "15.1(a)"),
    NoticeKind.PAYMENT_RECEIVED: Words(
        ("amount_cents", "paid_at"), ("numbers", "owed_cents", "credit_cents"), "/account/invoices", "9"
    ),
    NoticeKind.PAYMENT_REVERSED: Words(("amount_cents",), ("numbers", "owed_cents"), "/account/invoices", "9"),
    NoticeKind.CREDIT_NOTE: Words(("number", "amount_cents"), ("invoice_number",), "/account/invoices", "9"),
    NoticeKind.REFUND: Words(
        ("amount_cents",), ("invoice_number", "days_unused", "days_total"), "/account/invoices", "16"
    ),
    NoticeKind.SUSPENDED: Words(
        ("cause", "clause", "opened_at"),
        ("closes_at", "numbers", "owed_cents"),
        "/account",
        "15.1",
    ),
    NoticeKind.REACTIVATED: Words((), ("cause", "connectors"), "/account/connectors", "2"),
    NoticeKind.TRIAL_ENDING: Words(("ends_at",), (), "/account/plan", "14.2"),
    NoticeKind.EXPORT_WINDOW: Words(("closes_at", "days_left"), ("source", "day"), "/account/export", "15.3"),
    NoticeKind.EXPORT_READY: Words(("expires_at", "sha256"), ("bytes",), "/account/export", "15.3"),
    NoticeKind.CANCELLED: Words(("effective_at",), (), "/account/cancel", "15.2"),
    NoticeKind.TERMINATION_WITHDRAWN: Words((), (), "/account", "15.2"),
    NoticeKind.TERMINATION_NOTICE: Words(("effective_at",), (), "/account/export", "15.2"),
    NoticeKind.TERMINATED: Words(("effective_at",), ("closes_at", "owed_cents"), "/account/export", "15.3"),
    NoticeKind.DELETED: Words(("deleted_at", "certificate"), ("residual_until_at", "owed_cents"), "/account", "15.3"),
    NoticeKind.DOCUMENTS_REQUESTED: Words((), ("due_at",), "/account/documents", "5.1"),
    NoticeKind.EMAIL_CHANGED: Words(("old", "new"), (), "/account", "5.1"),
    NoticeKind.TERMS_CHANGED: Words(("version", "effective_at"), (), "/account/documents", "16"),
}

Facts = Mapping[str, Any]


class MissingFacts(AssertionError):
    """A notice was queued without what its text says: a mistake of ours."""


def require_facts(kind: NoticeKind, facts: Facts) -> None:
    """Raises MissingFacts, at the caller that forgot and not later in the sender."""
    missing = [name for name in CATALOGUE[kind].facts if facts.get(name) is None]
    if missing:
        raise MissingFacts(f"{kind} needs {', '.join(missing)}")
