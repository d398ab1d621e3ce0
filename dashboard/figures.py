"""Figures: released values in, Plotly out, in two themes. Pure.

Plotly knows no custom properties, so the colours of look.md stand here; a test compares them with tokens.css.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from dashboard import locale
from dashboard.changes import Noisy
from dashboard.data import Annotation
from dashboard.forecast import Ahead
from dashboard.readings import Line, Step
from konectus import i18n

RIBBON = 0.16
EDGE = timedelta(days=9)
FONT = "Inter Variable, system-ui, sans-serif"


@dataclass(frozen=True)
class Theme:
    """One of the two colourings of a figure."""

    colorway: tuple[str, ...]
    sequential: tuple[str, ...]
    text: str
    title: str
    grid: str
    axis: str
    surface: str
    hover: str


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        colorway=("#4252cd", "#c9237b", "#008cbd", "#00665a", "#a86400", "#5d6766"),
        sequential=("#e2f6f1", "#bfe6dd", "#8fd0c3", "#52ab9c", "#217d70", "#00564c"),
        text="#434e4d",
        title="#17201f",
        grid="#dce2e1",
        axis="#808c8b",
        surface="#f7faf9",
        hover="#ffffff",
    ),
    "dark": Theme(
        colorway=("#8c9cf8", "#f074af", "#5ec2eb", "#52bfa9", "#efb146", "#959d9d"),
        sequential=("#11302b", "#174840", "#1f6459", "#2d776c", "#52a698", "#8fd6c8"),
        text="#b8bfbf",
        title="#e9eeed",
        grid="#27302f",
        axis="#6c7776",
        surface="#1a2120",
        hover="#1d2524",
    ),
}
# Lines part by hue, lightness, width and dash, in the order of the channels.
WIDTHS = (2.0, 2.75, 2.0)
DASHES = ("solid", "solid", "7px,4px")


def template(theme: Theme) -> go.layout.Template:
    """The house's template: tokens under Plotly's names."""
    axis = {"gridcolor": theme.grid, "linecolor": theme.axis, "zerolinecolor": theme.axis, "zeroline": False}
    hover = {"bgcolor": theme.hover, "bordercolor": theme.grid, "font": {"color": theme.title, "family": FONT}}
    spike = {"spikecolor": theme.axis, "spikethickness": 1, "spikedash": "dot"}
    clear = "rgba(0,0,0,0)"
    return go.layout.Template(
        layout={
            "colorway": theme.colorway,
            "colorscale": {"sequential": [[n / 5, colour] for n, colour in enumerate(theme.sequential)]},
            "font": {"family": FONT, "size": 12, "color": theme.text},
            "title": {"font": {"color": theme.title}},
            "paper_bgcolor": clear,
            "plot_bgcolor": clear,
            "hoverlabel": hover,
            "hovermode": "x unified",
            "separators": ".,",
            "showlegend": False,
            "margin": {"l": 32, "r": 8, "t": 20, "b": 28},
            "xaxis": axis | {"showgrid": False, "showline": False} | spike,
            "yaxis": axis | {"showline": False},
        }
    )


def through_time(lines: Sequence[Line], remarks: Sequence[Annotation], theme_name: str) -> go.Figure:
    """Lines by month with their 95 % ribbons. A hidden month is hatched between its neighbours, never drawn through."""
    theme = THEMES[theme_name]
    figure = go.Figure(layout={"template": template(theme), "height": 270, "dragmode": False})
    tallest = max((s.noisy.value + s.noisy.margin for line in lines for s in line.steps if s.noisy), default=1.0)
    for line in lines:
        figure.add_traces([*_hatches(line, theme, tallest), *_ribbons(line, theme), _strokes(line, theme)])
    months = sorted({step.month for line in lines for step in line.steps})
    figure.update_yaxes(range=[0, tallest * 1.06], nticks=8, fixedrange=True)
    figure.update_xaxes(tickformat="%b", hoverformat="%B %Y", tickvals=months, fixedrange=True, range=_span(months))
    within = [remark for remark in remarks if months and months[0] <= remark.day <= months[-1]]
    for remark in within:
        _mark(figure, remark, theme)
    figure.update_layout(margin_t=24 if within else 8)
    return figure


def add_fan(figure: go.Figure, line: Line, ahead: Sequence[Ahead], theme_name: str) -> None:
    """What may follow the line's last month: a dashed middle in two bands that open. Nothing where nothing is told."""
    last = line.steps[-1].noisy if ahead else None
    if last is None:
        return
    colour = THEMES[theme_name].colorway[line.place]
    start, now = line.steps[-1].month, max(last.value, 0.0)
    months = [start, *(one.month for one in ahead)]
    for bands in ([one.wide for one in ahead], [one.half for one in ahead]):
        lows, highs = [now, *(band.low for band in bands)], [now, *(band.high for band in bands)]
        figure.add_trace(_area(months, highs, lows, {"fillcolor": _faint(colour)}))
    middle = [now, *(one.wide.value for one in ahead)]
    said = ["", *(_expected(one) for one in ahead)]
    dashes = {"color": colour, "width": 1.5, "dash": "2px,4px"}
    hover = {"customdata": said, "hovertemplate": "%{customdata}<extra></extra>"}
    figure.add_trace(go.Scatter(x=months, y=middle, mode="lines", line=dashes, name=i18n.gettext("Forecast"), **hover))
    months = sorted({*(step.month for step in line.steps), *months})
    tallest = max(figure.layout.yaxis.range[1], *(one.wide.high * 1.06 for one in ahead))
    figure.update_xaxes(tickvals=months, range=_span(months))
    figure.update_yaxes(range=[0, tallest])


def _expected(one: Ahead) -> str:
    low, high = (i18n.format_number(round(value), 0) for value in (one.wide.low, one.wide.high))
    return i18n.gettext("expected between {low} and {high}", low=low, high=high)


def _span(months: Sequence[date]) -> list[date] | None:
    """From the first month to the last, with room for the dot of a month that stands alone."""
    return [months[0] - EDGE, months[-1] + EDGE] if months else None


def _ribbons(line: Line, theme: Theme) -> Iterator[go.Scatter]:
    for run in _runs(line):
        lows = [max(noisy.value - noisy.margin, 0.0) for _, noisy in run]
        highs = [noisy.value + noisy.margin for _, noisy in run]
        months = [month for month, _ in run]
        yield _area(months, highs, lows, {"fillcolor": _faint(theme.colorway[line.place])})


def _strokes(line: Line, theme: Theme) -> go.Scatter:
    """The line itself, with a hole at every hidden month; a month alone between two holes is a dot with its error."""
    alone = {run[0][0] for run in _runs(line) if len(run) == 1}
    colour = theme.colorway[line.place]
    return go.Scatter(
        x=[step.month for step in line.steps],
        y=[max(step.noisy.value, 0.0) if step.noisy else None for step in line.steps],
        name=line.words,
        mode="lines+markers",
        line={"color": colour, "width": WIDTHS[line.place % 3], "dash": DASHES[line.place % 3], "shape": "linear"},
        marker={"color": colour, "size": [7 if step.month in alone else 0 for step in line.steps], "opacity": 1},
        error_y={
            "array": [step.noisy.margin if step.noisy and step.month in alone else 0 for step in line.steps],
            "color": theme.title,
            "thickness": 1.5,
            "width": 4,
            "visible": bool(alone),
        },
        customdata=[_said(step) for step in line.steps],
        hovertemplate="%{customdata}",
        connectgaps=False,
    )


def _hatches(line: Line, theme: Theme, tallest: float) -> Iterator[go.Scatter]:
    steps = line.steps
    for hidden, group in groupby(range(len(steps)), key=lambda n: steps[n].noisy is None):
        places = list(group)
        if not hidden or len(places) == len(steps):
            continue
        sides = [n for n in (places[0] - 1, places[-1] + 1) if 0 <= n < len(steps)]
        level = sum(noisy.value for n in sides if (noisy := steps[n].noisy)) / len(sides)
        months = [steps[max(places[0] - 1, 0)].month, steps[min(places[-1] + 1, len(steps) - 1)].month]
        low, high = level - tallest * 0.03, level + tallest * 0.03
        pattern = {"shape": "/", "fgcolor": theme.axis, "bgcolor": theme.surface, "size": 7, "solidity": 0.2}
        yield _area(months, [high, high], [low, low], {"fillpattern": pattern, "fillcolor": theme.axis})


def _area(months: Sequence[date], highs: Sequence[float], lows: Sequence[float], fill: Mapping[str, Any]) -> go.Scatter:
    return go.Scatter(
        x=[*months, *reversed(months)],
        y=[*highs, *reversed(lows)],
        mode="lines",
        line={"width": 0},
        fill="toself",
        hoverinfo="skip",
        **fill,
    )


def _runs(line: Line) -> Iterator[list[tuple[date, Noisy]]]:
    """Stretches of months that are published one after the other."""
    for hidden, group in groupby(line.steps, key=lambda step: step.noisy is None):
        if not hidden:
            yield [(step.month, step.noisy) for step in group if step.noisy is not None]


def _mark(figure: go.Figure, remark: Annotation, theme: Theme) -> None:
    figure.add_shape(
        type="line",
        x0=remark.day,
        x1=remark.day,
        yref="paper",
        y0=0,
        y1=1,
        line={"color": theme.axis, "dash": "2px,3px"},
    )
    figure.add_annotation(
        x=remark.day, yref="paper", y=1, yanchor="bottom", text=str(remark), showarrow=False, font={"color": theme.text}
    )


def _said(step: Step) -> str:
    if step.noisy is None:
        return i18n.gettext("hidden: {reason}", reason=locale.reason(step.status))
    return f"{locale.number(step.noisy.value, step.noisy.margin)} {locale.plus_minus(step.noisy.margin)}"


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{RIBBON})"
