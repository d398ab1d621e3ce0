"""Token bucket and circuit breaker as values: the state before and a time in, the state after and a decision out.

Where the states are kept and who asks is not decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

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
# Outcomes are counted by slots, so that a busy connector's minute is a dozen numbers.
_SLOT = 5


class Bucket(StrEnum):
    """What a budget is kept for: an account's sends, its heavy files, one chat, the questions about conversations."""

    ACCOUNT = "account"
    MEDIA = "media"
    CHAT = "chat"
    QUESTIONS = "questions"


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
# Sound and moving pictures (channels.md 1.10); Telegram counts them like everything else.
HEAVY = Budget(10, 10)
# Conversations API, per page or account (channels.md 1.10).
QUESTIONS = Budget(2, 2)
# Telegram, per person and per group (channels.md 4.7); elsewhere a thread is bounded by its account alone.
TELEGRAM_PERSON = Budget(3, 1)
TELEGRAM_GROUP = Budget(3, 20 / 60)
# Above this share of the channel's allowance we slow down; at 100 the channel refuses (channels.md 1.9).
_EASY_USAGE, _FULL_USAGE = 75, 100
_LEAST_SPEED = 0.02
# The allowance is of a rolling hour; what was said longer ago says little.
USAGE_HOLDS = timedelta(minutes=10)


def full(budget: Budget, now: datetime) -> Level:
    return Level(budget.burst, now)


def take(budget: Budget, level: Level, now: datetime, most: int = 1) -> tuple[Level, int, timedelta]:
    """Take up to `most` tokens: the level after, how many were taken, and where none how long until there is one."""
    elapsed = max((now - level.at).total_seconds(), 0.0)
    tokens = min(budget.burst, level.tokens + elapsed * budget.per_second)
    taken = min(int(tokens), most)
    wait = timedelta(seconds=(1 - tokens) / budget.per_second) if taken < 1 else timedelta()
    return Level(tokens - taken, max(now, level.at)), taken, wait


def slowed(budget: Budget, usage: int | None) -> Budget:
    """The budget while the channel says that `usage` percent of its allowance are used: slower well before it is."""
    if usage is None or usage <= _EASY_USAGE:
        return budget
    left = max((_FULL_USAGE - usage) / (_FULL_USAGE - _EASY_USAGE), _LEAST_SPEED)
    return Budget(max(1.0, budget.burst * left), budget.per_second * left)


@dataclass(frozen=True, slots=True)
class Tally:
    """Outcomes of calls in one slot of time."""

    at: datetime
    well: int = 0
    ill: int = 0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Outcomes of the last minute while closed; while open, until when nothing is tried."""

    tallies: tuple[Tally, ...] = ()
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


def succeeded(breaker: Breaker, now: datetime, times: int = 1) -> Breaker:
    """The channel answered: a probe closes the breaker, a closed one remembers. What began before changes nothing."""
    if breaker.is_open:
        return Breaker() if breaker.is_probing else breaker
    return replace(breaker, tallies=_tallied(breaker, now, Tally(now, well=times)))


def told(breaker: Breaker, more: Sequence[Tally], now: datetime) -> Breaker:
    """A closed breaker that also remembers what another process has counted."""
    if breaker.is_open:
        return breaker
    for tally in more:
        if now - tally.at < BREAKER_SPAN:
            breaker = replace(breaker, tallies=_tallied(breaker, tally.at, tally))
    return breaker


def failed(breaker: Breaker, now: datetime, chance: float) -> Breaker:
    """The channel did not answer as it should. `chance` in [0, 1) stretches the pause if it opens."""
    if breaker.is_open:
        return _opened(breaker.openings + 1, now, chance) if breaker.is_probing else breaker
    tallies = _tallied(breaker, now, Tally(now, ill=1))
    failures = sum(tally.ill for tally in tallies)
    if failures >= LEAST_FAILURES and failures >= LEAST_SHARE * sum(tally.well + tally.ill for tally in tallies):
        return _opened(1, now, chance)
    return replace(breaker, tallies=tallies)


def pause(attempt: int, chance: float, first: timedelta = FIRST_PAUSE, longest: timedelta = LONGEST_PAUSE) -> timedelta:
    """How long to wait after the n-th failure in a row (n from 1): doubling, capped, then stretched by chance."""
    doubled: timedelta = min(first * 2 ** min(attempt - 1, 30), longest)
    return doubled * (1 + JITTER * chance)


def _opened(openings: int, now: datetime, chance: float) -> Breaker:
    return Breaker((), now + pause(openings, chance), openings)


def _tallied(breaker: Breaker, now: datetime, more: Tally) -> tuple[Tally, ...]:
    """`more` in the slot of `now`; slots that are over are left out."""
    slot = now - timedelta(seconds=now.second % _SLOT, microseconds=now.microsecond)
    recent = [tally for tally in breaker.tallies if now - tally.at < BREAKER_SPAN and tally.at != slot]
    same = next((tally for tally in breaker.tallies if tally.at == slot), Tally(slot))
    return (*recent, Tally(slot, same.well + more.well, same.ill + more.ill))
