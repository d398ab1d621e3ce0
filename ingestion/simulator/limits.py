"""How fast the channels let one call: sliding windows over the simulator's clock. Off unless set to be kept."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil


@dataclass(frozen=True)
class Limit:
    """So many in so long, for everything that shares a name."""

    name: tuple[str, ...]
    count: int
    span: timedelta


@dataclass
class Limits:
    """What was let through of late."""

    seen: dict[tuple[str, ...], deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def wait(self, limits: list[Limit], now: datetime) -> int:
        """0 when all limits have room, which is then taken; else the whole seconds to wait."""
        waits = [self._room(limit, now) for limit in limits]
        longest = max(waits, default=timedelta())
        if longest > timedelta():
            return max(1, ceil(longest.total_seconds()))
        for limit in limits:
            self.seen[limit.name].append(now)
        return 0

    def _room(self, limit: Limit, now: datetime) -> timedelta:
        times = self.seen[limit.name]
        while times and now - times[0] >= limit.span:
            times.popleft()
        return times[0] + limit.span - now if len(times) >= limit.count else timedelta()
