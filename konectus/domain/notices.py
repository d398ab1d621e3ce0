"""Notices: what Konectus tells a Client formally, and how sure it is that it arrived. Texts live in templates."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from konectus.domain.deadlines import after_full_days


class NoticeKind(StrEnum):
    """The catalogue. Each has a template in Spanish, which prevails (Terms 18), and one in English."""

    INVOICE_ISSUED = "invoice_issued"
    PAYMENT_PENDING = "payment_pending"
    CHARGE_DECLINED = "charge_declined"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REVERSED = "payment_reversed"
    CREDIT_NOTE = "credit_note"
    REFUND = "refund"
    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    TRIAL_ENDING = "trial_ending"
    EXPORT_WINDOW = "export_window"
    EXPORT_READY = "export_ready"
    CANCELLED = "cancelled"
    TERMINATION_WITHDRAWN = "termination_withdrawn"
    TERMINATION_NOTICE = "termination_notice"
    TERMINATED = "terminated"
    DELETED = "deleted"
    DOCUMENTS_REQUESTED = "documents_requested"
    EMAIL_CHANGED = "email_changed"
    TERMS_CHANGED = "terms_changed"


class NoticeChannel(StrEnum):
    EMAIL = "email"
    IN_APP = "in_app"


class NoticeEventKind(StrEnum):
    """What the mail system, the product or the Client said about a notice."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    SOFT_BOUNCE = "soft_bounce"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    SHOWN = "shown"
    ACKNOWLEDGED = "acknowledged"


class NoticeState(StrEnum):
    """What a row of an e-mail is, derived from its instants. The last three are final for that row."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    UNDELIVERABLE = "undeliverable"
    WITHDRAWN = "withdrawn"


# Terms 15.1(a): "a pending payment or declined charge". Only these list invoices and start its clock.
STARTS_CLOCK = (NoticeKind.PAYMENT_PENDING, NoticeKind.CHARGE_DECLINED)
# Nothing of the Terms hangs on these e-mails, and the product says the same: they rest while somebody who called our
# mail unwanted has not been asked. All others are told whatever anybody calls them.
COURTESIES = frozenset({NoticeKind.PAYMENT_RECEIVED, NoticeKind.REACTIVATED, NoticeKind.EXPORT_READY})
# What the mail system tells us; the rest is the product's own.
MAIL_EVENTS = frozenset(
    {
        NoticeEventKind.ACCEPTED,
        NoticeEventKind.DEFERRED,
        NoticeEventKind.DELIVERED,
        NoticeEventKind.SOFT_BOUNCE,
        NoticeEventKind.HARD_BOUNCE,
        NoticeEventKind.COMPLAINT,
    }
)
# Kept in last_error of a row that was never sent, because what it would have said was no longer so.
WITHDRAWN = "withdrawn"
IN_APP_RECIPIENT = "in_app"

_WAITS = (1, 5, 15, 30, 60)


class Instants(Protocol):
    """What a state is derived from."""

    @property
    def last_error(self) -> str | None: ...
    @property
    def sent_at(self) -> datetime | None: ...
    @property
    def delivered_at(self) -> datetime | None: ...
    @property
    def bounced_at(self) -> datetime | None: ...
    @property
    def undeliverable_at(self) -> datetime | None: ...


def state_of(row: Instants) -> NoticeState:
    """The most severe thing that happened to it; a bounce after a delivery counts more than the delivery."""
    if row.bounced_at is not None:
        return NoticeState.BOUNCED
    if row.delivered_at is not None:
        return NoticeState.DELIVERED
    if row.undeliverable_at is not None:
        return NoticeState.WITHDRAWN if row.last_error == WITHDRAWN else NoticeState.UNDELIVERABLE
    return NoticeState.QUEUED if row.sent_at is None else NoticeState.SENT


def wait_after(attempts: int) -> timedelta:
    """How long a mail that was refused for now rests after so many tries; greylists let it in after minutes."""
    return timedelta(minutes=_WAITS[min(attempts, len(_WAITS)) - 1])


def deadline(delivered_at: datetime, days: int) -> datetime:
    """The first instant of a Suspension for non-payment (lifecycle.md 2, #1)."""
    return after_full_days(delivered_at, days)


def stands(delivered_at: datetime | None, bounced_at: datetime | None, days: int) -> bool:
    """Whether a delivery counts: a hard bounce before the deadline voids it, a later one does not (2, #3)."""
    if delivered_at is None:
        return False
    return bounced_at is None or bounced_at >= deadline(delivered_at, days)


def within(told_at: datetime, sent_at: datetime | None, received_at: datetime) -> datetime:
    """The instant of an event by its provider's word, held between our own sending and hearing of it.

    A provider's clock is not ours: nothing arrives before it leaves, nor after we know.
    """
    held = min(told_at, received_at)
    return held if sent_at is None else max(held, sent_at)
