"""Token bucket and circuit breaker as values: the state before and a time in, the state after and a decision out.

Where the states are kept and who asks is not decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from konectus.domain.channels import Channel

# engine.md 4: the breaker opens at so many failures and this share of them within the span.
BREAKER_SPAN = timedelta(seconds=60)
LEAST_FAILURES = 5
LEAST_SHARE = 0.5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
# How long everything else waits for the outcome of the one probe.
PROBE = timedelta(seconds=60)
# A pause is stretched by up to this share, so that many connectors of one dead channel do not return in step.
JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `burst` at once and `per_second` over time."""

    burst: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket held at an instant."""

    tokens: float
    at: datetime


# Per page, account or bot. Above 40 a second the Page inbox stops showing messages (channels.md 1.10); Instagram
# Login pages take 100, Telegram about 30 (4.7).
SENDING: Mapping[Channel, Budget] = {
    Channel.MESSENGER: Budget(40, 40),
    Channel.INSTAGRAM: Budget(100, 100),
    Channel.TELEGRAM: Budget(30, 30),
}
# Telegram, per person and per group (channels.md 4.7); elsewhere a thread is bounded by its account alone.
TELEGRAM_PERSON = Budget(3, 1)
TELEGRAM_GROUP = Budget(3, 20 / 60)


def full(budget: Budget, now: datetime) -> Level:
    return Level(budget.burst, now)


def take(budget: Budget, level: Level, now: datetime) -> tuple[Level, timedelta]:
    """Take one token. Zero: it is taken; else how long until there is one, and the level is only brought up to date."""
    elapsed = max((now - level.at).total_seconds(), 0.0)
    tokens = min(budget.burst, level.tokens + elapsed * budget.per_second)
    if tokens >= 1:
        return Level(tokens - 1, now), timedelta()
    return Level(tokens, now), timedelta(seconds=(1 - tokens) / budget.per_second)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Outcomes of the last minute while closed; while open, until when nothing is tried."""

    outcomes: tuple[tuple[datetime, bool], ...] = ()
    open_until: datetime | None = None
    openings: int = 0
    is_probing: bool = False

    @property
    def is_open(self) -> bool:
        return self.open_until is not None


def allow(breaker: Breaker, now: datetime) -> tuple[Breaker, bool]:
    """Whether a call may go out. When the pause is over one may, and the rest waits for its outcome."""
    if breaker.open_until is None:
        return breaker, True
    if now < breaker.open_until:
        return breaker, False
    return replace(breaker, open_until=now + PROBE, is_probing=True), True


def succeeded(breaker: Breaker, now: datetime) -> Breaker:
    """The channel answered: a probe closes the breaker, a closed one remembers. What began before changes nothing."""
    if breaker.is_open:
        return Breaker() if breaker.is_probing else breaker
    return replace(breaker, outcomes=(*_recent(breaker, now), (now, True)))


def failed(breaker: Breaker, now: datetime, chance: float) -> Breaker:
    """The channel did not answer as it should. `chance` in [0, 1) stretches the pause if it opens."""
    if breaker.is_open:
        return _opened(breaker.openings + 1, now, chance) if breaker.is_probing else breaker
    outcomes = (*_recent(breaker, now), (now, False))
    failures = sum(not well for _, well in outcomes)
    if failures >= LEAST_FAILURES and failures >= LEAST_SHARE * len(outcomes):
        return _opened(1, now, chance)
    return replace(breaker, outcomes=outcomes)


def pause(attempt: int, chance: float, first: timedelta = FIRST_PAUSE, longest: timedelta = LONGEST_PAUSE) -> timedelta:
    """How long to wait after the n-th failure in a row (n from 1): doubling, capped, then stretched by chance."""
    doubled: timedelta = min(first * 2 ** min(attempt - 1, 30), longest)
    return doubled * (1 + JITTER * chance)


def _opened(openings: int, now: datetime, chance: float) -> Breaker:
    return Breaker((), now + pause(openings, chance), openings)


def _recent(breaker: Breaker, now: datetime) -> tuple[tuple[datetime, bool], ...]:
    return tuple(outcome for outcome in breaker.outcomes if now - outcome[0] < BREAKER_SPAN)
