"""The second database: what analysts may read. No table of a Client is here, and none of its columns names one."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from konectus.store.base import NAMING
from konectus.store.columns import Id, one_of

SCHEMA = "released"
GRAINS = ("week", "month", "quarter")
RUNGS = (0, 20, 120, 600, 2000)
STATUSES = ("published", "low_precision", "few_clients")
MECHANISMS = ("presence", "volume", "histogram", "quantile", "ratio")
# The trigger of the migration refuses more than this in any twelve months (privacy.md 2.4).
RHO_YEAR_CEILING = Decimal("3.0")


class ReleasedBase(DeclarativeBase):
    """Apart from the main declarative base: neither database can be migrated with the other's tables."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING, schema=SCHEMA)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        date: Date(),
        float: Double(),
        int: Integer(),
        str: Text(),
        dict[str, Any]: JSONB(),
    }


class Release(ReleasedBase):
    """One period, computed once and never changed; each names the one before it by hash."""

    __tablename__ = "release"
    __table_args__ = (
        # The fence: whatever starts twice, a period is released once.
        UniqueConstraint("period", "grain"),
        UniqueConstraint("number"),
        UniqueConstraint("prev_sha256"),
        UniqueConstraint("sha256"),
        one_of("grain", GRAINS),
        CheckConstraint(f"rung in {RUNGS}", name="rung"),
        CheckConstraint("rho > 0 and epsilon > 0 and delta > 0 and delta < 1", name="budget"),
        CheckConstraint("(number = 1) = (prev_sha256 is null)", name="chain"),
        CheckConstraint("cells >= 0 and clients_sigma > 0", name="counts"),
    )

    id: Mapped[Id]
    number: Mapped[int]
    period: Mapped[date]
    grain: Mapped[str]
    rung: Mapped[int]
    released_at: Mapped[datetime]
    rho: Mapped[Decimal] = mapped_column(Numeric(10, 9))
    delta: Mapped[float]
    epsilon: Mapped[float]
    # By query: cap, sensitivity, rho, sigma.
    caps: Mapped[dict[str, Any]]
    # How many cells belong to it; a trigger refuses one more.
    cells: Mapped[int]
    # The noisy number of Clients, for the ladder alone: it exists also where nothing is published. No analyst reads it.
    clients: Mapped[float]
    clients_sigma: Mapped[float]
    code_version: Mapped[str]
    prev_sha256: Mapped[str | None]
    sha256: Mapped[str]


class Metric(ReleasedBase):
    """What a figure of that release means: words, unit, cap and the whole key space, empty cells included."""

    __tablename__ = "metric"
    __table_args__ = (one_of("mechanism", MECHANISMS),)

    release_id: Mapped[UUID] = mapped_column(ForeignKey(Release.id), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    words_es: Mapped[str]
    words_en: Mapped[str]
    # Null in releases of before 20261124_grains.
    definition_es: Mapped[str | None]
    definition_en: Mapped[str | None]
    unit: Mapped[str]
    mechanism: Mapped[str]
    cap: Mapped[int]
    first_rung: Mapped[int]
    # Dimension -> [{"value": ..., "words": ..., "words_en": ... where it is no name}], in the order of display.
    dims: Mapped[dict[str, Any]]


class Cell(ReleasedBase):
    """One noisy figure with its standard deviation. A hidden one keeps its reason and no value."""

    __tablename__ = "cell"
    __table_args__ = (
        one_of("status", STATUSES),
        CheckConstraint("(status = 'published') = (value is not null)", name="hidden"),
        CheckConstraint("sigma > 0 and sigma < 'Infinity'", name="sigma"),
        CheckConstraint("value > '-Infinity' and value < 'Infinity'", name="value"),
        CheckConstraint(
            "(low is null) = (high is null) and low <= high and low > '-Infinity' and high < 'Infinity'"
            " and (low is null or value is not null)",
            name="interval",
        ),
    )

    release_id: Mapped[UUID] = mapped_column(ForeignKey(Release.id), primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    dim: Mapped[str] = mapped_column(primary_key=True)
    dim_value: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None]
    sigma: Mapped[float]
    # The 95 % interval where it is not the value and 1.96 sigma on either side.
    low: Mapped[float | None]
    high: Mapped[float | None]
    status: Mapped[str]
    unit: Mapped[str]


class Annotation(ReleasedBase):
    """A remark of staff at a day of the charts, copied from main by the releaser."""

    __tablename__ = "annotation"

    id: Mapped[Id]
    day: Mapped[date]
    words_es: Mapped[str]
    words_en: Mapped[str]


class Gate(ReleasedBase):
    """One row, where releases wait for each other: no right of an analyst reaches it, so none can hold a release up."""

    __tablename__ = "gate"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class LedgerEntry(ReleasedBase):
    """What a release spent of the privacy budget, booked on its month."""

    __tablename__ = "ledger"
    __table_args__ = (CheckConstraint("rho > 0", name="rho"),)

    release_id: Mapped[UUID] = mapped_column(ForeignKey(Release.id), primary_key=True)
    period: Mapped[date] = mapped_column(index=True)
    rho: Mapped[Decimal] = mapped_column(Numeric(10, 9))
    spent_at: Mapped[datetime]
