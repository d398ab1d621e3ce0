"""What the pages read off the releases: series, indices, cuts, the budget. Pure, on released values alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboard.changes import Noisy, quotient
from dashboard.data import Cell, History, Release
from konectus.figures import ALL, TOTAL
from konectus.i18n import LEGAL_ZONE
from konectus.i18n import gettext as _

LINES = 6  # colours that a chart has
MONTHS = 12  # on a chart, up to the month that is asked for
INDEX = 100.0
BASE = "messenger"  # its first published month is 100 on the channel chart
GRACE = timedelta(days=3)  # privacy.md 2.1
RHO_YEAR = 3.0  # the ceiling that a trigger of the database holds (privacy.md 2.4)

Series = tuple[tuple[date, Noisy | None], ...]


@dataclass(frozen=True)
class Headline:
    """A figure of the first row, month by month; None = hidden, or not there yet."""

    words: str
    series: Series

    def at(self, release: Release | None) -> Noisy | None:
        return next((noisy for month, noisy in self.series if release and month == release.period), None)

    def until(self, release: Release) -> list[Noisy | None]:
        return [noisy for month, noisy in self.series if month <= release.period][-MONTHS:]


@dataclass(frozen=True)
class Step:
    """A month of a line: its value, or the reason why it is hidden."""

    month: date
    noisy: Noisy | None
    status: str


@dataclass(frozen=True)
class Line:
    """One series of a chart; `place` is its colour and dash."""

    key: str
    words: str
    place: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Spent:
    """Privacy budget: rho, and the epsilon that it means at a delta."""

    rho: float
    delta: float

    @property
    def epsilon(self) -> float:
        return self.rho + 2 * math.sqrt(self.rho * math.log(1 / self.delta))

    @property
    def right_guesses(self) -> float:
        """How often, at best, somebody who knows all else is right on whether a Client is in the figures; a coin: half.

        Gaussian noise of rho is a shift of sqrt(2 rho) standard deviations; the best test cuts it in the middle.
        """
        return 0.5 * (1 + math.erf(math.sqrt(2 * self.rho) / 2 / math.sqrt(2)))


def headlines(history: History) -> Iterator[Headline]:
    """Clients as they are; volumes as an index, since each Client counts up to a cap (privacy.md 2)."""
    clients, messages = series(history, "clients"), series(history, "messages")
    counted = {month: noisy for month, noisy in clients if noisy}
    each = tuple((month, quotient(m, counted[month]) if m and month in counted else None) for month, m in messages)
    yield Headline(_("Active Clients"), clients)
    yield Headline(_("Messages, index"), indexed(messages))
    yield Headline(_("People attended, index"), indexed(series(history, "contacts")))
    yield Headline(_("Messages per Client, index"), indexed(each))


def series(history: History, metric: str, dim: str = TOTAL, dim_value: str = ALL) -> Series:
    return tuple((point.period, point.cell.noisy) for point in history.series(metric, dim, dim_value))


def indexed(values: Series) -> Series:
    """The first published month is 100. It is a number like any other once it is out, so the scale adds no doubt."""
    first = next((noisy.value for _month, noisy in values if noisy), INDEX)
    return tuple((month, noisy.times(INDEX / first) if noisy else None) for month, noisy in values)


def base(history: History) -> tuple[date, float] | None:
    """The month and value that are 100 on the channel chart; None where channels are not published."""
    found = series(history, "messages", "channel", BASE)
    return next(((month, noisy.value) for month, noisy in found if noisy), None)


def channel_lines(history: History, release: Release) -> list[Line]:
    """Messages by channel as an index, up to this month."""
    hundred = base(history)
    if hundred is None:
        return []
    labels = release.labels("messages", "channel")
    return [
        Line(value, words, place, tuple(_steps(history, release, ("messages", "channel", value), INDEX / hundred[1])))
        for place, (value, words) in enumerate(labels.items())
    ]


def lines(history: History, release: Release, cut: tuple[str, str], factor: float) -> list[Line]:
    """A metric by a dimension up to this month, a line for each value; none where this release has no such cut."""
    metric, dim = cut
    known = release.metrics.get(metric)
    labels = {ALL: str(known)} if known and dim == TOTAL else release.labels(metric, dim)
    return [
        Line(value, words, place % LINES, tuple(_steps(history, release, (metric, dim, value), factor)))
        for place, (value, words) in enumerate(labels.items())
    ]


def _steps(history: History, release: Release, key: tuple[str, str, str], factor: float) -> Iterator[Step]:
    points = [p for p in history.series(*key) if p.period <= release.period]
    for point in points[-MONTHS:]:
        noisy = point.cell.noisy
        yield Step(point.period, noisy.times(factor) if noisy else None, point.cell.status)


def cut(release: Release, metric: str, dim: str) -> list[tuple[str, Cell]]:
    """The cells of a cut with their words, in the order of display."""
    labels = release.labels(metric, dim)
    found = ((words, release.cell(metric, dim, value)) for value, words in labels.items())
    return [(words, cell) for words, cell in found if cell is not None]


def spent_in_year(history: History, release: Release) -> Spent:
    """The budget of the twelve months that end with the one it is booked on, releases of every length together."""
    last = release.booked.replace(day=1)
    since = last.replace(year=last.year - 1)
    inside = (other.rho for other in history.releases if since < other.booked.replace(day=1) <= last)
    return Spent(math.fsum(inside), release.delta)


def upcoming(history: History) -> tuple[date, date]:
    """The month that is released next, and the day from which it can be: three days after its end."""
    month = _after(history.months[-1].period)
    return month, _after(month) + GRACE


def is_late(day: date, now: datetime) -> bool:
    """Whether a release that was possible from this day on is overdue by more than a day."""
    return now.astimezone(LEGAL_ZONE).date() > day + timedelta(days=1)


def _after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
