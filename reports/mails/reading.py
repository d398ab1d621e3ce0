"""What a report is made of: releases read as the analyst of `released`, who can read nothing else."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from konectus.figures import CUTS, MONTH, QUARTER, WEEK, Grain
from reports.mails.facts import VOLUME, Cell, Hundred, Metric, Release, Report
from reports.periods import Month, Quarter

SPAN = {MONTH: 13, QUARTER: 8, WEEK: 26}  # periods of a report, with the one that is told
# From here on a quarter is told, and the mail of its last month waits for it.
TELLS_QUARTERS = min(cut.first_rung for cut in CUTS if cut.grain == QUARTER)

_RELEASES = text("""
select r.id, r.period, r.grain, r.released_at, r.sha256, r.rung, r.delta, r.epsilon, l.rho
from released.release r join released.ledger l on l.release_id = r.id
where r.grain = :grain and r.period <= :until order by r.period desc limit :most
""")
_METRICS = text("""
select key, words_es, words_en, definition_es, definition_en, unit, mechanism, cap, dims from released.metric
where release_id = :id order by position
""")
_CELLS = text("""
select metric, dim, dim_value, value, sigma, status, unit, low, high from released.cell
where release_id = :id order by metric, dim, dim_value
""")
_HUNDREDS = text("""
select distinct on (c.metric) c.metric, r.period, c.value
from released.metric told
join released.metric m on m.key = told.key and m.cap = told.cap
join released.release r on r.id = m.release_id
join released.cell c on c.release_id = r.id and c.metric = m.key
where told.release_id = :id and told.mechanism = :volume and r.grain = :grain and r.period <= :until
  and c.dim = 'total' and c.value > 0
order by c.metric, r.period
""")
_FRESH = text("""
select r.id, r.period, r.grain, r.rung, r.released_at from released.release r
where r.released_at >= :since and exists (select from released.cell c where c.release_id = r.id) order by r.released_at
""")
_TOLD = text("""
select r.id, r.period, r.grain, r.rung, r.released_at from released.release r
where r.grain = :grain and r.period = :period and exists (select from released.cell c where c.release_id = r.id)
""")


@dataclass(frozen=True)
class Fresh:
    """A release with figures that may have to be sent."""

    id: UUID
    period: date
    grain: Grain
    rung: int
    released_at: datetime

    @property
    def quarter(self) -> date | None:
        """The first day of the quarter that ends with this month; None where none does, or none is told so low."""
        if self.grain != MONTH or self.rung < TELLS_QUARTERS:
            return None
        quarter = Quarter.of(self.period)
        return quarter.first if quarter.months[-1] == Month(self.period) else None


def fresh(released: Session, since: datetime) -> list[Fresh]:
    """Releases with figures published since then, oldest first."""
    return [Fresh(*row) for row in released.execute(_FRESH, {"since": since})]


def told(released: Session, grain: Grain, period: date) -> Fresh | None:
    """That period, where it was published with figures."""
    row = released.execute(_TOLD, {"grain": grain, "period": period}).one_or_none()
    return Fresh(*row) if row else None


def report(released: Session, wanted: Fresh) -> Report:
    """The release with those of its kind before it, and the quarter it closes; later ones are left out."""
    asked = {"grain": wanted.grain, "until": wanted.period, "most": SPAN[wanted.grain]}
    history = tuple(_release(released, row) for row in reversed(released.execute(_RELEASES, asked).all()))
    based = released.execute(_HUNDREDS, {"id": wanted.id, "volume": VOLUME} | asked)
    made = Report(history, {row.metric: Hundred(row.period, row.value) for row in based})
    quarter = told(released, QUARTER, wanted.quarter) if wanted.quarter else None
    return replace(made, quarter=report(released, quarter)) if quarter else made


def _release(released: Session, row: Row[Any]) -> Release:
    cells = [Cell(*found) for found in released.execute(_CELLS, {"id": row.id})]
    metrics = [_metric(found) for found in released.execute(_METRICS, {"id": row.id})]
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


def _metric(row: Row[Any]) -> Metric:
    words = {"es_MX": row.words_es, "en": row.words_en}
    definition = {"es_MX": row.definition_es or "", "en": row.definition_en or ""}
    return Metric(row.key, words, definition, row.unit, row.mechanism, row.cap, row.dims)
