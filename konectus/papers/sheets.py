"""The sheets a paper is drawn on: format, fonts, margins, foot. The one module that loads the library."""

from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # fonttools ships no types
from fpdf import FPDF

FONTS = Path(__file__).parent / "fonts"
FAMILY = "Inter"
_FILES: dict[Literal["", "B"], str] = {"": "inter-latin-regular.ttf", "B": "inter-latin-semibold.ttf"}
_MARGIN = 20.0


class Sheets(FPDF):
    """Every page says what it belongs to and which of how many it is."""

    family = FAMILY

    def __init__(self, size: Literal["A4", "Letter"], foot: str, soft: tuple[int, int, int]) -> None:
        super().__init__(format=size)
        self._foot, self._soft = foot, soft
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        for style, name in _FILES.items():
            self.add_font(FAMILY, style, FONTS / name)

    def write_in(self, weight: Literal["", "B"], points: float, colour: tuple[int, int, int]) -> None:
        """What follows is written so."""
        self.set_font(FAMILY, weight, points)
        self.set_text_color(*colour)

    def footer(self) -> None:
        self.set_y(-_MARGIN + 4)
        self.write_in("", 8, self._soft)
        self.cell(0, 4, self._foot)
        self.set_x(self.l_margin)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R")


def letters() -> frozenset[int]:
    """Those that the fonts have."""
    with TTFont(FONTS / _FILES[""]) as font:
        return frozenset(font.getBestCmap())
