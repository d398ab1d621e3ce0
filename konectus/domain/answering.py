"""How long a first response took, from a histogram of bins that double: quantiles as ranges, never as one number."""

from collections.abc import Sequence
from dataclasses import dataclass

FIRST_BIN = 15  # seconds; each further bin ends at twice the one before, the last one has no end
MEDIAN, MOST = (1, 2), (9, 10)  # parts of all answers


@dataclass(frozen=True, slots=True)
class Range:
    """Seconds, from (not included) to (included); `high` is None in the last bin."""

    low: int
    high: int | None


def ends(bins: int) -> tuple[Range, ...]:
    """What each bin holds."""
    edges = [0, *(FIRST_BIN << n for n in range(bins - 1))]
    return tuple(Range(low, edges[n + 1] if n + 1 < bins else None) for n, low in enumerate(edges))


def quantile(counts: Sequence[int], part: tuple[int, int]) -> Range | None:
    """The bin in which the smallest value lies that so large a part does not exceed; None without an answer."""
    total, reached = sum(counts), 0
    for count, found in zip(counts, ends(len(counts)), strict=True):
        reached += count
        if total and reached * part[1] >= total * part[0]:
            return found
    return None
