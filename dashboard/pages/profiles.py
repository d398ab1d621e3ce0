"""A period's profile over hours or over the time taken, with that of the period compared with behind it. Pure."""

from typing import Any

from dash import html

from dashboard import curves, parts, periods, readings
from dashboard.curves import Curve, Mark, Place
from dashboard.data import History, Release
from dashboard.pages import lines, views
from dashboard.panels import Panel
from dashboard.params import Asked
from dashboard.parts import Frame, Node
from konectus import i18n
from konectus.figures import EDGES
from konectus.i18n import gettext as _


def card(_history: History, asked: Asked, panel: Panel) -> Node:
    """The frame of the chart and its table."""
    release = asked.release
    known = release.metrics[panel.metric].definition
    said = html.P([known, " ", _("The band is the 95 % interval.")], className="small soft")
    body = [said, *views.both(panel.key, lines.graph(panel), _table(asked, panel), asked)]
    aside = views.taken(release, panel.key, f"{panel.key}-figure")
    return parts.card(panel.key, panel.title(release.grain), body, Frame(aside))


def figure(_history: History, asked: Asked, panel: Panel, theme: str) -> object:
    """The profile of the period, and behind it that of the one it is compared with."""
    behind = [Curve(periods.words(asked.versus), _places(asked.versus, panel), is_behind=True)] if asked.versus else []
    found = Curve(periods.words(asked.release), _places(asked.release, panel))
    drawn = [*(one for one in behind if one.places), found]
    return curves.profile(drawn, readings.unit(panel.metric, panel.dim), _marks(panel.dim), theme)


def _marks(dim: str) -> list[Mark]:
    """Few enough for a narrow screen: every fourth hour, every fourth edge of a bin."""
    if dim == "hour":
        return [Mark(hour, f"{hour:02}:00") for hour in range(0, 24, 4)]
    return [Mark(place, i18n.format_duration(edge)) for place, edge in enumerate(EDGES, start=1) if place % 4 == 0]


def _places(release: Release, panel: Panel) -> tuple[Place, ...]:
    cells = readings.cut(release, panel.metric, panel.dim)
    return tuple(Place(words, cell.interval, cell.status) for words, cell in cells)


def _table(asked: Asked, panel: Panel) -> Node:
    unit = readings.unit(panel.metric, panel.dim)
    rows: list[list[Any]] = [
        [words, html.Span(parts.told(unit, cell.interval)) if cell.interval else parts.hidden(cell.status)]
        for words, cell in readings.cut(asked.release, panel.metric, panel.dim)
    ]
    return parts.table([panel.title(asked.release.grain), periods.words(asked.release)], rows)
