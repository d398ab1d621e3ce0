"""A clock that moves only when a test says so."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# A Thursday noon in Mexico City, far from any border of day, month or year.
START = datetime(2026, 11, 19, 18, 0, tzinfo=UTC)


@dataclass
class ManualClock:
    instant: datetime = START

    def now(self) -> datetime:
        return self.instant

    def advance(self, **delta: float) -> datetime:
        self.instant += timedelta(**delta)
        return self.instant

    def set(self, instant: datetime) -> None:
        self.instant = instant
