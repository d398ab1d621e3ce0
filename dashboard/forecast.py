"""Where a series may go next: a straight line through its last months, with all the doubt it has. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dashboard.changes import Z95, Interval
from dashboard.readings import MONTHS, Step

FEWEST = 6  # published months in a row (surfaces.md 4)
AHEAD = 3
# Student's t by degrees of freedom, from FEWEST - 2 to MONTHS - 2: one interval in two, nineteen in twenty.
T50 = (0.741, 0.727, 0.718, 0.711, 0.706, 0.703, 0.700)
T95 = (2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@dataclass(frozen=True)
class Ahead:
    """A month that is not there yet: the line's value, with its 50 % and its 95 % interval, none below zero."""

    month: date
    half: Interval
    wide: Interval


def fan(steps: Sequence[Step]) -> list[Ahead]:
    """The next months of a series; empty with fewer than six published months in a row up to its end.

    Least squares over at most twelve months. The doubt holds what the months scatter around the line, never less than
    the noise that they were released with, and what the line itself is unsure of.
    """
    known = _last_run(steps)[-MONTHS:]
    count = len(known)
    if count < FEWEST:
        return []
    values = [step.noisy.value for step in known if step.noisy]
    middle, mean = (count - 1) / 2, math.fsum(values) / count
    spread = math.fsum((n - middle) ** 2 for n in range(count))
    slope = math.fsum((n - middle) * value for n, value in enumerate(values)) / spread
    scatter = math.fsum((v - mean - slope * (n - middle)) ** 2 for n, v in enumerate(values)) / (count - 2)
    released = math.fsum((step.noisy.margin / Z95) ** 2 for step in known if step.noisy) / count
    found, month = [], known[-1].month
    for place in range(count, count + AHEAD):
        month = (month + timedelta(days=31)).replace(day=1)
        doubt = math.sqrt(max(scatter, released) * (1 + 1 / count + (place - middle) ** 2 / spread))
        value = mean + slope * (place - middle)
        half, wide = (_around(value, doubt * t[count - FEWEST]) for t in (T50, T95))
        found.append(Ahead(month, half, wide))
    return found


def _around(value: float, reach: float) -> Interval:
    return Interval(max(value, 0.0), max(value - reach, 0.0), max(value + reach, 0.0))


def _last_run(steps: Sequence[Step]) -> list[Step]:
    """The published months at the end: the newest, and those before it without a gap in the calendar."""
    run: list[Step] = []
    for step in reversed(steps):
        follows = not run or (step.month + timedelta(days=31)).replace(day=1) == run[-1].month
        if step.noisy is None or not follows:
            break
        run.append(step)
    return run[::-1]
