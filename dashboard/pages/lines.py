"""A figure through its periods, with what may follow: chart, table and what the axis means. Pure."""

from typing import Any

from dash import dcc, html

from dashboard import figures, forecast, locale, parts, periods, readings, scales
from dashboard.data import PUBLISHED, History, Release
from dashboard.pages import filters, views
from dashboard.panels import Panel
from dashboard.params import Asked
from dashboard.parts import Frame, Node
from dashboard.readings import Line
from konectus import i18n
from konectus.figures import ALL, TOTAL
from konectus.i18n import gettext as _


def card(history: History, asked: Asked, panel: Panel) -> Node:
    """The frame of the chart, its legend and its table."""
    release = asked.release
    drawn = _lines(history, release, panel)
    said = [html.P(words, className="small soft") for words in (scale(history, release, panel), _band(drawn)) if words]
    body = [*said, _legend(drawn), *views.both(panel.key, graph(panel), _table(drawn), asked)]
    aside = views.taken(release, panel.key, f"{panel.key}-figure")
    return parts.card(panel.key, panel.title(release.grain), body, Frame(aside))


def graph(panel: Panel) -> Node:
    config: Any = {"displayModeBar": False, "responsive": True, "locale": locale.PLOTLY[i18n.current()]}
    return dcc.Graph(id=f"{panel.key}-figure", config=config, className="plotted")


def figure(history: History, asked: Asked, panel: Panel, theme: str) -> object:
    """The chart, with the fan of its one line where there is one."""
    drawn = _lines(history, asked.release, panel)
    made = figures.through_time(drawn, history.annotations, theme)
    if len(drawn) == 1:
        figures.add_fan(made, drawn[0], forecast.fan(drawn[0].steps, asked.grain), theme)
    return made


def _lines(history: History, release: Release, panel: Panel) -> list[Line]:
    factor = readings.factor(history, release, panel.metric)
    return readings.lines(history, release, (panel.metric, panel.dim), factor)


def scale(history: History, release: Release, panel: Panel) -> str:
    """What the numbers are: an index and its base, Clients, a share, a duration."""
    unit, band = readings.unit(panel.metric, panel.dim), _("The band is the 95 % interval.")
    if unit == scales.INDEX:
        return f"{hundred(history, release, panel.metric)} {band}"
    if unit == "clients":
        return _("Clients. The band is the 95 % interval.")
    known = release.metrics[panel.metric].definition
    return f"{known} {band}"


def hundred(history: History, release: Release, metric: str) -> str:
    """What is 100 where a volume is shown."""
    found = readings.hundred(history, release, (metric, TOTAL, ALL))
    return _(
        "Index, {figure} in {period} = 100. Each Client counts up to {cap}.",
        figure=str(release.metrics[metric]).lower(),
        period=periods.inside(found[0] if found else release.period, release.grain),
        cap=i18n.format_number(release.cap(metric)),
    )


def _band(drawn: list[Line]) -> str:
    if len(drawn) != 1:
        return ""
    if not forecast.fan(drawn[0].steps, drawn[0].grain):
        return _("A forecast is drawn from {n} published periods in a row on.", n=forecast.FEWEST)
    return _(
        "Forecast: a straight line through the last periods. The dark band holds one case in two, the light one 19 in"
        " 20, if all goes on as until now."
    )


def _legend(drawn: list[Line]) -> Node:
    items = [
        html.Li([html.I(), html.Span(line.words), *_last(line)], className=f"ln ln-{line.place}") for line in drawn
    ]
    reasons = {step.status for line in drawn for step in line.steps} - {PUBLISHED}
    items += [
        html.Li([html.I(), html.Span(_("Hidden: {reason}", reason=locale.reason(reason)))], className="hid")
        for reason in sorted(reasons)
    ]
    return html.Ul(items, className="legend")


def _last(line: Line) -> list[Node]:
    last = line.steps[-1].interval if line.steps else None
    return [html.B(parts.told(line.unit, last), className="num")] if last else []


def _table(drawn: list[Line]) -> Node:
    """The chart as a table: a row for each period, newest first, those that may follow on top."""
    days = sorted({step.period for line in drawn for step in line.steps}, reverse=True)
    by_day = [{step.period: step for step in line.steps} for line in drawn]
    rows: list[list[Node]] = []
    if len(drawn) == 1:
        ahead = forecast.fan(drawn[0].steps, drawn[0].grain)
        rows += [
            [periods.named(one.period, drawn[0].grain), figures.expected(drawn[0], one)] for one in reversed(ahead)
        ]
    rows += [
        [
            periods.named(day, drawn[0].grain),
            *(_cell(line, steps[day].interval, steps[day].status) if day in steps else "" for line, steps in pairs),
        ]
        for day in days
        for pairs in [list(zip(drawn, by_day, strict=True))]
    ]
    return parts.table([_(filters.LENGTHS[drawn[0].grain]), *(line.words for line in drawn)], rows)


def _cell(line: Line, interval: Any, status: str) -> Node:
    return html.Span(parts.told(line.unit, interval)) if interval else parts.hidden(status)
