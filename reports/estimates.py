"""From exact vectors to noisy estimates: every question of the rung measured, then what adds up is made to, then what
is read off them. No database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from konectus import figures
from konectus.figures import BY_KEY, QUANTILES, TOTAL, Cut, Grain
from reports import anonymize, budget, derive, sources
from reports.anonymize import Estimate, Spent
from reports.derive import Figure
from reports.labels import Label

COUNTED = ("presence", "volume")
Key = tuple[str, str]


@dataclass(frozen=True)
class Terms:
    """Under which a period is computed: its length, rung and rho, and by how many steps the caps are larger."""

    grain: Grain
    rung: int
    rho: float
    step: int = 0

    def cap(self, metric: str) -> int:
        return budget.cap(BY_KEY[metric], self.grain, self.step)


@dataclass(frozen=True)
class Computed:
    """Noisy from here on: what was measured, counts after reconciliation, and every cell that may be published."""

    terms: Terms
    measured: Mapping[Cut, Spent]
    estimates: Mapping[Key, Estimate]
    figures: Mapping[Key, tuple[Figure, ...]]
    labels: Mapping[str, tuple[Label, ...]]

    @property
    def clients(self) -> Estimate:
        return self.estimates["clients", TOTAL]


def compute(usage: sources.Usage, terms: Terms) -> Computed:
    """Measure every question of the rung, make the parts add up, read off what is asked of the answers."""
    measured = {}
    for cut, rho in budget.shares(terms.grain, terms.rung, terms.rho).items():
        metric, cap = BY_KEY[cut.metric], terms.cap(cut.metric)
        # A Client has one Plan, so that by channel and Plan it is in no more cells than by channel.
        most = 1 if cut.exclusive else len(usage.labels["channel"])
        bound = anonymize.sensitivity(metric.mechanism, cap=cap, most_cells=most)
        rows = anonymize.bounded(metric.mechanism, usage.rows[cut.metric, cut.dim], cap)
        measured[cut] = anonymize.measure(rows, bound=bound, rho=rho)
    return derived(terms, measured, usage.labels)


def derived(terms: Terms, measured: Mapping[Cut, Spent], labels: Mapping[str, tuple[Label, ...]]) -> Computed:
    """What the answers to all questions of the rung say together; nothing is spent by it."""
    estimates = dict(_settled(measured))
    return Computed(terms, measured, estimates, dict(_cells(terms, measured, estimates)), labels)


def _settled(measured: Mapping[Cut, Spent]) -> Iterator[tuple[Key, Estimate]]:
    counts = [cut for cut in measured if BY_KEY[cut.metric].mechanism in COUNTED]
    for total in (cut for cut in counts if cut.dim == TOTAL):
        same = [cut for cut in counts if cut.metric == total.metric and cut.dim != TOTAL]
        adding = [cut for cut in same if cut.adds]
        best, parts = anonymize.reconcile(measured[total], [measured[cut] for cut in adding])
        yield (total.metric, TOTAL), best
        for cut in same:
            yield (cut.metric, cut.dim), parts[adding.index(cut)] if cut in adding else measured[cut]


def _cells(
    terms: Terms, measured: Mapping[Cut, Spent], estimates: Mapping[Key, Estimate]
) -> Iterator[tuple[Key, tuple[Figure, ...]]]:
    answers = {(cut.metric, cut.dim): spent for cut, spent in measured.items()}
    for cut in figures.cuts(terms.grain, terms.rung):
        key = cut.metric, cut.dim
        if key in estimates:
            yield key, tuple(Figure(value, estimates[key].sigma) for value in estimates[key].values)
        else:
            yield key, _read_off(cut, answers[cut.metric, cut.of or cut.dim])


def _read_off(cut: Cut, spent: Spent) -> tuple[Figure, ...]:
    match BY_KEY[cut.metric].mechanism:
        case "quantile" if cut.dim == "quantile":
            return tuple(derive.quantile(spent.values, spent.sigma, p) for p in QUANTILES.values())
        case "ratio" if cut.of:
            half = len(spent.values) // 2
            part, rest = sum(spent.values[:half]), sum(spent.values[half:])
            return (derive.ratio(part, rest, spent.sigma * half**0.5),)
        case "ratio":
            return derive.ratios(spent.values, spent.sigma)
        case _:
            return derive.shares(spent.values, spent.sigma)
