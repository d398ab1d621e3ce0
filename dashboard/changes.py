"""Values with their doubt: intervals, differences, ratios. Pure, on released values alone."""

import math
from dataclasses import dataclass

Z95 = 1.959963984540054
# An arrow is drawn only beyond this many standard deviations of the difference (privacy.md, "Honest display").
CLEAR = 1.6448536269514722


@dataclass(frozen=True)
class Noisy:
    """A released value and its standard deviation."""

    value: float
    sigma: float

    @property
    def margin(self) -> float:
        """Half the width of the 95 % interval."""
        return Z95 * self.sigma

    @property
    def interval(self) -> "Interval":
        """95 %."""
        return Interval(self.value, self.value - self.margin, self.value + self.margin)

    def times(self, factor: float) -> "Noisy":
        return Noisy(self.value * factor, self.sigma * abs(factor))


@dataclass(frozen=True)
class Interval:
    """A value between two bounds that need not be at equal distance, as a ratio has them."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Interval":
        return Interval(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Change:
    """How much a figure moved: the difference, whether it is clear, and the part of the earlier value it makes."""

    delta: Noisy
    share: Interval | None

    @property
    def is_clear(self) -> bool:
        return abs(self.delta.value) > CLEAR * self.delta.sigma

    @property
    def is_up(self) -> bool:
        return self.delta.value > 0


def change(now: Noisy, before: Noisy) -> Change:
    """Two months have independent noise, so the variances add."""
    delta = Noisy(now.value - before.value, math.hypot(now.sigma, before.sigma))
    found = ratio(now, before)
    share = Interval(found.value - 1, found.low - 1, found.high - 1) if found else None
    return Change(delta, share)


def ratio(above: Noisy, below: Noisy) -> Interval | None:
    """The quotient with its 95 % interval by Fieller's theorem; None where the divisor may be zero."""
    if below.value <= 0:
        return None
    doubt = (below.margin / below.value) ** 2
    if doubt >= 1:
        return None
    quotient = above.value / below.value
    half = math.sqrt(above.margin**2 * (1 - doubt) + (quotient * below.margin) ** 2) / below.value
    return Interval(quotient, (quotient - half) / (1 - doubt), (quotient + half) / (1 - doubt))


def quotient(above: Noisy, below: Noisy) -> Noisy | None:
    """The quotient as a value with one sigma, by the width of Fieller's interval."""
    found = ratio(above, below)
    return Noisy(found.value, (found.high - found.low) / (2 * Z95)) if found else None
