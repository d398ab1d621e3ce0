"""From exact vectors to noisy estimates: every cut of the rung measured, then the parts made to add up. No database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reports import anonymize, metrics, sources
from reports.anonymize import Estimate, Spent
from reports.metrics import TOTAL, Cut


@dataclass(frozen=True)
class Computed:
    """Noisy from here on: estimates by cut after reconciliation, and what was measured for them."""

    measured: Mapping[Cut, Spent]
    estimates: Mapping[tuple[str, str], Estimate]
    labels: Mapping[str, tuple[sources.Label, ...]]

    @property
    def clients(self) -> Estimate:
        return self.estimates["clients", TOTAL]


def compute(usage: sources.Usage, rung: int, rho: float) -> Computed:
    """Measure every cut of the rung, then make the parts add up."""
    measured = {}
    for cut, part in metrics.shares(rung, rho).items():
        metric, rows = metrics.BY_KEY[cut.metric], usage.rows[cut.metric, cut.dim]
        counted = metric.mechanism == "presence"
        bound = anonymize.sensitivity(
            metric.mechanism, cap=metric.cap, most_cells=1 if cut.exclusive else len(usage.labels[cut.dim])
        )
        vectors = anonymize.presence(rows) if counted else anonymize.clamp(rows, metric.cap)
        measured[cut] = anonymize.measure(vectors, bound=bound, rho=part)
    return Computed(measured, dict(_settled(measured)), usage.labels)


def _settled(measured: Mapping[Cut, Spent]) -> Iterator[tuple[tuple[str, str], Estimate]]:
    for total in (cut for cut in measured if cut.dim == TOTAL):
        same = [cut for cut in measured if cut.metric == total.metric and cut.dim != TOTAL]
        adding = [cut for cut in same if cut.exclusive or metrics.BY_KEY[cut.metric].mechanism == "volume"]
        best, parts = anonymize.reconcile(measured[total], [measured[cut] for cut in adding])
        yield (total.metric, TOTAL), best
        for cut in same:
            yield (cut.metric, cut.dim), parts[adding.index(cut)] if cut in adding else measured[cut]
