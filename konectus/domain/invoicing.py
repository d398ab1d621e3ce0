"""Periods of a Subscription and what an invoice adds up to, in integer cents. Parts of a period: proration.

Terms 9 says nothing of it: prepaid, from the anchor day to the next one, all of it our choice (lifecycle.md 1).
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from konectus.domain.deadlines import local_day, start_of
from konectus.domain.money import LineKind
from konectus.domain.plans import Interval, Offer

MONTHS = {Interval.MONTH: 1, Interval.YEAR: 12}
WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Period:
    """What an invoice is for: from an instant up to, and without, another one."""

    starts_at: datetime
    ends_at: datetime

    @property
    def days(self) -> int:
        """Legal days; the one on which it starts counts whole, however late it was."""
        return (local_day(self.ends_at) - local_day(self.starts_at)).days


@dataclass(frozen=True, slots=True)
class Cycle:
    """How a Subscription's periods follow each other: 31 is the last day of shorter months."""

    interval: Interval
    anchor_day: int

    def boundary(self, day: date) -> date:
        """Where the period that holds `day` as its first one ends."""
        months = day.year * 12 + day.month - 1 + MONTHS[self.interval]
        year, month = divmod(months, 12)
        return date(year, month + 1, min(self.anchor_day, monthrange(year, month + 1)[1]))

    def period_from(self, starts_at: datetime) -> Period:
        return Period(starts_at, start_of(self.boundary(local_day(starts_at))))


@dataclass(frozen=True, slots=True)
class Opening:
    """A period to begin, and the cycle it belongs to."""

    period: Period
    cycle: Cycle


def first(starts_at: datetime, interval: Interval) -> Opening:
    """The first paid period: it makes its legal day the anchor."""
    cycle = Cycle(interval, local_day(starts_at).day)
    return Opening(cycle.period_from(starts_at), cycle)


def following(cycle: Cycle, ended_at: datetime, now: datetime, resumed_at: datetime | None = None) -> Opening:
    """The period after one that ended, at most one however late it is asked for.

    `resumed_at`: no new period began while a cause blocked it, so one starts there, with an anchor of its own
    (lifecycle.md 2, #13).
    """
    if resumed_at is not None and resumed_at > ended_at:
        return running(first(resumed_at, cycle.interval), now)
    return running(Opening(cycle.period_from(ended_at), cycle), now)


def running(opening: Opening, now: datetime) -> Opening:
    """The period of the same cycle that runs now. Whole periods that were not billed in time never are."""
    period = opening.period
    while period.ends_at <= now:
        period = opening.cycle.period_from(period.ends_at)
    return Opening(period, opening.cycle)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice; `facts` is what its words are made of."""

    kind: LineKind
    quantity: int
    amount_cents: int
    facts: dict[str, int | str] = field(default_factory=dict)


def round_half_up(numerator: int, denominator: int) -> int:
    """The nearest integer of a fraction that is not negative; a half goes up."""
    return (2 * numerator + denominator) // (2 * denominator)


def period_lines(offer: Offer, seats: int) -> tuple[Line, ...]:
    """A whole period of a Plan and of the seats beyond it, without tax."""
    plan: dict[str, int | str] = {"plan": offer.name, "version": offer.version}
    lines = [Line(LineKind.PLAN, 1, offer.price_cents, {**plan, "seats": offer.seats})]
    extra = offer.beyond(seats)
    if extra:
        each = offer.extra_seat_cents or 0
        lines.append(Line(LineKind.SEATS, extra, extra * each, {**plan, "each_cents": each}))
    return tuple(lines)


def with_tax(lines: Iterable[Line], basis_points: int) -> tuple[Line, ...]:
    """The lines and, as one of its own, the tax on their sum."""
    found = tuple(lines)
    net = sum(line.amount_cents for line in found)
    tax = round_half_up(net * basis_points, WHOLE)
    return (*found, Line(LineKind.TAX, 1, tax, {"basis_points": basis_points}))


def total(lines: Iterable[Line]) -> int:
    return sum(line.amount_cents for line in lines)
