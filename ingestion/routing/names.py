"""Which accounts a body of Meta names, without decoding what its items say: all that a door has to know of it."""

from typing import TypedDict

import msgspec

from ingestion import registry
from ingestion.channels.port.reading import Undecodable, decode
from ingestion.routing.bodies import Body
from konectus.store.queries.accounts import Pair

# A body of another shape than below is decoded as a whole. Beyond this it is not: that would take many times its size.
MOST_WHOLE = 256 << 10
_Scalar = str | int | float | bool | None


class _Party(TypedDict, total=False):
    id: _Scalar


class _Message(TypedDict, total=False):
    is_echo: _Scalar


class _Item(TypedDict, total=False):
    sender: _Party | None
    recipient: _Party | None
    message: _Message | None
    timestamp: _Scalar


class _Change(TypedDict, total=False):
    field: _Scalar
    value: _Item | None


class _Entry(TypedDict, total=False):
    id: _Scalar
    messaging: list[_Item] | None
    standby: list[_Item] | None
    changes: list[_Change] | None


class _Body(TypedDict, total=False):
    """The keys by which `whose` of the channels tells the account; everything else is passed over."""

    object: _Scalar
    entry: list[_Entry] | None


_read = msgspec.json.Decoder(_Body).decode


class TooOdd(Undecodable):
    """Too big to look into although its shape is none of Meta's."""

    code = "too_odd"


def named(raw: Body) -> set[Pair]:
    """(channel, account) of every account the body names. Raises Undecodable where it is no JSON, TooOdd."""
    try:
        body: object = _read(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if len(raw) > MOST_WHOLE:
            raise TooOdd("of another shape") from None
        body = decode(bytes(raw))
    return registry.named(registry.META, body)
