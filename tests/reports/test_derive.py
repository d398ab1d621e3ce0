"""Shares, quantiles and ratios read off noisy sums: right without noise, and with it within their intervals.

Bounds hold with a probability of error below one in a million: 6,000 draws, five standard errors from 95 %.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konectus.figures import EDGES
from reports import anonymize, derive
from reports.anonymize import UNIT, Z95
from reports.derive import Figure

DRAWS = 6_000
SLACK = 5 * math.sqrt(0.95 * 0.05 / DRAWS)
# Weights of 400 Clients by bin, of which half answer within some six minutes.
DURATIONS = [int(UNIT * n) for n in (2, 5, 14, 31, 52, 66, 70, 58, 42, 27, 16, 9, 5, 2, 1, 0, 0)]
SIGMA = 4.0 * UNIT
NEAR = 300  # a part below one sigma

noisy_sums = st.lists(st.floats(-1e9, 1e9), min_size=17, max_size=17)


def draws(sums: list[int], sigma: float) -> list[list[float]]:
    noisy, _rho = anonymize.add_noise(sums * DRAWS, sigma=sigma, bound=1.0)
    return [list(map(float, row)) for row in np.array(noisy).reshape(DRAWS, -1)]


def held(figures: list[Figure], truth: float) -> float:
    inside = 0
    for figure in figures:
        low, high = figure.low, figure.high
        assert low is not None
        assert high is not None
        inside += low <= truth <= high
    return inside / len(figures)


def test_a_quantile_without_noise_is_the_place_on_the_curve() -> None:
    halves = [0.0] * 17
    halves[3], halves[4] = 100.0, 100.0
    assert derive.quantile(halves, 1e-9, 0.5).value == pytest.approx(EDGES[3])
    assert derive.quantile(halves, 1e-9, 0.75).value == pytest.approx(EDGES[3] * math.sqrt(2))
    assert derive.quantile([100.0, *halves[1:3], *[0.0] * 14], 1e-9, 0.5).value == pytest.approx(EDGES[0] / 2)


@pytest.mark.parametrize("p", [0.5, 0.75, 0.9])
def test_intervals_of_quantiles_hold_what_they_say(p: float) -> None:
    truth = derive.quantile([float(one) for one in DURATIONS], 1e-9, p).value
    share = held([derive.quantile(row, SIGMA, p) for row in draws(DURATIONS, SIGMA)], truth)
    assert 0.95 - SLACK - 0.005 <= share <= 0.97 + SLACK


@pytest.mark.parametrize(("part", "rest"), [(200, 9_800), (40, 9_960), (3_000, 7_000)])
def test_intervals_of_ratios_hold_what_they_say(part: int, rest: int) -> None:
    """Near nothing, what the noise led below it has an interval too: one side errs less, at most by its 2.5 %."""
    figures = [derive.ratio(one, other, 300.0) for one, other in draws([part, rest], 300.0)]
    assert 0.95 - SLACK <= held(figures, part / (part + rest)) <= 0.95 + SLACK + (0.025 if part < NEAR else 0)


def test_intervals_of_shares_hold_what_they_say() -> None:
    sums = [int(UNIT * n) for n in (10, 40, 90, 160, 100)]
    found = [derive.shares(row, SIGMA) for row in draws(sums, SIGMA)]
    for place, exact in enumerate(sums):
        share = sum(abs(row[place].value - exact / sum(sums)) <= Z95 * row[place].sigma for row in found) / DRAWS
        assert 0.95 - SLACK <= share <= 0.95 + SLACK


@given(noisy_sums, st.floats(1e-3, 1e9), st.sampled_from([0.5, 0.75, 0.9]))
def test_whatever_the_noise_a_quantile_is_a_duration_within_its_interval(
    sums: list[float], sigma: float, p: float
) -> None:
    figure = derive.quantile(sums, sigma, p)
    assert figure.low is not None
    assert figure.high is not None
    assert 0 <= figure.low <= figure.value <= figure.high <= 2 * EDGES[-1]
    assert 0 < figure.sigma < math.inf


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_whatever_the_noise_a_ratio_is_a_part_within_its_interval(part: float, rest: float, sigma: float) -> None:
    figure = derive.ratio(part, rest, sigma)
    assert figure.low is not None
    assert figure.high is not None
    assert 0 <= figure.low <= figure.value <= figure.high <= 1


@given(noisy_sums)
def test_the_curve_never_falls_and_one_that_rises_is_left_alone(values: list[float]) -> None:
    curve = derive.isotonic(np.array(values))
    assert (np.diff(curve) >= 0).all()
    rising = np.sort(np.abs(np.array(values)))
    assert derive.isotonic(rising) == pytest.approx(rising)


@given(st.lists(st.integers(0, 1 << 45), min_size=1, max_size=168))
def test_a_client_weighs_at_most_one_in_a_histogram(counts: list[int]) -> None:
    row = anonymize.normalise(np.array([counts], dtype=np.int64))
    assert row.dtype == np.int64
    assert row.sum() <= UNIT
    if sum(counts) > 0:
        assert row.sum() > UNIT - len(counts)


@pytest.mark.parametrize(("part", "rest"), [(-50.0, 2_000.0), (2_000.0, -50.0)])
def test_noise_beyond_nothing_or_all_still_leaves_a_doubt(part: float, rest: float) -> None:
    """It was published as 0.0 ± 0.0 %, so that whatever came next was told as a clear change."""
    found = derive.ratio(part, rest, 20.0)
    nearest = derive.ratio(max(part, 0.0), max(rest, 0.0), 20.0)
    assert found == nearest
    assert found.low is not None
    assert found.high is not None
    assert 0.005 < found.high - found.low < 0.05
