"""The mechanism: integers per Client in, noisy cells out. Pure but for OpenDP's noise; no clock, no database.

Zero-concentrated differential privacy with the discrete Gaussian (privacy.md 2). Noise comes from OpenDP alone:
numpy does exact integer arithmetic, and floating noise would leak through its lowest bits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import opendp.prelude as dp
from numpy.typing import NDArray

from konectus.figures import RUNGS, Mechanism

dp.enable_features("contrib")  # the discrete Gaussian stands behind this flag

Vectors = NDArray[np.int64]
Status = Literal["published", "low_precision", "few_clients"]

Z95 = 1.959963984540054
Z90 = 1.6448536269514722  # one-sided 95 %
WIDEST = 0.35  # a cell whose sigma is a larger part of it is hidden
HYSTERESIS = 0.8
# Larger counts of one Client are cut here first: the product with a cap then fits 64 bits.
_MOST = 1 << 40
# A Client's histogram weighs one, in whole units so small that flooring 168 hours loses a four-hundredth at most.
UNIT = 1 << 16
# Scales are widened by this, so that no rounding of the division can spend more than was allotted.
_SAFETY = 1 + 1e-12


@dataclass(frozen=True)
class Estimate:
    """Noisy values that share one standard deviation."""

    values: tuple[float, ...]
    sigma: float

    @property
    def total(self) -> float:
        return math.fsum(self.values)


@dataclass(frozen=True)
class Spent(Estimate):
    """A fresh measurement with the rho it cost, as OpenDP's own accountant states it."""

    rho: float
    sensitivity: float


def clamp(vectors: Vectors, cap: int) -> Vectors:
    """Scale each Client's row by min(1, cap/total) and floor it: its L2 norm is at most `cap`, in whole units."""
    rows = np.minimum(vectors, _MOST)
    totals = rows.sum(axis=1, keepdims=True)
    return np.where(totals > cap, rows * cap // np.maximum(totals, 1), rows)


def normalise(vectors: Vectors) -> Vectors:
    """Each Client's row in parts of UNIT, floored: whoever has much and whoever has little weigh the same."""
    rows = np.minimum(vectors, _MOST)
    return np.asarray(rows * UNIT // np.maximum(rows.sum(axis=1, keepdims=True), 1))


def presence(vectors: Vectors) -> Vectors:
    """1 where a Client has anything at all, else 0."""
    return (vectors > 0).astype(np.int64)


def bounded(mechanism: Mechanism, vectors: Vectors, cap: int) -> Vectors:
    """The rows as that mechanism counts them; a ratio's two halves are scaled together."""
    match mechanism:
        case "presence":
            return presence(vectors)
        case "histogram" | "quantile":
            return normalise(vectors)
        case _:
            return clamp(vectors, cap)


def sensitivity(mechanism: Mechanism, *, cap: int, most_cells: int) -> float:
    """How far one Client can move the sums (L2); `most_cells` is in how many cells one Client can be present."""
    match mechanism:
        case "presence":
            return math.sqrt(most_cells)
        case "histogram" | "quantile":
            return float(UNIT)
        case _:
            return float(cap)


def scale(bound: float, rho: float) -> float:
    """The standard deviation that spends `rho` on sums which one Client moves by at most `bound`."""
    return bound / math.sqrt(2 * rho) * _SAFETY


def measure(rows: Vectors, *, bound: float, rho: float) -> Spent:
    """Sum the Clients' rows and add noise; `rows` are clamped or 0/1 already."""
    sums = [int(total) for total in rows.sum(axis=0)]
    sigma = scale(bound, rho)
    noisy, spent = add_noise(sums, sigma=sigma, bound=bound)
    return Spent(tuple(float(value) for value in noisy), sigma, spent, bound)


def add_noise(sums: Sequence[int], *, sigma: float, bound: float) -> tuple[list[int], float]:
    """The sums with discrete Gaussian noise, and the rho that this costs at the given sensitivity."""
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64")
    mechanism: Any = dp.m.make_gaussian(*space, scale=sigma)
    noisy: list[int] = mechanism(list(sums))
    return noisy, float(mechanism.map(bound))


def reconcile(total: Estimate, cuts: Sequence[Estimate]) -> tuple[Estimate, list[Estimate]]:
    """Least squares under "the parts of each cut add to the total"; noisy values in, so nothing is spent.

    The total becomes the precision-weighted mean of all that estimate it, and each cut takes its rest in equal parts.
    """
    weights = [1 / total.sigma**2, *(1 / (len(cut.values) * cut.sigma**2) for cut in cuts)]
    best = math.fsum(w * v for w, v in zip(weights, [total.total, *(c.total for c in cuts)], strict=True)) / sum(
        weights
    )
    variance = 1 / sum(weights)
    return Estimate((best,), math.sqrt(variance)), [_settle(cut, best, variance) for cut in cuts]


def _settle(cut: Estimate, total: float, variance: float) -> Estimate:
    size = len(cut.values)
    rest = (total - cut.total) / size
    sigma = math.sqrt(cut.sigma**2 * (1 - 1 / size) + variance / size**2)
    return Estimate(tuple(value + rest for value in cut.values), sigma)


def status(value: float, sigma: float, clients: tuple[float, float], k: int) -> Status:
    """Whether a cell may be shown, from noisy values alone; `clients` = its noisy count of Clients and the sigma."""
    if clients[0] - Z90 * clients[1] < k:
        return "few_clients"
    return "low_precision" if value <= 0 or sigma / value > WIDEST else "published"


def ladder(clients: float, previous: int = 0) -> int:
    """The rung for the period after one with this noisy number of Clients.

    A rung is reached at its threshold and left only a fifth below it.
    """
    reached = max(rung for rung in RUNGS if rung <= max(clients, 0))
    kept = max(rung for rung in RUNGS if rung <= previous and rung * HYSTERESIS <= max(clients, 0))
    return max(reached, kept)


def epsilon(rho: float, delta: float) -> float:
    """The (epsilon, delta) guarantee that rho-zCDP implies (Bun and Steinke 2016, proposition 1.3)."""
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))
