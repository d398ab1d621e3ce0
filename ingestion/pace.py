"""How fast is sent. The levels are rows that all processes share; here are the slices this one has taken of them,
and the calls that went well, which count only once something goes wrong.

A pause the channel asked for is a column of the account.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom
from uuid import UUID

from konectus.domain import budgets
from konectus.domain.budgets import Breaker, Bucket, Tally
from konectus.domain.channels import AttachmentKind, Channel
from konectus.services import limits
from konectus.services.limits import Line
from konectus.services.work import Work, Works

# A slice that is not used by then is lost, so that an idle process does not sit on another's sends.
_HOLDS = timedelta(seconds=1)
_HEAVY = (AttachmentKind.AUDIO, AttachmentKind.VIDEO)
# A usage is told again when it has moved by so many points, and above the easy part every so often.
_NEWS, _TELL_AGAIN = 5, timedelta(minutes=1)
_EASY = 75
_random = SystemRandom()


def chance() -> float:
    """A number in [0, 1) for jitter."""
    return _random.random()


@dataclass
class _Slice:
    """Tokens at hand until `until`; where none were granted, nobody asks again before."""

    tokens: int
    until: datetime
    was_granted: bool


@dataclass
class Pace:
    """Slices and successes of one process. Threads may ask at the same time."""

    works: Works
    _slices: dict[UUID, _Slice] = field(default_factory=dict, init=False)
    _well: dict[UUID, Breaker] = field(default_factory=dict, init=False)
    _usage: dict[UUID, tuple[int, datetime]] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def may_send(self, line: Line, now: datetime) -> bool:
        """Take one send from the account's budget."""
        with self._lock:
            held = self._slices.get(line.connector_id)
            if held is not None and now < held.until and (held.tokens > 0 or not held.was_granted):
                held.tokens -= 1
                return held.was_granted
        with self.works.system() as work:
            lease = limits.lease(work, line, self._successes(line.connector_id, now))
        with self._lock:
            until = now + (_HOLDS if lease.tokens else lease.wait)
            self._slices[line.connector_id] = _Slice(lease.tokens - 1, until, lease.tokens > 0)
            if lease.counted:
                self._well.pop(line.connector_id, None)
        return lease.tokens > 0

    def may_probe(self, line: Line) -> bool:
        """Whether this call is the one that tries a channel that did not answer."""
        with self.works.system() as work:
            return limits.probe(work, line)

    def wait_for_chat(self, work: Work, line: Line, conversation_id: UUID, recipient: str) -> timedelta:
        """Take one send from what Telegram grants a chat (a group's id is negative); elsewhere the account's counts."""
        if line.channel is not Channel.TELEGRAM:
            return timedelta()
        budget = budgets.TELEGRAM_GROUP if recipient.startswith("-") else budgets.TELEGRAM_PERSON
        return limits.take(work, conversation_id, Bucket.CHAT, budget)

    def wait_for_file(self, work: Work, line: Line, kind: AttachmentKind | None) -> timedelta:
        """Take one from what Meta grants an account for sound and moving pictures."""
        if line.channel is Channel.TELEGRAM or kind not in _HEAVY:
            return timedelta()
        return limits.take(work, line.connector_id, Bucket.MEDIA, budgets.HEAVY)

    def went_well(self, line: Line, now: datetime, *, is_probe: bool) -> bool:
        """The channel answered; True where that closed the breaker. Only a probe costs a statement."""
        if is_probe:
            with self.works.system() as work:
                return limits.went_well(work, line)
        with self._lock:
            known = self._well.get(line.connector_id, Breaker())
            self._well[line.connector_id] = budgets.succeeded(known, now)
        return False

    def went_wrong(self, line: Line, now: datetime) -> bool:
        """The channel did not answer as it should; True where that opened the breaker."""
        with self.works.system() as work:
            opened = limits.went_wrong(work, line, self._successes(line.connector_id, now), chance())
        with self._lock:
            self._well.pop(line.connector_id, None)
        return opened

    def note_usage(self, line: Line, usage: int | None, now: datetime) -> None:
        """Pass on what the channel says of its allowance, where it is news."""
        if usage is None:
            return
        with self._lock:
            before, at = self._usage.get(line.connector_id, (0, now))
            is_news = abs(usage - before) >= _NEWS or (usage > _EASY and now - at >= _TELL_AGAIN)
            if not is_news or max(usage, before) <= _EASY:
                return
            self._usage[line.connector_id] = (usage, now)
        with self.works.system() as work:
            limits.note_usage(work, line, usage)

    def _successes(self, connector_id: UUID, now: datetime) -> Sequence[Tally]:
        """What went well here in the last minute and is not counted in the row yet."""
        with self._lock:
            known = self._well.get(connector_id, Breaker())
        return [tally for tally in known.tallies if now - tally.at < budgets.BREAKER_SPAN]
