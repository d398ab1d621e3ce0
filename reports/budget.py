"""What a release may spend: the rho of a month on each rung, its parts for weeks and quarters, its queries, the caps.

Pure. What the figures are and say is in konectus/figures.py; how noise is drawn in anonymize.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from konectus import figures
from konectus.figures import MONTH, QUARTER, WEEK, Cut, Grain, Metric

DELTA = 1e-6
WEEKS_OF_MONTH = 5  # at most so many Mondays
_TINIEST = Decimal("1e-9")  # of the ledger


@dataclass(frozen=True)
class Split:
    """A month's rho in parts: its own figures, its weeks', what it lays aside for its quarter."""

    own: Decimal
    weeks: Decimal = Decimal(0)
    aside: Decimal = Decimal(0)


RHO: Mapping[int, Decimal] = MappingProxyType(
    {0: Decimal("0.25"), 20: Decimal("0.25"), 120: Decimal("0.25"), 600: Decimal("0.10"), 2000: Decimal("0.05")}
)
SPLITS: Mapping[int, Split] = MappingProxyType(
    {
        0: Split(Decimal(1)),
        20: Split(Decimal(1)),
        120: Split(Decimal("0.84"), aside=Decimal("0.16")),
        600: Split(Decimal("0.65"), weeks=Decimal("0.15"), aside=Decimal("0.2")),
        2000: Split(Decimal("0.74"), weeks=Decimal("0.16"), aside=Decimal("0.1")),
    }
)
# Caps are powers of the square root of two: so many steps more or fewer at another length than a month.
_STEPS: Mapping[Grain, int] = MappingProxyType({MONTH: 0, WEEK: -4, QUARTER: 3})


def split(rung: int, ceiling: Decimal) -> Split:
    """The month's rho on this rung in its parts; a lower setting (`ceiling`) makes each part smaller."""
    whole, parts = min(RHO[rung], ceiling), SPLITS[rung]
    return Split(*(_rounded(whole * part) for part in (parts.own, parts.weeks, parts.aside)))


def of_week(rung: int, ceiling: Decimal) -> Decimal:
    """What one week spends of its month; 0 below the rung of the weeks."""
    return _rounded(split(rung, ceiling).weeks / WEEKS_OF_MONTH)


def left_for_quarter(rung: int, spent: Decimal, ceiling: Decimal) -> Decimal:
    """What a released month laid aside; nothing where it spent all, as months did before there were quarters."""
    parts, whole = split(rung, ceiling), min(RHO[rung], ceiling)
    return min(parts.aside, max(whole - spent - parts.weeks, Decimal(0)))


def shares(grain: Grain, rung: int, rho: float) -> dict[Cut, float]:
    """The period's rho divided among the questions of the rung; the parts sum to it."""
    asked = [cut for cut in figures.cuts(grain, rung) if cut.share]
    whole = sum(cut.share for cut in asked)
    return {cut: rho * cut.share / whole for cut in asked}


def cap(metric: Metric, grain: Grain, step: int = 0) -> int:
    """What one Client counts for at most: the catalogue's cap, `step` times the root of two larger. 1 stays 1."""
    return round(metric.cap * math.sqrt(2) ** (step + _STEPS[grain])) if metric.cap > 1 else 1


def _rounded(rho: Decimal) -> Decimal:
    return rho.quantize(_TINIEST, rounding="ROUND_DOWN")
