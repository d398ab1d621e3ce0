"""What is read off noisy sums: shares, quantiles, ratios, each with its 95 % interval. Pure; nothing is spent here.

privacy.md 2.7. The noise of a sum is known: an interval is the set of values that the noisy sums do not contradict.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from konectus.figures import EDGES
from reports.anonymize import WIDEST, Z95

Curve = NDArray[np.float64]
Places = NDArray[np.int64]

_FINE = 256  # points within a bin at which a quantile is tried; with 32 intervals of many Clients held 92 %


@dataclass(frozen=True)
class Figure:
    """A value with its sigma, and its 95 % interval where that is not 1.96 sigma on either side.

    `is_borne`: what it is divided by is known well enough, so that no Client alone makes it.
    """

    value: float
    sigma: float
    low: float | None = None
    high: float | None = None
    is_borne: bool = True

    @classmethod
    def between(cls, value: float, low: float, high: float, *, is_borne: bool = True) -> "Figure":
        """A sigma that gives an interval of the same width, for those who add and compare."""
        low, high = min(low, value), max(high, value)
        return cls(value, max((high - low) / (2 * Z95), 1e-12), low, high, is_borne)


def shares(sums: Sequence[float], sigma: float) -> tuple[Figure, ...]:
    """Each part of the whole, by the delta method; the whole is noisy too."""
    whole = max(math.fsum(sums), sigma)
    parts = [value / whole for value in sums]
    size = len(parts)
    return tuple(Figure(part, sigma / whole * math.sqrt(max(1 - 2 * part + size * part**2, 0.0))) for part in parts)


def quantile(sums: Sequence[float], sigma: float, p: float) -> Figure:
    """The duration in seconds within which the part `p` lies, from noisy sums by bin.

    The value is read off the isotonic curve; the interval are the durations at which the noisy curve does not clearly
    stand on one side of `p`.
    """
    noisy = np.asarray(sums, dtype=float)
    whole = float(noisy.sum())
    curve = np.concatenate(([0.0], isotonic(np.cumsum(noisy))))
    value = _crossing(curve, p * float(curve[-1])) if curve[-1] > 0 else float(EDGES[-1])
    places, parts = (grid.ravel() for grid in np.indices((len(noisy), _FINE + 1)))
    possible = _possible(noisy, places, parts / _FINE, (p, sigma))
    held = [
        _within(int(place), int(part) / _FINE) for place, part in zip(places[possible], parts[possible], strict=True)
    ]
    is_borne = whole > 0 and sigma * math.sqrt(len(noisy)) < whole
    return Figure.between(value, min(held, default=value), max(held, default=value), is_borne=is_borne)


def _possible(noisy: Curve, places: Places, parts: Curve, asked: tuple[float, float]) -> NDArray[np.bool_]:
    """Where the noise explains that the curve is not at `p`: |S(t) - p S| within 1.96 of its deviation."""
    p, sigma = asked
    before = np.concatenate(([0.0], np.cumsum(noisy)))[places]
    away = before + parts * noisy[places] - p * noisy.sum()
    spread = places * (1 - p) ** 2 + (parts - p) ** 2 + (len(noisy) - places - 1) * p**2
    return np.asarray(np.abs(away) <= Z95 * sigma * np.sqrt(spread))


def isotonic(values: Curve) -> Curve:
    """The nearest curve that never falls nor goes below zero (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values.tolist():
        mean, size = value, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, size = (other * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    return np.asarray(np.maximum(np.concatenate([np.full(size, mean) for mean, size in blocks]), 0.0))


def _crossing(curve: Curve, level: float) -> float:
    place = min(int(np.searchsorted(curve[1:], level)), len(curve) - 2)
    low, high = float(curve[place]), float(curve[place + 1])
    return _within(place, (level - low) / (high - low) if high > low else 0.0)


def _within(place: int, part: float) -> float:
    """The duration at that part of a bin: evenly on a logarithmic scale, in the first bin on a plain one."""
    if place == 0:
        return part * float(EDGES[0])
    return float(EDGES[place - 1]) * math.exp(part * math.log(2))


def ratios(sums: Sequence[float], sigma: float) -> tuple[Figure, ...]:
    """Numerators in the first half of `sums`, the rest of the denominators in the second."""
    half = len(sums) // 2
    return tuple(ratio(part, rest, sigma) for part, rest in zip(sums[:half], sums[half:], strict=True))


def ratio(part: float, rest: float, sigma: float) -> Figure:
    """part / (part + rest) between 0 and 1, both noisy with this sigma, by Fieller's theorem."""
    whole, doubt = part + rest, (Z95 * sigma) ** 2
    is_borne = whole > 0 and math.sqrt(2) * sigma / whole <= WIDEST
    value = min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
    square, middle, fixed = whole**2 - 2 * doubt, part * whole - doubt, part**2 - doubt
    inner = middle**2 - square * fixed
    if square <= 0 or inner < 0:
        return Figure.between(value, 0.0, 1.0, is_borne=False)
    low, high = sorted((middle + sign * math.sqrt(inner)) / square for sign in (-1, 1))
    if (high <= 0 or low >= 1) and min(part, rest) < 0:
        # The noise led out of what a share can be: the nearest one that can be has the interval, never a point.
        return ratio(max(part, 0.0), max(rest, 0.0), sigma)
    return Figure.between(value, max(low, 0.0), min(high, 1.0), is_borne=is_borne)
