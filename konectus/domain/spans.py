"""Spans of whole legal days that figures are read for, each with the span before it. Which figures is elsewhere."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from konectus.errors import Invalid

LENGTHS = (7, 30, 90)  # the last so many whole days
DEFAULT = "30"
MONTHS_BACK = 12
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_DAY = timedelta(days=1)


class BadPeriod(Invalid):
    """No span that figures are read for."""

    code = "bad_period"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole legal days, both included. `name` is what was asked for: a number of days, or a month."""

    name: str
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first) // _DAY + 1

    def each(self) -> tuple[date, ...]:
        return tuple(self.first + n * _DAY for n in range(self.days))

    @property
    def before(self) -> "Span":
        """What it is compared with: as many days just before, or the same days of the month before."""
        if "-" not in self.name:
            return Span(self.name, self.first - self.days * _DAY, self.first - _DAY)
        end = self.first - _DAY
        is_whole = (self.last + _DAY).day == 1
        last = end if is_whole else min(end, end.replace(day=1) + (self.days - 1) * _DAY)
        return Span(f"{end:%Y-%m}", end.replace(day=1), last)


def asked(name: str, today: date) -> Span:
    """The span of a name; it ends yesterday, for today is not whole. Raises BadPeriod for any other name."""
    yesterday = today - _DAY
    if name in {str(length) for length in LENGTHS}:
        return Span(name, today - int(name) * _DAY, yesterday)
    if not _MONTH.fullmatch(name) or name not in months(today):
        raise BadPeriod(given=name[:20])
    first = date.fromisoformat(f"{name}-01")
    return Span(name, first, min(_end(first), yesterday))


def months(today: date) -> tuple[str, ...]:
    """Months that can be asked for, the newest first; the present one from its second day on."""
    first = (today - _DAY).replace(day=1)
    found = []
    for _ in range(MONTHS_BACK + 1):
        found.append(f"{first:%Y-%m}")
        first = (first - _DAY).replace(day=1)
    return tuple(found)


def choices(today: date) -> tuple[tuple[str, date], ...]:
    """The months that can be asked for, each with its first day."""
    return tuple((name, date.fromisoformat(f"{name}-01")) for name in months(today))


def _end(first: date) -> date:
    return (first + 31 * _DAY).replace(day=1) - _DAY
