"""A release as rows: what was computed, said in the tables of `released`. Nothing exact comes in here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib import metadata
from uuid import UUID

from sqlalchemy.orm import Session

from konectus import figures
from konectus.figures import BY_KEY, METRICS, Cut
from konectus.ids import uuid7
from konectus.store.models.released import Cell, LedgerEntry, Metric, Release
from reports import anonymize, budget, chain, labels
from reports.anonymize import UNIT, Spent, Status
from reports.derive import Figure
from reports.estimates import Computed, Key
from reports.labels import Label
from reports.periods import Period

# Half the 95 % interval of a ratio is at most so wide, else it says little. A small ratio is judged by this and not
# by its sigma beside itself: "between 0 and 3 of 100" says something (docs/decisions/0019).
WIDEST_RATIO = 0.05


@dataclass(frozen=True)
class Draft:
    """What a release is before its figures: its period, rung, budget, predecessor and instant."""

    period: Period
    rung: int
    rho: Decimal
    k: int
    last: Release | None
    now: datetime


def write(released: Session, draft: Draft, computed: Computed) -> Release:
    release_id = uuid7(draft.now)
    cells = list(_cells(release_id, draft, computed)) if draft.rung else []
    release = Release(
        id=release_id,
        number=draft.last.number + 1 if draft.last else 1,
        period=draft.period.first,
        grain=draft.period.grain,
        rung=draft.rung,
        released_at=draft.now,
        rho=draft.rho,
        delta=budget.DELTA,
        epsilon=anonymize.epsilon(float(draft.rho), budget.DELTA),
        caps={cut.key: _terms(cut, spent, computed) for cut, spent in computed.measured.items()},
        cells=len(cells),
        clients=computed.clients.total,
        clients_sigma=computed.clients.sigma,
        code_version=f"konectus {metadata.version('konectus')}, opendp {metadata.version('opendp')}",
        prev_sha256=draft.last.sha256 if draft.last else None,
    )
    described = list(_described(release_id, computed)) if draft.rung else []
    release.sha256 = chain.digest(release, described, cells)
    released.add(release)
    released.flush()  # the parts below refer to it
    released.add_all([*described, *cells])
    released.add(
        LedgerEntry(release_id=release_id, period=draft.period.months[-1].first, rho=release.rho, spent_at=draft.now)
    )
    released.flush()  # so that the fence and the ceiling speak here and not at the caller's commit
    return release


def _terms(cut: Cut, spent: Spent, computed: Computed) -> dict[str, float]:
    """Histograms in parts of one Client, everything else in whole units."""
    unit = UNIT if BY_KEY[cut.metric].mechanism in {"histogram", "quantile"} else 1
    terms = {"sensitivity": spent.sensitivity / unit, "rho": spent.rho, "sigma": spent.sigma / unit}
    return {"cap": computed.terms.cap(cut.metric), **terms}


def states(computed: Computed, key: Key, k: int) -> Iterator[Status]:
    """Whether each figure of a cut is shown, by the Clients of its cell, or by all where they are not counted by it."""
    metric, dim = key
    crowd = computed.estimates.get(("clients", dim), computed.clients)
    for place, figure in enumerate(computed.figures[key]):
        clients = crowd.values[place if len(crowd.values) > 1 else 0], crowd.sigma
        yield _status(metric, figure, clients, k)


def _cells(release_id: UUID, draft: Draft, computed: Computed) -> Iterator[Cell]:
    for (metric, dim), found in computed.figures.items():
        shown_as = states(computed, (metric, dim), draft.k)
        for label, figure, state in zip(computed.labels[dim], found, shown_as, strict=True):
            shown = state == "published"
            yield Cell(
                release_id=release_id,
                metric=metric,
                dim=dim,
                dim_value=label.value,
                value=figure.value if shown else None,
                sigma=figure.sigma,
                low=figure.low if shown else None,
                high=figure.high if shown else None,
                status=state,
                unit=figures.unit(metric, dim),
            )


def _status(metric: str, figure: Figure, clients: tuple[float, float], k: int) -> Status:
    if BY_KEY[metric].mechanism != "ratio":
        found = anonymize.status(figure.value, figure.sigma, clients, k)
        return found if figure.is_borne or found == "few_clients" else "low_precision"
    few = anonymize.status(1.0, 0.0, clients, k)
    wide = figure.sigma * anonymize.Z95 > WIDEST_RATIO or not figure.is_borne
    return "low_precision" if wide and few == "published" else few


def _described(release_id: UUID, computed: Computed) -> Iterator[Metric]:
    dims: dict[str, list[Cut]] = {}
    for cut in figures.cuts(computed.terms.grain, computed.terms.rung):
        dims.setdefault(cut.metric, []).append(cut)
    for position, metric in enumerate(one for one in METRICS if one.key in dims):
        (words_es, words_en), (definition_es, definition_en) = labels.both(metric.words), labels.both(metric.definition)
        yield Metric(
            release_id=release_id,
            key=metric.key,
            position=position,
            words_es=words_es,
            words_en=words_en,
            definition_es=definition_es,
            definition_en=definition_en,
            unit=metric.unit,
            mechanism=metric.mechanism,
            cap=computed.terms.cap(metric.key),
            first_rung=max(min(cut.first_rung for cut in dims[metric.key]), figures.RUNGS[1]),
            dims={cut.dim: [_label(label) for label in computed.labels[cut.dim]] for cut in dims[metric.key]},
        )


def _label(label: Label) -> dict[str, str]:
    found = {"value": label.value, "words": label.words}
    return found | {"words_en": label.words_en} if label.words_en else found
