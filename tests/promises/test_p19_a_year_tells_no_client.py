"""P19: who sees every release of a year, with a Client or without it, learns no more than the ledger of that year says.

The releases are those that fall due, with what each may spend. The attacker knows all other Clients exactly and sees
the noisy answers before parts are made to add up and cells are hidden: whatever is published is worked out from them
(who sees the published cells alone is the last test).
The Client is at its caps in every month, quarter and week. No database: the noise and the book-keeping are tried.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray

from konectus.figures import BY_KEY, GRAINS, MONTH, QUARTER, WEEK, Cut, Grain
from konectus.store.models.released import Release
from reports import anonymize, budget, chronicle, estimates, rehearsal, rows, worlds
from reports.chronicle import Allotment, Ceilings, Chronicle
from reports.estimates import Computed, Terms
from reports.periods import Month, Period
from reports.sources import Usage
from tests.reports.test_mechanism import Noise, capped, farthest, quarter, real

YEAR = 2026
LATER = datetime(2027, 3, 1, tzinfo=UTC)
GIVEN = Ceilings(rho=0.25, rho_year=3.0, k=10)
CLIENTS = {20: 60, 120: 300, 600: 1_000, 2000: 2_600}
COUNTS = {
    20: {MONTH: 12},
    120: {MONTH: 12, QUARTER: 4},
    600: {MONTH: 12, QUARTER: 4, WEEK: 52},
    2000: {MONTH: 12, QUARTER: 4, WEEK: 52},
}
# The ledger says rho, so it promises an epsilon at every delta: at this one few runs tell most.
WIDE = 0.01
# So many runs show too little noise; at the last rung by its epsilon too, which takes more.
ENOUGH = {20: 1_000, 120: 1_000, 600: 1_000, 2000: 3_000}
# Messages of a Client that is far beyond every cap.
HUGE = 1 << 30

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """One question of one release: the cells that the Client moves, without it, and how it moves them."""

    without: NDArray[np.int64]
    moved: NDArray[np.int64]
    sigma: float
    bound: float

    @property
    def square(self) -> float:
        return float(self.moved @ self.moved) / self.sigma**2

    def evidence(self, noise: Noise, runs: int, *, is_there: bool) -> Scores:
        """How much likelier the answers of each run are with the Client than without it, but for a constant."""
        exact = self.without + self.moved * is_there
        noisy = np.array(noise(exact.tolist() * runs, self.sigma, self.bound), dtype=np.int64)
        away = (noisy.reshape(runs, -1) - self.without).astype(float)
        return np.asarray(away @ (self.moved / self.sigma**2))


@dataclass(frozen=True)
class Seen:
    """The evidence of a year, summed in each run: without the Client and with it, `square` apart as declared."""

    without: Scores
    given: Scores
    square: float

    def shares(self) -> Iterator[tuple[float, float]]:
        """How often one is rightly and wrongly sure that the Client is there: at least, at most."""
        root, runs = math.sqrt(self.square), len(self.without)
        # Fixed beforehand: the middle, and where the tail tells most.
        for threshold in (self.square / 2, self.square / 2 + root / 2, self.square / 2 + root):
            true, false = (float((scores > threshold).mean()) for scores in (self.given, self.without))
            yield farthest(true, runs, 0.0), farthest(false, runs, 1.0)

    def epsilon(self, delta: float) -> float:
        """The least epsilon that leaves these answers possible."""
        return max(math.log(max(true - delta, 1e-300) / false) for true, false in self.shares())

    def rho(self) -> float:
        """The least rho that does: it bounds the divergence of Kullback and Leibler, more than a yes or no tells."""
        return max((_divergence(true, false) for true, false in self.shares() if true > false), default=0.0)


def _divergence(one: float, other: float) -> float:
    return one * math.log(one / other) + (1 - one) * math.log((1 - one) / (1 - other))


@dataclass(frozen=True)
class Year:
    """Every release of twelve months of a platform that stands on one rung."""

    questions: tuple[Question, ...]
    rho: float
    counts: Counter[Grain]

    @property
    def square(self) -> float:
        return math.fsum(question.square for question in self.questions)

    def epsilon(self, delta: float = budget.DELTA) -> float:
        """What the ledger of these months promises."""
        return anonymize.epsilon(self.rho, delta)

    def attacked(self, noise: Noise, runs: int) -> Seen:
        without, given = (
            sum((one.evidence(noise, runs, is_there=is_there) for one in self.questions), np.zeros(runs))
            for is_there in (False, True)
        )
        return Seen(without, given, self.square)


def year(rung: int) -> Year:
    usages = {grain: worlds.usage(1, CLIENTS[rung], grain, rung) for grain in GRAINS}
    periods = Counter((period.grain, allotted) for period, allotted in released(rung))
    found, spent, counts = list[Question](), Decimal(0), Counter[Grain]()
    for (grain, allotted), times in periods.items():
        spent += allotted.rho * times
        counts[grain] += times
        found += [*asked(usages[grain], grain, allotted)] * times
    return Year(tuple(found), float(spent), counts)


def released(rung: int) -> Iterator[tuple[Period, Allotment]]:
    """What falls due and is booked on a month of the year, in its order; the December before it is there already."""
    book = _booked(Chronicle((), ()), Month(date(YEAR - 1, 12, 1)), Allotment(rung, Decimal(0)))
    while (period := chronicle.due(book, None, GIVEN, LATER)) and period.first.year <= YEAR:
        allotted = book.allotment(period, GIVEN)
        book = _booked(book, period, allotted)
        assert allotted.rung == rung
        if period.months[-1].first.year == YEAR:
            yield period, allotted


def _booked(book: Chronicle, period: Period, allotted: Allotment) -> Chronicle:
    made = Release(
        number=len(book.releases) + 1,
        grain=period.grain,
        period=period.first,
        rung=allotted.rung,
        rho=allotted.rho,
        clients=float(CLIENTS[allotted.rung]),
    )
    return Chronicle((*book.releases, made), (*book.booked, (period.months[-1].first, allotted.rho)))


def asked(usage: Usage, grain: Grain, allotted: Allotment) -> Iterator[Question]:
    """With the deviation and the sensitivity that a release of that length states for each."""
    made = estimates.compute(usage, Terms(grain, allotted.rung, float(allotted.rho)))
    for cut, spent in made.measured.items():
        moved = _farthest_of(cut, len(spent.values))
        places = moved != 0
        exact = np.array(capped(usage, cut.metric, cut.dim, grain), dtype=np.int64)
        yield Question(exact[places], moved[places], spent.sigma, spent.sensitivity)


def _farthest_of(cut: Cut, cells: int) -> NDArray[np.int64]:
    """How a Client moves the sums that is in as many cells as one can be, and beyond its cap."""
    own = np.zeros((1, cells), dtype=np.int64)
    own[0, : 1 if cut.exclusive else len(worlds.STRENGTH)] = HUGE
    metric = BY_KEY[cut.metric]
    return np.asarray(anonymize.bounded(metric.mechanism, own, budget.cap(metric, cut.grain))[0])


@dataclass(frozen=True)
class Cells:
    """The cells of a release: without noise and without the Client, and what each is worth as evidence of it."""

    usages: tuple[Usage, Usage]
    terms: Terms
    exact: Scores
    weights: Scores
    square: float

    @classmethod
    def of(cls, usage: Usage, terms: Terms) -> "Cells":
        both = usage, worlds.planted(usage)
        exact, given = (_values(rehearsal.without_noise(one, terms)) for one in both)
        # Of quotients it is another one in each release.
        variance = np.mean([_sigmas(estimates.compute(usage, terms)) ** 2 for _ in range(50)], axis=0)
        weights = (given - exact) / variance
        return cls(both, terms, exact, weights, float((given - exact) @ weights))

    def evidence(self, *, is_there: bool) -> float:
        """Of one release made in earnest; a hidden cell tells nothing."""
        made = estimates.compute(self.usages[is_there], self.terms)
        shown = [state == "published" for key in made.figures for state in rows.states(made, key, GIVEN.k)]
        return float((_values(made) - self.exact)[shown] @ self.weights[shown])


def _values(made: Computed) -> Scores:
    return np.array([one.value for found in made.figures.values() for one in found])


def _sigmas(made: Computed) -> Scores:
    return np.array([one.sigma for found in made.figures.values() for one in found])


def published(rung: int, runs: int, *, part: float = 1.0) -> Seen:
    """The evidence in the published cells of a year; `part` of the noise is added."""
    usages = {grain: worlds.usage(1, CLIENTS[rung], grain, rung) for grain in GRAINS}
    terms = [Terms(one.grain, rung, float(allotted.rho) / part**2) for one, allotted in released(rung)]
    known = {one: Cells.of(usages[one.grain], one) for one in set(terms)}
    without, given = (
        np.array([sum(known[one].evidence(is_there=is_there) for one in terms) for _ in range(runs)])
        for is_there in (False, True)
    )
    return Seen(without, given, sum(known[one].square for one in terms))


@pytest.mark.parametrize("rung", COUNTS)
def test_a_client_in_every_release_of_a_year_is_seen_as_far_as_the_ledger_says(rung: int) -> None:
    """Every question counted, none left out and none paid for twice."""
    found = year(rung)
    assert found.counts == COUNTS[rung]
    assert found.rho <= GIVEN.rho_year
    assert found.square / 2 == pytest.approx(found.rho, rel=1e-9)


def test_a_year_of_releases_tells_a_client_no_better_than_the_ledger_says() -> None:
    found = year(120)
    seen = found.attacked(real, 600)
    assert seen.epsilon(budget.DELTA) <= found.epsilon()
    assert 0 < seen.rho() <= found.rho


def test_the_attack_on_a_year_breaks_a_quarter_of_the_noise() -> None:
    """Else the test above could not fail."""
    found = year(120)
    assert found.attacked(quarter, 600).rho() > found.rho


@pytest.mark.load
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rung", COUNTS)
def test_on_every_rung_a_year_tells_no_more_and_a_quarter_of_the_noise_breaks_it(rung: int) -> None:
    found = year(rung)
    seen, broken = found.attacked(real, 2_000), found.attacked(quarter, ENOUGH[rung])
    told = f"rho {found.rho:.3f}, at least {seen.rho():.3f}, with a quarter of the noise {broken.rho():.3f}"
    bounds = ", ".join(
        f"epsilon at {delta:g} {found.epsilon(delta):.2f}, at least {seen.epsilon(delta):.2f}"
        f", with a quarter of the noise {broken.epsilon(delta):.2f}"
        for delta in (budget.DELTA, WIDE)
    )
    print(f"a year on rung {rung:,}, {found.counts.total()} releases: {told}; {bounds}")  # noqa: T201 -- a figure
    assert seen.epsilon(budget.DELTA) <= found.epsilon()
    assert seen.epsilon(WIDE) <= found.epsilon(WIDE)
    assert 0 < seen.rho() <= found.rho < broken.rho()
    if rung == max(COUNTS):
        assert broken.epsilon(WIDE) > found.epsilon(WIDE)


@pytest.mark.load
@pytest.mark.timeout(900)
def test_the_published_cells_of_a_year_tell_no_more_and_a_quarter_of_the_noise_breaks_it() -> None:
    found = year(120)
    seen, broken = published(120, 300), published(120, 800, part=1 / 4)
    told = f"rho {found.rho:.3f}, at least {seen.rho():.3f}, with a quarter of the noise {broken.rho():.3f}"
    print(f"published cells: {told}; epsilon {found.epsilon():.2f}, at least {seen.epsilon(budget.DELTA):.2f}")  # noqa: T201 -- a figure
    assert seen.epsilon(budget.DELTA) <= found.epsilon()
    assert 0 < seen.rho() <= found.rho < broken.rho()
