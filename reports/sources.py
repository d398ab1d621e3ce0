"""What a release reads of the main database: one snapshot, metadata alone, one row per legal entity, in memory only.

The SQL is in sums.py, the key space in labels.py, what becomes of the vectors in estimates.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from konectus import figures
from konectus.domain.deadlines import LEGAL_ZONE
from konectus.errors import Conflict
from konectus.figures import EDGES, MOVEMENTS, SIZES, TOTAL, Cut
from reports import sums
from reports.anonymize import Vectors
from reports.labels import Label, labels
from reports.periods import Period, Quarter

MONTHS_OF_QUARTER = 3


class UnknownPlan(Conflict):
    """Rollups name a Plan that is not in the catalogue: the parts would not add up to the total."""

    code = "unknown_plan"


@dataclass(frozen=True)
class Usage:
    """Exact figures of a period by (metric, dimension): a row per Client, a column per value.

    A ratio has its numerators in the first half of the columns and the rest of its denominators in the second. They
    never leave the process: not into a table, a log or a message of an error.
    """

    labels: Mapping[str, tuple[Label, ...]]
    rows: Mapping[tuple[str, str], Vectors]

    def __repr__(self) -> str:
        return "Usage(exact figures, not shown)"


def open_snapshot(main: Session) -> None:
    """Fix what this transaction sees; it must be the first thing the session does."""
    main.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def first_day(main: Session) -> date | None:
    """The oldest day with rollups, where releases begin on an installation that has none."""
    found: date | None = main.execute(sums.FIRST_DAY).scalar()
    return found


def read(main: Session, period: Period, rung: int) -> Usage:
    """The vectors of every cut of the rung. Raises UnknownPlan."""
    reading = _Reading.of(main, period)
    asked = [cut for cut in figures.cuts(period.grain, rung) if not cut.of]
    return Usage(reading.labels, {(cut.metric, cut.dim): reading.rows(cut) for cut in asked})


@dataclass(frozen=True)
class _Reading:
    """A period of that session; `used` has a row per entity and channel, `client` its place among the entities."""

    main: Session
    period: Period
    labels: Mapping[str, tuple[Label, ...]]
    used: Sequence[Any]
    client: Mapping[int, int]

    @classmethod
    def of(cls, main: Session, period: Period) -> "_Reading":
        known = labels([(row.code, row.name) for row in main.execute(sums.PLANS)], period)
        used = main.execute(sums.VOLUMES, {"first": period.first, "after": period.after}).all()
        unknown = {row.plan_code for row in used} - {label.value for label in known["plan"]}
        if unknown:
            raise UnknownPlan(f"usage_daily names Plans that ledger.plan does not have: {', '.join(sorted(unknown))}")
        numbers = sorted({row.number for row in used})
        return cls(main, period, known, used, {number: place for place, number in enumerate(numbers)})

    def rows(self, cut: Cut) -> Vectors:
        match cut.metric:
            case "incoming":
                return self._profile(cut.dim)
            case "first_response" | "resolution":
                return self._durations[cut.metric]
            case "clients":
                return self._present(cut.dim)
            case _:
                return self._counted(cut)

    def _counted(self, cut: Cut) -> Vectors:
        match cut.metric:
            case "failed_share":
                return np.hstack([self._spread(cut.dim, "failed"), self._spread(cut.dim, "sent")])
            case "reopened_share":
                again, opened = self._spread(cut.dim, "reopened"), self._spread(cut.dim, "opened")
                return np.hstack([again, np.maximum(opened - again, 0)])
            case "messages":
                return self._messages(cut.dim)
            case _:
                return self._spread(cut.dim, {"conversations": "opened", "contacts": "contacts"}[cut.metric])

    def _messages(self, dim: str) -> Vectors:
        if dim == "direction":
            return np.hstack([self._spread(TOTAL, "received"), self._spread(TOTAL, "sent")])
        return self._spread(dim, "received") + self._spread(dim, "sent")

    def _present(self, dim: str) -> Vectors:
        """Who was there: anything above zero counts as one."""
        match dim:
            case "size":
                return self._sized()
            case "movement":
                return self._moved()
            case _:
                return self._messages(dim)

    def _spread(self, dim: str, column: str) -> Vectors:
        """The sums of that column by Client and value of the dimension."""
        found = np.zeros((len(self.client), len(self.labels[dim])), dtype=np.int64)
        if self.used:
            clients = self._columns["client"]
            np.add.at(found, (clients, self._places(dim, clients)), self._columns[column])
        return found

    @cached_property
    def _columns(self) -> dict[str, Any]:
        """`used` by column, and each row's place of its Client."""
        names = self.used[0]._fields
        found = {name: np.array(values) for name, values in zip(names, zip(*self.used, strict=True), strict=True)}
        return found | {"client": np.array([self.client[number] for number in found["number"].tolist()])}

    def _places(self, dim: str, clients: Any) -> Any:
        place = {label.value: n for n, label in enumerate(self.labels[dim])}
        channels, plans = self._columns["channel"].tolist(), self._columns["plan_code"].tolist()
        match dim:
            case "channel":
                return [place[channel] for channel in channels]
            case "plan":
                return [place[plan] for plan in plans]
            case "channel_plan":
                return [place[f"{channel}-{plan}"] for channel, plan in zip(channels, plans, strict=True)]
            case "region" | "industry" | "signup":
                return np.array(self._traits(dim, place))[clients]
            case _:
                return 0

    @cached_property
    def _entities(self) -> Sequence[Any]:
        return self.main.execute(sums.ENTITIES, {"zone": LEGAL_ZONE.key}).all()

    def _traits(self, dim: str, place: Mapping[str, int]) -> list[int]:
        """The place of each entity in that dimension; what the enums do not know is the common value."""
        spare = {"region": "centre", "industry": "other", "signup": "before"}[dim]
        found = [place[spare]] * len(self.client)
        for row in self._entities:
            if row.number in self.client:
                value = _signup(row.since) if dim == "signup" else getattr(row, dim)
                found[self.client[row.number]] = place.get(value, place[spare])
        return found

    def _sized(self) -> Vectors:
        each = self._messages(TOTAL).ravel()
        edges = [MONTHS_OF_QUARTER * size for size in SIZES.values()]
        bands = np.searchsorted(edges, each, side="right") - 1
        return np.eye(len(SIZES), dtype=np.int64)[bands] * (each > 0)[:, None]

    def _moved(self) -> Vectors:
        """New, stayed or left since the period before, each entity once."""
        before = self.period.before()
        asked = {"first": before.first, "after": before.after}
        earlier = set(self.main.execute(sums.ACTIVE, asked).scalars())
        messages = self._messages(TOTAL).ravel()
        now = {number for number, place in self.client.items() if messages[place] > 0}
        kinds = {"new": now - earlier, "stayed": now & earlier, "left": earlier - now}
        places = [place for place, kind in enumerate(MOVEMENTS) for _one in kinds[kind]]
        return np.eye(len(MOVEMENTS), dtype=np.int64)[places]

    def _profile(self, dim: str) -> Vectors:
        match dim:
            case "hour":
                return np.asarray(self._hours.sum(axis=1))
            case "weekday":
                return np.asarray(self._hours.sum(axis=2))
            case _:
                return self._hours.reshape(len(self.client), -1)

    @cached_property
    def _hours(self) -> Vectors:
        """Messages in by Client, weekday and hour."""
        whole = np.zeros((len(self.client), 7, 24), dtype=np.int64)
        found = self.main.execute(sums.PROFILES, self._asked).all()
        if found:
            each = np.array([tuple(row) for row in found], dtype=np.int64)
            clients = np.array([self.client[number] for number in each[:, 0].tolist()])
            np.add.at(whole, (clients, each[:, 1] - 1), each[:, 2:])
        return whole

    @cached_property
    def _durations(self) -> dict[str, Vectors]:
        bins = len(EDGES) + 1
        found = self.main.execute(sums.DURATIONS, self._asked).all()
        each = np.array([tuple(row)[1:] for row in found], dtype=np.int64).reshape(len(found), 2 * bins)
        return {"first_response": each[:, :bins], "resolution": each[:, bins:]}

    @property
    def _asked(self) -> dict[str, date]:
        return {"first": self.period.first, "after": self.period.after}


def _signup(since: date) -> str:
    quarter = Quarter.of(since)
    return f"{quarter.first.year:04}Q{(quarter.first.month + 2) // MONTHS_OF_QUARTER}"
