"""What a report is made of: releases read as the analyst of `released`, who can read nothing else."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

TOTAL, ALL = "total", "all"
Z = 1.959963984540054  # 95 % of the normal distribution
CLEAR = 1.6448536269514722  # of sigmas of the difference: from there on the dashboard shows an arrow too

_RELEASES = text("""
select r.id, r.period, r.grain, r.released_at, r.sha256, r.rung, r.delta, r.epsilon, l.rho
from released.release r join released.ledger l on l.release_id = r.id
where r.grain = :grain and r.period <= :until order by r.period desc limit :most
""")
_METRICS = text("""
select key, words_es, words_en, unit, cap, dims from released.metric where release_id = :id order by position
""")
_CELLS = text("""
select metric, dim, dim_value, value, sigma, status, unit from released.cell
where release_id = :id order by metric, dim, dim_value
""")
_FRESH = text("""
select r.id, r.period, r.grain, r.released_at from released.release r
where r.released_at >= :since and exists (select from released.cell c where c.release_id = r.id) order by r.released_at
""")


@dataclass(frozen=True)
class Fresh:
    """A release with figures that may have to be sent."""

    id: UUID
    period: date
    grain: str
    released_at: datetime


@dataclass(frozen=True)
class Cell:
    """A released figure; hidden ones have a status and no value."""

    metric: str
    dim: str
    dim_value: str
    value: float | None
    sigma: float
    status: str
    unit: str

    @property
    def margin(self) -> float:
        """Half of its 95 % interval."""
        return Z * self.sigma

    def differs_from(self, before: "Cell") -> bool:
        """Whether the change is a clear one (privacy.md 2, honest display)."""
        if self.value is None or before.value is None:
            return False
        return abs(self.value - before.value) > CLEAR * math.hypot(self.sigma, before.sigma)


@dataclass(frozen=True)
class Metric:
    """A figure as its release describes it; words by locale."""

    key: str
    words: Mapping[str, str]
    unit: str
    cap: int
    dims: Mapping[str, Sequence[Mapping[str, str]]]


@dataclass(frozen=True)
class Release:
    """One period as it was published."""

    id: UUID
    period: date
    grain: str
    released_at: datetime
    sha256: str
    rung: int
    delta: float
    epsilon: float
    rho: float
    metrics: Mapping[str, Metric]
    cells: Mapping[tuple[str, str, str], Cell] = field(repr=False)

    def total(self, metric: str) -> Cell | None:
        return self.cells.get((metric, TOTAL, ALL))


def fresh(released: Session, since: datetime) -> list[Fresh]:
    """Releases with figures published since then, oldest first."""
    return [Fresh(*row) for row in released.execute(_FRESH, {"since": since})]


def history(released: Session, wanted: Fresh, most: int = 13) -> list[Release]:
    """The release and those of its kind before it, oldest first; whatever was published later is left out."""
    asked = {"grain": wanted.grain, "until": wanted.period, "most": most}
    return [_release(released, row) for row in reversed(released.execute(_RELEASES, asked).all())]


def _release(released: Session, row: Row[Any]) -> Release:
    cells = [Cell(*found) for found in released.execute(_CELLS, {"id": row.id})]
    metrics = [
        Metric(one.key, {"es_MX": one.words_es, "en": one.words_en}, one.unit, one.cap, one.dims)
        for one in released.execute(_METRICS, {"id": row.id})
    ]
    return Release(
        id=row.id,
        period=row.period,
        grain=row.grain,
        released_at=row.released_at,
        sha256=row.sha256,
        rung=row.rung,
        delta=row.delta,
        epsilon=row.epsilon,
        rho=float(row.rho),
        metrics={metric.key: metric for metric in metrics},
        cells={(cell.metric, cell.dim, cell.dim_value): cell for cell in cells},
    )
