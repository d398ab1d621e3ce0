"""When time has run out: the clock of an unpaid invoice to the second, money in flight, export windows."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.deadlines import LEGAL_ZONE, after_full_days, local_day
from konectus.domain.elapsed import (
    Debt,
    InFlight,
    Told,
    clock_of,
    elapsed,
    full_days_left,
    may_act,
    reminder_due,
    resumed,
    to_suspend,
)
from konectus.domain.readings import Readings

RULES = Readings()
DAYS = RULES.payment_notice_days
SECOND = timedelta(seconds=1)
DUE = datetime(2020, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def mexico(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_ZONE)


def told(delivered_at: datetime | None, name: str = "notice", *, bounced_at: datetime | None = None) -> Told[str]:
    return Told(name, DUE, delivered_at, bounced_at)


def debt(*notices: Told[str], balance: int = 100, until: datetime | None = None, since: datetime = DUE) -> Debt[str]:
    return Debt("invoice", DUE, since, balance, notices, until)


def deadline(found: Debt[str]) -> datetime:
    clock = clock_of(found, DAYS)
    assert clock is not None
    return clock.deadline


# (delivered, the first instant at which the time has run out), both as a watch in Mexico City shows them.
EDGES = [
    pytest.param("2026-03-02T23:30", "2026-03-05T00:00", id="half past eleven at night, the example of the sheet"),
    pytest.param("2026-03-02T00:00", "2026-03-05T00:00", id="the first instant of a day"),
    pytest.param("2026-03-02T23:59:59.999999", "2026-03-05T00:00", id="the last instant of a day"),
    pytest.param("2026-03-03T00:00", "2026-03-06T00:00", id="the border of the day"),
    pytest.param("2026-01-29T10:00", "2026-02-01T00:00", id="the end of a month"),
    pytest.param("2026-12-30T10:00", "2027-01-02T00:00", id="the end of a year"),
    pytest.param("2028-02-27T10:00", "2028-03-01T00:00", id="a leap day in between"),
    pytest.param("2028-02-29T10:00", "2028-03-03T00:00", id="delivered on a leap day"),
    pytest.param("2027-02-26T10:00", "2027-03-01T00:00", id="the same days of another year"),
    pytest.param("2026-04-04T10:00", "2026-04-07T00:00", id="the night in which the clocks used to change"),
    pytest.param("2022-10-29T10:00", "2022-11-01T00:00", id="the last night in which they did"),
]


@pytest.mark.parametrize(("delivered", "ends"), EDGES)
def test_time_runs_out_after_two_full_days_in_mexico_and_not_a_second_before(delivered: str, ends: str) -> None:
    owed, end = debt(told(mexico(delivered))), mexico(ends)

    assert deadline(owed) == end
    assert elapsed([owed], end - SECOND, DAYS) == []
    assert [one.invoice for one in elapsed([owed], end, DAYS)] == ["invoice"]


def test_the_example_of_the_sheet_in_utc() -> None:
    owed = debt(told(utc("2026-03-03T05:30:00")))

    assert elapsed([owed], utc("2026-03-05T05:59:59"), DAYS) == []
    assert len(elapsed([owed], utc("2026-03-05T06:00:00"), DAYS)) == 1


def test_two_days_are_not_forty_eight_hours() -> None:
    """Delivered at eight in the morning, 48 hours end at eight; the second full day has sixteen hours more."""
    delivered = mexico("2026-03-02T08:00")
    owed = debt(told(delivered))

    assert elapsed([owed], delivered + timedelta(hours=48), DAYS) == []
    assert elapsed([owed], delivered + timedelta(hours=63, minutes=59), DAYS) == []
    assert len(elapsed([owed], delivered + timedelta(hours=64), DAYS)) == 1


def test_clock_starts_at_the_first_delivery_and_never_where_nothing_was_delivered() -> None:
    first, second = told(mexico("2026-03-02T10:00"), "first"), told(mexico("2026-03-03T10:00"), "second")
    clock = clock_of(debt(second, told(None, "lost"), first), DAYS)

    assert clock is not None
    assert (clock.notice, clock.deadline) == ("first", mexico("2026-03-05T00:00"))
    assert clock_of(debt(told(None)), DAYS) is None
    assert clock_of(debt(), DAYS) is None


def test_hard_bounce_before_the_deadline_voids_a_notice_and_one_after_it_does_not() -> None:
    delivered, end = mexico("2026-03-02T10:00"), mexico("2026-03-05T00:00")

    assert clock_of(debt(told(delivered, bounced_at=end - SECOND)), DAYS) is None
    assert deadline(debt(told(delivered, bounced_at=end))) == end
    again = told(mexico("2026-03-04T10:00"), "again")
    assert deadline(debt(told(delivered, bounced_at=end - SECOND), again)) == mexico("2026-03-07T00:00")


def test_notice_of_before_a_reversed_payment_does_not_count_any_more() -> None:
    reopened = mexico("2026-03-10T12:00")
    before = Told("before", mexico("2026-03-01T10:00"), mexico("2026-03-02T10:00"), None)
    late = Told("late", reopened - SECOND, reopened + timedelta(hours=1), None)
    new = Told("new", reopened, reopened + timedelta(days=1), None)

    assert clock_of(debt(before, late, since=reopened), DAYS) is None
    clock = clock_of(debt(before, late, new, since=reopened), DAYS)
    assert clock is not None
    assert (clock.notice, clock.deadline) == ("new", mexico("2026-03-14T00:00"))


def test_partial_payment_keeps_the_clock_and_a_whole_one_ends_it() -> None:
    delivered, end = told(mexico("2026-03-02T10:00")), mexico("2026-03-05T00:00")

    assert deadline(debt(delivered, balance=1)) == end
    assert len(elapsed([debt(delivered, balance=1)], end, DAYS)) == 1
    assert elapsed([debt(delivered, balance=0)], end, DAYS) == []


def test_deferral_moves_the_end_and_never_brings_it_nearer() -> None:
    delivered = told(mexico("2026-03-02T10:00"))

    assert deadline(debt(delivered, until=mexico("2026-03-09T00:00"))) == mexico("2026-03-09T00:00")
    assert deadline(debt(delivered, until=mexico("2026-03-04T00:00"))) == mexico("2026-03-05T00:00")


# delivered, paid (None: never), what it pays of 100, now: suspended? The deadline is the 5th, 0:00.
TABLE = [
    ("2026-03-02T23:30", None, 0, "2026-03-04T23:59:59", False),
    ("2026-03-02T23:30", None, 0, "2026-03-05T00:00:00", False),
    ("2026-03-02T23:30", None, 0, "2026-03-05T09:29:59", False),
    ("2026-03-02T23:30", None, 0, "2026-03-05T09:30:00", True),
    ("2026-03-02T23:30", None, 0, "2026-03-05T23:59:59", True),
    ("2026-03-02T23:30", None, 0, "2026-03-06T00:00:00", False),
    ("2026-03-02T23:30", None, 0, "2026-04-06T09:30:00", True),
    ("2026-03-02T23:30", "2026-03-04T23:59:59", 100, "2026-03-05T09:30:00", False),
    ("2026-03-02T23:30", "2026-03-05T00:00:00", 100, "2026-03-05T09:30:00", True),
    ("2026-03-02T23:30", "2026-03-04T23:59:59", 99, "2026-03-05T09:30:00", True),
    ("2026-03-02T23:30", "2026-03-02T10:00:00", 100, "2026-03-05T09:30:00", False),
    # On its way for 72 hours at most, whoever was told so.
    ("2026-03-02T23:30", "2026-03-04T23:59:59", 100, "2026-03-07T23:59:58", False),
    ("2026-03-02T23:30", "2026-03-04T10:00:00", 100, "2026-03-07T09:59:59", False),
    ("2026-03-02T23:30", "2026-03-04T10:00:00", 100, "2026-03-07T10:00:00", True),
    ("2026-03-03T00:00", None, 0, "2026-03-05T12:00:00", False),
    ("2026-03-03T00:00", None, 0, "2026-03-06T12:00:00", True),
]


@pytest.mark.parametrize(("delivered", "paid", "cents", "now", "is_suspended"), TABLE)
def test_who_is_suspended_follows_from_delivery_payment_and_now(
    delivered: str, paid: str | None, cents: int, now: str, *, is_suspended: bool
) -> None:
    """The payment is by its provider's word and has not settled; one that has settled is no debt any more."""
    coming = [InFlight(mexico(paid), cents)] if paid else []

    found = to_suspend([debt(told(mexico(delivered)))], coming, mexico(now), RULES)

    assert (found is not None) == is_suspended


def test_money_in_flight_covers_the_oldest_invoice_first() -> None:
    notice = told(mexico("2026-03-02T10:00"))
    first = Debt("first", DUE, DUE, 100, (notice,))
    second = Debt(
        "second", DUE + timedelta(days=1), DUE, 50, (Told("n2", DUE + timedelta(days=2), notice.delivered_at),)
    )
    now, paid = mexico("2026-03-05T10:00"), mexico("2026-03-04T10:00")

    def named(*cents: int) -> str | None:
        found = to_suspend([second, first], [InFlight(paid, one) for one in cents], now, RULES)
        return found.invoice if found else None

    assert named() == "first"
    assert named(99) == "first"
    assert named(100) == "second"
    assert named(60, 60) == "second"
    assert named(60, 60, 30) is None


def test_sweep_acts_from_half_past_nine_unless_the_reading_says_otherwise() -> None:
    assert not may_act(mexico("2026-03-05T09:29:59.999999"), RULES)
    assert may_act(mexico("2026-03-05T09:30"), RULES)
    assert may_act(mexico("2026-03-05T12:00"), Readings(suspend_from=time(12), settlement_minutes=0))
    assert not may_act(mexico("2026-03-05T11:59"), Readings(suspend_from=time(12), settlement_minutes=0))


instants = st.datetimes(datetime(2021, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis adds the zone


@given(instants, instants)
def test_later_delivery_never_gives_an_earlier_deadline(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    assert deadline(debt(told(earlier))) <= deadline(debt(told(later)))


@given(instants, st.integers(0, 40))
def test_deadline_lies_between_n_and_n_plus_one_days_at_a_local_midnight(anchor: datetime, days: int) -> None:
    end = after_full_days(anchor, days)
    local = end.astimezone(LEGAL_ZONE)
    assert local.timetz().replace(tzinfo=None) == time()
    hour = timedelta(hours=1)  # the zone had a summer time until 2022
    assert timedelta(days=days) - hour < end - anchor <= timedelta(days=days + 1) + hour


@given(st.lists(instants, min_size=1, max_size=4), st.integers(0, 3))
def test_another_notice_never_takes_a_clock_away_or_makes_it_later(deliveries: list[datetime], extra: int) -> None:
    notices = [told(at, str(n)) for n, at in enumerate(deliveries)]
    fewer = notices[: max(1, len(notices) - extra)]
    assert deadline(debt(*notices)) <= deadline(debt(*fewer))


def test_lost_days_of_a_window_come_back_up_to_the_end_of_a_day() -> None:
    closes = mexico("2026-04-05T00:00")

    assert resumed(closes, mexico("2026-03-10T12:00"), mexico("2026-03-10T12:00")) == closes
    assert resumed(closes, mexico("2026-03-10T12:00"), mexico("2026-03-11T12:00")) == mexico("2026-04-06T00:00")
    assert resumed(closes, mexico("2026-03-10T12:00"), mexico("2026-03-10T12:01")) == mexico("2026-04-06T00:00")
    assert resumed(closes, mexico("2026-03-10T12:00"), mexico("2026-03-11T12:01")) == mexico("2026-04-07T00:00")


@given(instants, st.timedeltas(timedelta(), timedelta(days=90)), st.timedeltas(timedelta(), timedelta(days=90)))
def test_pause_never_takes_a_moment_of_a_window(opened: datetime, ran: timedelta, still: timedelta) -> None:
    closes = after_full_days(opened, RULES.export_window_days)
    paused = min(opened + ran, closes)
    end = resumed(closes, paused, paused + still)
    assert closes + still <= end < closes + still + timedelta(days=1, hours=1)


def test_reminders_come_on_the_day_of_opening_then_fifteen_five_and_one_day_before_the_last() -> None:
    opened = mexico("2026-03-05T09:31")
    closes = after_full_days(opened, RULES.export_window_days)
    assert closes == mexico("2026-04-05T00:00")

    by_day = {n: reminder_due(closes, opened + timedelta(days=n), RULES) for n in range(32)}

    changes = [n for before, n in pairwise(by_day) if by_day[before] != by_day[n]]
    assert by_day[0] == 0
    assert changes == [15, 25, 29, 31]
    assert [by_day[n] for n in changes] == [15, 25, 29, None]
    assert [full_days_left(closes, opened + timedelta(days=n)) for n in (0, 15, 25, 29, 30)] == [30, 15, 5, 1, 0]
    assert reminder_due(closes, closes - SECOND, RULES) == 29
    assert reminder_due(closes, closes, RULES) is None


def test_extended_window_is_announced_again_from_its_new_end() -> None:
    closes = mexico("2026-04-15T00:00")
    assert reminder_due(closes, mexico("2026-04-03T12:00"), RULES) == 15
    assert reminder_due(closes, mexico("2026-04-09T12:00"), RULES) == 25
    assert reminder_due(closes, mexico("2026-03-01T12:00"), RULES) == 0
    assert reminder_due(closes, mexico("2026-04-14T12:00"), Readings(reminder_days=(15,))) == 15
    assert reminder_due(closes, mexico("2026-03-01T12:00"), Readings(reminder_days=(15,))) is None


def test_legal_day_of_a_window_is_the_one_of_mexico() -> None:
    assert local_day(utc("2026-04-05T05:59:59")) == date(2026, 4, 4)
    assert full_days_left(utc("2026-04-05T06:00:00"), utc("2026-04-05T05:59:59")) == 0
