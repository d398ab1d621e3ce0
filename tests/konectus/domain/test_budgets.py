"""The token bucket and the circuit breaker as values."""

from datetime import UTC, datetime, timedelta

import pytest

from konectus.domain import budgets
from konectus.domain.budgets import Breaker, Budget, Tally

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FIVE = Budget(burst=5, per_second=2)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def broken(failures: int, successes: int = 0) -> Breaker:
    breaker = Breaker()
    for _ in range(successes):
        breaker = budgets.succeeded(breaker, NOON)
    for _ in range(failures):
        breaker = budgets.failed(breaker, NOON, 0)
    return breaker


def test_full_bucket_gives_its_burst_and_then_says_how_long_to_wait() -> None:
    level, waits = budgets.full(FIVE, NOON), []
    for _ in range(6):
        level, _, wait = budgets.take(FIVE, level, NOON)
        waits.append(wait)
    assert waits == [*[timedelta()] * 5, seconds(0.5)]


def test_empty_bucket_gives_again_after_the_wait_it_named() -> None:
    level = budgets.Level(0, NOON)
    level, taken, wait = budgets.take(FIVE, level, NOON)
    assert taken == 0
    assert budgets.take(FIVE, level, NOON + wait)[1:] == (1, timedelta())


def test_bucket_gives_a_slice_as_far_as_it_goes() -> None:
    level, taken, _ = budgets.take(FIVE, budgets.full(FIVE, NOON), NOON, most=3)
    assert (taken, level.tokens) == (3, 2)
    assert budgets.take(FIVE, level, NOON, most=3)[1:] == (2, timedelta())


def test_bucket_never_holds_more_than_its_burst() -> None:
    level, *_ = budgets.take(FIVE, budgets.full(FIVE, NOON), NOON + timedelta(days=1))
    assert level.tokens == 4


def test_clock_that_steps_back_takes_nothing_from_the_bucket() -> None:
    level, _, wait = budgets.take(FIVE, budgets.Level(2, NOON), NOON - seconds(9))
    assert (level.tokens, level.at, wait) == (1, NOON, timedelta())


@pytest.mark.parametrize(
    ("usage", "speed"), [(None, 2), (0, 2), (75, 2), (80, 1.6), (90, 0.8), (99, 0.08), (100, 0.04), (140, 0.04)]
)
def test_used_up_allowance_slows_us_down_before_the_channel_refuses(usage: int | None, speed: float) -> None:
    slowed = budgets.slowed(FIVE, usage)
    assert slowed.per_second == pytest.approx(speed)
    assert slowed.burst >= 1


def test_breaker_counts_what_other_processes_saw_of_the_last_minute() -> None:
    others = (Tally(NOON, well=6), Tally(NOON - seconds(90), well=90))
    breaker = budgets.told(broken(4), others, NOON)
    assert not budgets.failed(breaker, NOON, 0).is_open
    assert sum(tally.well for tally in breaker.tallies) == 6
    assert budgets.told(broken(5), others, NOON) == broken(5)


@pytest.mark.parametrize(
    ("failures", "successes", "is_open"),
    [(4, 0, False), (5, 0, True), (5, 5, True), (5, 6, False), (6, 6, True)],
)
def test_breaker_opens_at_five_failures_that_are_half_of_all(failures: int, successes: int, *, is_open: bool) -> None:
    assert broken(failures, successes).is_open is is_open


def test_failures_older_than_a_minute_do_not_count() -> None:
    breaker = broken(4)
    assert not budgets.failed(breaker, NOON + seconds(60), 0).is_open
    assert budgets.failed(breaker, NOON + seconds(59), 0).is_open


def test_open_breaker_lets_one_probe_through_after_its_pause() -> None:
    breaker = broken(5)
    assert budgets.allow(breaker, NOON + seconds(29))[1] is False
    breaker, first = budgets.allow(breaker, NOON + seconds(30))
    _, second = budgets.allow(breaker, NOON + seconds(31))
    assert (first, second) == (True, False)


def test_probe_without_an_outcome_blocks_for_a_minute_only() -> None:
    breaker, _ = budgets.allow(broken(5), NOON + seconds(30))
    assert budgets.allow(breaker, NOON + seconds(89))[1] is False
    assert budgets.allow(breaker, NOON + seconds(90))[1] is True


def test_good_probe_closes_the_breaker_and_forgets() -> None:
    probing, _ = budgets.allow(broken(5), NOON + seconds(30))
    assert budgets.succeeded(probing, NOON + seconds(31)) == Breaker()


def test_bad_probes_double_the_pause_up_to_ten_minutes() -> None:
    breaker, now, pauses = broken(5), NOON, []
    for _ in range(7):
        assert breaker.open_until is not None
        pauses.append((breaker.open_until - now).total_seconds())
        now = breaker.open_until
        probing, _ = budgets.allow(breaker, now)
        breaker = budgets.failed(probing, now, 0)
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


def test_chance_stretches_a_pause_by_a_quarter_at_most() -> None:
    assert budgets.pause(1, 0.999) < seconds(37.5)
    assert budgets.pause(1, 0.999) > seconds(37.4)


def test_calls_that_were_on_the_wire_when_it_opened_change_nothing() -> None:
    breaker = broken(5)
    assert budgets.failed(breaker, NOON + seconds(1), 0) == breaker
    assert budgets.succeeded(breaker, NOON + seconds(1)) == breaker


def test_closed_breaker_allows_everything() -> None:
    assert budgets.allow(Breaker(), NOON) == (Breaker(), True)
