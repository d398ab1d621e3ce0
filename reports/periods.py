"""Periods of the legal zone: what a release covers, when it closes, on which month its budget is booked."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Self

from konectus.domain.deadlines import local_day, start_of
from konectus.errors import Invalid
from konectus.figures import MONTH, QUARTER, WEEK, Grain

CLOSES_AFTER = timedelta(days=3)  # privacy.md 2.1
_FORM = re.compile(r"(?P<year>\d{4})-(?:(?P<month>\d{2})|Q(?P<quarter>[1-4])|W(?P<week>\d{2}))")
_DECEMBER = 12


class UnknownPeriod(Invalid):
    code = "period"


@dataclass(frozen=True, order=True)
class Period:
    """Days from `first` to the one before `after`; each kind knows how long it is."""

    first: date
    grain: ClassVar[Grain]

    @classmethod
    def of(cls, day: date) -> Self:
        """The period of this kind with that day in it."""
        raise NotImplementedError

    @property
    def after(self) -> date:
        """The first day of the next one: periods are half open."""
        raise NotImplementedError

    @property
    def months(self) -> "tuple[Month, ...]":
        """The months whose budget it spends from; it is booked on the last one."""
        raise NotImplementedError

    @property
    def closes_at(self) -> datetime:
        """From this instant on it can be released, and events that arrive count in a later one."""
        return start_of(self.after + CLOSES_AFTER)

    def next(self) -> Self:
        return type(self)(self.after)

    def before(self) -> Self:
        return self.of(self.first - timedelta(days=1))


class Month(Period):
    """A calendar month."""

    grain = MONTH

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.replace(day=1))

    @classmethod
    def parse(cls, text: str) -> "Month":
        """`2026-10`; anything else raises UnknownPeriod."""
        found = parse(text)
        if not isinstance(found, Month):
            raise UnknownPeriod(f"{text!r} is not a month; write it as 2026-10")
        return found

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)

    @property
    def months(self) -> "tuple[Month, ...]":
        return (self,)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


class Quarter(Period):
    """Three calendar months, from January, April, July or October on."""

    grain = QUARTER

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1))

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=93)).replace(day=1)

    @property
    def months(self) -> tuple[Month, ...]:
        first = Month(self.first)
        return first, first.next(), first.next().next()

    def __str__(self) -> str:
        return f"{self.first.year:04}-Q{(self.first.month + 2) // 3}"


class Week(Period):
    """Monday to Sunday; its month is that of its Monday."""

    grain = WEEK

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day - timedelta(days=day.weekday()))

    @property
    def after(self) -> date:
        return self.first + timedelta(days=7)

    @property
    def months(self) -> tuple[Month, ...]:
        return (Month.of(self.first),)

    def __str__(self) -> str:
        return f"{self.first:%G-W%V}"


KINDS: dict[Grain, type[Period]] = {MONTH: Month, QUARTER: Quarter, WEEK: Week}


def parse(text: str) -> Period:
    """`2026-10`, `2026-Q3` or `2026-W41` (the week by ISO 8601); anything else raises UnknownPeriod."""
    found = _FORM.fullmatch(text)
    wrong = UnknownPeriod(
        f"{text!r} is not a period; write a month as 2026-10, a quarter as 2026-Q3, a week as 2026-W41"
    )
    if found is None:
        raise wrong
    year = int(found["year"])
    try:
        if found["quarter"]:
            return Quarter(date(year, 3 * int(found["quarter"]) - 2, 1))
        if found["week"]:
            return Week(date.fromisocalendar(year, int(found["week"]), 1))
        return Month(date(year, int(found["month"]), 1))
    except ValueError:
        raise wrong from None


def last_closed(now: datetime) -> Month:
    """The newest month that is closed at `now`."""
    month = Month.of(local_day(now))
    while month.closes_at > now:
        month = month.before()
    return month
