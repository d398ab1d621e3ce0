"""The only SQL of the dashboard, as the analyst of the released database. Everything else here is pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dashboard.changes import Interval, Noisy
from konectus.errors import Unavailable
from konectus.figures import ALL, BY_KEY, MONTH, TOTAL, Grain
from konectus.i18n import current, gettext
from konectus.settings import Settings, SettingsError

PUBLISHED = "published"

_RELEASES = text("""
select r.id, r.number, r.period, r.grain, r.rung, r.released_at, l.rho, l.period as booked, r.delta, r.epsilon, r.caps,
       r.sha256
from released.release r join released.ledger l on l.release_id = r.id order by r.number
""")
_METRICS = text("""
select key, words_es, words_en, definition_es, definition_en, unit, mechanism, cap, dims from released.metric
where release_id = :release_id order by position
""")
_CELLS = text("""
select metric, dim, dim_value, value, sigma, status, unit, low, high from released.cell
where release_id = :release_id order by metric, dim, dim_value
""")
_ANNOTATIONS = text("select day, words_es, words_en from released.annotation order by day")


class FiguresDown(Unavailable):
    code = "figures_down"


@dataclass(frozen=True)
class Cell:
    """One released figure, or the reason why it is hidden."""

    metric: str
    dim: str
    dim_value: str
    value: float | None
    sigma: float
    status: str
    unit: str
    # Where the interval is not the value and 1.96 sigma on either side: quantiles and ratios.
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> Interval | None:
        """The value between the bounds of its 95 % interval; None where the cell is hidden."""
        if self.value is None:
            return None
        if self.low is None or self.high is None:
            return Noisy(self.value, self.sigma).interval
        return Interval(self.value, self.low, self.high)

    @property
    def noisy(self) -> Noisy | None:
        """The value with its doubt; None where the cell is hidden."""
        return None if self.value is None else Noisy(self.value, self.sigma)


@dataclass(frozen=True)
class Point:
    """A cell at its period."""

    period: date
    cell: Cell


@dataclass(frozen=True)
class Metric:
    """A figure as its release describes it."""

    key: str
    words: Mapping[str, str]
    unit: str
    mechanism: str
    cap: int
    dims: Mapping[str, list[dict[str, str]]]
    # What it counts, by locale; a release made before definitions travelled with it is silent.
    meaning: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.words[current()]

    @property
    def definition(self) -> str:
        """What it counts: as its release says, else as the catalogue does today; "" where neither does."""
        known = BY_KEY.get(self.key)
        return self.meaning.get(current()) or (gettext(known.definition) if known else "")


@dataclass(frozen=True)
class Release:
    """One period as it was published; it never changes, so it may be kept for ever."""

    id: UUID
    number: int
    period: date
    rung: int
    released_at: datetime
    rho: float
    delta: float
    epsilon: float
    caps: Mapping[str, Any]
    sha256: str
    metrics: Mapping[str, Metric]
    cells: Mapping[tuple[str, str, str], Cell] = field(repr=False)
    grain: Grain = field(default=MONTH, kw_only=True)
    # A day of the month on which the ledger books what it spent.
    booked: date = field(kw_only=True)

    @property
    def is_published(self) -> bool:
        return bool(self.cells)

    def cell(self, metric: str, dim: str = TOTAL, dim_value: str = ALL) -> Cell | None:
        return self.cells.get((metric, dim, dim_value))

    def cap(self, metric: str) -> int:
        """What one Client counts for at most; 0 where this release has no such metric."""
        found = self.metrics.get(metric)
        return found.cap if found else 0

    def labels(self, metric: str, dim: str) -> dict[str, str]:
        """Word by value of the dimension, in the order of display; empty where this release has no such cut."""
        found = self.metrics.get(metric)
        key = "words_en" if current() == "en" else "words"
        return {one["value"]: one.get(key, one["words"]) for one in found.dims.get(dim, ())} if found else {}


@dataclass(frozen=True)
class Annotation:
    day: date
    words: Mapping[str, str]

    def __str__(self) -> str:
        return self.words[current()]


@dataclass(frozen=True)
class History:
    """Every release so far, oldest first, and the remarks of staff."""

    releases: tuple[Release, ...]
    annotations: tuple[Annotation, ...] = ()

    @property
    def months(self) -> tuple[Release, ...]:
        """Every month that was released, with figures or without."""
        return tuple(release for release in self.releases if release.grain == MONTH)

    @property
    def published(self) -> tuple[Release, ...]:
        """Months with figures."""
        return self.of(MONTH)

    def of(self, grain: str) -> tuple[Release, ...]:
        """Releases of that length with figures, oldest first; none for a length that does not exist."""
        return tuple(release for release in self.releases if release.grain == grain and release.is_published)

    def at(self, period: date, grain: str = MONTH) -> Release | None:
        return next((release for release in self.of(grain) if release.period == period), None)

    def series(self, metric: str, dim: str = TOTAL, dim_value: str = ALL, *, grain: str = MONTH) -> tuple[Point, ...]:
        """The cell through time; a period whose release has no such cell is left out."""
        found = ((release.period, release.cell(metric, dim, dim_value)) for release in self.of(grain))
        return tuple(Point(period, cell) for period, cell in found if cell is not None)


class Figures:
    """Reads the released database. Blocking: callers on an event loop go through a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: dict[UUID, Release] = {}

    @classmethod
    def of(cls, settings: Settings) -> "Figures":
        """Raises SettingsError where the analyst's address is missing."""
        if settings.analyst_database_url is None:
            raise SettingsError(
                "KONECTUS_ANALYST_DATABASE_URL: needed by the dashboard; the analyst's address of `released`"
            )
        url = make_url(settings.analyst_database_url.get_secret_value()).set(drivername="postgresql+psycopg")
        return cls(create_engine(url, pool_size=2, max_overflow=2, pool_pre_ping=True))

    def history(self) -> History:
        """Raises FiguresDown where the database does not answer."""
        try:
            with self._engine.connect() as conn:
                releases = tuple(self._release(conn, row) for row in conn.execute(_RELEASES))
                remarks = tuple(Annotation(row.day, _words(row)) for row in conn.execute(_ANNOTATIONS))
        except (OperationalError, PoolTimeout) as error:
            raise FiguresDown("the database of the figures does not answer") from error
        return History(releases, remarks)

    def close(self) -> None:
        self._engine.dispose()

    def _release(self, conn: Connection, row: Any) -> Release:
        if row.id not in self._kept:
            asked = {"release_id": row.id}
            cells = [Cell(*found) for found in conn.execute(_CELLS, asked)]
            self._kept[row.id] = Release(
                id=row.id,
                number=row.number,
                period=row.period,
                grain=row.grain,
                booked=row.booked,
                rung=row.rung,
                released_at=row.released_at,
                rho=float(row.rho),
                delta=row.delta,
                epsilon=row.epsilon,
                caps=row.caps,
                sha256=row.sha256,
                metrics={metric.key: _metric(metric) for metric in conn.execute(_METRICS, asked)},
                cells={(cell.metric, cell.dim, cell.dim_value): cell for cell in cells},
            )
        return self._kept[row.id]


def _metric(row: Any) -> Metric:
    told = {"es_MX": row.definition_es, "en": row.definition_en} if row.definition_es else {}
    return Metric(row.key, _words(row), row.unit, row.mechanism, row.cap, row.dims, told)


def _words(row: Any) -> dict[str, str]:
    return {"es_MX": row.words_es, "en": row.words_en}
