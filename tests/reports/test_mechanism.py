"""What the mechanism promises, tried on the numbers it gives out (the tests at the end of privacy.md 2).

The noise is real and cannot be seeded: every bound here holds with a probability of error below one in a million.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

import numpy as np
import pytest

from konectus import figures
from konectus.figures import BY_KEY, GRAINS, MONTH, Cut, Grain
from reports import anonymize, budget, estimates, rehearsal, worlds
from reports.anonymize import Z95
from reports.estimates import Computed, Terms
from reports.sources import Usage

WORLDS = 200
HALF = 0.6744897501960817  # of a sigma: as often nearer as farther
SURE = 1e-7  # the error allowed to one bound of one query
CEILING = Decimal("0.25")


def terms(grain: Grain, rung: int) -> Terms:
    return rehearsal.steady(grain, rung, CEILING)


def capped(usage: Usage, metric: str, dim: str, grain: Grain = MONTH) -> list[int]:
    """What is published is an estimate of this: each Client counted up to its cap."""
    found = BY_KEY[metric]
    vectors = anonymize.bounded(found.mechanism, usage.rows[metric, dim], budget.cap(found, grain))
    return [int(total) for total in vectors.sum(axis=0)]


def hits(usage: Usage, computed: Computed) -> list[bool]:
    """For each count, whether the value without noise lies within its 95 % interval."""
    return [
        abs(value - exact) <= Z95 * estimate.sigma
        for (metric, dim), estimate in computed.estimates.items()
        for value, exact in zip(estimate.values, capped(usage, metric, dim, computed.terms.grain), strict=True)
    ]


def release(usage: Usage, rung: int, grain: Grain = MONTH) -> Computed:
    return estimates.compute(usage, terms(grain, rung))


def test_intervals_hold_what_they_say_over_two_hundred_worlds() -> None:
    """At least 15 independent draws of noise a world: two points are five standard errors."""
    made = (worlds.usage(seed, 150, MONTH, 120) for seed in range(WORLDS))
    inside = [hit for usage in made for hit in hits(usage, release(usage, 120))]
    assert 0.93 <= sum(inside) / len(inside) <= 0.97


# Median errors of one month, as the sheet of privacy promises them, by the number of Clients.
ERRORS = [
    (20, 20, {("clients", "total"): 0.15, ("messages", "total"): 0.15}),
    (200, 120, {("clients", "total"): 0.018, ("messages", "total"): 0.05, ("messages", "channel"): 0.13}),
    (2000, 2000, {("clients", "total"): 0.005, ("messages", "total"): 0.014, ("messages", "channel"): 0.026}),
]


@pytest.mark.parametrize(("clients", "rung", "promised"), ERRORS)
def test_median_errors_are_no_worse_than_promised(
    clients: int, rung: int, promised: dict[tuple[str, str], float]
) -> None:
    """From each sigma, which the test above holds to its word; the noise itself would need hundreds of worlds."""
    found: dict[tuple[str, str], list[float]] = {cut: [] for cut in promised}
    for seed in range(5):
        usage = worlds.usage(seed, clients, MONTH, rung)
        computed = release(usage, rung)
        for cut in promised:
            found[cut].append(median(HALF * computed.estimates[cut].sigma / true for true in capped(usage, *cut)))
    measured = {cut: median(errors) for cut, errors in found.items()}
    assert all(measured[cut] <= promised[cut] for cut in promised), measured


@pytest.mark.load
@pytest.mark.parametrize(("clients", "rung", "promised"), ERRORS)
def test_errors_that_happen_are_no_worse_than_promised(
    clients: int, rung: int, promised: dict[tuple[str, str], float]
) -> None:
    found: dict[tuple[str, str], list[float]] = {cut: [] for cut in promised}
    kept = []
    for seed in range(1_000):
        usage = worlds.usage(seed, clients, MONTH, rung)
        computed = release(usage, rung)
        for cut in promised:
            pairs = zip(computed.estimates[cut].values, capped(usage, *cut), strict=True)
            found[cut].append(median(abs(value - true) / true for value, true in pairs))
        kept.append(capped(usage, "messages", "total")[0] / usage.rows["messages", "total"].sum())
    measured = {"/".join(cut): round(median(errors), 4) for cut, errors in found.items()}
    print(f"{clients} Clients: median errors {measured}, {median(kept):.0%} of the volume counted")  # noqa: T201 -- a figure
    assert all(median(found[cut]) <= promised[cut] for cut in promised)


@pytest.mark.load
def test_audit_of_whole_releases_stays_under_what_the_month_declares() -> None:
    """2,500 whole releases with a planted Client at its caps and as many without, all cells looked at."""
    usage = worlds.usage(1, 150, MONTH, 120)
    planted = worlds.planted(usage)
    runs = 2_500
    outputs = [np.array([cells(release(one, 120)) for _ in range(runs)]) for one in (usage, planted)]
    sigmas = np.array([e.sigma for e in release(usage, 120).estimates.values() for _ in e.values])
    shift = outputs[1].mean(axis=0) - outputs[0].mean(axis=0)
    scores = [((one - outputs[0].mean(axis=0)) / sigmas) @ (shift / sigmas) for one in outputs]
    best = 0.0
    for threshold in (float(np.median(np.concatenate(scores))), float(np.quantile(scores[0], 0.9))):
        false, true = (float((score > threshold).mean()) for score in scores)
        lowest, highest = farthest(true, runs, 0.0), farthest(false, runs, 1.0)
        best = max(best, math.log(max(lowest - budget.DELTA, 1e-300) / highest))
    declared = anonymize.epsilon(terms(MONTH, 120).rho, budget.DELTA)
    print(f"epsilon of a month is at least {best:.2f} and declared as {declared:.2f}")  # noqa: T201 -- a figure
    assert 0 < best <= declared


def cells(computed: Computed) -> list[float]:
    return [value for estimate in computed.estimates.values() for value in estimate.values]


@dataclass(frozen=True)
class Query:
    """One question on two neighbouring periods: without a Client, and with one that moves it as far as one can."""

    cut: Cut
    rung: int
    without: tuple[int, ...]
    given: tuple[int, ...]

    @property
    def rho(self) -> float:
        under = terms(self.cut.grain, self.rung)
        return budget.shares(under.grain, self.rung, under.rho)[self.cut]

    @property
    def bound(self) -> float:
        metric = BY_KEY[self.cut.metric]
        most = 1 if self.cut.exclusive else 3
        return anonymize.sensitivity(metric.mechanism, cap=budget.cap(metric, self.cut.grain), most_cells=most)

    @property
    def sums(self) -> tuple[list[int], list[int]]:
        return list(self.without), [a + b for a, b in zip(self.without, self.given, strict=True)]


def queries() -> list[Query]:
    """Every question at every length, on its first rung, with the worst Client its own bounding lets through."""
    found = []
    for grain in GRAINS:
        usage = worlds.usage(1, 150, grain)
        for cut in figures.cuts(grain, 2000):
            if not cut.of:
                metric, rows = BY_KEY[cut.metric], usage.rows[cut.metric, cut.dim]
                own = np.zeros((1, rows.shape[1]), dtype=np.int64)
                own[0, : 1 if cut.exclusive else 3] = 1 << 30
                moved = anonymize.bounded(metric.mechanism, own, budget.cap(metric, grain))
                exact = tuple(capped(usage, cut.metric, cut.dim, grain))
                found.append(Query(cut, max(cut.first_rung, 20), exact, tuple(map(int, moved[0]))))
    return found


Noise = Callable[[Sequence[int], float, float], list[int]]


def real(sums: Sequence[int], sigma: float, bound: float) -> list[int]:
    return anonymize.add_noise(sums, sigma=sigma, bound=bound)[0]


def quarter(sums: Sequence[int], sigma: float, bound: float) -> list[int]:
    return real(sums, sigma / 4, bound)


def none(sums: Sequence[int], _sigma: float, _bound: float) -> list[int]:
    return list(sums)


def farthest(share: float, runs: int, end: float) -> float:
    """The probability farthest towards `end` that so large a share leaves possible, by Chernoff's bound."""
    near, far = share, end
    for _ in range(60):
        middle = (near + far) / 2
        parts = ((share, middle), (1 - share, 1 - middle))
        distance = sum(part * math.log(part / max(other, 1e-300)) for part, other in parts if part)
        near, far = (middle, far) if runs * distance <= -math.log(SURE) else (near, middle)
    return near


def lower_bound(query: Query, noise: Noise, runs: int) -> float:
    """The least epsilon that the outputs leave possible, by the best test there is against a shift of known length."""
    sigma = anonymize.scale(query.bound, query.rho)
    moved = [place for place, by in enumerate(query.given) if by]  # the noise of the other cells says nothing
    shift = np.array(query.given, dtype=float)[moved]
    without = np.array(query.without, dtype=float)[moved]
    length = float(np.linalg.norm(shift))
    scores = []
    for sums in query.sums:
        noisy = noise([sums[place] for place in moved] * runs, sigma, query.bound)
        away = np.array(noisy, dtype=float).reshape(runs, -1) - without
        scores.append(away @ shift / length)
    # Fixed beforehand: where the declared noise tells the two apart best at the tail, and in the middle for none.
    best = 0.0
    for threshold in (length / 2, length + sigma / 4):
        false, true = (int((score > threshold).sum()) for score in scores)
        lowest = farthest(true / runs, runs, 0.0)
        best = max(best, math.log(max(lowest - budget.DELTA, 1e-300) / farthest(false / runs, runs, 1.0)))
    return best


def name(query: Query) -> str:
    return f"{query.cut.grain}-{query.cut.metric}-{query.cut.dim}"


@pytest.mark.parametrize("query", queries(), ids=name)
def test_nobody_can_tell_a_planted_client_better_than_was_declared(query: Query) -> None:
    declared = anonymize.epsilon(query.rho, budget.DELTA)
    assert lower_bound(query, real, 2_500) <= declared


@pytest.mark.parametrize("broken", [quarter, none], ids=["a quarter of the noise", "no noise"])
def test_the_audit_finds_a_mechanism_that_keeps_its_promise_not(broken: Noise) -> None:
    """Else the test above could not fail."""
    query = next(one for one in queries() if name(one) == "month-contacts-total")
    assert lower_bound(query, broken, 30_000) > anonymize.epsilon(query.rho, budget.DELTA)
