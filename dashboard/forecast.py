"""Where a series may go next: a straight line through its last months, with all the doubt it has. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboard import periods
from dashboard.changes import Z95, Interval
from dashboard.readings import MONTHS, Step
from konectus.figures import MONTH

FEWEST = 6  # published periods in a row (surfaces.md 4)
AHEAD = 3
# Student's t by degrees of freedom, from FEWEST - 2 to MONTHS - 2: one interval in two, nineteen in twenty.
T50 = (0.741, 0.727, 0.718, 0.711, 0.706, 0.703, 0.700)
T95 = (2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@dataclass(frozen=True)
class Ahead:
    """A period that is not there yet: the line's value, with its 50 % and its 95 % interval, none below zero."""

    period: date
    half: Interval
    wide: Interval


def fan(steps: Sequence[Step], grain: str = MONTH) -> list[Ahead]:
    """The next periods of a series; empty with fewer than six published ones in a row up to its end.

    Least squares over at most twelve periods. The doubt holds what the periods scatter around the line, never less than
    the noise that they were released with, and what the line itself is unsure of.
    """
    known = _last_run(steps, grain)[-MONTHS:]
    count = len(known)
    if count < FEWEST:
        return []
    values = [step.noisy.value for step in known if step.noisy]
    middle, mean = (count - 1) / 2, math.fsum(values) / count
    spread = math.fsum((n - middle) ** 2 for n in range(count))
    slope = math.fsum((n - middle) * value for n, value in enumerate(values)) / spread
    scatter = math.fsum((v - mean - slope * (n - middle)) ** 2 for n, v in enumerate(values)) / (count - 2)
    released = math.fsum((step.noisy.margin / Z95) ** 2 for step in known if step.noisy) / count
    found, period = [], known[-1].period
    for place in range(count, count + AHEAD):
        period = periods.after(period, grain)
        doubt = math.sqrt(max(scatter, released) * (1 + 1 / count + (place - middle) ** 2 / spread))
        value = mean + slope * (place - middle)
        half, wide = (_around(value, doubt * t[count - FEWEST]) for t in (T50, T95))
        found.append(Ahead(period, half, wide))
    return found


def _around(value: float, reach: float) -> Interval:
    return Interval(max(value, 0.0), max(value - reach, 0.0), max(value + reach, 0.0))


def _last_run(steps: Sequence[Step], grain: str) -> list[Step]:
    """The published periods at the end: the newest, and those before it without a gap, all under one cap."""
    run: list[Step] = []
    for step in reversed(steps):
        follows = not run or (periods.after(step.period, grain) == run[-1].period and not run[-1].is_break)
        if step.noisy is None or not follows:
            break
        run.append(step)
    return run[::-1]
