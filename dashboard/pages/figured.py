"""A page of figures: its cards in the order of panels.py, each in the room of its chart. Pure: history in, page out."""

from collections.abc import Callable, Iterator, Mapping

from dash import html

from dashboard import panels, parts, periods
from dashboard.data import History
from dashboard.pages import bars, filters, heat, lines, profiles, retention
from dashboard.panels import BARS, CURVE, HEAT, LINE, Panel
from dashboard.params import Asked, Unpublished
from dashboard.parts import Node, attribute
from konectus import i18n
from konectus.i18n import gettext as _

CARDS: Mapping[str, Callable[[History, Asked, Panel], Node]] = {
    LINE: lines.card,
    BARS: bars.card,
    CURVE: profiles.card,
    HEAT: heat.card,
}

CHARTS: Mapping[str, Callable[[History, Asked, Panel, str], object]] = {LINE: lines.figure, CURVE: profiles.figure}


def content(history: History, asked: Asked, path: str) -> Node:
    """The page of one period. Charts are left empty: each has a callback of its own."""
    shown = panels.shown(path, asked.release.grain)
    pieces = [
        html.Header(
            html.Div([html.H1(periods.named(asked.release.period, asked.release.grain))]), className="page-head"
        ),
        filters.bar(history, asked, path),
        *(retention.headline(history, asked) if path == "retention" else ()),
        *_arranged([(panel, _card(history, asked, panel)) for panel in shown], asked.release.grain),
    ]
    return html.Div(pieces, className="page", **attribute("data-permalink", asked.permalink))


def nothing_yet(title: str, path: str) -> Node:
    """The page before any of its figures is published."""
    fewest = min(panels.fewest(path, grain) for grain in panels.grains(path))
    words = _("These figures are published from {n} Clients on.", n=i18n.format_number(fewest))
    return html.Div([html.H1(title), parts.empty("chart-line", _("No figures yet"), words)], className="page")


def figure(history: History, asked: Asked, panel: Panel, theme: str) -> object:
    """The chart of a card. Raises Unpublished where the period has no such figure, or not as a chart."""
    grain = asked.release.grain
    drawn = panel.drawn(grain) if panel.exists(grain) else ""
    if drawn not in CHARTS or not asked.release.labels(panel.metric, panel.dim):
        raise Unpublished("that period has no such chart")
    return CHARTS[drawn](history, asked, panel, theme)


def _card(history: History, asked: Asked, panel: Panel) -> Node:
    release = asked.release
    if not release.labels(panel.metric, panel.dim):
        fewest = i18n.format_number(panels.first_rung(panel, release.grain))
        words = _("Not published in this period: this figure appears from {n} Clients on.", n=fewest)
        return parts.empty("info", panel.title(release.grain), words)
    return CARDS[panel.drawn(release.grain)](history, asked, panel)


def _arranged(cards: list[tuple[Panel, Node]], grain: str) -> Iterator[Node]:
    """Bars stand two by two, everything else over the whole width."""
    pair: list[Node] = []
    for panel, card in cards:
        if panel.drawn(grain) == BARS:
            pair.append(card)
            if len(pair) < 2:  # noqa: PLR2004 -- two by two
                continue
        elif not pair:
            yield card
            continue
        yield html.Div(pair, className="cols even") if len(pair) > 1 else pair[0]
        if panel.drawn(grain) != BARS:
            yield card
        pair = []
    if pair:
        yield pair[0]
