"""The parts of a period as bars with their doubt, and beside those of the period compared with. Pure."""

from typing import TypeGuard

from dash import html

from dashboard import cuts, parts, periods, readings, scales
from dashboard.changes import Change, Interval, change
from dashboard.data import Cell, History
from dashboard.pages import lines, overview
from dashboard.panels import Panel
from dashboard.params import Asked
from dashboard.parts import Bar, Frame, Node
from dashboard.stories import BETTER_LOW
from konectus.i18n import gettext as _


def card(history: History, asked: Asked, panel: Panel) -> Node:
    cells = readings.cut(asked.release, panel.metric, panel.dim)
    scale = readings.factor(history, asked.release, panel.metric), readings.unit(panel.metric, panel.dim)
    body = [parts.bars(_bar(words, cell, asked, scale) for words, cell in cells)]
    if scale[1] == scales.INDEX:
        body.insert(0, html.P(lines.hundred(history, asked.release, panel.metric), className="small soft scale"))
    if asked.versus:
        beside = _("Beside {period}", period=periods.inside(asked.versus.period, asked.versus.grain))
        body.append(parts.unfold(beside, _compared(cells, asked, scale)))
    return parts.card(panel.key, panel.title(asked.release.grain), body, Frame(footer=_note(panel)))


def _bar(words: str, cell: Cell, asked: Asked, scale: tuple[float, str]) -> Bar:
    """With how it moved, only where that is clear."""
    moved = _moved(cell, _earlier(cell, asked))
    return Bar(words, _times(cell, scale[0]), cell.status, scale[1], _told(cell, moved) if _is_clear(moved) else None)


def _earlier(cell: Cell, asked: Asked) -> Cell | None:
    """The same cell of the period compared with; None where it was counted up to another cap."""
    if asked.versus is None or asked.versus.cap(cell.metric) != asked.release.cap(cell.metric):
        return None
    return asked.versus.cell(cell.metric, cell.dim, cell.dim_value)


def _moved(now: Cell, before: Cell | None) -> Change | None:
    return change(now.noisy, before.noisy) if before and now.noisy and before.noisy else None


def _told(cell: Cell, moved: Change) -> Node:
    return overview.moved(moved, is_better_low=cell.metric in BETTER_LOW or cell.dim_value == "left")


def _is_clear(moved: Change | None) -> TypeGuard[Change]:
    return moved is not None and moved.is_clear and moved.share is not None


def _times(cell: Cell, factor: float) -> Interval | None:
    return cell.interval.times(factor) if cell.interval else None


def _compared(cells: list[tuple[str, Cell]], asked: Asked, scale: tuple[float, str]) -> Node:
    assert asked.versus is not None
    now, before = (periods.short(release) for release in (asked.release, asked.versus))
    rows = []
    for words, cell in cells:
        earlier = asked.versus.cell(cell.metric, cell.dim, cell.dim_value)
        moved = _moved(cell, _earlier(cell, asked))
        rows.append(
            [words, _shown(cell, scale), _shown(earlier, scale), _told(cell, moved) if moved else _dash(asked, cell)]
        )
    return parts.table([_("Part of the whole"), now, before, _("How it moved")], rows)


def _dash(asked: Asked, cell: Cell) -> Node:
    assert asked.versus is not None
    is_other = asked.versus.cap(cell.metric) != asked.release.cap(cell.metric)
    return html.Span(_("another cap"), className="mute") if is_other else "\N{EN DASH}"


def _shown(cell: Cell | None, scale: tuple[float, str]) -> Node:
    factor, unit = scale
    if cell is None:
        return html.Span(_("not published"), className="mute")
    found = _times(cell, factor)
    return html.Span(parts.told(unit, found)) if found else parts.hidden(cell.status)


def _note(panel: Panel) -> str | None:
    if (panel.metric, panel.dim) == ("clients", "channel"):
        return _("A Client with several channels counts in each.")
    if panel.metric == "clients" and panel.dim in cuts.WHOLE:
        return _("The parts, with the hidden ones, add up to the published total.")
    return None
