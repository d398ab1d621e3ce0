"""The filter bar: published periods alone; what cannot be chosen says why. Pure."""

from collections.abc import Mapping

from dash import html

from dashboard import panels, parts, periods
from dashboard.data import History, Release
from dashboard.params import Asked
from dashboard.parts import Node, Option, attribute
from konectus import i18n
from konectus.figures import MONTH, QUARTER, WEEK, Grain
from konectus.i18n import gettext as _
from konectus.i18n import msg

LENGTHS: Mapping[str, str] = {MONTH: msg("Month"), QUARTER: msg("Quarter"), WEEK: msg("Week")}


def bar(history: History, asked: Asked, path: str = "") -> Node:
    """The length of the period where the page has several, the period, and the earlier one beside it."""
    shown = [*lengths(history, asked, path), period(history, asked)]
    if asked.versus:
        shown.append(_versus(history, asked, asked.versus))
    return html.Form(shown, className="filterbar", **attribute("aria-label", _("Filters")))


def lengths(history: History, asked: Asked, path: str) -> list[Node]:
    """Nothing where a page has months alone: they are what an address means when it says none."""
    grains = panels.grains(path)
    if grains == (MONTH,):
        return []
    options = [Option(grain, _(LENGTHS[grain]), _reason(history, path, grain)) for grain in grains]
    return [parts.select("grain", _("By"), options, asked.grain)]


def period(history: History, asked: Asked) -> Node:
    listed = [Option(periods.written(one), periods.words(one)) for one in reversed(history.of(asked.grain))]
    return parts.select("period", _(LENGTHS[asked.grain]), listed, periods.written(asked.release))


def _versus(history: History, asked: Asked, versus: Release) -> Node:
    options = [
        _earlier(other, asked) for other in reversed(history.of(asked.grain)) if other.period < asked.release.period
    ]
    return parts.select("versus", _("Compare with"), options, periods.written(versus))


def _earlier(other: Release, asked: Asked) -> Option:
    written, words = periods.written(other), periods.words(other)
    is_a_year_before = written == periods.a_year_before(asked.release)
    return Option(written, _("{period} (a year before)", period=words) if is_a_year_before else words)


def _reason(history: History, path: str, grain: Grain) -> str:
    if history.of(grain):
        return ""
    return _("from {n} Clients on", n=i18n.format_number(panels.fewest(path, grain)))
