"""What of a prepaid period is given back (lifecycle.md 2, #15)."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.invoicing import Period, first
from konectus.domain.money import RefundStatus
from konectus.domain.plans import Interval
from konectus.domain.refunds import Prepaid, Quote, RefundStep, quote, require_step


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LEGAL_ZONE)


APRIL = Period(at(2026, 4, 1), at(2026, 5, 1))


@pytest.mark.parametrize(
    ("ended_at", "unused", "amount"),
    [
        (at(2026, 4, 1, 0, 1), 29, 96_667),
        (at(2026, 4, 15, 23, 30), 15, 50_000),
        (at(2026, 4, 16), 14, 46_667),
        (at(2026, 4, 30, 12), 0, 0),
        (at(2026, 5, 1), 0, 0),
    ],
)
def test_day_of_termination_counts_as_used_and_half_cents_go_up(ended_at: datetime, unused: int, amount: int) -> None:
    assert quote(Prepaid(APRIL, 100_000), ended_at) == Quote(30, unused, 100_000, amount)


@pytest.mark.parametrize(("starts", "days"), [(at(2026, 3, 1), 365), (at(2027, 3, 1), 366), (at(2028, 2, 29), 365)])
def test_year_is_counted_in_its_real_days(starts: datetime, days: int) -> None:
    period = first(starts, Interval.YEAR).period
    found = quote(Prepaid(period, days * 100), starts)
    assert (found.days_total, found.days_unused, found.amount_cents) == (days, days - 1, (days - 1) * 100)


def test_only_what_was_paid_is_given_back() -> None:
    assert quote(Prepaid(APRIL, 0), at(2026, 4, 2)).amount_cents == 0
    assert quote(Prepaid(APRIL, 30), at(2026, 4, 15)).amount_cents == 15


@given(st.integers(0, 10**9), st.integers(1, 30))
def test_refund_is_never_more_than_was_paid_and_never_grows_with_time(paid: int, day: int) -> None:
    earlier, later = at(2026, 4, day), at(2026, 4, min(day + 1, 30))
    found = quote(Prepaid(APRIL, paid), earlier)
    assert 0 <= quote(Prepaid(APRIL, paid), later).amount_cents <= found.amount_cents <= paid


def test_refund_goes_from_proposed_over_approved_and_sent_to_settled() -> None:
    steps = [RefundStatus.PROPOSED, RefundStatus.APPROVED, RefundStatus.SENT, RefundStatus.SETTLED]
    for now, then in pairwise(steps):
        require_step(now, then)
        require_step(now, RefundStatus.FAILED)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (RefundStatus.PROPOSED, RefundStatus.SENT),
        (RefundStatus.SETTLED, RefundStatus.FAILED),
        (RefundStatus.FAILED, RefundStatus.APPROVED),
        (RefundStatus.SENT, RefundStatus.SENT),
    ],
)
def test_step_out_of_turn_is_refused(now: RefundStatus, then: RefundStatus) -> None:
    with pytest.raises(RefundStep):
        require_step(now, then)
