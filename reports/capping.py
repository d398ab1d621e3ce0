"""How far the caps of a quarter stand from the catalogue's, by released sizes alone (privacy.md 2.3)."""

import math

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.figures import BY_KEY, QUARTER, RUNGS, SIZES
from konectus.store.models.released import Cell, Release
from reports import budget
from reports.chronicle import Chronicle
from reports.periods import KINDS, Period, Quarter

# The catalogue's caps are made for Clients of whom half have more messages a month than this.
MIDDLE = 600
# So many steps of the root of two have to lie between, before the caps move: a figure whose cap moves breaks its line.
DEAD_BAND = 2
WIDEST = 6
MESSAGES = "messages/total"


def step(released: Session, chronicle: Chronicle, period: Period) -> int:
    """By how many times the root of two the period's caps are larger than the catalogue's; fixed per quarter."""
    quarter = Quarter.of(period.months[-1].first)
    told = [(one, _step_of(one)) for one in chronicle.releases if one.rung >= RUNGS[1]]
    known = [(one, its) for one, its in told if its is not None]
    if not known:
        return 0
    latest, now = max(known, key=lambda pair: (pair[0].period, pair[0].number))
    if _quarter(latest) == quarter:
        return now
    before = chronicle.of(quarter.before())
    return moved(now, _sizes(released, before)) if before is not None else now


def moved(now: int, sizes: dict[str, float]) -> int:
    """The step after a quarter with this noisy number of Clients of each size; `now` where it says too little."""
    middle = median(sizes)
    if middle is None:
        return now
    wanted = round(2 * math.log2(middle / MIDDLE))
    return max(-WIDEST, min(WIDEST, wanted)) if abs(wanted - now) > DEAD_BAND else now


def median(sizes: dict[str, float]) -> float | None:
    """Messages a month that half of the Clients stay under, evenly within a band on a logarithmic scale."""
    counts = [max(sizes.get(size, 0.0), 0.0) for size in SIZES]
    half, passed = sum(counts) / 2, 0.0
    edges = [*SIZES.values()]
    if half <= 0:
        return None
    for place, count in enumerate(counts):
        if passed + count >= half:
            low = max(edges[place], edges[1] / 3)
            high = edges[place + 1] if place + 1 < len(edges) else low * 3
            return float(low * (high / low) ** ((half - passed) / count))
        passed += count
    return None


def _sizes(released: Session, quarter: Release) -> dict[str, float]:
    """Hidden sizes are left out: nothing is read here that an analyst may not read."""
    asked = select(Cell.dim_value, Cell.value).where(
        Cell.release_id == quarter.id, Cell.metric == "clients", Cell.dim == "size", Cell.value.is_not(None)
    )
    return {size: value for size, value in released.execute(asked) if value is not None}


def _step_of(release: Release) -> int | None:
    terms = release.caps.get(MESSAGES)
    if terms is None or release.grain == QUARTER:
        return None
    plain = budget.cap(BY_KEY["messages"], release.grain)  # type: ignore[arg-type]  # one of the grains, by its check
    return round(2 * math.log2(terms["cap"] / plain))


def _quarter(release: Release) -> Quarter:
    return Quarter.of(KINDS[release.grain](release.period).months[-1].first)  # type: ignore[index]  # as above
