"""How many Clients stay from one quarter to the next: a ratio of released figures. Pure."""

from collections.abc import Iterator

from dash import html

from dashboard import parts, periods, scales
from dashboard.changes import Z95, Interval, Noisy, ratio
from dashboard.data import History, Release
from dashboard.params import Asked
from dashboard.parts import Node
from konectus.figures import QUARTER
from konectus.i18n import gettext as _


def headline(history: History, asked: Asked) -> Iterator[Node]:
    """The share that stayed, with its interval, and that of the quarter compared with. Nothing where it is hidden."""
    found = stayed(asked.release)
    if found is None:
        return
    pieces = [
        html.Span(_("Clients that stayed"), className="lab-k"),
        html.Strong(scales.value("ratio", found), className="num"),
        html.Span(scales.doubt("ratio", found), className="pm"),
    ]
    before = stayed(asked.versus) if asked.versus else None
    if asked.versus and before:
        words = _("{share} in {period}", share=scales.said("ratio", before), period=_inside(asked.versus))
        pieces.append(html.Span(_verdict(found, before, words), className="chg flat"))
    pieces.append(parts.spark([_noisy(stayed(other)) for other in history.of(QUARTER) if _is_until(other, asked)]))
    yield html.Ul([html.Li(pieces)], className="kpis")


def stayed(release: Release) -> Interval | None:
    """Of those who were there in the quarter before, the part that still is: 1 / (1 + left / stayed), by Fieller."""
    cells = [release.cell("clients", "movement", value) for value in ("left", "stayed")]
    left, still = (cell.noisy if cell else None for cell in cells)
    odds = ratio(left, still) if left and still else None
    if odds is None:
        return None
    return Interval(*(1 / (1 + max(bound, 0.0)) for bound in (odds.value, odds.high, odds.low)))


def _verdict(now: Interval, before: Interval, words: str) -> str:
    is_clear = now.low > before.high or now.high < before.low
    return words if is_clear else _("{share}, no clear change", share=words)


def _noisy(found: Interval | None) -> Noisy | None:
    return Noisy(found.value, (found.high - found.low) / 2 / Z95) if found else None


def _is_until(other: Release, asked: Asked) -> bool:
    return other.period <= asked.release.period


def _inside(release: Release) -> str:
    return periods.inside(release.period, release.grain)
