"""Notices as rules: when a delivery counts, what a row is, how long a refused mail rests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.deadlines import local_day
from konectus.domain.notice_words import CATALOGUE
from konectus.domain.notices import (
    WITHDRAWN,
    NoticeKind,
    NoticeState,
    deadline,
    stands,
    state_of,
    wait_after,
    within,
)

AT = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds


@dataclass
class Row:
    last_error: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    undeliverable_at: datetime | None = None


@pytest.mark.parametrize(
    ("delivered", "first"),
    [
        # 23:30 in Mexico City: the day of delivery is the 2nd, though UTC says the 3rd.
        (datetime(2026, 3, 3, 5, 30, tzinfo=UTC), datetime(2026, 3, 5, 6, tzinfo=UTC)),
        # The last instant of a legal day, and the first of the next.
        (datetime(2026, 3, 3, 5, 59, 59, tzinfo=UTC), datetime(2026, 3, 5, 6, tzinfo=UTC)),
        (datetime(2026, 3, 3, 6, 0, tzinfo=UTC), datetime(2026, 3, 6, 6, tzinfo=UTC)),
        # Month ends, a leap day, a year's end.
        (datetime(2026, 4, 30, 18, tzinfo=UTC), datetime(2026, 5, 3, 6, tzinfo=UTC)),
        (datetime(2028, 2, 27, 18, tzinfo=UTC), datetime(2028, 3, 1, 6, tzinfo=UTC)),
        (datetime(2026, 12, 31, 18, tzinfo=UTC), datetime(2027, 1, 3, 6, tzinfo=UTC)),
    ],
)
def test_the_clock_counts_two_full_legal_days_after_the_day_of_delivery(delivered: datetime, first: datetime) -> None:
    assert deadline(delivered, 2) == first


@given(INSTANTS, INSTANTS)
def test_a_later_delivery_never_gives_an_earlier_suspension(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    assert deadline(earlier, 2) <= deadline(later, 2)
    assert timedelta(days=2) < deadline(one, 2) - one <= timedelta(days=3)
    assert local_day(deadline(one, 2)) == local_day(one) + timedelta(days=3)


@given(INSTANTS, INSTANTS)
def test_a_bounce_voids_exactly_before_the_deadline(delivered: datetime, bounced: datetime) -> None:
    assert stands(delivered, bounced, 2) == (bounced >= deadline(delivered, 2))
    assert stands(delivered, None, 2)
    assert not stands(None, bounced, 2)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (Row(), NoticeState.QUEUED),
        (Row(last_error="450 later"), NoticeState.QUEUED),
        (Row(sent_at=AT), NoticeState.SENT),
        (Row(sent_at=AT, delivered_at=AT), NoticeState.DELIVERED),
        (Row(sent_at=AT, delivered_at=AT, undeliverable_at=AT), NoticeState.DELIVERED),
        (Row(sent_at=AT, delivered_at=AT, bounced_at=AT), NoticeState.BOUNCED),
        (Row(sent_at=AT, undeliverable_at=AT), NoticeState.UNDELIVERABLE),
        (Row(undeliverable_at=AT, last_error=WITHDRAWN), NoticeState.WITHDRAWN),
    ],
)
def test_a_row_is_the_most_severe_thing_that_happened_to_it(row: Row, state: NoticeState) -> None:
    assert state_of(row) is state


def test_a_refused_mail_rests_longer_each_time_and_never_long() -> None:
    waits = [wait_after(attempts) for attempts in range(1, 9)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), timedelta(hours=1))


@given(INSTANTS, INSTANTS, st.floats(0, 1e6))
def test_nothing_arrives_before_it_leaves_nor_after_we_know(told: datetime, sent: datetime, later: float) -> None:
    received = sent + timedelta(seconds=later)
    assert sent <= within(told, sent, received) <= received
    assert within(told, None, received) == min(told, received)


def test_every_kind_has_its_words() -> None:
    assert set(CATALOGUE) == set(NoticeKind)
