"""Time that runs out: when an unpaid Client may be suspended (Terms 15.1 a), when an export window ends (15.3).

Instants and cents in, decisions out. What a cause blocks is `suspension`; how notices arrive is `notices`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from konectus.domain.deadlines import LEGAL_ZONE, after_full_days, local_day, start_of
from konectus.domain.readings import Readings

Ref = TypeVar("Ref")


@dataclass(frozen=True, slots=True)
class Told(Generic[Ref]):
    """An e-mail about a pending payment or a declined charge that lists the invoice."""

    notice: Ref
    queued_at: datetime
    delivered_at: datetime | None
    bounced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Debt(Generic[Ref]):
    """An invoice with a balance. `owed_since` is its due date, or the instant a reversed payment reopened it."""

    invoice: Ref
    due_at: datetime
    owed_since: datetime
    balance_cents: int
    told: tuple[Told[Ref], ...] = ()
    deferred_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Elapsed(Generic[Ref]):
    """The clock of one invoice: which notice started it and the first instant at which it has run out."""

    invoice: Ref
    notice: Ref
    deadline: datetime
    balance_cents: int


@dataclass(frozen=True, slots=True)
class InFlight:
    """Money that a provider says was paid and has not settled yet."""

    paid_at: datetime
    amount_cents: int


def clock_of(debt: Debt[Ref], days: int) -> Elapsed[Ref] | None:
    """The clock of one invoice, None while it does not run.

    It starts at the first delivery of a notice that lists the invoice (lifecycle.md 2, #1, #3): the day of delivery
    does not count, then `days` full legal days pass. A hard bounce before that instant voids the notice. After a
    reversed payment only a new notice counts (#7). A deferral moves the end (#4), a partial payment does not, nor
    does another address (#6).
    """
    for told in sorted(_delivered(debt), key=lambda one: one[0]):
        delivered_at, notice, bounced_at = told
        deadline = after_full_days(delivered_at, days)
        if bounced_at is None or bounced_at >= deadline:
            end = max(deadline, debt.deferred_until or deadline)
            return Elapsed(debt.invoice, notice, end, debt.balance_cents)
    return None


def _delivered(debt: Debt[Ref]) -> list[tuple[datetime, Ref, datetime | None]]:
    return [
        (max(told.delivered_at, debt.owed_since), told.notice, told.bounced_at)
        for told in debt.told
        if told.delivered_at is not None and told.queued_at >= debt.owed_since
    ]


def elapsed(debts: Iterable[Debt[Ref]], now: datetime, days: int) -> list[Elapsed[Ref]]:
    """The invoices whose time has run out with a balance left, the oldest due first."""
    owed = sorted((debt for debt in debts if debt.balance_cents > 0), key=lambda debt: debt.due_at)
    clocks = [clock_of(debt, days) for debt in owed]
    return [clock for clock in clocks if clock is not None and clock.deadline <= now]


def may_act(now: datetime, readings: Readings) -> bool:
    """Whether the sweep may suspend at this hour: payments of the evening before have had time to be told."""
    opens = datetime.combine(local_day(now), readings.suspend_from, LEGAL_ZONE)
    return now >= opens + timedelta(minutes=readings.settlement_minutes)


def to_suspend(
    debts: Iterable[Debt[Ref]], in_flight: Iterable[InFlight], now: datetime, readings: Readings
) -> Elapsed[Ref] | None:
    """The oldest elapsed invoice that nobody paid, None where there is no ground to suspend now.

    Money that was paid before the deadline and has not settled counts as paid, the oldest invoice first: what
    decides is when it was paid, not when we heard of it. It counts while it is credibly on its way.
    """
    if not may_act(now, readings):
        return None
    underway = [one for one in in_flight if is_on_its_way(one.paid_at, now, readings)]
    coming = sorted(underway, key=lambda one: one.paid_at)
    for clock in elapsed(debts, now, readings.payment_notice_days):
        uncovered, coming = _covered(clock, coming)
        if uncovered > 0:
            return clock
    return None


def is_on_its_way(paid_at: datetime, now: datetime, readings: Readings) -> bool:
    """Whether money that was paid by its provider's word may still arrive by itself; from then on a person looks."""
    return now < paid_at + timedelta(hours=readings.pending_payment_hours)


def _covered(clock: Elapsed[Ref], coming: list[InFlight]) -> tuple[int, list[InFlight]]:
    """What stays unpaid of an invoice, and the money in flight that is left for the next."""
    needed, left = clock.balance_cents, list[InFlight]()
    for one in coming:
        used = min(needed, one.amount_cents) if one.paid_at < clock.deadline else 0
        needed -= used
        if one.amount_cents > used:
            left.append(InFlight(one.paid_at, one.amount_cents - used))
    return needed, left


def resumed(closes_at: datetime, paused_at: datetime, now: datetime) -> datetime:
    """The end of an export window that stood still: the time it lost comes back, up to the end of that legal day."""
    later = closes_at + (now - paused_at)
    day = start_of(local_day(later))
    return day if day == later else after_full_days(later, 0)


def full_days_left(closes_at: datetime, now: datetime) -> int:
    """Whole legal days after today until a window closes: 0 on its last day, negative when it is over."""
    return (local_day(closes_at) - local_day(now)).days - 1


def reminder_due(closes_at: datetime, now: datetime, readings: Readings) -> int | None:
    """Which of the reminders is due, the latest alone: missed ones are not caught up in a burst.

    They count back from the end, so that an extended window is announced again before it closes.
    """
    left = full_days_left(closes_at, now)
    if left < 0:
        return None
    total = readings.export_window_days
    return max((day for day in readings.reminder_days if day == 0 or left <= total - day), default=None)
