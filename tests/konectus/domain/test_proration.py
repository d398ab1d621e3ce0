"""Parts of a period by whole days; which money pays which invoice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.invoicing import Period, first
from konectus.domain.plans import Interval, Offer
from konectus.domain.proration import prorate, rest_of, unused_days, upgrade_lines
from konectus.domain.settling import allocate

CENTS = st.integers(0, 10**10)
INICIA = Offer("inicia", "Inicia", 1, Interval.MONTH, 100_000, 2, 10_000)
CRECE = Offer("crece", "Crece", 1, Interval.MONTH, 300_000, 10, 15_000)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LEGAL_ZONE)


@st.composite
def days(draw: st.DrawFn) -> tuple[int, int, int]:
    """(a, b, total) with a + b <= total."""
    whole = draw(st.integers(1, 366))
    one = draw(st.integers(0, whole))
    return one, draw(st.integers(0, whole - one)), whole


@given(CENTS, st.integers(1, 366))
def test_nothing_used_is_all_and_all_used_is_nothing(amount: int, whole: int) -> None:
    assert prorate(amount, whole, whole) == amount
    assert prorate(amount, 0, whole) == 0


@given(CENTS, days())
def test_more_days_are_never_less_money_and_parts_add_up_within_a_cent(
    amount: int, given_days: tuple[int, int, int]
) -> None:
    one, other, whole = given_days
    both = prorate(amount, one + other, whole)
    assert prorate(amount, one, whole) <= both <= amount
    assert abs(prorate(amount, one, whole) + prorate(amount, other, whole) - both) <= 1


@pytest.mark.parametrize(("amount", "unused", "whole"), [(-1, 1, 30), (1, -1, 30), (1, 31, 30), (1, 0, 0)])
def test_days_and_amounts_that_cannot_be_are_refused(amount: int, unused: int, whole: int) -> None:
    with pytest.raises(ValueError, match="days of"):
        prorate(amount, unused, whole)


@pytest.mark.parametrize(
    ("instant", "unused"),
    [
        (at(2026, 4, 1), 29),
        (at(2026, 4, 1, 23, 30), 29),
        (datetime(2026, 4, 2, 5, 59, tzinfo=UTC), 29),
        (datetime(2026, 4, 2, 6, 0, tzinfo=UTC), 28),
        (at(2026, 4, 29, 23, 59), 1),
        (at(2026, 4, 30), 0),
        (at(2026, 4, 30, 23, 59), 0),
        (at(2026, 5, 1), 0),
        (at(2026, 7, 1), 0),
        (at(2026, 3, 15), 30),
    ],
)
def test_day_of_the_instant_counts_as_used(instant: datetime, unused: int) -> None:
    assert unused_days(Period(at(2026, 4, 1), at(2026, 5, 1)), instant) == unused


def test_leap_february_has_a_day_more() -> None:
    assert unused_days(Period(at(2028, 2, 1), at(2028, 3, 1)), at(2028, 2, 28, 12)) == 1
    assert unused_days(Period(at(2027, 2, 1), at(2027, 3, 1)), at(2027, 2, 28, 12)) == 0


@given(st.integers(0, 60 * 24 * 1200), st.integers(0, 60 * 24 * 40))
def test_rest_of_a_period_has_exactly_its_unused_days(began: int, minutes: int) -> None:
    starts_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=began)
    period = first(starts_at, Interval.MONTH).period
    instant = starts_at + timedelta(minutes=minutes)
    rest, unused = rest_of(period, instant), unused_days(period, instant)
    assert (0 if rest is None else rest.days) == unused
    assert rest is None or (rest.ends_at == period.ends_at and rest.starts_at > instant)


def test_upgrade_is_charged_for_the_days_after_today_at_the_difference() -> None:
    period = Period(at(2026, 4, 1), at(2026, 5, 1))
    lines = upgrade_lines((INICIA, 2), (CRECE, 12), period, at(2026, 4, 15, 17))
    assert [line.amount_cents for line in lines] == [-50_000, 165_000]
    assert [line.facts["days"] for line in lines] == [15, 15]


def test_upgrade_on_the_last_day_of_a_period_costs_nothing() -> None:
    period = Period(at(2026, 4, 1), at(2026, 5, 1))
    assert upgrade_lines((INICIA, 2), (CRECE, 10), period, at(2026, 4, 30, 9)) == ()
    assert rest_of(period, at(2026, 4, 30, 9)) is None


def test_oldest_debt_is_paid_first_and_the_rest_stays_credit() -> None:
    shares = allocate([("march", 100), ("april", 100)], [("transfer", 150), ("note", 30)])
    assert [(share.debt, share.source, share.cents) for share in shares] == [
        ("march", "transfer", 100),
        ("april", "transfer", 50),
        ("april", "note", 30),
    ]


def test_what_is_used_up_or_paid_already_takes_no_part() -> None:
    shares = allocate([("paid", 0), ("open", 10), ("later", 5)], [("empty", 0), ("full", 10)])
    assert [(share.debt, share.source, share.cents) for share in shares] == [("open", "full", 10)]


@given(st.lists(st.integers(0, 1000), max_size=8), st.lists(st.integers(0, 1000), max_size=8))
def test_no_debt_and_no_money_is_used_beyond_itself_and_none_is_left_beside_the_other(
    owed: list[int], money: list[int]
) -> None:
    shares = allocate(list(enumerate(owed)), list(enumerate(money)))
    assert all(share.cents > 0 for share in shares)
    paid = [sum(share.cents for share in shares if share.debt == place) for place in range(len(owed))]
    used = [sum(share.cents for share in shares if share.source == place) for place in range(len(money))]
    assert all(part <= whole for part, whole in zip(paid, owed, strict=True))
    assert all(part <= whole for part, whole in zip(used, money, strict=True))
    assert sum(paid) == min(sum(owed), sum(money))
