"""The only place that reads time. Everything else receives a Clock or an instant."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

# The demo's offset file is read again at most this often (decisions.md, "Demo clock").
OFFSET_READ_EVERY = 1.0


class Clock(Protocol):
    """Tells the present instant, always aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class OffsetClock:
    """The machine's clock moved forward by the seconds written in a file (the demo's clock)."""

    path: Path
    _offset: timedelta = field(default=timedelta(), init=False)
    _read_at: float = field(default=-OFFSET_READ_EVERY, init=False)

    def now(self) -> datetime:
        if monotonic() - self._read_at >= OFFSET_READ_EVERY:
            self._read_at = monotonic()
            self._offset = max(self._offset, read_offset(self.path))
        return datetime.now(UTC) + self._offset


def read_offset(path: Path) -> timedelta:
    """How far the demo's clock is ahead; zero where no file says otherwise."""
    try:
        return timedelta(seconds=float(path.read_text()))
    except (OSError, ValueError):
        return timedelta()


def monotonic() -> float:
    """Seconds from an arbitrary start, for durations alone."""
    return time.monotonic()
