"""One period's profile over the values of a dimension that have an order: hours, time taken. Plotly out. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard import locale, scales
from dashboard.changes import Interval
from dashboard.themes import THEMES, Theme, faint, template
from konectus import i18n

HALF = 0.5


@dataclass(frozen=True)
class Place:
    """A value of the dimension: what was released of it, or why it is hidden."""

    words: str
    interval: Interval | None
    status: str


@dataclass(frozen=True)
class Mark:
    """What stands under the axis where the value of that place begins."""

    place: int
    words: str


@dataclass(frozen=True)
class Curve:
    """One profile; the one that is compared with lies behind, in grey and without a ribbon."""

    words: str
    places: tuple[Place, ...]
    is_behind: bool = False


def profile(curves: Sequence[Curve], unit: str, marks: Sequence[Mark], theme_name: str) -> go.Figure:
    """Steps with their 95 % ribbons; where a value is hidden its place at the bottom is hatched."""
    theme = THEMES[theme_name]
    figure = go.Figure(layout={"template": template(theme), "height": 270, "dragmode": False})
    intervals = [place.interval for curve in curves for place in curve.places if place.interval]
    tallest = max((one.high for one in intervals), default=1.0)
    for curve in curves:
        colour = theme.axis if curve.is_behind else theme.colorway[3]
        if not curve.is_behind:
            figure.add_traces([*_hatches(curve, theme, tallest), *_ribbons(curve, colour)])
        figure.add_trace(_stroke(curve, unit, colour))
    figure.update_yaxes(fixedrange=True, **scales.axis(unit, intervals))
    figure.update_xaxes(
        fixedrange=True,
        tickvals=[mark.place - HALF for mark in marks],
        ticktext=[mark.words for mark in marks],
        tickangle=0,
        range=[-HALF, len(curves[-1].places) - HALF],
    )
    figure.update_layout(margin_t=8, margin_l=scales.ROOM.get(unit, scales.USUAL))
    return figure


def _stroke(curve: Curve, unit: str, colour: str) -> go.Scatter:
    look = {"width": 1.5, "dash": "4px,3px"} if curve.is_behind else {"width": 2.0}
    return go.Scatter(
        x=list(range(len(curve.places))),
        y=[max(place.interval.value, 0.0) if place.interval else None for place in curve.places],
        name=curve.words,
        mode="lines",
        line={"color": colour, "shape": "hvh"} | look,
        customdata=[[place.words, _said(unit, place)] for place in curve.places],
        hovertemplate="%{customdata[0]}: %{customdata[1]}",
        connectgaps=False,
    )


def _ribbons(curve: Curve, colour: str) -> Iterator[go.Scatter]:
    """A box around each value; those of neighbours touch."""
    for n, place in enumerate(curve.places):
        if place.interval:
            low, high = max(place.interval.low, 0.0), max(place.interval.high, 0.0)
            yield _box(n, low, high, {"fillcolor": faint(colour)})


def _hatches(curve: Curve, theme: Theme, tallest: float) -> Iterator[go.Scatter]:
    pattern = {"shape": "/", "fgcolor": theme.axis, "bgcolor": theme.surface, "size": 7, "solidity": 0.2}
    for n, place in enumerate(curve.places):
        if not place.interval:
            yield _box(n, 0.0, tallest * 0.04, {"fillpattern": pattern, "fillcolor": theme.axis})


def _box(place: int, low: float, high: float, fill: Mapping[str, Any]) -> go.Scatter:
    left, right = place - HALF, place + HALF
    return go.Scatter(
        x=[left, right, right, left, left],
        y=[low, low, high, high, low],
        mode="lines",
        line={"width": 0},
        fill="toself",
        hoverinfo="skip",
        **fill,
    )


def _said(unit: str, place: Place) -> str:
    if place.interval is None:
        return i18n.gettext("hidden: {reason}", reason=locale.reason(place.status))
    return scales.said(unit, place.interval)
