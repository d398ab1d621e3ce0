"""Figures through time: released values in, Plotly out. Pure. Colours are in themes.py, profiles in curves.py."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from dashboard import locale, scales
from dashboard.changes import Interval
from dashboard.data import Annotation
from dashboard.forecast import Ahead
from dashboard.readings import Line, Step
from dashboard.themes import THEMES, Theme, faint, template
from konectus import i18n
from konectus.figures import MONTH, QUARTER, WEEK

# Room beside the first and the last period.
EDGE: Mapping[str, timedelta] = {MONTH: timedelta(days=9), QUARTER: timedelta(days=28), WEEK: timedelta(days=4)}
# How an axis and the box over a line name a period.
FORMS: Mapping[str, tuple[str, str]] = {
    MONTH: ("%b", "%B %Y"),
    WEEK: ("%-d %b", "%-d %B %Y"),
    QUARTER: ("%b %Y", "%B %Y"),
}
MOST_TICKS = 15
# Lines part by hue, lightness, width and dash, in the order of the channels.
WIDTHS = (2.0, 2.75, 2.0)
DASHES = ("solid", "solid", "7px,4px")


def through_time(lines: Sequence[Line], remarks: Sequence[Annotation], theme_name: str) -> go.Figure:
    """Lines by period with their 95 % ribbons. A hidden one is hatched between its neighbours, never drawn through."""
    theme = THEMES[theme_name]
    figure = go.Figure(layout={"template": template(theme), "height": 270, "dragmode": False})
    intervals = [step.interval for line in lines for step in line.steps if step.interval]
    tallest = max((one.high for one in intervals), default=1.0)
    unit, grain = (lines[0].unit, lines[0].grain) if lines else (scales.INDEX, MONTH)
    for line in lines:
        hatches = () if unit == scales.SECONDS else _hatches(line, theme, tallest)
        figure.add_traces([*hatches, *_ribbons(line, theme), _strokes(line, theme)])
    days = sorted({step.period for line in lines for step in line.steps})
    figure.update_yaxes(fixedrange=True, **scales.axis(unit, intervals))
    figure.update_xaxes(fixedrange=True, **_axis(days, grain))
    within = [remark for remark in [*remarks, *_breaks(lines)] if days and days[0] <= remark.day <= days[-1]]
    for remark in within:
        _mark(figure, remark, theme)
    figure.update_layout(margin_t=24 if within else 8)
    figure.update_layout(margin_l=scales.ROOM.get(unit, scales.USUAL))
    return figure


def add_fan(figure: go.Figure, line: Line, ahead: Sequence[Ahead], theme_name: str) -> None:
    """What may follow the line's last period: a dashed middle in two bands that open. Nothing where nothing is told."""
    last = line.steps[-1].noisy if ahead else None
    if last is None:
        return
    colour = THEMES[theme_name].colorway[line.place]
    start, now = line.steps[-1].period, max(last.value, 0.0)
    days = [start, *(one.period for one in ahead)]
    for bands in ([one.wide for one in ahead], [one.half for one in ahead]):
        lows, highs = [now, *(band.low for band in bands)], [now, *(band.high for band in bands)]
        figure.add_trace(_area(days, highs, lows, {"fillcolor": faint(colour)}))
    middle = [now, *(one.wide.value for one in ahead)]
    said = ["", *(expected(line, one) for one in ahead)]
    dashes = {"color": colour, "width": 1.5, "dash": "2px,4px"}
    hover = {"customdata": said, "hovertemplate": "%{customdata}<extra></extra>"}
    figure.add_trace(go.Scatter(x=days, y=middle, mode="lines", line=dashes, name=i18n.gettext("Forecast"), **hover))
    figure.update_xaxes(**_axis(sorted({*(step.period for step in line.steps), *days}), line.grain))
    tallest = max(figure.layout.yaxis.range[1], *(one.wide.high * 1.06 for one in ahead))
    figure.update_yaxes(range=[0, tallest])


def expected(line: Line, one: Ahead) -> str:
    """Between what the line may lie in that period, nineteen times in twenty."""
    ends = (Interval(bound, one.wide.low, one.wide.high) for bound in (one.wide.low, one.wide.high))
    low, high = (scales.value(line.unit, end) for end in ends)
    return i18n.gettext("expected between {low} and {high}", low=low, high=high)


def _axis(days: Sequence[date], grain: str) -> dict[str, Any]:
    """From the first period to the last, with room for the dot of one that stands alone."""
    tick, hover = FORMS[grain]
    every = -(-len(days) // MOST_TICKS) or 1
    edges = [days[0] - EDGE[grain], days[-1] + EDGE[grain]] if days else None
    return {"tickformat": tick, "hoverformat": hover, "tickvals": days[::-1][::every][::-1], "range": edges}


def _breaks(lines: Sequence[Line]) -> Iterator[Annotation]:
    """A remark of our own where the cap moved: volumes on either side do not compare."""
    for day in sorted({step.period for line in lines for step in line.steps if step.is_break}):
        yield Annotation(day, {i18n.current(): i18n.gettext("another cap")})


def _ribbons(line: Line, theme: Theme) -> Iterator[go.Scatter]:
    for run in _runs(line):
        lows = [max(interval.low, 0.0) for _, interval in run]
        highs = [interval.high for _, interval in run]
        yield _area([day for day, _ in run], highs, lows, {"fillcolor": faint(theme.colorway[line.place])})


def _strokes(line: Line, theme: Theme) -> go.Scatter:
    """The line itself, with a hole at every hidden period; one alone between two holes is a dot with its error."""
    alone = {run[0][0]: run[0][1] for run in _runs(line) if len(run) == 1}
    colour = theme.colorway[line.place]
    steps = list(_with_holes(line.steps))
    return go.Scatter(
        x=[step.period for step in steps],
        y=[max(step.interval.value, 0.0) if step.interval else None for step in steps],
        name=line.words,
        mode="lines+markers",
        line={"color": colour, "width": WIDTHS[line.place % 3], "dash": DASHES[line.place % 3], "shape": "linear"},
        marker={"color": colour, "size": [7 if step.period in alone else 0 for step in steps], "opacity": 1},
        error_y={
            "symmetric": False,
            "array": [_reach(alone, step, up=True) for step in steps],
            "arrayminus": [_reach(alone, step, up=False) for step in steps],
            "color": theme.title,
            "thickness": 1.5,
            "width": 4,
            "visible": bool(alone),
        },
        customdata=[_said(line, step) for step in steps],
        hovertemplate="%{customdata}",
        connectgaps=False,
    )


def _with_holes(steps: Sequence[Step]) -> Iterator[Step]:
    """A step without value before each break, so that no line is drawn over it."""
    for step in steps:
        if step.is_break:
            yield Step(step.period - timedelta(days=1), None, "")
        yield step


def _reach(alone: Mapping[date, Interval], step: Step, *, up: bool) -> float | None:
    """None draws nothing; a reach of 0 would draw its cap."""
    if step.period not in alone or step.interval is None:
        return None
    found = step.interval
    return found.high - found.value if up else found.value - found.low


def _hatches(line: Line, theme: Theme, tallest: float) -> Iterator[go.Scatter]:
    steps = line.steps
    for hidden, group in groupby(range(len(steps)), key=lambda n: steps[n].interval is None):
        places = list(group)
        if not hidden or len(places) == len(steps):
            continue
        sides = [n for n in (places[0] - 1, places[-1] + 1) if 0 <= n < len(steps)]
        level = sum(found.value for n in sides if (found := steps[n].interval)) / len(sides)
        days = [steps[max(places[0] - 1, 0)].period, steps[min(places[-1] + 1, len(steps) - 1)].period]
        low, high = level - tallest * 0.03, level + tallest * 0.03
        pattern = {"shape": "/", "fgcolor": theme.axis, "bgcolor": theme.surface, "size": 7, "solidity": 0.2}
        yield _area(days, [high, high], [low, low], {"fillpattern": pattern, "fillcolor": theme.axis})


def _area(days: Sequence[date], highs: Sequence[float], lows: Sequence[float], fill: Mapping[str, Any]) -> go.Scatter:
    return go.Scatter(
        x=[*days, *reversed(days)],
        y=[*highs, *reversed(lows)],
        mode="lines",
        line={"width": 0},
        fill="toself",
        hoverinfo="skip",
        **fill,
    )


def _runs(line: Line) -> Iterator[list[tuple[date, Interval]]]:
    """Stretches of periods that are published one after the other under one cap."""
    run: list[tuple[date, Interval]] = []
    for step in line.steps:
        if run and (step.interval is None or step.is_break):
            yield run
            run = []
        if step.interval is not None:
            run.append((step.period, step.interval))
    if run:
        yield run


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


def _said(line: Line, step: Step) -> str:
    if step.interval is None:
        return i18n.gettext("hidden: {reason}", reason=locale.reason(step.status)) if step.status else ""
    return scales.said(line.unit, step.interval)
