"""Two dimensions at once: hours of the week, channels by Plans, cohorts by quarters. A shaded table. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dash import html

from dashboard import locale, parts, periods, readings, scales
from dashboard.changes import Interval
from dashboard.data import Cell, History, Release
from dashboard.pages import lines
from dashboard.panels import Panel
from dashboard.params import Asked
from dashboard.parts import Frame, Node, attribute
from konectus.i18n import gettext as _

TONES = 6
QUARTERS = 6  # columns of the cohorts
HOURS = 24


@dataclass(frozen=True)
class Axis:
    """Values of one dimension with their words."""

    title: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """`at` finds the cell of a row and a column; None where there can be none. `is_dense`: without the ± in each."""

    rows: Axis
    columns: Axis
    at: Callable[[str, str], Cell | None]
    unit: str
    factor: float = 1.0
    is_dense: bool = False

    def interval(self, row: str, column: str) -> Interval | None:
        found = self.at(row, column)
        return found.interval.times(self.factor) if found and found.interval else None


def card(history: History, asked: Asked, panel: Panel) -> Node:
    release = asked.release
    grid = GRIDS[panel.dim](history, release, panel)
    said = html.P(_said(history, release, panel, grid), className="small soft scale")
    title = panel.title(release.grain)
    return parts.card(panel.key, title, [said, table(grid, title)], Frame(kind="heatcard"))


def table(grid: Grid, title: str) -> Node:
    """Darker is more; a hidden cell is hatched."""
    every = [(row, column) for row, _words in grid.rows.values for column, _other in grid.columns.values]
    tallest = max((found.value for pair in every if (found := grid.interval(*pair))), default=0.0)
    head = [html.Th(grid.rows.title, scope="col"), *(html.Th(words, scope="col") for _v, words in grid.columns.values)]
    body = [
        html.Tr(
            [html.Th(words, scope="row"), *(_cell(grid, row, column, tallest) for column, _w in grid.columns.values)]
        )
        for row, words in grid.rows.values
    ]
    made = html.Table(
        [html.Caption(title, className="vh"), html.Thead(html.Tr(head)), html.Tbody(body)],
        className="heat dense" if grid.is_dense else "heat",
    )
    return html.Div(made, className="scroll", tabIndex="0", role="region", **attribute("aria-label", title))


def _cell(grid: Grid, row: str, column: str, tallest: float) -> Node:
    found = grid.at(row, column)
    if found is None:
        return html.Td()
    interval = grid.interval(row, column)
    if interval is None:
        reason = locale.reason(found.status)
        return html.Td(["\N{EN DASH}", html.Span(reason, className="vh")], className="hid", title=reason)
    tone = min(int(max(interval.value, 0.0) / tallest * TONES) + 1, TONES) if tallest > 0 else 1
    value, doubt = scales.value(grid.unit, interval), scales.doubt(grid.unit, interval)
    words: Node = value.removesuffix("\N{NO-BREAK SPACE}%") if grid.is_dense else [value, " ", html.Small(doubt)]
    return html.Td(words, className=f"q{tone}", title=f"{value} {doubt}")


def _said(history: History, release: Release, panel: Panel, grid: Grid) -> str:
    if grid.is_dense:
        margins = [cell.noisy.margin for _words, cell in readings.cut(release, panel.metric, panel.dim) if cell.noisy]
        widest = scales.doubt(grid.unit, Interval(0, -max(margins, default=0), max(margins, default=0)))
        known = release.metrics[panel.metric].definition
        each = _("Each cell: {doubt} at most, 95 of 100 times.", doubt=widest)
        return f"{known} {each}"
    if grid.unit == scales.INDEX:
        return lines.hundred(history, release, panel.metric)
    if panel.dim == "signup":
        return _("Active Clients by the quarter in which they signed up. A row that fades is a group that leaves.")
    return _("A Client with several channels counts in each.")


def _week(_history: History, release: Release, panel: Panel) -> Grid:
    days = [(day, words[:3].lower()) for day, words in release.labels("incoming", "weekday").items()]
    hours = tuple((f"{hour:02}", f"{hour:02}:00") for hour in range(HOURS))
    return Grid(
        Axis(_("Hour"), hours),
        Axis(_("Day"), tuple(days)),
        lambda hour, day: release.cell(panel.metric, panel.dim, f"{day}-{hour}"),
        readings.unit(panel.metric, panel.dim),
        is_dense=True,
    )


def _channels(history: History, release: Release, panel: Panel) -> Grid:
    return Grid(
        Axis(_("Plan"), tuple(release.labels("clients", "plan").items())),
        Axis(_("Channel"), tuple(release.labels("clients", "channel").items())),
        lambda plan, channel: release.cell(panel.metric, panel.dim, f"{channel}-{plan}"),
        readings.unit(panel.metric, panel.dim),
        readings.factor(history, release, panel.metric),
    )


def _cohorts(history: History, release: Release, panel: Panel) -> Grid:
    known = [other for other in history.of(release.grain) if other.period <= release.period][-QUARTERS:]
    by_name = {periods.written(other): other for other in known}
    labels: dict[str, str] = {}
    for other in [release, *reversed(known)]:
        labels |= {
            value: words for value, words in other.labels(panel.metric, panel.dim).items() if value not in labels
        }
    return Grid(
        Axis(_("Signed up in"), tuple(_ordered(labels.items()))),
        Axis(_("Quarter"), tuple((name, periods.short(other)) for name, other in by_name.items())),
        lambda cohort, name: by_name[name].cell(panel.metric, panel.dim, cohort),
        readings.unit(panel.metric, panel.dim),
    )


def _ordered(labels: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Newest first, those before all others last."""
    return sorted(sorted(labels, reverse=True), key=lambda pair: pair[0] == "before")


GRIDS: dict[str, Callable[[History, Release, Panel], Grid]] = {
    "hour_week": _week,
    "channel_plan": _channels,
    "signup": _cohorts,
}
