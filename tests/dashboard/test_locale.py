"""Figures say no more digits than they know."""

from datetime import date

import pytest

from dashboard import locale
from dashboard.changes import Interval, Noisy
from konectus import i18n

OCTOBER = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("value", "margin", "said"),
    [
        (1212.4, 22.0, "1,212 ± 22"),
        (243.4, 8.6, "243 ± 9"),
        (390_074.4, 25_387.0, "390,000 ± 26,000"),
        (108.6, 2.2, "109 ± 3"),
        (-40.0, 30.0, "0 ± 30"),
        (5.2, 0.3, "5 ± 1"),
    ],
)
def test_digits_follow_the_margin(value: float, margin: float, said: str) -> None:
    words = f"{locale.number(value, margin)} {locale.plus_minus(margin)}"
    assert words.replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_share_keeps_the_digits_it_can_bear() -> None:
    assert locale.with_doubt(Noisy(97.84, 0.2), finest=1).replace("\N{NO-BREAK SPACE}", " ") == "97.8 ± 0.4"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (Interval(0.09, 0.05, 0.14), "9 %, entre 5 y 14 %"),
        (Interval(-0.10, -0.17, -0.02), "10 %, entre 2 y 17 %"),
        (Interval(0.08, -0.01, 0.17), "8 %, entre −1 y 17 %"),
    ],
)
def test_a_range_is_told_in_the_direction_of_the_change(share: Interval, said: str) -> None:
    with i18n.use("es_MX"):
        assert locale.percent_range(share).replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize(
    ("speaks", "title", "short", "inside", "beside"),
    [
        ("es_MX", "Octubre de 2026", "Octubre 2026", "octubre de 2026", "octubre"),
        ("en", "October 2026", "October 2026", "October 2026", "October"),
    ],
)
def test_months_are_told_as_their_place_asks(speaks: str, title: str, short: str, inside: str, beside: str) -> None:
    with i18n.use(speaks):
        assert locale.month(OCTOBER) == title
        assert locale.month_short(OCTOBER) == short
        assert locale.month_inside(OCTOBER) == inside
        assert locale.month_inside(OCTOBER, beside=date(2026, 11, 1)) == beside
        assert locale.month_inside(OCTOBER, beside=date(2025, 11, 1)) == inside
