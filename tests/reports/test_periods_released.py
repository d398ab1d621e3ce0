"""Months, quarters and weeks beside each other: which is due, on which rung, and what each spends of the budget."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from konectus import figures
from konectus.figures import MONTH, QUARTER, WEEK
from konectus.services.installation import Installation
from reports import budget, periods, release
from reports.building import NothingToTell, PeriodOpen, PeriodPassed
from reports.chronicle import Ceilings
from reports.periods import Month, Quarter, UnknownPeriod, Week
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, CEILINGS, World, environment, months

SPENT = "select grain, r.period, r.rung, r.rho from released.release r order by number"
BOOKED = "select period, sum(rho) from released.ledger group by period order by period"


@pytest.mark.parametrize(
    ("text", "first", "after", "closes"),
    [
        ("2026-10", "2026-10-01", "2026-11-01", "2026-11-04T00:00:00-06:00"),
        ("2026-12", "2026-12-01", "2027-01-01", "2027-01-04T00:00:00-06:00"),
        ("2026-Q3", "2026-07-01", "2026-10-01", "2026-10-04T00:00:00-06:00"),
        ("2026-Q4", "2026-10-01", "2027-01-01", "2027-01-04T00:00:00-06:00"),
        ("2026-W41", "2026-10-05", "2026-10-12", "2026-10-15T00:00:00-06:00"),
        ("2026-W53", "2026-12-28", "2027-01-04", "2027-01-07T00:00:00-06:00"),
    ],
)
def test_a_period_closes_three_days_after_its_end(text: str, first: str, after: str, closes: str) -> None:
    period = periods.parse(text)
    assert str(period) == text
    assert (period.first.isoformat(), period.after.isoformat()) == (first, after)
    assert period.closes_at.isoformat() == closes
    assert period.next().before() == period
    assert type(period).of(period.after - timedelta(days=1)) == period


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-Q5", "2026-W54", "2025-W53", "0000-01", "2026-10 ", "x"])
def test_what_is_no_period_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UnknownPeriod, match="2026-W41"):
        periods.parse(text)


def test_a_quarter_spends_from_its_three_months_and_a_week_from_that_of_its_monday() -> None:
    assert [str(month) for month in Quarter.of(date(2026, 8, 9)).months] == ["2026-07", "2026-08", "2026-09"]
    assert Week.of(date(2026, 10, 4)).months == (Month(date(2026, 9, 1)),)


@pytest.fixture
def grown(world: World) -> World:
    """640 Clients from June to October."""
    world.believable(clients=640, months=months("2026-06", 5))
    return world


def run(world: World, until: datetime = AFTER) -> list[str]:
    installation = replace(world.installation, clock=ManualClock(until))
    return [f"{periods.KINDS[one.release.grain](one.release.period)}" for one in release.run(installation)]  # type: ignore[index]  # a grain


def test_every_period_that_waits_is_released_in_the_order_of_closing(grown: World) -> None:
    made = run(grown)
    assert [name for name in made if "W" not in name] == [*months("2026-06", 4), "2026-Q3", "2026-10"]
    weeks = [name for name in made if "W" in name]
    assert weeks == [str(Week.of(date(2026, 7, 6) + timedelta(weeks=n))) for n in range(19)], "Mondays of July on"
    assert made.index("2026-06") < made.index("2026-W28") < made.index("2026-07"), "a week is told before its month"
    assert run(grown) == [], "and never twice"


def test_releases_are_listed_by_the_names_of_their_periods(
    grown: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It broke off at the first one: a period knew no width."""
    made = run(grown)
    for name, value in environment(grown.installation).items():
        monkeypatch.setenv(name, value)
    assert release.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == made
    assert lines[0].startswith("2026-06   rung    0  cells   0  rho 0.2500")


def test_a_month_spends_no_more_than_the_sheet_with_its_weeks_and_what_its_quarter_takes(grown: World) -> None:
    run(grown)
    rungs = {period: rung for grain, period, rung, _rho in grown.releaser.released(SPENT) if grain == MONTH}
    assert list(rungs.values()) == [0, 600, 600, 600, 600]
    booked = {period: Decimal(str(rho)) for period, rho in grown.releaser.released(BOOKED)}
    quarter = [rho for grain, _p, _r, rho in grown.releaser.released(SPENT) if grain == QUARTER]
    aside = 3 * budget.split(600, Decimal("0.25")).aside
    assert quarter == [aside]
    for period, rung in rungs.items():
        beside = aside if period == date(2026, 9, 1) else Decimal(0)
        assert booked[period] - beside <= budget.RHO[int(str(rung))]


def test_a_quarter_of_months_that_laid_nothing_aside_is_not_told(world: World) -> None:
    world.believable(clients=40, months=months("2026-06", 4))
    assert run(world) == months("2026-06", 5)
    with pytest.raises(NothingToTell, match="2026-Q3 is not told"):
        world.releaser.build("2026-Q3")
    with pytest.raises(NothingToTell, match="2026-W36"):
        world.releaser.build("2026-W36")


def test_a_month_leaves_for_its_quarter_what_it_laid_aside_and_one_that_spent_all_nothing() -> None:
    """Months spent all before there were quarters."""
    left = {spent: budget.left_for_quarter(600, Decimal(spent), Decimal("0.25")) for spent in ("0.1", "0.065", "0.05")}
    assert left == {"0.1": 0, "0.065": Decimal("0.02"), "0.05": Decimal("0.02")}


def test_a_week_waits_for_the_month_that_decides_its_rung(grown: World) -> None:
    grown.releaser.build("2026-06")
    with pytest.raises(PeriodOpen, match="stands on a month"):
        grown.releaser.build("2026-W36")
    with pytest.raises(PeriodOpen, match="stands on a month"):
        grown.releaser.build("2026-Q3")


def test_a_past_week_and_a_past_quarter_are_never_computed(grown: World) -> None:
    run(grown)
    with pytest.raises(PeriodPassed, match="2026-W46 is released"):
        grown.releaser.build("2026-W27")
    with pytest.raises(PeriodPassed, match="2026-Q3 is released"):
        grown.releaser.build("2026-Q2")


def test_a_clock_that_jumps_back_releases_nothing_and_one_that_jumps_ahead_releases_each_once(grown: World) -> None:
    assert run(grown, datetime(2026, 9, 20, tzinfo=UTC))
    assert run(grown, datetime(2026, 8, 1, tzinfo=UTC)) == []
    assert run(grown)
    names = [str(row) for row in grown.releaser.released("select grain, period from released.release")]
    assert len(names) == len(set(names))


def test_a_month_takes_what_is_left_of_the_year_when_that_is_most_of_its_part(grown: World) -> None:
    tight = Ceilings(rho=0.25, rho_year=0.25 + 0.06, k=10)
    grown.releaser.build("2026-06", ceilings=tight)
    assert grown.releaser.build("2026-07", ceilings=tight).release.rho == Decimal("0.06")
    assert CEILINGS.rho_year == 3.0


def test_figures_of_a_quarter_and_a_week_have_the_words_and_cells_of_the_catalogue(grown: World) -> None:
    run(grown)
    found = grown.releaser.released(
        "select distinct r.grain, c.metric, c.dim from released.cell c join released.release r on r.id = c.release_id"
    )
    for grain, rung in ((MONTH, 600), (QUARTER, 600), (WEEK, 600)):
        told = {(metric, dim) for length, metric, dim in found if length == grain}
        assert told == {(cut.metric, cut.dim) for cut in figures.cuts(grain, rung)}


def test_the_installation_waits_for_nothing_before_its_first_rollup(installation: Installation) -> None:
    assert release.pending(installation) is None
