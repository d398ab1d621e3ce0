"""The mechanism by itself: what a Client can move, what noise is added. What it promises in sum: test_mechanism.py."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from konectus import figures
from konectus.figures import GRAINS, RUNGS, Grain
from reports import anonymize
from reports.anonymize import Estimate, Vectors
from reports.budget import DELTA, shares

counts = arrays.arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.integers(0, 1 << 45))


@given(counts, st.integers(1, 1 << 14))
def test_no_client_moves_a_volume_by_more_than_the_cap(vectors: Vectors, cap: int) -> None:
    clamped = anonymize.clamp(vectors, cap)
    assert clamped.dtype == np.int64
    assert (clamped >= 0).all()
    assert (clamped.sum(axis=1) <= cap).all()
    assert (np.linalg.norm(clamped.astype(float), axis=1) <= cap).all()


def test_a_client_below_the_cap_is_counted_in_full_and_one_above_keeps_its_mix() -> None:
    clamped = anonymize.clamp(np.array([[10, 20, 0], [3000, 1000, 4000]], dtype=np.int64), 800)
    assert clamped.tolist() == [[10, 20, 0], [300, 100, 400]]


@given(counts)
def test_presence_moves_the_counts_by_at_most_the_root_of_the_cells(vectors: Vectors) -> None:
    present = anonymize.presence(vectors)
    bound = anonymize.sensitivity("presence", cap=1, most_cells=vectors.shape[1])
    assert (np.linalg.norm(present.astype(float), axis=1) <= bound + 1e-12).all()


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("rung", RUNGS)
def test_the_shares_of_a_rung_make_up_its_rho(rung: int, grain: Grain) -> None:
    parts = shares(grain, rung, 0.25)
    asked = {cut for cut in figures.cuts(grain, rung) if not cut.of}
    assert set(parts) == asked
    assert math.isclose(math.fsum(parts.values()), 0.25 if asked else 0)


@pytest.mark.parametrize(("bound", "rho"), [(1.0, 0.02), (math.sqrt(3), 0.04), (4096.0, 0.06), (1024.0, 0.0357)])
def test_opendp_itself_states_no_more_than_was_allotted(bound: float, rho: float) -> None:
    noisy, spent = anonymize.add_noise([0, 5, -3], sigma=anonymize.scale(bound, rho), bound=bound)
    assert all(isinstance(value, int) for value in noisy)
    assert spent <= rho
    assert math.isclose(spent, rho, rel_tol=1e-9)


def test_parts_add_up_to_the_total_and_lose_no_precision() -> None:
    total, by_channel, by_plan = (
        Estimate((1010.0,), 20.0),
        Estimate((400.0, 300.0, 280.0), 12.0),
        Estimate((1025.0,), 40.0),
    )
    best, [channels, plans] = anonymize.reconcile(total, [by_channel, by_plan])
    assert math.isclose(channels.total, best.total)
    assert math.isclose(plans.total, best.total)
    assert best.sigma < total.sigma
    assert channels.sigma < by_channel.sigma
    assert plans.sigma < by_plan.sigma


@pytest.mark.parametrize(
    ("value", "sigma", "clients", "expected"),
    [
        (1000.0, 100.0, (60.0, 5.0), "published"),
        (1000.0, 351.0, (60.0, 5.0), "low_precision"),
        (-40.0, 5.0, (60.0, 5.0), "low_precision"),
        (0.0, 5.0, (60.0, 5.0), "low_precision"),
        (1000.0, 100.0, (18.0, 5.0), "few_clients"),
        (1000.0, 900.0, (18.0, 5.0), "few_clients"),
        (18.3, 5.0, (18.3, 5.0), "published"),
    ],
)
def test_a_cell_that_says_little_or_rests_on_few_is_hidden(
    value: float, sigma: float, clients: tuple[float, float], expected: str
) -> None:
    assert anonymize.status(value, sigma, clients, 10) == expected


@pytest.mark.parametrize(
    ("clients", "previous", "rung"),
    [
        (-3.0, 0, 0),
        (19.9, 0, 0),
        (20.0, 0, 20),
        (119.0, 20, 20),
        (120.0, 20, 120),
        (97.0, 120, 120),
        (95.9, 120, 20),
        (15.0, 120, 0),
        (16.0, 20, 20),
        (650.0, 120, 600),
        (2500.0, 0, 2000),
    ],
)
def test_the_ladder_is_climbed_at_its_steps_and_left_a_fifth_below(clients: float, previous: int, rung: int) -> None:
    assert anonymize.ladder(clients, previous) == rung


def test_epsilon_is_that_of_the_sheet() -> None:
    assert round(anonymize.epsilon(0.10, DELTA), 2) == 2.45
    assert round(anonymize.epsilon(1.20, DELTA), 2) == 9.34
