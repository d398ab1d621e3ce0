"""Where a series may go next: the fan, when it is drawn, and what it holds."""

from datetime import date

import pytest

from dashboard import forecast
from dashboard.changes import Noisy
from dashboard.readings import Step
from konectus.figures import QUARTER, WEEK


def steps(*values: float | None) -> list[Step]:
    return [
        Step(date(2026, n, 1), Noisy(v, 2) if v is not None else None, "published" if v is not None else "few_clients")
        for n, v in enumerate(values, 1)
    ]


def test_a_forecast_needs_six_published_months_in_a_row() -> None:
    assert forecast.fan(steps(1, 2, 3, 4, 5)) == []
    assert forecast.fan(steps(1, 2, None, 4, 5, 6, 7, 8)) == []
    assert forecast.fan(steps(1, 2, 3, 4, 5, 6, 7, None)) == []
    assert [one.period for one in forecast.fan(steps(1, 2, 3, 4, 5, 6))] == [date(2026, n, 1) for n in (7, 8, 9)]


def test_the_fan_opens_and_holds_the_noise_even_where_the_months_lie_on_a_line() -> None:
    ahead = forecast.fan(steps(100, 110, 120, 130, 140, 150))
    assert [one.wide.value for one in ahead] == pytest.approx([160, 170, 180])
    widths = [one.wide.high - one.wide.low for one in ahead]
    assert widths == sorted(widths)
    assert widths[0] > 2 * 1.96 * 2
    assert all(one.wide.low < one.half.low < one.half.high < one.wide.high for one in ahead)


def test_a_forecast_is_never_below_zero() -> None:
    assert min(one.wide.low for one in forecast.fan(steps(50, 40, 30, 20, 10, 0))) == 0


def test_weeks_and_quarters_go_on_in_their_own_steps() -> None:
    weeks = [Step(date(2026, 9, day), Noisy(day, 1), "published") for day in (7, 14, 21, 28)]
    weeks = [Step(date(2026, 8, day), Noisy(day, 1), "published") for day in (24, 31)] + weeks
    assert [one.period for one in forecast.fan(weeks, WEEK)] == [date(2026, 10, day) for day in (5, 12, 19)]
    quarters = [Step(date(year, month, 1), Noisy(9, 1), "published") for year in (2025, 2026) for month in (1, 4, 7)]
    assert forecast.fan(quarters, QUARTER) == []
    quarters.insert(3, Step(date(2025, 10, 1), Noisy(9, 1), "published"))
    assert forecast.fan(quarters, QUARTER)[0].period == date(2026, 10, 1)


def test_no_forecast_goes_over_a_change_of_the_cap() -> None:
    run = steps(1, 2, 3, 4, 5, 6, 7)
    assert forecast.fan(run) != []
    run[3] = Step(run[3].period, run[3].noisy, "published", is_break=True)
    assert forecast.fan(run) == []
