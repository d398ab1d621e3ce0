"""What an answer of a channel means for a part: data in, verdict out. Carrying it out is `parts`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion.channels.port.failures import Action, ChannelError, Permanent, Transient
from konectus.domain.budgets import JITTER, pause
from konectus.domain.connectors import Reason
from konectus.services.sending import Order

# A limit without a time: long enough for a bucket of a minute, short enough for a person who waits.
_REST = timedelta(seconds=30)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)
# The connector itself is stopped, its outbox waits (channels.md 1.8).
_STOPPING = {
    Action.NEEDS_REAUTH: Reason.NEEDS_REAUTH,
    Action.PERMISSION_LOST: Reason.PERMISSION_LOST,
    Action.RESTRICTED: Reason.RESTRICTED,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    external_id: str
    word: str = "sent"


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    word: str = "unknown"


@dataclass(frozen=True, slots=True)
class Refused:
    """`failure`: a stable code, then a colon and the channel's own numbers."""

    failure: str
    word: str = "failed"


@dataclass(frozen=True, slots=True)
class Postponed:
    until: datetime
    word: str = "postponed"


@dataclass(frozen=True, slots=True)
class Rested:
    """The whole page or bot waits."""

    until: datetime
    word: str = "limited"


@dataclass(frozen=True, slots=True)
class Moved:
    recipient: str
    word: str = "moved"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The connector is not well; the part waits with it."""

    reason: Reason
    word: str = "stopped"


Verdict = Accepted | Unconfirmed | Refused | Postponed | Rested | Moved | Stopped


def of_error(error: ChannelError, order: Order, now: datetime, chance: float) -> Verdict:
    """`chance` in [0, 1) keeps parts that failed together from coming back together."""
    if isinstance(error, Transient):
        return _of_transient(error, order.attempts, now, chance)
    if isinstance(error, Permanent) and error.action is Action.MIGRATED and error.new_recipient:
        return Moved(error.new_recipient)
    # What is refused to a late reply or in a business chat says nothing of the connector: the tag may not be
    # approved, the owner may have removed that one connection.
    is_own_case = order.late or order.business_connection is not None
    if is_own_case and error.action is Action.PERMISSION_LOST:
        return Refused(f"{Action.WINDOW}:{error.provider_code}")
    reason = _STOPPING.get(error.action)
    return Stopped(reason) if reason is not None else Refused(f"{error.action}:{error.provider_code}")


def is_trouble(error: ChannelError) -> bool:
    """Whether the breaker counts it: the channel is down, not merely saying no or asking to wait."""
    return isinstance(error, Transient) and error.action is not Action.RATE_LIMIT


def _of_transient(error: Transient, attempts: int, now: datetime, chance: float) -> Verdict:
    if error.action is Action.RATE_LIMIT:
        return Rested(now + (error.retry_after or _REST) * (1 + JITTER * chance))
    if error.maybe_accepted:
        return Unconfirmed()
    return Postponed(now + pause(attempts, chance, _FIRST_PAUSE, _LONGEST_PAUSE))
