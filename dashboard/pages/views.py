"""A card that can be seen as a chart or as a table, and taken along as a picture. Pure."""

from dash import dcc, html

from dashboard import parts, periods
from dashboard.data import Release
from dashboard.params import Asked
from dashboard.parts import Node, attribute
from konectus.i18n import gettext as _


def both(key: str, graph: Node, table: Node, asked: Asked) -> list[Node]:
    """The chart and, behind the switch, its table; what the chart's callback is asked for (params.chosen)."""
    drawn = html.Div(graph, role="img", **attribute("aria-labelledby", f"{key}-title"), **attribute("data-as", "chart"))
    return [
        drawn,
        html.Div(table, hidden=True, **attribute("data-as", "table")),
        dcc.Store(id=f"{key}-asked", data=asked.written),
    ]


def taken(release: Release, name: str, figure: str) -> Node:
    """The chart as it is to be seen, and as a picture to take along."""
    file = f"konectus-{periods.written(release)}-{name}-{release.sha256[:8]}.png"
    picture = html.Button(
        [parts.icon("download", "sm"), "PNG"],
        type="button",
        className="btn sm",
        **attribute("aria-label", _("Download the chart as PNG")),
        **attribute("data-png", figure),
        **attribute("data-name", file),
    )
    return html.Div([picture, switch()], className="taken")


def switch() -> Node:
    views = (("chart", "chart-line", _("Chart")), ("table", "table-2", _("Table")))
    buttons = [
        html.Button(
            [parts.icon(symbol, "sm"), words],
            type="button",
            **attribute("data-view", view),
            **attribute("aria-pressed", "true" if view == "chart" else "false"),
        )
        for view, symbol, words in views
    ]
    return html.Div(buttons, className="seg", role="group", **attribute("aria-label", _("Show as")))
