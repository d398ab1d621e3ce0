"""A release as rows: what was computed, said in the tables of `released`. Nothing exact comes in here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib import metadata
from uuid import UUID

from sqlalchemy.orm import Session

from konectus import i18n
from konectus.ids import uuid7
from konectus.store.models.released import Cell, LedgerEntry, Metric, Release
from reports import anonymize, chain, metrics
from reports.anonymize import Spent
from reports.estimates import Computed
from reports.metrics import Cut
from reports.periods import Month

MONTH = "month"


@dataclass(frozen=True)
class Draft:
    """What a release is before its figures: its month, rung, budget, predecessor and instant."""

    month: Month
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
        period=draft.month.first,
        grain=MONTH,
        rung=draft.rung,
        released_at=draft.now,
        rho=draft.rho.quantize(Decimal("1e-9")),
        delta=metrics.DELTA,
        epsilon=anonymize.epsilon(float(draft.rho), metrics.DELTA),
        caps={f"{cut.metric}/{cut.dim}": _terms(cut, spent) for cut, spent in computed.measured.items()},
        cells=len(cells),
        clients=computed.clients.total,
        clients_sigma=computed.clients.sigma,
        code_version=f"konectus {metadata.version('konectus')}, opendp {metadata.version('opendp')}",
        prev_sha256=draft.last.sha256 if draft.last else None,
    )
    described = list(_described(release_id, draft.rung, computed)) if draft.rung else []
    release.sha256 = chain.digest(release, described, cells)
    released.add(release)
    released.flush()  # the parts below refer to it
    released.add_all([*described, *cells])
    released.add(LedgerEntry(release_id=release_id, period=draft.month.first, rho=release.rho, spent_at=draft.now))
    released.flush()  # so that the fence and the ceiling speak here and not at the caller's commit
    return release


def _terms(cut: Cut, spent: Spent) -> dict[str, float]:
    cap = metrics.BY_KEY[cut.metric].cap
    return {"cap": cap, "sensitivity": spent.sensitivity, "rho": spent.rho, "sigma": spent.sigma}


def _cells(release_id: UUID, draft: Draft, computed: Computed) -> Iterator[Cell]:
    for (metric, dim), estimate in computed.estimates.items():
        crowd = computed.estimates.get(("clients", dim), computed.clients)
        for place, label in enumerate(computed.labels[dim]):
            value = estimate.values[place]
            state = anonymize.status(value, estimate.sigma, (crowd.values[place], crowd.sigma), draft.k)
            yield Cell(
                release_id=release_id,
                metric=metric,
                dim=dim,
                dim_value=label.value,
                value=value if state == "published" else None,
                sigma=estimate.sigma,
                status=state,
                unit=metrics.BY_KEY[metric].unit,
            )


def _described(release_id: UUID, rung: int, computed: Computed) -> Iterator[Metric]:
    dims: dict[str, list[Cut]] = {}
    for cut in metrics.cuts(rung):
        dims.setdefault(cut.metric, []).append(cut)
    for position, metric in enumerate(m for m in metrics.METRICS if m.key in dims):
        yield Metric(
            release_id=release_id,
            key=metric.key,
            position=position,
            words_es=_words(metric.words, "es_MX"),
            words_en=_words(metric.words, "en"),
            unit=metric.unit,
            mechanism=metric.mechanism,
            cap=metric.cap,
            first_rung=metric.first_rung,
            dims={
                cut.dim: [{"value": label.value, "words": label.words} for label in computed.labels[cut.dim]]
                for cut in dims[metric.key]
            },
        )


def _words(msgid: str, locale: str) -> str:
    with i18n.use(locale):
        return i18n.gettext(msgid)
