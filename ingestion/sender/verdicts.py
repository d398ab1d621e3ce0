"""What an answer of a channel means for a part: data in, verdict out. Carrying it out is `parts`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion.channels.port.failures import Action, ChannelError, Permanent, Transient
from konectus.domain.budgets import JITTER, pause
from konectus.domain.connectors import Reason
from konectus.services.orders import Order
from konectus.services.sending import Refusal

# A limit without a time: long enough for a bucket of a minute, short enough for a person who waits.
_REST = timedelta(seconds=30)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)
# A flow of the channel (an ad's questions) ends by itself, mostly within minutes.
_HELD_FOR, _MOST_HELD = timedelta(seconds=30), 6
# The connector itself is stopped, its outbox waits (channels.md 1.8).
_STOPPING = {
    Action.NEEDS_REAUTH: Reason.NEEDS_REAUTH,
    Action.PERMISSION_LOST: Reason.PERMISSION_LOST,
    Action.RESTRICTED: Reason.RESTRICTED,
}
# What a refusal says of the one the part was for: out of reach, and whether the chat is over.
_ABOUT_PERSON: Mapping[Action, tuple[str, bool]] = {
    Action.RECIPIENT_BLOCKED: ("blocked", False),
    Action.RECIPIENT_GONE: ("gone", False),
    Action.CHAT_CLOSED: ("gone", True),
}
# "Person not available" in the error table, "window closed" in the send guide (channels.md 1.8): our clock decides.
_AMBIGUOUS = "1545041"


@dataclass(frozen=True, slots=True)
class Accepted:
    external_id: str
    took_thread: bool = False
    word: str = "sent"


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    word: str = "unknown"


@dataclass(frozen=True, slots=True)
class Refused:
    """The failure is a stable code, then a colon and the channel's own numbers."""

    refusal: Refusal
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
    if error.action is Action.HELD and order.attempts < _MOST_HELD:
        return Postponed(now + _HELD_FOR * (1 + JITTER * chance))
    reason = _STOPPING.get(error.action)
    if reason is not None and not _is_own_case(error, order):
        return Stopped(reason)
    return Refused(_refusal(error, order))


def is_trouble(error: ChannelError) -> bool:
    """Whether the breaker counts it: the channel is down, not merely saying no or asking to wait."""
    return isinstance(error, Transient) and error.action is not Action.RATE_LIMIT


def _is_own_case(error: ChannelError, order: Order) -> bool:
    """What is refused to a late reply says nothing of the connector: the tag may not be approved.

    Nor does what is refused in an owner's own account.
    """
    return error.action is Action.PERMISSION_LOST and (order.late or order.business_connection is not None)


def _refusal(error: ChannelError, order: Order) -> Refusal:
    action = error.action
    if order.late and (action is Action.PERMISSION_LOST or error.provider_code.endswith(_AMBIGUOUS)):
        action = Action.WINDOW
    elif action is Action.PERMISSION_LOST:
        action = Action.BUSINESS_GONE
    elif action is Action.HELD:
        action = Action.NOT_OWNER
    unreachable, closes = _ABOUT_PERSON.get(action, (None, False))
    return Refusal(f"{action}:{error.provider_code}", unreachable, closes)


def _of_transient(error: Transient, attempts: int, now: datetime, chance: float) -> Verdict:
    if error.action is Action.RATE_LIMIT:
        return Rested(now + (error.retry_after or _REST) * (1 + JITTER * chance))
    if error.maybe_accepted:
        return Unconfirmed()
    return Postponed(now + pause(attempts, chance, _FIRST_PAUSE, _LONGEST_PAUSE))
