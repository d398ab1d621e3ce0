"""Released figures in words, in the present locale: periods, headlines, what is hidden and why, what changed. Pure."""

from collections.abc import Iterator
from datetime import date

from konectus.figures import ALL, QUARTER, TOTAL, WEEK, Grain
from konectus.i18n import current, format_date, format_number, gettext, msg
from reports.mails import units
from reports.mails.facts import Cell, Key, Metric, Release, Report
from reports.periods import KINDS

QUANTILE = "quantile"
_RISE, _FALL = msg("{figure}: up from {past} to {now}."), msg("{figure}: down from {past} to {now}.")
_HIDDEN = {
    "few_clients": msg("Hidden: it could rest on fewer than ten Clients"),
    "low_precision": msg("Hidden: the noise is too large beside the value"),
}
_IN_SHORT = {"few_clients": msg("few Clients"), "low_precision": msg("low precision")}
_CUTS = {
    "channel": msg("by channel"),
    "plan": msg("by Plan"),
    "direction": msg("received and sent"),
    "region": msg("by region"),
    "industry": msg("by industry"),
    "hour": msg("by hour"),
    "weekday": msg("by weekday"),
    "hour_week": msg("by hour of the week"),
    "bin": msg("by time taken"),
    "channel_plan": msg("by channel and Plan"),
    "size": msg("by size"),
    "movement": msg("new, staying and leaving"),
    "signup": msg("by quarter of signing up"),
}


def written(grain: Grain, first: date) -> str:
    """For the name of a file: 2026-10, 2026-Q3 or 2026-W41."""
    return str(KINDS[grain](first))


def period(grain: Grain, first: date) -> str:
    if grain == WEEK:
        return gettext("Week of {day}", day=format_date(first, form="medium"))
    if grain == QUARTER:
        return gettext("Quarter {n} of {year}", n=(first.month + 2) // 3, year=first.year)
    return format_date(first, form="month")


def short(grain: Grain, first: date) -> str:
    """Below a chart."""
    if grain == QUARTER:
        return gettext("Q{number} {year}", number=(first.month + 2) // 3, year=f"{first:%y}")
    return format_date(first, form="day") if grain == WEEK else f"{first:%m/%y}"


def named(release: Release) -> str:
    return period(release.grain, release.period)


def cut(dim: str) -> str:
    return gettext(_CUTS[dim]) if dim in _CUTS else dim


def headlines(release: Release) -> Iterator[tuple[Key, Cell]]:
    """The total of each metric; of durations the parts within which half and more lie."""
    for metric in release.metrics.values():
        keys = [(metric.key, TOTAL, ALL), *((metric.key, QUANTILE, one) for one in metric.labels(QUANTILE))]
        yield from ((key, release.cells[key]) for key in keys if key in release.cells)


def words(report: Report, key: Key) -> str:
    """The name of a headline: its metric, as an index where it is one, and its part."""
    metric = report.now.metrics[key[0]]
    if key[1] == QUANTILE:
        part = metric.labels(QUANTILE)[key[2]]
        return gettext("{figure}, {part}", figure=metric, part=part)
    return gettext("{figure}, index", figure=metric) if report.is_index(metric.key) else str(metric)


def value(report: Report, cell: Cell) -> str:
    """The value with its doubt; – and the reason where it is hidden."""
    interval = cell.interval
    if interval is None:
        return f"– {gettext(_HIDDEN.get(cell.status, _HIDDEN['low_precision']))}"
    return units.said(unit(report, cell), interval.times(report.factor(cell.metric)))


def unit(report: Report, cell: Cell) -> str:
    return units.INDEX if report.is_index(cell.metric) else cell.unit


def reason(cell: Cell | None) -> str:
    """In short, why a period or part has no value."""
    if cell is None:
        return gettext("Not published in this period")
    return gettext(_IN_SHORT.get(cell.status, _IN_SHORT["low_precision"]))


def changes(report: Report) -> Iterator[str]:
    """A sentence for each headline that clearly changed, one for those that did not, one for those that cannot tell."""
    still, apart = [], []
    for key, past, cell in _pairs(report):
        figure = words(report, key)
        if not report.compares(key[0], report.before):
            apart.append(figure)
        elif not cell.differs_from(past):
            still.append(figure)
        else:
            said = _RISE if (cell.value or 0) > (past.value or 0) else _FALL
            yield gettext(said, figure=figure, past=value(report, past), now=value(report, cell))
    if still:
        yield gettext("No clear change: {figures}.", figures="; ".join(still))
    if apart:
        yield gettext("Counted up to another cap, so that they do not compare: {figures}.", figures="; ".join(apart))


def _pairs(report: Report) -> Iterator[tuple[Key, Cell, Cell]]:
    """Headlines that were published in the period before as well: theirs, then the present one."""
    for key, cell in headlines(report.now):
        past = report.before.cells.get(key) if report.before else None
        if past is not None and past.value is not None and cell.value is not None:
            yield key, past, cell


def meaning(report: Report, metric: Metric) -> str:
    """What a metric counts, up to which cap, and what 100 is."""
    said = [metric.definition[current()]]
    if metric.cap > 1:
        said.append(gettext("The cap of a Client was {cap}.", cap=format_number(metric.cap)))
    if report.is_index(metric.key):
        first = report.hundreds[metric.key].period
        said.append(gettext("Index: the total of {period} is 100.", period=period(report.now.grain, first)))
    return " ".join(one for one in said if one)
