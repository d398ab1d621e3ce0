"""How a value of each unit is told with its 95 % interval, and the levels of its axis; as on the dashboard. Pure."""

import math

from konectus.i18n import format_duration, format_number, gettext
from reports.mails.facts import Interval

SECONDS, INDEX = "seconds", "index"
SHARES = frozenset({"share", "ratio"})
_PERCENT = "\N{NO-BREAK SPACE}%"
# Half-widths may differ by this part before the bounds are told instead of one ±.
_EVEN = 0.1
_TICKS = 4
# Steps of an axis of durations, in seconds; beyond them whole days.
_STEPS = (5, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200)
_DAY = 86_400


def said(unit: str, interval: Interval) -> str:
    """Value and doubt, with the digits that the doubt leaves meaningful. Below zero is noise around nothing: zero."""
    if unit == SECONDS:
        margin = (interval.high - interval.low) / 2
        value, low, high = (format_duration(one, margin) for one in (interval.value, interval.low, interval.high))
        return gettext("{value} ({low} to {high})", value=value, low=low, high=high)
    factor, ending = (100, _PERCENT) if unit in SHARES else (1, "")
    shown, finest = interval.times(factor), 1 if unit in SHARES or unit == INDEX else 0
    below, above = shown.value - shown.low, shown.high - shown.value
    if shown.value >= max(above, below) and abs(above - below) <= _EVEN * max(above, below):
        places = _places(max(above, below), finest)
        return f"{_number(shown.value, places)} ± {_rounded_up(max(above, below), places)}{ending}"
    places = _places((above + below) / 2, finest)
    value, low, high = (_number(one, places) for one in (shown.value, shown.low, shown.high))
    return gettext("{value} ({low} to {high})", value=value + ending, low=low, high=high + ending)


def level(unit: str, at: float) -> str:
    """A level of an axis."""
    if unit == SECONDS:
        return format_duration(at) if at else "0"
    if unit in SHARES:
        return f"{format_number(round(at * 100, 4))}{_PERCENT}"
    return format_number(round(at, 4))


def levels(unit: str, top: float) -> list[float]:
    """Round levels from zero to at least `top`."""
    most = top if top > 0 else 1.0
    if unit == SECONDS:
        days = _DAY * math.ceil(most / _TICKS / _DAY)
        step = float(next((one for one in _STEPS if one * _TICKS >= most), days))
    else:
        step = 10.0 ** math.floor(math.log10(most / _TICKS))
        step *= next(times for times in (1, 2, 5, 10) if times * step * _TICKS >= most)
    return [step * n for n in range(math.ceil(most / step - 1e-9) + 1)]


def _places(margin: float, finest: int) -> int:
    """Digits after the point that say something, two of the margin; negative = tens, hundreds …"""
    return min(1 - math.floor(math.log10(margin)), finest) if margin > 0 else finest


def _number(value: float, places: int) -> str:
    return format_number(round(max(value, 0.0), places), max(places, 0))


def _rounded_up(margin: float, places: int) -> str:
    """So that it never promises more than was measured."""
    step = 10.0**-places
    return format_number(math.ceil(margin / step - 1e-9) * step, max(places, 0))
