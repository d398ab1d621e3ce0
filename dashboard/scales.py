"""How a figure of each unit is told, with its 95 % interval, and what its axis looks like. Pure."""

from collections.abc import Sequence
from typing import Any

from dashboard import locale
from dashboard.changes import Interval
from konectus import i18n
from konectus.i18n import gettext as _

INDEX = "index"
SHARES = frozenset({"share", "ratio"})
SECONDS = "seconds"
# Pixels beside an axis, so that its words are whole.
USUAL = 36
ROOM = {"share": 48, "ratio": 48, SECONDS: 60}
# Half-widths may differ by this part before the bounds are told instead of one ±.
EVEN = 0.1
# Where an axis of durations is marked: 15 s to 7 days.
_MARKS = (15, 60, 240, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800)


def value(unit: str, interval: Interval) -> str:
    """The value with the digits that its interval leaves meaningful."""
    margin = (interval.high - interval.low) / 2
    if unit == SECONDS:
        return i18n.format_duration(interval.value, margin)
    if unit in SHARES:
        return f"{locale.number(interval.value * 100, margin * 100, finest=1)}\N{NO-BREAK SPACE}%"
    return locale.number(interval.value, margin)


def doubt(unit: str, interval: Interval) -> str:
    """The ± of an even interval, else its bounds."""
    below, above = interval.value - interval.low, interval.high - interval.value
    if unit == SECONDS:
        margin = (interval.high - interval.low) / 2
        low, high = (i18n.format_duration(bound, margin) for bound in (interval.low, interval.high))
        return _("{low} to {high}", low=low, high=high)
    if abs(above - below) <= EVEN * max(above, below):
        margin = max(above, below)
        if unit in SHARES:
            return f"{locale.plus_minus(margin * 100, finest=1)}\N{NO-BREAK SPACE}%"
        return locale.plus_minus(margin)
    return _("{low} to {high}", **_bounds(unit, interval))


def said(unit: str, interval: Interval) -> str:
    """Value and doubt in one."""
    return (
        f"{value(unit, interval)} ({doubt(unit, interval)})"
        if unit == SECONDS
        else (f"{value(unit, interval)} {doubt(unit, interval)}")
    )


def axis(unit: str, intervals: Sequence[Interval]) -> dict[str, Any]:
    """Plotly's settings of the axis of values: durations on a logarithm, all else from zero."""
    tallest = max((one.high for one in intervals), default=1.0)
    if unit == SECONDS:
        lowest = min((one.low for one in intervals if one.low > 0), default=1.0)
        marks = [mark for mark in _MARKS if lowest / 2 <= mark <= tallest * 2]
        return {
            "type": "log",
            "autorange": True,
            "tickvals": marks,
            "ticktext": [i18n.format_duration(mark) for mark in marks],
        }
    shown = {"tickformat": ".0%" if tallest > _FINE else ".1%"} if unit in SHARES else {}
    return {"range": [0, tallest * 1.06], "nticks": 8, **shown}


_FINE = 0.1  # an axis up to less than 10 % is marked in tenths


def _bounds(unit: str, interval: Interval) -> dict[str, str]:
    factor, ending = (100, "\N{NO-BREAK SPACE}%") if unit in SHARES else (1, "")
    margin = (interval.high - interval.low) / 2 * factor
    low, high = (locale.number(bound * factor, margin, finest=1) for bound in (interval.low, interval.high))
    return {"low": low, "high": high + ending}
