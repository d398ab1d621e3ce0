"""How fast one process sends: a bucket per account and per person, a breaker per connector, kept in memory.

The rules are `konectus.domain.budgets`; a pause the channel asked for is a column of the account, so that all
processes keep it.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom
from uuid import UUID

from konectus.domain import budgets
from konectus.domain.budgets import Breaker, Budget, Level
from konectus.domain.channels import Channel

# A bucket that is forgotten was full again long before.
_MOST_BUCKETS = 20_000
_random = SystemRandom()


def chance() -> float:
    """A number in [0, 1) for jitter."""
    return _random.random()


@dataclass
class Pace:
    """Buckets and breakers. Threads may ask at the same time."""

    _levels: OrderedDict[tuple[UUID, str], Level] = field(default_factory=OrderedDict, init=False)
    _breakers: dict[UUID, Breaker] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def wait_for_account(self, connector_id: UUID, channel: Channel, now: datetime) -> timedelta:
        """Take one send from the account's budget; zero where it was given."""
        return self._take((connector_id, ""), budgets.SENDING[channel], now)

    def wait_for_person(self, connector_id: UUID, channel: Channel, recipient: str, now: datetime) -> timedelta:
        """Take one send from what Telegram grants a chat (a group's id is negative); elsewhere the account's counts."""
        if channel is not Channel.TELEGRAM:
            return timedelta()
        budget = budgets.TELEGRAM_GROUP if recipient.startswith("-") else budgets.TELEGRAM_PERSON
        return self._take((connector_id, recipient), budget, now)

    def allow(self, connector_id: UUID, now: datetime) -> bool:
        """Whether the connector's breaker lets a call through; the one call after a pause is the probe."""
        with self._lock:
            breaker, allowed = budgets.allow(self._breakers.get(connector_id, Breaker()), now)
            self._breakers[connector_id] = breaker
        return allowed

    def resting(self, now: datetime) -> list[UUID]:
        """Connectors whose breaker lets nothing through now."""
        with self._lock:
            return [key for key, b in self._breakers.items() if b.open_until is not None and now < b.open_until]

    def went_well(self, connector_id: UUID, now: datetime) -> bool:
        """The channel answered; True where that closed the breaker."""
        with self._lock:
            before = self._breakers.get(connector_id, Breaker())
            self._breakers[connector_id] = budgets.succeeded(before, now)
        return before.is_open

    def went_wrong(self, connector_id: UUID, now: datetime) -> bool:
        """The channel did not answer as it should; True where that opened the breaker."""
        with self._lock:
            before = self._breakers.get(connector_id, Breaker())
            after = self._breakers[connector_id] = budgets.failed(before, now, chance())
        return after.is_open and not before.is_open

    def _take(self, key: tuple[UUID, str], budget: Budget, now: datetime) -> timedelta:
        with self._lock:
            level = self._levels.pop(key, None) or budgets.full(budget, now)
            self._levels[key], wait = budgets.take(budget, level, now)
            while len(self._levels) > _MOST_BUCKETS:
                self._levels.popitem(last=False)
        return wait
