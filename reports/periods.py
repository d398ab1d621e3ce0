"""Months of the legal zone: what a release covers and when it closes."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from konectus.domain.deadlines import local_day, start_of
from konectus.errors import Invalid

CLOSES_AFTER = timedelta(days=3)  # privacy.md 2.1
_FORM = re.compile(r"(\d{4})-(\d{2})")
_DECEMBER = 12


class UnknownPeriod(Invalid):
    code = "period"


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, named by its first day."""

    first: date

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.replace(day=1))

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2026-10`; anything else raises UnknownPeriod."""
        found = _FORM.fullmatch(text)
        if found is None or not 1 <= int(found[2]) <= _DECEMBER or int(found[1]) == 0:
            raise UnknownPeriod(f"{text!r} is not a month; write it as 2026-10")
        return cls(date(int(found[1]), int(found[2]), 1))

    @property
    def after(self) -> date:
        """The first day of the next month: periods are half open."""
        return (self.first + timedelta(days=31)).replace(day=1)

    def next(self) -> "Month":
        return Month(self.after)

    @property
    def closes_at(self) -> datetime:
        """From this instant on the month can be released, and events that arrive count in a later one."""
        return start_of(self.after + CLOSES_AFTER)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def last_closed(now: datetime) -> Month:
    """The newest month that is closed at `now`."""
    month = Month.of(local_day(now))
    while month.closes_at > now:
        month = Month.of(month.first - timedelta(days=1))
    return month
