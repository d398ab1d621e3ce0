"""What figures of so many Clients would be worth, tried on invented periods before anything of the budget is spent.

`konectus release dry-run --clients N`. No database is opened. The periods are worlds.py's, the release is the real one.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import fmean, median

from konectus import figures
from konectus.errors import KonectusError
from konectus.figures import BY_KEY, GRAINS, MONTH, QUARTER, RUNGS, WEEK, Cut, Grain
from konectus.settings import Settings
from reports import anonymize, budget, estimates, rows, worlds
from reports.anonymize import Z95, Spent
from reports.derive import Figure
from reports.estimates import Computed, Key, Terms
from reports.sources import Usage

WORLDS, DRAWS = 20, 20
MOST_CLIENTS = 20_000
# A standard deviation so small that what is read off is the value without noise.
_NONE = 1e-9
_HEAD = ("figure", "rho", "median error", "within 95 %", "hidden", "counted")


@dataclass(frozen=True)
class Asked:
    """So many Clients, from which seed, under which settings: rho of a month at most, Clients that a cell needs."""

    clients: int
    seed: int
    rho: Decimal
    k: int

    @property
    def rung(self) -> int:
        """On which such a platform stands once it has been counted."""
        return anonymize.ladder(self.clients)


@dataclass(frozen=True)
class Expected:
    """One cut of one length, in parts of 1.

    `tries`: cells looked at, hidden ones included. `error`: median of |value - value without noise| over those that
    are shown, None where none is; beside the latter, but of a ratio as it is (`is_in_points`): a small one would
    always look badly known. `within`: how often the 95 % interval holds the value without noise. `counted`: part of
    the volume that is left under the cap, None where nothing is capped.
    """

    cut: Cut
    rho: float
    tries: int
    error: float | None
    within: float
    hidden: float
    counted: float | None

    @property
    def is_in_points(self) -> bool:
        return BY_KEY[self.cut.metric].mechanism == "ratio"


@dataclass
class _Tally:
    """What the draws of one cut showed."""

    metric: str
    errors: list[float] = field(default_factory=list)
    within: list[bool] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    counted: list[float] = field(default_factory=list)

    def add(self, figure: Figure, exact: float, *, is_shown: bool) -> None:
        low = figure.value - Z95 * figure.sigma if figure.low is None else figure.low
        high = figure.value + Z95 * figure.sigma if figure.high is None else figure.high
        self.within.append(low <= exact <= high)
        self.hidden.append(not is_shown)
        if is_shown and exact > 0:
            beside = 1.0 if BY_KEY[self.metric].mechanism == "ratio" else exact
            self.errors.append(abs(figure.value - exact) / beside)


def steady(grain: Grain, rung: int, ceiling: Decimal) -> Terms:
    """As a period is computed where each before it stood on the same rung; rho 0 where it is not told."""
    parts = budget.split(rung, ceiling)
    rho = {MONTH: parts.own, QUARTER: 3 * parts.aside, WEEK: budget.of_week(rung, ceiling)}[grain]
    return Terms(grain, rung, float(rho) if budget.shares(grain, rung, 1.0) else 0.0)


def told(asked: Asked) -> list[Terms]:
    """The lengths that are published of so many Clients."""
    if asked.rung < RUNGS[1]:
        return []
    found = (steady(grain, asked.rung, asked.rho) for grain in GRAINS)
    return [terms for terms in found if terms.rho]


def expected(asked: Asked, terms: Terms, drawn: int = WORLDS) -> list[Expected]:
    """Each cut of that length, over `drawn` invented periods with DRAWS draws of noise each."""
    tallies = {(cut.metric, cut.dim): _Tally(cut.metric) for cut in figures.cuts(terms.grain, terms.rung)}
    for number in range(drawn):
        usage = worlds.usage(asked.seed + number, asked.clients, terms.grain, terms.rung)
        _try(usage, terms, asked.k, tallies)
    spent = budget.shares(terms.grain, terms.rung, terms.rho)
    return [
        _told(cut, spent.get(cut, 0.0), tallies[cut.metric, cut.dim]) for cut in figures.cuts(terms.grain, terms.rung)
    ]


def _try(usage: Usage, terms: Terms, k: int, tallies: Mapping[Key, _Tally]) -> None:
    exact = without_noise(usage, terms)
    for (metric, dim), tally in tallies.items():
        if BY_KEY[metric].mechanism == "volume" and (whole := int(usage.rows[metric, dim].sum())):
            tally.counted.append(sum(figure.value for figure in exact.figures[metric, dim]) / whole)
    for _draw in range(DRAWS):
        made = estimates.compute(usage, terms)
        for key, tally in tallies.items():
            shown = rows.states(made, key, k)
            for figure, true, state in zip(made.figures[key], exact.figures[key], shown, strict=True):
                tally.add(figure, true.value, is_shown=state == "published")


def without_noise(usage: Usage, terms: Terms) -> Computed:
    """What the figures of the period are estimates of: each Client counted up to its cap. It stays in memory."""
    measured = {}
    for cut in budget.shares(terms.grain, terms.rung, terms.rho):
        mechanism, cap = BY_KEY[cut.metric].mechanism, terms.cap(cut.metric)
        vectors = anonymize.bounded(mechanism, usage.rows[cut.metric, cut.dim], cap)
        measured[cut] = Spent(tuple(float(total) for total in vectors.sum(axis=0)), _NONE, 0.0, 0.0)
    return estimates.derived(terms, measured, usage.labels)


def _told(cut: Cut, rho: float, tally: _Tally) -> Expected:
    return Expected(
        cut,
        rho,
        len(tally.within),
        median(tally.errors) if tally.errors else None,
        fmean(tally.within),
        fmean(tally.hidden),
        fmean(tally.counted) if tally.counted else None,
    )


def page(asked: Asked) -> Iterator[str]:
    """Line by line, a table for each length."""
    tried = f"{WORLDS} invented periods with {DRAWS} draws of noise each"
    yield f"{asked.clients:,} Clients, rung {asked.rung:,}, seed {asked.seed}: {tried}; nothing is spent"
    found = told(asked)
    if not found:
        yield f"fewer than {RUNGS[1]} Clients: nothing is published but that there are so few"
    for terms in found:
        epsilon = anonymize.epsilon(terms.rho, budget.DELTA)
        yield ""
        yield f"{terms.grain}: rho {terms.rho:.4f}, epsilon {epsilon:.2f} at delta {budget.DELTA:g}"
        yield _line(_HEAD)
        yield from (_line(_cells(one)) for one in expected(asked, terms))


def _cells(one: Expected) -> tuple[str, ...]:
    error = "–" if one.error is None else f"{one.error:.1%}"
    if one.error is not None and one.is_in_points:
        error = f"{one.error * 100:.2f} points"
    rho = f"{one.rho:.5f}" if one.rho else f"of {one.cut.of}"
    counted = "–" if one.counted is None else f"{one.counted:.0%}"
    return one.cut.key, rho, error, f"{one.within:.1%}", f"{one.hidden:.0%}", counted


def _line(cells: Sequence[str]) -> str:
    name, *rest = cells
    return f"{name:<25}" + "".join(f"{cell:>14}" for cell in rest)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="konectus release dry-run", description="Expected errors, nothing spent.")
    parser.add_argument("--clients", type=_count, required=True, help=f"so many Clients, up to {MOST_CLIENTS:,}")
    parser.add_argument("--seed", type=int, default=1, help="the same number makes the same periods")
    given = parser.parse_args(arguments)
    try:
        settings = Settings.load(os.environ)
    except KonectusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    asked = Asked(given.clients, given.seed, Decimal(str(settings.privacy_rho)), settings.privacy_k)
    for line in page(asked):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


def _count(words: str) -> int:
    found = int(words)
    if not 1 <= found <= MOST_CLIENTS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_CLIENTS:,}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
