"""Values in words: durations, percents, indices and counts, each with the digits its doubt allows."""

import pytest

from konectus import i18n
from reports.mails import units
from reports.mails.facts import Interval

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("unit", "interval", "words"),
    [
        ("clients", Interval(156.2, 152.4, 160.0), "156 ± 4"),
        ("clients", Interval(2596.3, 2578.0, 2614.6), "2,596 ± 19"),
        ("messages", Interval(48_732, 43_000, 54_464), "48,700 ± 5,800"),
        ("index", Interval(104.24, 103.3, 105.18), "104.2 ± 1.0"),
        ("ratio", Interval(0.0163, 0.0113, 0.0213), "1.6 ± 0.5 %"),
        ("ratio", Interval(0.009, 0.0, 0.03), "0.9 % (0.0 to 3.0 %)"),
        ("share", Interval(0.002, -0.004, 0.008), "0.2 % (0.0 to 0.8 %)"),
        ("share", Interval(0.166, 0.152, 0.18), "16.6 ± 1.4 %"),
        ("seconds", Interval(2 * HOUR + 600, 2 * HOUR, 2 * HOUR + 1_500), "2 h 10 min (2 h to 2 h 25 min)"),
        ("seconds", Interval(31 * 60 + 20, 29 * 60, 33 * 60), "31 min (29 min to 33 min)"),
        (
            "seconds",
            Interval(10 * HOUR + 120, 9 * HOUR + 1_620, 10 * HOUR + 2_160),
            "10 h 2 min (9 h 27 min to 10 h 36 min)",
        ),
        ("seconds", Interval(12 * DAY, 9 * DAY + HOUR, 15 * DAY), "12 d (9 d 1 h to 15 d)"),
        ("seconds", Interval(12.0, -3.0, 20.0), "12 s (0 s to 20 s)"),
    ],
)
def test_a_value_is_told_with_its_interval_in_its_unit(unit: str, interval: Interval, words: str) -> None:
    with i18n.use("en"):
        assert units.said(unit, interval).replace("\N{NO-BREAK SPACE}", " ") == words


def test_bounds_are_told_in_spanish_too() -> None:
    with i18n.use("es_MX"):
        said = units.said("seconds", Interval(45.0, 40.0, 59.8)).replace("\N{NO-BREAK SPACE}", " ")
    assert said == "45 s (de 40 s a 1 min)"


@pytest.mark.parametrize(
    ("unit", "top", "words"),
    [
        ("clients", 130.0, ["0", "50", "100", "150"]),
        ("clients", 0.0, ["0", "0.5", "1"]),
        ("ratio", 0.045, ["0 %", "2 %", "4 %", "6 %"]),
        ("seconds", 33 * 60.0, ["0", "10 min", "20 min", "30 min", "40 min"]),
        ("seconds", 11 * HOUR, ["0", "4 h", "8 h", "12 h"]),
        ("seconds", 3.5 * DAY, ["0", "1 d", "2 d", "3 d", "4 d"]),
    ],
)
def test_levels_of_an_axis_begin_at_zero_are_round_and_cover_the_doubt(unit: str, top: float, words: list[str]) -> None:
    with i18n.use("en"):
        found = [units.level(unit, at).replace("\N{NO-BREAK SPACE}", " ") for at in units.levels(unit, top)]
    assert found == words
    assert units.levels(unit, top)[-1] >= top
