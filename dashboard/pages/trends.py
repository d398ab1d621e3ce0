"""Volume, Channels, Plans: a figure through its months with what may follow, its parts, and how they moved. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import dcc, html

from dashboard import figures, forecast, locale, parts, readings
from dashboard.changes import change
from dashboard.data import PUBLISHED, Cell, History, Release
from dashboard.pages import overview
from dashboard.params import Asked
from dashboard.parts import Bar, Frame, Node, attribute
from dashboard.readings import Line
from konectus import i18n
from konectus.figures import TOTAL
from konectus.i18n import gettext as _
from konectus.i18n import msg

CUTS_FROM = 120  # Clients, from which on a figure is published in parts (privacy.md 2.6)


@dataclass(frozen=True)
class Panel:
    """A cut of a page: its name in addresses of the page, the metric by the dimension, its heading."""

    key: str
    metric: str
    dim: str
    words: str


@dataclass(frozen=True)
class Trend:
    """A page: the chart through time, and the parts of the chosen month."""

    chart: Panel
    cuts: tuple[Panel, ...]


_CLIENTS_BY_CHANNEL = Panel("clients", "clients", "channel", msg("Clients by channel"))
_CLIENTS_BY_PLAN = Panel("clients", "clients", "plan", msg("Clients by Plan"))
_BY_CHANNEL = Panel("messages-channel", "messages", "channel", msg("Messages by channel"))
_BY_PLAN = Panel("messages-plan", "messages", "plan", msg("Messages by Plan"))
TRENDS: Mapping[str, Trend] = {
    "volume": Trend(Panel("messages", "messages", TOTAL, msg("Messages through time")), (_BY_CHANNEL, _BY_PLAN)),
    "channels": Trend(
        Panel("through", "clients", "channel", msg("Clients by channel through time")),
        (_CLIENTS_BY_CHANNEL, _BY_CHANNEL),
    ),
    "plans": Trend(
        Panel("through", "clients", "plan", msg("Clients by Plan through time")), (_CLIENTS_BY_PLAN, _BY_PLAN)
    ),
}


def content(history: History, asked: Asked, path: str) -> Node:
    """The page of one month. The chart is left empty: it has a callback of its own."""
    trend = TRENDS[path]
    drawn = [_through(history, asked.release, path), *(_parts(history, asked, panel) for panel in trend.cuts)]
    pieces = [
        html.Header(html.Div([html.H1(locale.month(asked.release.period))]), className="page-head"),
        overview.filters(history, asked),
        *drawn,
    ]
    return html.Div(pieces, className="page", **attribute("data-permalink", asked.permalink))


def figure(history: History, release: Release, path: str, theme: str) -> object:
    """The chart of a page, with the fan of its one line where there is one."""
    lines = _lines(history, release, TRENDS[path].chart)
    drawn = figures.through_time(lines, history.annotations, theme)
    if len(lines) == 1:
        figures.add_fan(drawn, lines[0], forecast.fan(lines[0].steps), theme)
    return drawn


def _lines(history: History, release: Release, panel: Panel) -> list[Line]:
    factor = _factor(history, panel.metric)
    return readings.lines(history, release, (panel.metric, panel.dim), factor)


def _factor(history: History, metric: str) -> float:
    """Clients are shown as they are; volumes as an index, since each Client counts up to a cap (privacy.md 2)."""
    if metric == "clients":
        return 1.0
    first = next((noisy.value for _month, noisy in readings.series(history, metric) if noisy and noisy.value > 0), 100)
    return readings.INDEX / first


def _through(history: History, release: Release, path: str) -> Node:
    panel = TRENDS[path].chart
    lines = _lines(history, release, panel)
    if not lines:
        return _not_yet(panel)
    said = [html.P(words, className="small soft") for words in (_scale(history, release, panel.metric), _band(lines))]
    config: Any = {"displayModeBar": False, "responsive": True, "locale": locale.PLOTLY[i18n.current()]}
    graph = dcc.Graph(id="trend-figure", config=config, className="plotted")
    label = attribute("aria-labelledby", f"{panel.key}-title")
    body = [
        *said,
        _legend(lines),
        html.Div(graph, role="img", **label, **attribute("data-as", "chart")),
        html.Div(overview.chart_table(lines), hidden=True, **attribute("data-as", "table")),
        dcc.Store(id="trend", data=f"{path}/{release.period:%Y-%m}"),
    ]
    aside = overview.taken(release, path, "trend-figure")
    return parts.card(panel.key, _(panel.words), body, Frame(aside))


def _scale(history: History, release: Release, metric: str) -> str:
    if metric == "clients":
        return _("Clients. The band is the 95 % interval.")
    return f"{_hundred(history, release, metric)} {_('The band is the 95 % interval.')}"


def _hundred(history: History, release: Release, metric: str) -> str:
    """What is 100: the month whose messages _factor divides by."""
    first = next((m for m, noisy in readings.series(history, metric) if noisy and noisy.value > 0), release.period)
    return _(
        "Index, all messages of {month} = 100. Each Client counts up to {cap} messages.",
        month=locale.month_inside(first),
        cap=i18n.format_number(release.metrics[metric].cap),
    )


def _band(lines: list[Line]) -> str:
    if len(lines) > 1:
        return ""
    if not forecast.fan(lines[0].steps):
        return _("A forecast is drawn from {n} published months in a row on.", n=forecast.FEWEST)
    return _(
        "Forecast: a straight line through the last months. The dark band holds one case in two, the light one 19 in"
        " 20, if all goes on as until now."
    )


def _legend(lines: list[Line]) -> Node:
    items = [html.Li([html.I(), html.Span(line.words)], className=f"ln ln-{line.place}") for line in lines]
    reasons = {step.status for line in lines for step in line.steps} - {PUBLISHED}
    items += [
        html.Li([html.I(), html.Span(_("Hidden: {reason}", reason=locale.reason(reason)))], className="hid")
        for reason in sorted(reasons)
    ]
    return html.Ul(items, className="legend")


def _parts(history: History, asked: Asked, panel: Panel) -> Node:
    """The parts of the month as bars, and beside the month compared with as a table."""
    cells = readings.cut(asked.release, panel.metric, panel.dim)
    if not cells:
        return _not_yet(panel)
    factor = _factor(history, panel.metric)
    drawn = parts.bars(Bar(words, c.noisy.times(factor) if c.noisy else None, c.status) for words, c in cells)
    body = [drawn]
    if panel.metric != "clients":
        body.insert(0, html.P(_hundred(history, asked.release, panel.metric), className="small soft scale"))
    if asked.versus:
        body.append(html.Div(_compared(cells, asked, factor), className="compared"))
    return parts.card(panel.key, _(panel.words), body)


def _compared(cells: list[tuple[str, Cell]], asked: Asked, factor: float) -> Node:
    assert asked.versus is not None
    head = ["", locale.month_short(asked.release.period), locale.month_short(asked.versus.period), _("How it moved")]
    rows = []
    for words, now in cells:
        before = asked.versus.cell(now.metric, now.dim, now.dim_value)
        rows.append([words, _shown(now, factor), _shown(before, factor), _moved(now, before)])
    return parts.table([_("Part of the whole"), *head[1:]], rows)


def _shown(cell: Cell | None, factor: float) -> Node:
    if cell is None:
        return html.Span(_("not published"), className="mute")
    return html.Span(parts.valued(cell.noisy.times(factor))) if cell.noisy else parts.hidden(cell.status)


def _moved(now: Cell, before: Cell | None) -> Node:
    if before is None or now.noisy is None or before.noisy is None:
        return "\N{EN DASH}"
    return overview.moved(change(now.noisy, before.noisy))


def _not_yet(panel: Panel) -> Node:
    words = _("Not published in this month: the parts of a figure appear from {n} Clients on.", n=CUTS_FROM)
    return parts.empty("info", _(panel.words), words)
