"""An attacker who plants a Client: how much of it shows through the noise of one query of a release."""

import math
from dataclasses import dataclass

import numpy as np

from reports import anonymize
from reports.anonymize import Vectors
from reports.metrics import BY_KEY, DELTA, cuts, shares

RUNS = 20_000  # fewer cannot tell a quarter of the noise from all of it
RHO, RUNG = 0.25, 120
THRESHOLDS = np.linspace(0.5, 0.999, 24)
SURE = 0.01 / (2 * len(THRESHOLDS))  # every bound at once holds in 99 of 100 audits


@dataclass(frozen=True)
class Audit:
    """Of one query: a Client with more than the cap, present in every cell it can be in, is there or is not."""

    metric: str
    dim: str

    @property
    def rho(self) -> float:
        return next(part for cut, part in shares(RUNG, RHO).items() if (cut.metric, cut.dim) == (self.metric, self.dim))

    @property
    def declared(self) -> float:
        return anonymize.epsilon(self.rho, DELTA)

    def lower_bound_of_epsilon(self, *, widening: float) -> float:
        """What the runs prove at least, with the noise widened by a factor (1 = as released)."""
        apart, joined = self._seen(0, widening), self._seen(1 << 20, widening)
        found = (_odds(apart, joined, at) for at in np.quantile(np.concatenate([apart, joined]), THRESHOLDS))
        return max(found)

    def _seen(self, planted: int, widening: float) -> Vectors:
        """The query as a release makes it, many times over: OpenDP draws each number's noise for itself.

        The attacker looks at the sum of the cells.
        """
        metric, cut = BY_KEY[self.metric], next(c for c in cuts(RUNG) if (c.metric, c.dim) == (self.metric, self.dim))
        cells = 1 if cut.exclusive else 3
        rows: Vectors = np.full((1, cells), planted, dtype=np.int64)
        bound = anonymize.sensitivity(metric.mechanism, cap=metric.cap, most_cells=cells)
        rows = anonymize.presence(rows) if metric.mechanism == "presence" else anonymize.clamp(rows, metric.cap)
        sums = [int(total) for total in rows.sum(axis=0)]
        sigma = anonymize.scale(bound, self.rho) * widening
        noisy, _ = anonymize.add_noise(sums * RUNS, sigma=sigma, bound=bound)
        seen: Vectors = np.array(noisy, dtype=np.int64).reshape(RUNS, cells).sum(axis=1)
        return seen


def _odds(apart: Vectors, joined: Vectors, threshold: float) -> float:
    seen, quiet = int((joined >= threshold).sum()), int((apart < threshold).sum())
    surely, at_most = rate_at_least(seen, RUNS), 1 - rate_at_least(quiet, RUNS)
    return math.log((surely - DELTA) / at_most) if surely > DELTA else 0.0


def rate_at_least(hits: int, tries: int) -> float:
    """Clopper and Pearson's lower bound on a rate."""
    low, high = 0.0, hits / tries
    some = np.arange(hits, tries + 1)
    ways = math.lgamma(tries + 1) - np.array([math.lgamma(k + 1) + math.lgamma(tries - k + 1) for k in some])
    for _ in range(40 if hits else 0):
        rate = (low + high) / 2
        tail = float(np.exp(ways + some * math.log(rate) + (tries - some) * math.log1p(-rate)).sum())
        low, high = (rate, high) if tail < SURE else (low, rate)
    return low
