"""Parts of a figure on paper: a bar each with its doubt and its words, hatching where one is hidden. Vectors alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from konectus.papers.chart import ACCENT, INK, RIBBON, RULE, SOFT, hatch

if TYPE_CHECKING:  # the library is loaded late (layout.Paper)
    from konectus.papers.sheets import Sheets

ROW = 6.0  # millimetres
_NAME, _BAR = 0.32, 0.36  # parts of the width; what is left is for the words
_THICK, _CAP, _GAP = 3.4, 1.4, 3.0
_POINTS, _FINEST = 9.0, 6.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A part: its figure with its 95 % interval, or nothing where it is hidden; never zero instead."""

    name: str
    words: str
    value: float | None
    low: float = 0.0
    high: float = 0.0


def longest(bars: Sequence[Bar]) -> float:
    """What the whole width stands for: the highest doubt."""
    return max((bar.high for bar in bars if bar.value is not None), default=0.0) or 1.0


def draw(pdf: "Sheets", bar: Bar, highest: float) -> None:
    """One row at the present place, which moves below it."""
    top, left = pdf.get_y(), pdf.l_margin + pdf.epw * _NAME
    width = pdf.epw * _BAR
    _write(pdf, pdf.l_margin, (pdf.epw * _NAME - _GAP, bar.name), is_soft=False)
    if bar.value is None:
        hatch(pdf, (left, top + (ROW - _THICK) / 2, width, _THICK))
    else:
        _bar(pdf, (left, top + ROW / 2), [width * _part(one, highest) for one in (bar.value, bar.low, bar.high)])
    pdf.set_draw_color(*RULE)
    pdf.set_line_width(0.2)
    pdf.line(left, top, left, top + ROW)
    pdf.set_xy(pdf.l_margin, top)
    _write(pdf, left + width + _GAP, (pdf.epw * (1 - _NAME - _BAR) - _GAP, bar.words), is_soft=bar.value is None)
    pdf.set_xy(pdf.l_margin, top + ROW)


def _part(value: float, highest: float) -> float:
    return min(max(value, 0.0), highest) / highest


def _bar(pdf: "Sheets", at: tuple[float, float], lengths: Sequence[float]) -> None:
    """The bar from its axis, and the whisker of its doubt on it."""
    (x, y), (value, low, high) = at, lengths
    pdf.set_fill_color(*RIBBON)
    pdf.set_draw_color(*ACCENT)
    pdf.set_line_width(0.25)
    pdf.rect(x, y - _THICK / 2, max(value, 0.1), _THICK, style="FD")
    pdf.set_draw_color(*INK)
    pdf.line(x + low, y, x + high, y)
    for end in (low, high):
        pdf.line(x + end, y - _CAP / 2, x + end, y + _CAP / 2)


def _write(pdf: "Sheets", left: float, said: tuple[float, str], *, is_soft: bool) -> None:
    """One line, smaller where it would not fit."""
    width, words = said
    points = _POINTS
    pdf.write_in("", points, SOFT if is_soft else INK)
    while pdf.get_string_width(words) > width - 2 * pdf.c_margin and points > _FINEST:
        points -= 0.5
        pdf.write_in("", points, SOFT if is_soft else INK)
    pdf.set_x(left)
    pdf.cell(width, ROW, words)
