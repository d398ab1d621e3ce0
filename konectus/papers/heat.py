"""A figure by two dimensions on paper: a grid of tints, hatching where one is hidden. Vectors alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from konectus.papers.chart import ACCENT, INK, LEFT, RULE, SOFT, hatch

if TYPE_CHECKING:  # the library is loaded late (layout.Paper)
    from konectus.papers.sheets import Sheets

ROW, BELOW = 5.0, 6.0  # millimetres
_EVERY = 3  # columns between two names
_LIGHT = 0.06  # of the tint that the least of values has, so that it is no white


@dataclass(frozen=True, slots=True)
class Grid:
    """A row of values for each name; None where one is hidden, never zero instead."""

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[float | None]]]

    @property
    def highest(self) -> float:
        """What the full tint stands for."""
        return max((value for _, row in self.rows for value in row if value is not None), default=0.0) or 1.0


def height(grid: Grid) -> float:
    return len(grid.rows) * ROW + BELOW


def draw(pdf: "Sheets", grid: Grid) -> None:
    """From the present place on down."""
    left, top = pdf.l_margin + LEFT, pdf.get_y()
    width = (pdf.epw - LEFT) / len(grid.columns)
    for place, (name, row) in enumerate(grid.rows):
        y = top + place * ROW
        pdf.write_in("", 8, INK)
        pdf.set_xy(pdf.l_margin, y)
        pdf.cell(LEFT, ROW, name)
        for column, value in enumerate(row):
            _tile(pdf, (left + column * width, y, width, ROW), None if value is None else value / grid.highest)
    pdf.write_in("", 7.5, SOFT)
    for column in range(0, len(grid.columns), _EVERY):
        pdf.set_xy(left + column * width, top + len(grid.rows) * ROW + 0.5)
        pdf.cell(width * _EVERY, 4, grid.columns[column])
    pdf.set_xy(pdf.l_margin, top + height(grid))


def _tile(pdf: "Sheets", box: tuple[float, float, float, float], part: float | None) -> None:
    if part is None:
        hatch(pdf, box)
    else:
        tint = max(min(part, 1.0), _LIGHT)
        pdf.set_fill_color(*(round(255 + (full - 255) * tint) for full in ACCENT))
        pdf.rect(*box, style="F")
    pdf.set_draw_color(*RULE)
    pdf.set_line_width(0.2)
    pdf.rect(*box)
