"""One metric of a report on paper: its line through time, its parts as bars, hidden ones hatched with their reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile

from konectus.figures import ALL, TOTAL
from konectus.i18n import gettext
from konectus.papers.bars import ROW, Bar
from konectus.papers.chart import Dot, Tick
from konectus.papers.heat import Grid
from konectus.papers.layout import Paper
from reports.mails import telling, units
from reports.mails.facts import Cell, Interval, Key, Metric, Release, Report
from reports.periods import KINDS, Period

MOST_BARS = 24  # of a cut; larger ones are in the workbook and on the dashboard
_CHART, _MEANING, _HEADING = 84.0, 20.0, 14.0  # millimetres that a heading keeps together with what follows it
_MEDIAN, _HOURS = "p50", "hour_week"
_GRID = 60.0  # millimetres that the hours of a week take with their heading


def draw(paper: Paper, report: Report, metric: Metric) -> None:
    """Everything that the newest release says of this metric."""
    lines = [key for key in _lines(metric) if key in report.now.cells]
    parts = [dim for dim in metric.dims if dim not in {TOTAL, telling.QUANTILE}]
    if not (lines or parts):
        return
    paper.keep(_CHART if lines else _MEANING + _height(len(metric.labels(parts[0]))))
    paper.heading(f"{telling.words(report, (metric.key, TOTAL, ALL))} · {telling.named(report.now)}")
    paper.paragraph(telling.meaning(report, metric), is_soft=True)
    for key in lines:
        _chart(paper, report, key)
    for dim in parts:
        _parts(paper, report, metric, dim)


def _lines(metric: Metric) -> Iterator[Key]:
    yield metric.key, TOTAL, ALL
    yield metric.key, telling.QUANTILE, _MEDIAN


def _chart(paper: Paper, report: Report, key: Key) -> None:
    """The line from its first figure on; a period alone in words, since a point says no more."""
    points = list(dropwhile(lambda point: point.interval is None, _points(report, key)))
    if len(points) < 2:  # noqa: PLR2004 -- a line
        paper.paragraph(f"{telling.words(report, key)}: {telling.value(report, report.now.cells[key])}")
        return
    if key[1] == telling.QUANTILE:
        paper.paragraph(telling.words(report, key))
    unit = telling.unit(report, report.now.cells[key])
    top = max(point.interval.high for point in points if point.interval)
    paper.chart([point.dot for point in points], [Tick(at, units.level(unit, at)) for at in units.levels(unit, top)])
    for why in dict.fromkeys(point.why for point in points if point.why):
        hidden = ", ".join(point.name for point in points if point.why == why)
        paper.paragraph(f"{hidden}: {why}", is_soft=True)


@dataclass(frozen=True)
class _Point:
    """A period of a line: its figure, or why there is none."""

    name: str
    interval: Interval | None
    why: str = ""

    @property
    def dot(self) -> Dot:
        found = self.interval
        return Dot(self.name, found.value, found.low, found.high) if found else Dot(self.name, None)


def _points(report: Report, key: Key) -> Iterator[_Point]:
    """In the unit of the report; another cap does not compare."""
    for period, release in _periods(report):
        cell, name = release.cells.get(key) if release else None, telling.short(period.grain, period.first)
        interval = cell.interval if cell else None
        if interval is None:
            yield _Point(name, None, telling.reason(cell))
        elif report.compares(key[0], release):
            yield _Point(name, interval.times(report.factor(key[0])))
        else:
            yield _Point(name, None, gettext("another cap"))


def _periods(report: Report) -> Iterator[tuple[Period, Release | None]]:
    """From the first of the history to the newest, those without a release too."""
    made = {release.period: release for release in report.history}
    period = KINDS[report.now.grain](report.history[0].period)
    while period.first <= report.now.period:
        yield period, made.get(period.first)
        period = period.next()


def _parts(paper: Paper, report: Report, metric: Metric, dim: str) -> None:
    found = [
        (words, report.now.cells[metric.key, dim, value])
        for value, words in metric.labels(dim).items()
        if (metric.key, dim, value) in report.now.cells
    ]
    if not found:
        return
    title = gettext("{figure}, {part}", figure=telling.words(report, (metric.key, TOTAL, ALL)), part=telling.cut(dim))
    paper.keep(_height(len(found)))
    paper.heading(title)
    if dim == _HOURS:
        _hours(paper, report, metric)
    elif len(found) > MOST_BARS:
        paper.paragraph(gettext("{count} figures, in the workbook and on the dashboard.", count=len(found)))
    elif all(cell.value is None for _, cell in found):
        paper.paragraph(f"– {telling.reason(found[0][1])}", is_soft=True)
    else:
        paper.bars([_bar(report, words, cell) for words, cell in found])


def _height(parts: int) -> float:
    """Of so many parts with their heading."""
    return _HEADING + parts * ROW if parts <= MOST_BARS else _GRID


def _hours(paper: Paper, report: Report, metric: Metric) -> None:
    """168 hours as tints, with what the darkest one is and how sure each is."""
    cells = {key[2]: cell for key, cell in report.now.cells.items() if key[:2] == (metric.key, _HOURS)}
    days, hours = metric.labels("weekday"), [f"{hour:02}" for hour in range(24)]
    rows = [(words, [_value(cells.get(f"{day}-{hour}")) for hour in hours]) for day, words in days.items()]
    shown = [cell for cell in cells.values() if cell.interval]
    if not (rows and shown):
        paper.paragraph(f"– {telling.reason(next(iter(cells.values())))}", is_soft=True)
        return
    paper.heat(Grid(hours, rows))
    darkest = max(shown, key=lambda cell: cell.value or 0.0)
    words = gettext(
        "The darkest hour: {hour}, {value}. Hatched hours are hidden; all are in the workbook.",
        hour=metric.labels(_HOURS)[darkest.dim_value],
        value=telling.value(report, darkest),
    )
    paper.paragraph(words, is_soft=True)


def _value(cell: Cell | None) -> float | None:
    return cell.value if cell else None


def _bar(report: Report, words: str, cell: Cell) -> Bar:
    interval = cell.interval
    if interval is None:
        return Bar(words, f"– {telling.reason(cell)}", None)
    shown = interval.times(report.factor(cell.metric))
    return Bar(words, units.said(telling.unit(report, cell), shown), shown.value, shown.low, shown.high)
