"""Figures draw what is published and nothing else; their colours are those of the tokens."""

import re
from datetime import date
from pathlib import Path

import pytest

from dashboard import figures
from dashboard.changes import Noisy
from dashboard.data import Annotation
from dashboard.figures import through_time
from dashboard.readings import Line, Step
from dashboard.themes import THEMES

TOKENS = (Path(figures.__file__).parent / "assets/tokens.css").read_text(encoding="utf-8")
MONTHS = [date(2026, month, 1) for month in range(1, 8)]


def line(*values: float | None) -> Line:
    noisy = [Noisy(value, 4) if value is not None else None for value in values]
    steps = [
        Step(month, found, "published" if found else "low_precision")
        for month, found in zip(MONTHS, noisy, strict=False)
    ]
    return Line("telegram", "Telegram", 2, tuple(steps))


def test_no_line_is_drawn_through_a_hidden_month() -> None:
    drawn = through_time([line(20, 22, None, None, 24)], [], "light")
    stroke = drawn.data[-1]
    assert list(stroke.y) == [20, 22, None, None, 24]
    assert stroke.connectgaps is False
    hatches = [trace for trace in drawn.data if trace.fillpattern.shape]
    ribbons = [trace for trace in drawn.data if trace.fill == "toself" and not trace.fillpattern.shape]
    assert [(trace.x[0], trace.x[1]) for trace in hatches] == [(MONTHS[1], MONTHS[4])]
    assert len(ribbons) == 2


def test_a_hidden_month_is_told_with_its_reason_and_no_number() -> None:
    stroke = through_time([line(20, None)], [], "light").data[-1]
    assert stroke.customdata[0].startswith("20 ±")
    assert stroke.customdata[1] == "oculto: poca precisión"


def test_a_month_alone_between_two_hidden_ones_is_a_dot_with_its_error() -> None:
    stroke = through_time([line(None, 22, None)], [], "light").data[-1]
    assert list(stroke.marker.size) == [0, 7, 0]
    assert stroke.error_y.array[1] == pytest.approx(7.84, abs=0.01)
    assert (stroke.error_y.array[0], stroke.error_y.arrayminus[2]) == (None, None)


def test_a_series_that_is_hidden_throughout_draws_nothing() -> None:
    drawn = through_time([line(None, None, None)], [], "dark")
    assert len(drawn.data) == 1
    assert list(drawn.data[0].y) == [None, None, None]


def test_noise_below_zero_is_drawn_at_zero() -> None:
    drawn = through_time([line(3, -2, 5)], [], "light")
    assert min(drawn.data[-1].y) == 0
    assert min(drawn.data[0].y) == 0


def test_a_remark_of_staff_stands_at_its_day_and_only_within_the_chart() -> None:
    remarks = [
        Annotation(date(2026, 2, 14), {"es_MX": "Precio nuevo", "en": "New price"}),
        Annotation(date(2020, 2, 14), {"es_MX": "Antes", "en": "Before"}),
    ]
    drawn = through_time([line(20, 21, 22)], remarks, "light")
    assert [note.text for note in drawn.layout.annotations] == ["Precio nuevo"]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_colours_of_figures_are_the_tokens(name: str) -> None:
    theme, side = THEMES[name], ("light", "dark").index(name)
    series = [token(f"ch-{channel}", side) for channel in ("messenger", "instagram", "telegram")]
    assert theme.colorway == (*series, *(token(f"chart-{n}", side) for n in (4, 5, 6)))
    assert theme.sequential == tuple(token(f"seq-{n}", side) for n in range(1, 7))
    expected = {"text": "text-2", "title": "text", "grid": "border", "axis": "border-strong", "surface": "surface-2"}
    for field, custom in expected.items():
        assert getattr(theme, field) == token(custom, side), field
    assert theme.hover == token("overlay", side)


def token(name: str, side: int) -> str:
    found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", TOKENS)
    assert found, name
    return found[side + 1]
