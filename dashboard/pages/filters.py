"""The filter bar: published periods alone; what cannot be chosen says why. Pure."""

from collections.abc import Mapping

from dash import html

from dashboard import panels, parts, periods
from dashboard.data import History, Release
from dashboard.params import Asked
from dashboard.parts import Node, Option, attribute
from konectus.figures import MONTH, QUARTER, WEEK, Grain
from konectus.i18n import gettext as _
from konectus.i18n import msg

LENGTHS: Mapping[str, str] = {MONTH: msg("Month"), QUARTER: msg("Quarter"), WEEK: msg("Week")}


def bar(history: History, asked: Asked, path: str = "") -> Node:
    """The length of the period where the page has several, the period, and the earlier one beside it."""
    grains = panels.grains(path)
    known = history.of(asked.grain)
    chosen = periods.written(asked.release)
    listed = [Option(periods.written(release), periods.words(release)) for release in reversed(known)]
    shown = [parts.select("period", _(LENGTHS[asked.release.grain]), listed, chosen)]
    if len(grains) > 1:
        lengths = [Option(grain, _(LENGTHS[grain]), _reason(history, path, grain)) for grain in grains]
        shown.insert(0, parts.select("grain", _("By"), lengths, asked.grain))
    elif asked.grain != MONTH:
        # The page has one length, which is not the one that an address means when it says none.
        shown.insert(0, parts.select("grain", _("By"), [Option(asked.grain, _(LENGTHS[asked.grain]))], asked.grain))
    if asked.versus:
        shown.append(_versus(history, asked, asked.versus))
    return html.Form(shown, className="filterbar", **attribute("aria-label", _("Filters")))


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
    fewest = min(panels.first_rung(panel, grain) for panel in panels.shown(path, grain))
    return _("from {n} Clients on", n=fewest)
