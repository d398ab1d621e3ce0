"""The words for conversations and messages: statuses, directions, states of a part and which may follow which."""

from datetime import datetime, timedelta
from enum import StrEnum


class Status(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Author(StrEnum):
    """Who wrote: the End Contact, an agent here, the owner by hand in the channel's own app, or another program."""

    CONTACT = "contact"
    AGENT = "agent"
    OWNER = "owner"
    PROGRAM = "program"


class Party(StrEnum):
    """Whom a conversation is with. Groups and channels never mix with private chats."""

    PERSON = "person"
    GROUP = "group"
    CHANNEL = "channel"


class Delivery(StrEnum):
    """State of an outgoing part. `unknown` is on the wire with no answer: never sent again blindly."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


# A message that came so much later than it was sent is marked in the thread, where it stands in its place (P10).
LATE = timedelta(minutes=5)


def arrived_late(occurred_at: datetime, received_at: datetime) -> bool:
    """Whether the agent may have answered without it."""
    return received_at - occurred_at >= LATE


# Receipts arrive in any order; a later one of a lower rank changes nothing.
RANK = {Delivery.UNKNOWN: 0, Delivery.SENT: 1, Delivery.DELIVERED: 2, Delivery.READ: 3}


def advance(now: Delivery, seen: Delivery) -> Delivery:
    """The state after a receipt: the greater of the two, where the part has left us at all."""
    if now in (Delivery.SENDING, Delivery.UNKNOWN):
        return seen
    if now not in RANK or seen not in RANK:
        return now
    return max(now, seen, key=RANK.__getitem__)
