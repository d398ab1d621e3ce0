"""Columns of a chart as values: what stands upon what, and how high the axis reaches. Templates only draw them."""

from dataclasses import dataclass
from datetime import date

_STEPS = (1, 2, 3, 4, 5, 6, 8)
_MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class Column:
    """One day, hour or range with its parts from below: the name of each and how much."""

    key: date | int
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(value for _, value in self.parts)


@dataclass(frozen=True, slots=True)
class Columns:
    columns: tuple[Column, ...]

    @property
    def top(self) -> int:
        """A round number that the highest column does not exceed; its half is whole."""
        highest, unit = max((one.total for one in self.columns), default=0), 1
        while True:
            for step in _STEPS:
                found = step * unit
                if found >= highest and found % 2 == 0:
                    return found
            unit *= 10

    @property
    def is_empty(self) -> bool:
        return all(one.total == 0 for one in self.columns)

    @property
    def label_every(self) -> int:
        """Every so many columns are named below, so that the names have room."""
        return max(1, -(-len(self.columns) // _MOST_LABELS)) if len(self.columns) > _MOST_LABELS + 1 else 1
