"""A release as a report sees it: cells with their intervals, metrics in words, and what is compared with what. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from konectus import i18n
from konectus.figures import ALL, TOTAL, Grain

Z = 1.959963984540054  # 95 % of the normal distribution
CLEAR = 1.6448536269514722  # of sigmas of the difference: from there on the dashboard shows an arrow too
INDEX = 100.0
VOLUME = "volume"
Key = tuple[str, str, str]  # metric, dimension, value of it


@dataclass(frozen=True)
class Interval:
    """A value between the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Interval":
        return Interval(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Cell:
    """A released figure; hidden ones have a status and no value. `low` and `high` where they are not even."""

    metric: str
    dim: str
    dim_value: str
    value: float | None
    sigma: float
    status: str
    unit: str
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> Interval | None:
        """None where it is hidden."""
        if self.value is None:
            return None
        if self.low is None or self.high is None:
            return Interval(self.value, self.value - Z * self.sigma, self.value + Z * self.sigma)
        return Interval(self.value, self.low, self.high)

    def differs_from(self, before: "Cell") -> bool:
        """Whether the change is a clear one (privacy.md 2, honest display)."""
        if self.value is None or before.value is None:
            return False
        return abs(self.value - before.value) > CLEAR * math.hypot(self.sigma, before.sigma)


@dataclass(frozen=True)
class Metric:
    """A figure as its release describes it; words and definition by locale, "" where the release is silent."""

    key: str
    words: Mapping[str, str]
    definition: Mapping[str, str]
    unit: str
    mechanism: str
    cap: int
    dims: Mapping[str, Sequence[Mapping[str, str]]]

    def __str__(self) -> str:
        return self.words[i18n.current()]

    def labels(self, dim: str) -> dict[str, str]:
        """Word by value, in the order of display; names are the same in both languages."""
        key = "words_en" if i18n.current() == "en" else "words"
        return {one["value"]: one.get(key, one["words"]) for one in self.dims.get(dim, ())}


@dataclass(frozen=True)
class Release:
    """One period as it was published."""

    id: UUID
    period: date
    grain: Grain
    released_at: datetime
    sha256: str
    rung: int
    delta: float
    epsilon: float
    rho: float
    metrics: Mapping[str, Metric]
    cells: Mapping[Key, Cell] = field(repr=False)

    def cell(self, metric: str, dim: str = TOTAL, dim_value: str = ALL) -> Cell | None:
        return self.cells.get((metric, dim, dim_value))

    def cap(self, metric: str) -> int:
        """What one Client counts for at most; 0 where this release has no such metric."""
        found = self.metrics.get(metric)
        return found.cap if found else 0


@dataclass(frozen=True)
class Hundred:
    """The first published total of a volume counted up to the same cap: 100 of its index."""

    period: date
    value: float


@dataclass(frozen=True)
class Report:
    """The newest of `history` (oldest first) is what is told; `quarter` is the one that ends with it, if it is told."""

    history: tuple[Release, ...]
    hundreds: Mapping[str, Hundred] = field(default_factory=dict)
    quarter: "Report | None" = None

    @property
    def now(self) -> Release:
        return self.history[-1]

    @property
    def before(self) -> Release | None:
        """The last one before it that has figures."""
        return next((release for release in reversed(self.history[:-1]) if release.cells), None)

    def factor(self, metric: str) -> float:
        """Volumes are told as an index, since each Client counts up to a cap (privacy.md 2); all else as it is."""
        return INDEX / self.hundreds[metric].value if metric in self.hundreds else 1.0

    def is_index(self, metric: str) -> bool:
        return metric in self.hundreds

    def compares(self, metric: str, other: Release | None) -> bool:
        """Not where each Client counted up to another cap."""
        return other is not None and self.now.cap(metric) == other.cap(metric)
