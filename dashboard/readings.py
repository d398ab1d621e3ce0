"""What the pages read off the releases: series, indices, cuts, the budget. Pure, on released values alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboard import scales
from dashboard.changes import Interval, Noisy, quotient
from dashboard.data import Cell, History, Release
from konectus import figures
from konectus.figures import ALL, BY_KEY, MONTH, QUARTER, TOTAL, WEEK
from konectus.i18n import LEGAL_ZONE
from konectus.i18n import gettext as _

LINES = 6  # colours that a chart has
MONTHS = 12  # of a headline
SPAN = {MONTH: 12, QUARTER: 8, WEEK: 26}  # periods on a chart, up to the one that is asked for
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
    """A period of a line: its value, or the reason why it is hidden."""

    period: date
    noisy: Noisy | None
    status: str
    # Where the interval is not even: quantiles and ratios.
    bounds: Interval | None = None
    # The cap is another one than that of the period before, so the two do not compare.
    is_break: bool = False

    @property
    def interval(self) -> Interval | None:
        return self.bounds or (self.noisy.interval if self.noisy else None)


@dataclass(frozen=True)
class Line:
    """One series of a chart; `place` is its colour and dash."""

    key: str
    words: str
    place: int
    steps: tuple[Step, ...]
    unit: str = scales.INDEX
    grain: str = MONTH


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


def headlines(history: History, release: Release) -> Iterator[Headline]:
    """Clients as they are; volumes as an index, since each Client counts up to a cap (privacy.md 2)."""
    clients, messages = series(history, release, "clients"), series(history, release, "messages")
    counted = {month: noisy for month, noisy in clients if noisy}
    each = tuple((month, quotient(m, counted[month]) if m and month in counted else None) for month, m in messages)
    yield Headline(_("Active Clients"), clients)
    yield Headline(_("Messages, index"), indexed(messages))
    yield Headline(_("People attended, index"), indexed(series(history, release, "contacts")))
    yield Headline(_("Messages per Client, index"), indexed(each))


def series(history: History, release: Release, metric: str) -> Series:
    """The total through the months that were counted up to the same cap as this one; others do not compare."""
    known = [other for other in history.published if other.cap(metric) == release.cap(metric)]
    return tuple((other.period, cell.noisy) for other in known if (cell := other.cell(metric)))


def indexed(values: Series) -> Series:
    """The first published month is 100. It is a number like any other once it is out, so the scale adds no doubt."""
    first = next((noisy.value for _month, noisy in values if noisy), INDEX)
    return tuple((month, noisy.times(INDEX / first) if noisy else None) for month, noisy in values)


def base(history: History, release: Release) -> tuple[date, float] | None:
    """The period and value that are 100 on the channel chart; None where channels are not published."""
    return hundred(history, release, ("messages", "channel", BASE))


def channel_lines(history: History, release: Release) -> list[Line]:
    """Messages by channel as an index, up to this month."""
    found = base(history, release)
    return lines(history, release, ("messages", "channel"), INDEX / found[1]) if found else []


def hundred(history: History, release: Release, key: tuple[str, str, str]) -> tuple[date, float] | None:
    """The period and value of that cell that are 100: the first one published that was counted up to the same cap."""
    for other in history.of(release.grain):
        cell = other.cell(*key)
        if cell and cell.value and cell.value > 0 and other.cap(key[0]) == release.cap(key[0]):
            return other.period, cell.value
    return None


def factor(history: History, release: Release, metric: str) -> float:
    """Volumes are shown as an index, since each Client counts up to a cap (privacy.md 2); all else as it is."""
    if not is_volume(metric):
        return 1.0
    found = hundred(history, release, (metric, TOTAL, ALL))
    return INDEX / found[1] if found else 1.0


def is_volume(metric: str) -> bool:
    return metric in BY_KEY and BY_KEY[metric].mechanism == "volume"


def unit(metric: str, dim: str) -> str:
    """In which a cut is shown: that of the catalogue, or an index."""
    return scales.INDEX if is_volume(metric) or metric not in BY_KEY else figures.unit(metric, dim)


def lines(history: History, release: Release, cut: tuple[str, str], scale: float) -> list[Line]:
    """A metric by a dimension up to this period, a line for each value; none where this release has no such cut."""
    metric, dim = cut
    known = release.metrics.get(metric)
    labels = {ALL: str(known)} if known and TOTAL in known.dims and dim == TOTAL else release.labels(metric, dim)
    return [
        Line(
            value,
            words,
            place % LINES,
            tuple(_steps(history, release, (metric, dim, value), scale)),
            unit(metric, dim),
            release.grain,
        )
        for place, (value, words) in enumerate(labels.items())
    ]


def _steps(history: History, release: Release, key: tuple[str, str, str], scale: float) -> Iterator[Step]:
    known = [other for other in history.of(release.grain) if other.period <= release.period and other.cell(*key)]
    cap = 0
    for other in known[-SPAN[release.grain] :]:
        cell = other.cells[key]
        noisy, bounds = cell.noisy, cell.interval if cell.low is not None else None
        yield Step(
            other.period,
            noisy.times(scale) if noisy else None,
            cell.status,
            bounds.times(scale) if bounds else None,
            is_break=cap not in (0, other.cap(key[0])),
        )
        cap = other.cap(key[0])


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
