"""How our papers look: a page with a mark, a title, facts, tables and notes, as PDF. What they say is said elsewhere.

Fonts lie beside, Inter under the Open Font License (fonts/OFL.txt), Latin letters and currency signs: what they lack
is printed without its accent, or as a question mark.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Literal

from konectus.papers import bars, chart, heat
from konectus.papers.bars import Bar
from konectus.papers.chart import Dot, Tick
from konectus.papers.heat import Grid

# The look's colours on white paper.
INK, SOFT, RULE, ACCENT = (23, 32, 31), (93, 103, 102), (220, 226, 225), (0, 102, 90)
LINE = 5.5
Size = Literal["A4", "Letter"]
# Where paper is Letter; A4 elsewhere.
LETTER_COUNTRIES = frozenset({"MX", "US", "CA", "CO", "CL", "VE", "GT", "CR", "PA", "DO", "PR", "PH"})


def size_for(country: str) -> Size:
    return "Letter" if country.upper() in LETTER_COUNTRIES else "A4"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its share of the width."""

    title: str
    share: float
    is_number: bool = False


class Paper:
    """One document being written, top to bottom. `made_at` stands in the file, so that the same facts give the same."""

    def __init__(self, title: str, *, lang: str, size: Size, made_at: datetime, foot: str) -> None:
        from konectus.papers.sheets import Sheets  # noqa: PLC0415  # late: a second of every start, for few processes

        self._pdf = Sheets(size, printable(foot), SOFT)
        self._pdf.set_title(printable(title))
        self._pdf.set_author("Konectus")
        self._pdf.set_lang(lang)
        self._pdf.set_creation_date(made_at)
        self._pdf.add_page()
        self._write(_Style("B", 11, ACCENT), "Konectus")
        self._gap(3)
        self._write(_Style("B", 20), title)

    def subtitle(self, text: str) -> None:
        self._write(_Style("", 10, SOFT), text)
        self._gap(3)

    def heading(self, text: str) -> None:
        self._gap(3)
        self._write(_Style("B", 11), text)
        self._gap(1)

    def paragraph(self, text: str, *, is_soft: bool = False) -> None:
        self._write(_Style("", 9.5, SOFT if is_soft else INK), text)
        self._gap(1.5)

    def boxed(self, text: str) -> None:
        """What nobody may overlook."""
        self._gap(2)
        self._pdf.set_draw_color(*ACCENT)
        self._style(_Style("B", 10))
        padding = 3
        self._pdf.multi_cell(0, LINE, printable(text), border=1, align="L", padding=padding, new_x="LMARGIN")
        self._gap(3)

    def facts(self, rows: Sequence[tuple[str, str]], *, names: float = 0.32) -> None:
        """Name and value, one below the other; a value that is empty is left out. `names` = their part of the width."""
        for name, value in rows:
            if value:
                self._row((Column(name, names), Column(value, 1 - names)), (_Style("", 9.5, SOFT), _Style("", 9.5)))
        self._gap(2)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Rows under their titles; a long cell makes its row higher, never runs into its neighbour."""
        self._row(columns, [_Style("", 8.5, SOFT)] * len(columns), has_rule=True)
        for row in rows:
            cells = [Column(text, column.share, column.is_number) for column, text in zip(columns, row, strict=True)]
            self._row(cells, [_Style("", 9.5)] * len(cells), has_rule=True)

    def keep(self, millimetres: float) -> None:
        """What follows begins on a new page where less than that is left of this one."""
        if self._pdf.will_page_break(millimetres):
            self._pdf.add_page()

    def chart(self, dots: Sequence[Dot], ticks: Sequence[Tick]) -> None:
        """A figure through time, whole on one page."""
        self.keep(chart.HEIGHT + chart.BELOW + 4)
        chart.draw(self._pdf, dots, ticks)
        self._gap(2)

    def bars(self, rows: Sequence[Bar]) -> None:
        """The parts of a figure, on one scale; pages break between them."""
        highest = bars.longest(rows)
        for row in rows:
            self.keep(bars.ROW)
            words = printable(row.words)
            bars.draw(self._pdf, replace(row, name=printable(row.name), words=words), highest)
        self._gap(2)

    def heat(self, grid: Grid) -> None:
        """A figure by two dimensions, whole on one page."""
        self.keep(heat.height(grid) + 2)
        heat.draw(self._pdf, grid)
        self._gap(2)

    def sums(self, rows: Sequence[tuple[str, str]]) -> None:
        """Amounts under a table, the last one in bold."""
        for place, (name, value) in enumerate(rows, start=1):
            style = _Style("B" if place == len(rows) else "", 10)
            self._row((Column("", 0.42), Column(name, 0.33), Column(value, 0.25, is_number=True)), [style] * 3)
        self._gap(2)

    def pdf(self) -> bytes:
        return bytes(self._pdf.output())

    def _row(self, cells: Sequence[Column], styles: Sequence["_Style"], *, has_rule: bool = False) -> None:
        width = self._pdf.epw
        heights = []
        for cell, style in zip(cells, styles, strict=True):
            self._style(style)
            lines = self._pdf.multi_cell(
                width * cell.share, LINE, printable(cell.title), dry_run=True, output="LINES", align="L"
            )
            heights.append(max(len(lines) if isinstance(lines, list) else 1, 1) * LINE)
        height = max(heights)
        if self._pdf.will_page_break(height + 2):
            self._pdf.add_page()
        top, left = self._pdf.get_y(), self._pdf.l_margin
        for cell, style in zip(cells, styles, strict=True):
            self._style(style)
            self._pdf.set_xy(left, top)
            align = "R" if cell.is_number else "L"
            self._pdf.multi_cell(width * cell.share, LINE, printable(cell.title), align=align)
            left += width * cell.share
        self._pdf.set_xy(self._pdf.l_margin, top + height + (1 if has_rule else 0))
        if has_rule:
            self._pdf.set_draw_color(*RULE)
            self._pdf.line(self._pdf.l_margin, self._pdf.get_y(), self._pdf.l_margin + width, self._pdf.get_y())
            self._gap(1)

    def _write(self, style: "_Style", text: str) -> None:
        self._style(style)
        self._pdf.multi_cell(0, style.points * 0.55, printable(text), align="L", new_x="LMARGIN")

    def _style(self, style: "_Style") -> None:
        self._pdf.write_in(style.weight, style.points, style.colour)

    def _gap(self, millimetres: float) -> None:
        self._pdf.ln(millimetres)


@dataclass(frozen=True, slots=True)
class _Style:
    weight: Literal["", "B"]
    points: float
    colour: tuple[int, int, int] = INK


def printable(text: str) -> str:
    """The text in letters that the fonts have."""
    return "".join(one if ord(one) in _letters() or one == "\n" else _plain(one) for one in text)


# Letters that Unicode does not take apart.
_BARRED = {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i"}


def _plain(letter: str) -> str:
    letter = _BARRED.get(letter, letter)
    parts = unicodedata.normalize("NFKD", letter)
    base = "".join(one for one in parts if ord(one) in _letters() and not unicodedata.combining(one))
    return base or ("" if unicodedata.category(letter)[0] in "CM" else "?")


@cache
def _letters() -> frozenset[int]:
    from konectus.papers.sheets import letters  # noqa: PLC0415  # late: as above

    return letters()
