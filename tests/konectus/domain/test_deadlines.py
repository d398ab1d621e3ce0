"""Calendar days of Mexico City at their edges."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.deadlines import after_full_days, local_day, start_of


def test_late_evening_in_mexico_is_still_the_same_day() -> None:
    assert local_day(datetime(2026, 3, 3, 5, 30, tzinfo=UTC)) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("anchor", "days", "first"),
    [
        (datetime(2026, 3, 3, 5, 30, tzinfo=UTC), 2, datetime(2026, 3, 5, 6, tzinfo=UTC)),
        (datetime(2028, 2, 28, 18, tzinfo=UTC), 1, datetime(2028, 3, 1, 6, tzinfo=UTC)),
        (datetime(2026, 1, 31, 18, tzinfo=UTC), 30, datetime(2026, 3, 3, 6, tzinfo=UTC)),
    ],
    ids=["23:30 in Mexico", "leap day", "month end"],
)
def test_deadline_is_the_first_instant_after_full_local_days(anchor: datetime, days: int, first: datetime) -> None:
    assert after_full_days(anchor, days) == first


@given(st.datetimes(datetime(2023, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)), st.integers(0, 60))  # noqa: DTZ001 bounds are naive by the strategy's signature
def test_deadline_leaves_at_least_n_days_and_at_most_one_more(anchor: datetime, days: int) -> None:
    left = after_full_days(anchor, days) - anchor
    assert timedelta(days=days) < left <= timedelta(days=days + 1)


def test_day_starts_at_six_utc() -> None:
    assert start_of(date(2026, 11, 22)) == datetime(2026, 11, 22, 6, tzinfo=UTC)
