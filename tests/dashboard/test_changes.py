"""Values with their doubt: ratios, differences, and when a change may be called one."""

import math

import numpy as np
import pytest

from dashboard.changes import Noisy, change, quotient, ratio


def test_a_ratio_holds_its_interval() -> None:
    """Fieller's interval covers the true ratio in 95 of 100 draws, also where the divisor is uncertain."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(4000):
        found = ratio(Noisy(rng.normal(300, 30), 30), Noisy(rng.normal(200, 25), 25))
        assert found is not None
        held += found.low <= 1.5 <= found.high
    assert 0.935 <= held / 4000 <= 0.965


def test_a_divisor_that_may_be_zero_gives_no_ratio() -> None:
    assert ratio(Noisy(100, 10), Noisy(15, 10)) is None
    assert ratio(Noisy(100, 10), Noisy(-3, 1)) is None
    assert quotient(Noisy(100, 10), Noisy(15, 10)) is None


@pytest.mark.parametrize(("now", "is_clear"), [(116.0, False), (117.0, True), (84.0, False), (83.0, True)])
def test_a_change_is_clear_beyond_one_and_two_thirds_sigma(now: float, *, is_clear: bool) -> None:
    moved = change(Noisy(now, 7), Noisy(100, 7))
    assert math.isclose(moved.delta.sigma, 7 * math.sqrt(2))
    assert moved.is_clear is is_clear


def test_the_share_of_a_change_is_told_against_the_earlier_month() -> None:
    moved = change(Noisy(110, 1), Noisy(100, 1))
    assert moved.share is not None
    assert math.isclose(moved.share.value, 0.10)
    assert moved.share.low < 0.10 < moved.share.high
