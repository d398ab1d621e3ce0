"""What the mechanism promises, tried on the numbers it gives out (the tests at the end of privacy.md 2).

The noise is real and cannot be seeded: every bound here holds with a probability of error below one in a million.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import pytest

from reports import anonymize, estimates, metrics
from reports.anonymize import Z95
from reports.estimates import Computed
from reports.metrics import Cut
from reports.sources import Usage
from tests.support import worlds

WORLDS = 200
HALF = 0.6744897501960817  # of a sigma: as often nearer as farther
SURE = 1e-7  # the error allowed to one bound of one query


def capped(usage: Usage, metric: str, dim: str) -> list[int]:
    """What is published is an estimate of this: each Client counted up to its cap."""
    rows = usage.rows[metric, dim]
    counted = metrics.BY_KEY[metric].mechanism == "presence"
    vectors = anonymize.presence(rows) if counted else anonymize.clamp(rows, metrics.BY_KEY[metric].cap)
    return [int(total) for total in vectors.sum(axis=0)]


def hits(usage: Usage, computed: Computed) -> list[bool]:
    """For each cell, whether the value without noise lies within its 95 % interval."""
    return [
        abs(value - exact) <= Z95 * estimate.sigma
        for (metric, dim), estimate in computed.estimates.items()
        for value, exact in zip(estimate.values, capped(usage, metric, dim), strict=True)
    ]


def release(usage: Usage, rung: int) -> Computed:
    return estimates.compute(usage, rung, float(metrics.RHO[rung]))


def test_intervals_hold_what_they_say_over_two_hundred_worlds() -> None:
    """At least 15 independent draws of noise a world: two points are five standard errors."""
    made = (worlds.usage(seed, 150) for seed in range(WORLDS))
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
        usage = worlds.usage(seed, clients)
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
        usage = worlds.usage(seed, clients)
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
    usage, planted = worlds.usage(1, 150), worlds.planted(worlds.usage(1, 150))
    runs = 2_500
    outputs = [np.array([cells(release(one, 120)) for _ in range(runs)]) for one in (usage, planted)]
    sigmas = np.array([e.sigma for e in release(usage, 120).estimates.values() for _ in e.values])
    shift = outputs[1].mean(axis=0) - outputs[0].mean(axis=0)
    scores = [((one - outputs[0].mean(axis=0)) / sigmas) @ (shift / sigmas) for one in outputs]
    best = 0.0
    for threshold in (float(np.median(np.concatenate(scores))), float(np.quantile(scores[0], 0.9))):
        false, true = (float((score > threshold).mean()) for score in scores)
        lowest, highest = farthest(true, runs, 0.0), farthest(false, runs, 1.0)
        best = max(best, math.log(max(lowest - metrics.DELTA, 1e-300) / highest))
    declared = anonymize.epsilon(float(metrics.RHO[120]), metrics.DELTA)
    print(f"epsilon of a month is at least {best:.2f} and declared as {declared:.2f}")  # noqa: T201 -- a figure
    assert 0 < best <= declared


def cells(computed: Computed) -> list[float]:
    return [value for estimate in computed.estimates.values() for value in estimate.values]


@dataclass(frozen=True)
class Query:
    """One cut on two neighbouring months: without a Client, and with one that moves it as far as one can."""

    cut: Cut
    rung: int
    without: tuple[int, ...]
    given: tuple[int, ...]

    @property
    def rho(self) -> float:
        return metrics.shares(self.rung, float(metrics.RHO[self.rung]))[self.cut]

    @property
    def bound(self) -> float:
        metric = metrics.BY_KEY[self.cut.metric]
        cells = 1 if self.cut.exclusive else len(self.given)
        return anonymize.sensitivity(metric.mechanism, cap=metric.cap, most_cells=cells)

    @property
    def sums(self) -> tuple[list[int], list[int]]:
        return list(self.without), [a + b for a, b in zip(self.without, self.given, strict=True)]


def queries() -> list[Query]:
    """Every query, on rungs that differ in budget, with the worst Client its own clamping lets through."""
    found = []
    for rung in (0, 20, 120, 2000):
        usage = worlds.usage(1, 150)
        for cut in metrics.cuts(rung):
            metric = metrics.BY_KEY[cut.metric]
            size = len(usage.labels[cut.dim])
            own = np.zeros((1, size), dtype=np.int64)
            own[0, : size if metric.mechanism == "presence" and not cut.exclusive else 1] = 1 << 30
            moved = anonymize.presence(own) if metric.mechanism == "presence" else anonymize.clamp(own, metric.cap)
            found.append(Query(cut, rung, tuple(capped(usage, cut.metric, cut.dim)), tuple(map(int, moved[0]))))
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
    shift = np.array(query.given, dtype=float)
    length = float(np.linalg.norm(shift))
    scores = []
    for sums in query.sums:
        noisy = noise(list(sums) * runs, sigma, query.bound)
        away = np.array(noisy, dtype=float).reshape(runs, -1) - np.array(query.without, dtype=float)
        scores.append(away @ shift / length)
    # Fixed beforehand: where the declared noise tells the two apart best at the tail, and in the middle for none.
    best = 0.0
    for threshold in (length / 2, length + sigma / 4):
        false, true = (int((score > threshold).sum()) for score in scores)
        lowest = farthest(true / runs, runs, 0.0)
        best = max(best, math.log(max(lowest - metrics.DELTA, 1e-300) / farthest(false / runs, runs, 1.0)))
    return best


def name(query: Query) -> str:
    return f"{query.rung}-{query.cut.metric}-{query.cut.dim}"


@pytest.mark.parametrize("query", queries(), ids=name)
def test_nobody_can_tell_a_planted_client_better_than_was_declared(query: Query) -> None:
    declared = anonymize.epsilon(query.rho, metrics.DELTA)
    assert lower_bound(query, real, 2_500) <= declared


@pytest.mark.parametrize("broken", [quarter, none], ids=["a quarter of the noise", "no noise"])
def test_the_audit_finds_a_mechanism_that_keeps_its_promise_not(broken: Noise) -> None:
    """Else the test above could not fail."""
    query = next(one for one in queries() if name(one) == "20-contacts-total")
    assert lower_bound(query, broken, 30_000) > anonymize.epsilon(query.rho, metrics.DELTA)
