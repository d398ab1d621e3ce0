"""What is released so far, and what follows from it: rungs, what a period may spend, which one is due. No figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from konectus.figures import MONTH, QUARTER, WEEK, Grain
from konectus.store.models.released import LedgerEntry, Release
from reports import anonymize, budget
from reports.periods import KINDS, Month, Period, Quarter, Week

MONTHS_OF_YEAR = 12
# Where the ladder fell, asides of dear months may meet dear months: then a period takes what is left, if that is most
# of its part, and else nothing.
LEAST = Decimal("0.8")


@dataclass(frozen=True)
class Ceilings:
    """Of the settings, on top of the sheet's: rho of a month and of twelve; Clients that a cell needs at least."""

    rho: float
    rho_year: float
    k: int


@dataclass(frozen=True)
class Allotment:
    """Under which a period is computed: its rung and its rho; 0 where there is nothing to tell or to spend."""

    rung: int
    rho: Decimal


@dataclass(frozen=True)
class Chronicle:
    """Every release so far, in the order of the chain, and the budget booked by month."""

    releases: tuple[Release, ...]
    booked: tuple[tuple[date, Decimal], ...]

    @classmethod
    def read(cls, released: Session) -> "Chronicle":
        made = released.scalars(select(Release).order_by(Release.number)).all()
        spent = released.execute(
            select(LedgerEntry.period, func.sum(LedgerEntry.rho)).group_by(LedgerEntry.period)
        ).all()
        return cls(tuple(made), tuple((day, rho) for day, rho in spent))

    @property
    def last(self) -> Release | None:
        """The one that the next one follows in the chain."""
        return self.releases[-1] if self.releases else None

    def of(self, period: Period) -> Release | None:
        found = (one for one in self.releases if (one.grain, one.period) == (period.grain, period.first))
        return next(found, None)

    def newest(self, grain: Grain) -> Period | None:
        """The latest period of that length that is released."""
        found = [one.period for one in self.releases if one.grain == grain]
        return KINDS[grain](max(found)) if found else None

    def rung(self, month: Month) -> int:
        """By the noisy number of Clients of the newest month before it; the first month stands on the lowest."""
        made = self.of(month)
        if made is not None:
            return made.rung
        earlier = [one for one in self.releases if one.grain == MONTH and one.period < month.first]
        if not earlier:
            return 0
        before = max(earlier, key=lambda one: one.period)
        return anonymize.ladder(before.clients, before.rung)

    def is_ready(self, period: Period) -> bool:
        """Whether the months are released that it stands on: a quarter's own, and the one before that of a week."""
        match period:
            case Quarter():
                return self.of(period.months[-1]) is not None
            case Week():
                return self.of(period.months[0].before()) is not None
            case _:
                return True

    def allotment(self, period: Period, given: Ceilings) -> Allotment:
        """What the period may spend, and on which rung it is told."""
        ceiling = Decimal(str(given.rho))
        month = period.months[-1]
        rung = self.rung(month)
        match period:
            case Quarter():
                wanted = sum((self._aside(one, ceiling) for one in period.months), Decimal(0))
            case Week():
                made = self.of(month)
                is_spent = made is not None and made.rho > budget.split(rung, ceiling).own
                wanted = Decimal(0) if is_spent else budget.of_week(rung, ceiling)
            case _:
                wanted = budget.split(rung, ceiling).own
        wanted = wanted if budget.shares(period.grain, rung, 1.0) else Decimal(0)
        left = max(Decimal(str(given.rho_year)) - self._spent(month), Decimal(0))
        return Allotment(rung, min(wanted, left) if left >= wanted * LEAST else Decimal(0))

    def _aside(self, month: Month, ceiling: Decimal) -> Decimal:
        made = self.of(month)
        return budget.left_for_quarter(made.rung, made.rho, ceiling) if made else Decimal(0)

    def _spent(self, month: Month) -> Decimal:
        """In the twelve months that end with this one."""
        since = month.first.replace(year=month.first.year - 1)
        return sum((rho for day, rho in self.booked if day > since), Decimal(0))


def due(chronicle: Chronicle, first_day: date | None, given: Ceilings, now: datetime) -> Period | None:
    """The period that waits longest for its release; on a new installation the month of its first rollup."""
    waiting = [*_months(chronicle, first_day), *_quarters(chronicle, given), *_weeks(chronicle, given, now)]
    closed = [period for period in waiting if period.closes_at <= now]
    return min(closed, key=lambda period: period.closes_at, default=None)


def _months(chronicle: Chronicle, first_day: date | None) -> Iterator[Period]:
    newest = chronicle.newest(MONTH)
    if newest is not None:
        yield newest.next()
    elif first_day is not None:
        yield Month.of(first_day)


def _quarters(chronicle: Chronicle, given: Ceilings) -> Iterator[Period]:
    quarter = _first_after(chronicle, QUARTER)
    while quarter is not None and chronicle.is_ready(quarter):
        if chronicle.allotment(quarter, given).rho:
            yield quarter
            return
        quarter = quarter.next()


def _weeks(chronicle: Chronicle, given: Ceilings, now: datetime) -> Iterator[Period]:
    week = _first_after(chronicle, WEEK)
    while week is not None and week.closes_at <= now:
        if chronicle.is_ready(week) and chronicle.allotment(week, given).rho:
            yield week
            return
        week = week.next()


def _first_after(chronicle: Chronicle, grain: Grain) -> Period | None:
    newest = chronicle.newest(grain)
    if newest is not None:
        return newest.next()
    begun = min((one.period for one in chronicle.releases if one.grain == MONTH), default=None)
    return KINDS[grain].of(begun) if begun is not None else None
