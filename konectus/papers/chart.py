"""A figure through time on paper: the line, the ribbon of its doubt, and hatching where it is hidden. Vectors alone."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the library is loaded late (layout.Paper)
    from konectus.papers.sheets import Sheets

INK, SOFT, RULE, ACCENT, RIBBON = (23, 32, 31), (93, 103, 102), (220, 226, 225), (0, 102, 90), (199, 227, 222)
FAINT = (160, 168, 167)  # of what is hidden: seen in print, and behind everything that is not
HEIGHT, LEFT, BELOW = 46.0, 20.0, 6.0  # millimetres
_WIDEST = 16.0  # of a hatched period, where few share the width
_HATCH, _THIN = 2.0, 0.2
_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class Dot:
    """A period: its figure with its 95 % interval, or nothing where it is hidden; never zero instead."""

    name: str
    value: float | None
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A level of the axis and how it is written."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values and periods stand on the sheet."""

    left: float
    top: float
    width: float
    highest: float
    count: int

    def x(self, place: int) -> float:
        return self.left + self.slot * (place + 0.5)

    @property
    def slot(self) -> float:
        return self.width / self.count

    def y(self, value: float) -> float:
        return self.top + HEIGHT * (1 - min(max(value, 0.0), self.highest) / self.highest)


def draw(pdf: "Sheets", dots: Sequence[Dot], ticks: Sequence[Tick]) -> None:
    """From the present place on down; what is hidden is hatched from top to bottom."""
    frame = _Frame(pdf.l_margin + LEFT, pdf.get_y() + 2, pdf.epw - LEFT, ticks[-1].at, len(dots))
    _grid(pdf, frame, ticks)
    for place, dot in enumerate(dots):
        if dot.value is None:
            width = min(frame.slot * 0.8, _WIDEST)
            hatch(pdf, (frame.x(place) - width / 2, frame.top, width, HEIGHT))
    for run in _runs(dots):
        _ribbon(pdf, frame, run)
    _names(pdf, frame, dots)
    pdf.set_line_width(_THIN)  # as thin as the rules of the tables that follow
    pdf.set_xy(pdf.l_margin, frame.top + HEIGHT + BELOW + 2)


def _runs(dots: Sequence[Dot]) -> Iterator[list[tuple[int, Dot]]]:
    """Periods that follow each other with a figure: no line crosses a hidden one."""
    for is_shown, run in groupby(enumerate(dots), key=lambda pair: pair[1].value is not None):
        if is_shown:
            yield list(run)


def _grid(pdf: "Sheets", frame: _Frame, ticks: Sequence[Tick]) -> None:
    pdf.set_draw_color(*RULE)
    pdf.set_line_width(_THIN)
    for tick in ticks:
        y = frame.y(tick.at)
        pdf.line(frame.left, y, frame.left + frame.width, y)
        pdf.write_in("", 7.5, SOFT)
        pdf.set_xy(frame.left - LEFT, y - 2)
        pdf.cell(LEFT - 2, 4, tick.words, align="R")


def hatch(pdf: "Sheets", box: tuple[float, float, float, float]) -> None:
    """Slanted lines over left, top, width, height: what is here is hidden."""
    left, top, width, height = box
    pdf.set_draw_color(*FAINT)
    pdf.set_line_width(0.15)
    with pdf.rect_clip(left, top, width, height):
        for step in range(int((height + width) / _HATCH) + 1):
            at = top + step * _HATCH
            pdf.line(left, at, left + width, at - width)


def _ribbon(pdf: "Sheets", frame: _Frame, run: Sequence[tuple[int, Dot]]) -> None:
    if len(run) > 1:
        upper = [(frame.x(place), frame.y(dot.high)) for place, dot in run]
        lower = [(frame.x(place), frame.y(dot.low)) for place, dot in reversed(run)]
        pdf.set_fill_color(*RIBBON)
        pdf.polygon([*upper, *lower], style="F")
    pdf.set_draw_color(*ACCENT)
    pdf.set_fill_color(*ACCENT)
    points = [(frame.x(place), frame.y(dot.value or 0.0)) for place, dot in run]
    pdf.set_line_width(0.5)
    if len(points) > 1:
        pdf.polyline(points)
    for (x, y), (_, dot) in zip(points, run, strict=True):
        pdf.circle(x, y, 0.8, style="F")
        if len(run) == 1:  # a ribbon needs two periods; the doubt of one is a bar
            pdf.line(x, frame.y(dot.low), x, frame.y(dot.high))


def _names(pdf: "Sheets", frame: _Frame, dots: Sequence[Dot]) -> None:
    every = math.ceil(len(dots) / _MOST_NAMES)
    pdf.write_in("", 7.5, SOFT)
    for place, dot in enumerate(dots):
        if (len(dots) - 1 - place) % every == 0:
            pdf.set_xy(frame.x(place) - frame.slot * every / 2, frame.top + HEIGHT + 1)
            pdf.cell(frame.slot * every, 4, dot.name, align="C")
