"""Periods of a Subscription by their anchor day, lines and tax."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.deadlines import LEGAL_ZONE, local_day, start_of
from konectus.domain.invoicing import (
    Cycle,
    Period,
    first,
    following,
    period_lines,
    round_half_up,
    running,
    total,
    with_tax,
)
from konectus.domain.money import LineKind
from konectus.domain.plans import Interval, Offer, SeatsNotOffered
from konectus.domain.seats import SeatsBelowUse

OFFER = Offer("crece", "Crece", 2, Interval.MONTH, 194_800, 10, 15_000)
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(), timedelta(days=40 * 365)).map(BEGINNING.__add__)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant by the clocks of Mexico City."""
    return datetime(year, month, day, hour, minute, tzinfo=LEGAL_ZONE)


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        (at(2026, 1, 31, 14, 37), at(2026, 2, 28), 28),
        (at(2028, 1, 31, 23, 30), at(2028, 2, 29), 29),
        (at(2026, 2, 28), at(2026, 3, 28), 28),
        (at(2026, 12, 15), at(2027, 1, 15), 31),
        (at(2026, 3, 2, 23, 59), at(2026, 4, 2), 31),
    ],
)
def test_month_goes_to_the_same_day_of_the_next_or_its_last(starts: datetime, ends: datetime, days: int) -> None:
    opening = first(starts, Interval.MONTH)
    assert (opening.period.ends_at, opening.period.days) == (ends, days)


def test_anchor_on_the_31st_comes_back_after_short_months() -> None:
    opening = first(at(2026, 1, 31), Interval.MONTH)
    period, ends = opening.period, []
    for _ in range(5):
        ends.append(local_day(period.ends_at))
        period = opening.cycle.period_from(period.ends_at)
    assert ends == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)]


def test_year_from_the_leap_day_ends_on_28_february_and_finds_the_next_leap_day() -> None:
    opening = first(at(2028, 2, 29), Interval.YEAR)
    period, found = opening.period, []
    for _ in range(4):
        found.append((local_day(period.ends_at), period.days))
        period = opening.cycle.period_from(period.ends_at)
    assert found == [
        (date(2029, 2, 28), 365),
        (date(2030, 2, 28), 365),
        (date(2031, 2, 28), 365),
        (date(2032, 2, 29), 366),
    ]


def test_half_past_eleven_at_night_in_mexico_is_still_that_day() -> None:
    late = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
    assert first(late, Interval.MONTH).cycle.anchor_day == 2


@given(INSTANTS, st.sampled_from(Interval), st.integers(1, 40))
def test_periods_tile_time_for_any_anchor(starts_at: datetime, interval: Interval, count: int) -> None:
    opening = first(starts_at, interval)
    period, days = opening.period, 0
    assert period.starts_at == starts_at
    for _ in range(count):
        assert period.starts_at < period.ends_at
        assert period.ends_at == start_of(local_day(period.ends_at))
        days += period.days
        after = following(opening.cycle, period.ends_at, period.ends_at)
        assert after.period.starts_at == period.ends_at
        period = after.period
    assert days == (local_day(period.starts_at) - local_day(starts_at)).days
    months = {Interval.MONTH: 1, Interval.YEAR: 12}[interval] * count
    begun = local_day(starts_at)
    assert (period.starts_at.astimezone(LEGAL_ZONE).year * 12 + local_day(period.starts_at).month) == (
        begun.year * 12 + begun.month + months
    )


@given(INSTANTS, st.sampled_from(Interval), st.timedeltas(timedelta(), timedelta(days=2000)))
def test_late_run_begins_one_period_that_runs_now(ended_at: datetime, interval: Interval, late: timedelta) -> None:
    now = ended_at + late
    found = following(Cycle(interval, 31), ended_at, now)
    assert found.period.ends_at > now
    assert found.period.starts_at <= now
    if late < timedelta(days=27):
        assert found.period.starts_at == ended_at


def test_period_after_a_suspension_starts_at_its_lift_with_an_anchor_of_its_own() -> None:
    ended, lifted = at(2026, 3, 5), at(2026, 4, 17, 11)
    found = following(Cycle(Interval.MONTH, 5), ended, lifted + timedelta(minutes=3), lifted)
    assert (found.period, found.cycle.anchor_day) == (Period(lifted, at(2026, 5, 17)), 17)


def test_lift_before_the_period_ended_changes_nothing() -> None:
    ended = at(2026, 3, 5)
    found = following(Cycle(Interval.MONTH, 5), ended, ended, at(2026, 3, 1))
    assert found.period == Period(ended, at(2026, 4, 5))


def test_period_that_runs_is_left_as_it_is() -> None:
    opening = first(at(2026, 3, 5), Interval.MONTH)
    assert running(opening, at(2026, 4, 4, 23, 59)) == opening
    assert running(opening, at(2026, 4, 5)).period.starts_at == at(2026, 4, 5)


def test_lines_name_the_plan_and_the_seats_beyond_it_and_tax_is_one_of_its_own() -> None:
    lines = with_tax(period_lines(OFFER, 13), 1600)
    assert [(line.kind, line.quantity, line.amount_cents) for line in lines] == [
        (LineKind.PLAN, 1, 194_800),
        (LineKind.SEATS, 3, 45_000),
        (LineKind.TAX, 1, 38_368),
    ]
    assert total(lines) == 278_168


def test_seats_that_come_with_the_plan_are_no_line() -> None:
    assert [line.kind for line in period_lines(OFFER, 10)] == [LineKind.PLAN]


@pytest.mark.parametrize(
    ("net", "points", "tax"), [(1, 1600, 0), (3, 1600, 0), (4, 1600, 1), (50, 100, 1), (49, 100, 0), (100, 0, 0)]
)
def test_tax_is_rounded_half_up_to_the_cent(net: int, points: int, tax: int) -> None:
    offer = Offer("x", "X", 1, Interval.MONTH, net, 1, None)
    assert with_tax(period_lines(offer, 1), points)[-1].amount_cents == tax


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_rounding_is_to_the_nearest_and_a_half_goes_up(numerator: int, denominator: int) -> None:
    found = round_half_up(numerator, denominator)
    assert -denominator < 2 * (found * denominator - numerator) <= denominator


def test_seats_are_never_fewer_than_the_plan_comes_with_nor_than_people_hold() -> None:
    OFFER.require_seats(10, used=10)
    with pytest.raises(SeatsNotOffered):
        OFFER.require_seats(9, used=0)
    with pytest.raises(SeatsBelowUse):
        OFFER.require_seats(11, used=12)


def test_plan_without_a_price_of_seats_has_no_more_of_them() -> None:
    offer = Offer("inicia", "Inicia", 1, Interval.MONTH, 49_900, 2, None)
    assert offer.total(2) == 49_900
    with pytest.raises(SeatsNotOffered):
        offer.require_seats(3, used=0)
