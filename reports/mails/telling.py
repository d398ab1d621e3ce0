"""Released figures in words, in the present locale: periods, values with their doubt, what changed. Pure."""

import math
from collections.abc import Iterator, Sequence
from datetime import date

from konectus import i18n
from konectus.i18n import format_date, format_number, gettext, msg
from reports.mails.reading import Cell, Metric, Release

_HIDDEN = {
    "few_clients": msg("Hidden: it could rest on fewer than ten Clients"),
    "low_precision": msg("Hidden: the noise is too large beside the value"),
}


def written(grain: str, period: date) -> str:
    """For the name of a file: 2026-10, or 2026-W41."""
    return f"{period:%G-W%V}" if grain == "week" else f"{period:%Y-%m}"


def period(grain: str, first: date) -> str:
    if grain == "week":
        return gettext("Week of {day}", day=format_date(first, form="medium"))
    return format_date(first, form="month")


def short(grain: str, first: date) -> str:
    """Below a chart."""
    return format_date(first, form="day") if grain == "week" else f"{first:%m/%y}"


def name(metric: Metric) -> str:
    return metric.words[i18n.current()]


def reason(cell: Cell) -> str:
    return gettext(_HIDDEN.get(cell.status, _HIDDEN["low_precision"]))


def value(cell: Cell) -> str:
    """The value with ± 95 %, as many digits as its doubt allows; the reason where it is hidden."""
    if cell.value is None:
        return reason(cell)
    place = math.floor(math.log10(cell.margin / 3))  # 1.5 and 2.9 keep a second digit
    return f"{_rounded(cell.value, place)} ± {_rounded(cell.margin, place)}"


def _rounded(number: float, place: int) -> str:
    whole = round(number, -place)
    return format_number(whole, max(-place, 0))


def changes(now: Release, before: Release | None) -> Iterator[str]:
    """One sentence for each figure: a clear change with both values, or that there is none."""
    for key, metric in now.metrics.items():
        cell, past = now.total(key), before.total(key) if before else None
        if cell is None or cell.value is None or past is None or past.value is None or before is None:
            continue
        if not cell.differs_from(past):
            yield gettext("{figure}: no clear change.", figure=name(metric))
            continue
        words = msg("{figure}: up from {past} to {now}.")
        if cell.value < past.value:
            words = msg("{figure}: down from {past} to {now}.")
        yield gettext(words, figure=name(metric), past=value(past), now=value(cell))


def previous(history: Sequence[Release]) -> Release | None:
    """The last one before the newest that has figures."""
    return next((release for release in reversed(history[:-1]) if release.cells), None)
