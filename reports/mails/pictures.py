"""One metric of a report on paper: its line through time, its parts as bars, hidden ones hatched with their reason."""

from collections.abc import Iterator

from konectus.figures import ALL, TOTAL
from konectus.i18n import gettext
from konectus.papers.bars import ROW, Bar
from konectus.papers.chart import Dot, Tick
from konectus.papers.layout import Paper
from reports.mails import telling, units
from reports.mails.facts import Cell, Interval, Key, Metric, Release, Report
from reports.periods import KINDS, Period

MOST_BARS = 24  # of a cut; larger ones are in the workbook and on the dashboard
_CHART, _BARS, _HEADING = 84.0, 34.0, 14.0  # millimetres that a heading keeps together with what follows it
_MEDIAN = "p50"


def draw(paper: Paper, report: Report, metric: Metric) -> None:
    """Everything that the newest release says of this metric."""
    lines = [key for key in _lines(metric) if key in report.now.cells]
    parts = [dim for dim in metric.dims if dim not in {TOTAL, telling.QUANTILE}]
    if not (lines or parts):
        return
    paper.keep(_CHART if lines else _BARS)
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
    """Only where there is a period before: a point alone says no more than its words."""
    dots, hidden = [], dict[str, list[str]]()
    unit = telling.unit(report, report.now.cells[key])
    for period, release in _periods(report):
        cell = release.cells.get(key) if release else None
        interval = _shown(report, release, cell)
        under = telling.short(period.grain, period.first)
        if interval is None:
            dots.append(Dot(under, None))
            why = telling.reason(cell) if cell is None or cell.value is None else gettext("another cap")
            hidden.setdefault(why, []).append(under)
        else:
            dots.append(Dot(under, interval.value, interval.low, interval.high))
    while dots and dots[0].value is None:  # before the first figure there is nothing to hatch
        gone = dots.pop(0)
        hidden = {why: [one for one in names if one != gone.name] for why, names in hidden.items()}
    if len(dots) > 1:
        top = max(dot.high for dot in dots if dot.value is not None)
        if key[1] == telling.QUANTILE:
            paper.paragraph(telling.words(report, key))
        paper.chart(dots, [Tick(at, units.level(unit, at)) for at in units.levels(unit, top)])
        for why, names in hidden.items():
            if names:
                paper.paragraph(f"{', '.join(names)}: {why}", is_soft=True)


def _periods(report: Report) -> Iterator[tuple[Period, Release | None]]:
    """From the first of the history to the newest, those without a release too."""
    made = {release.period: release for release in report.history}
    period = KINDS[report.now.grain](report.history[0].period)
    while period.first <= report.now.period:
        yield period, made.get(period.first)
        period = period.next()


def _shown(report: Report, release: Release | None, cell: Cell | None) -> Interval | None:
    """In the unit of the report; None where it is hidden or was counted up to another cap."""
    if cell is None or not report.compares(cell.metric, release):
        return None
    interval = cell.interval
    return interval.times(report.factor(cell.metric)) if interval else None


def _parts(paper: Paper, report: Report, metric: Metric, dim: str) -> None:
    found = [
        (words, report.now.cells[metric.key, dim, value])
        for value, words in metric.labels(dim).items()
        if (metric.key, dim, value) in report.now.cells
    ]
    if not found:
        return
    title = gettext("{figure}, {part}", figure=telling.words(report, (metric.key, TOTAL, ALL)), part=telling.cut(dim))
    paper.keep(_HEADING + len(found) * ROW if len(found) <= MOST_BARS else _BARS)
    paper.heading(title)
    if len(found) > MOST_BARS:
        paper.paragraph(gettext("{count} figures, in the workbook and on the dashboard.", count=len(found)))
    elif all(cell.value is None for _, cell in found):
        paper.paragraph(f"– {telling.reason(found[0][1])}", is_soft=True)
    else:
        paper.bars([_bar(report, words, cell) for words, cell in found])


def _bar(report: Report, words: str, cell: Cell) -> Bar:
    interval = cell.interval
    if interval is None:
        return Bar(words, f"– {telling.reason(cell)}", None)
    shown = interval.times(report.factor(cell.metric))
    return Bar(words, units.said(telling.unit(report, cell), shown), shown.value, shown.low, shown.high)
