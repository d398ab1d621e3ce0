"""The commonest bodies of Meta, text messages of persons and nothing beside them, read in one go.

Everything else is read by `parsing`, and of these bodies both say the same.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ingestion.channels.meta.walk import TEST_ENTRY
from ingestion.channels.port.reading import MAX_ID, instant_of_number
from ingestion.wire import Message
from konectus.domain.channels import Channel
from konectus.domain.conversations import Direction

_Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
_Instant = Annotated[int, Meta(ge=0, lt=1 << 62)]
# Above this bodies are batches of all sorts.
_MOST = 1 << 16
# The only character a parser takes that no database does; half surrogates it refuses itself.
_NUL = b"\\u0000"


class _Party(Struct, forbid_unknown_fields=True, gc=False):
    id: _Id


class _Text(Struct, forbid_unknown_fields=True, gc=False):
    mid: _Id
    text: Annotated[str, Meta(min_length=1)]


class _Item(Struct, forbid_unknown_fields=True, gc=False):
    sender: _Party
    recipient: _Party
    timestamp: _Instant
    message: _Text


class _Entry(Struct, forbid_unknown_fields=True, gc=False):
    id: _Id
    time: _Instant
    messaging: list[_Item]


class _Body(Struct, forbid_unknown_fields=True, gc=False):
    object: Literal["page", "instagram"]
    entry: list[_Entry]


_decode = msgspec.json.Decoder(_Body).decode


def read(raw: bytes) -> Sequence[tuple[Channel, Message]] | None:
    """Its messages with their channel, in order; None for a body that is not as simple as that."""
    if len(raw) > _MOST or _NUL in raw:
        return None
    try:
        body = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    channel = Channel.MESSENGER if body.object == "page" else Channel.INSTAGRAM
    found = [(channel, _message(channel, entry, item)) for entry in body.entry for item in entry.messaging]
    told = [(where, message) for where, message in found if message]
    is_whole = len(told) == len(found) == len({message.external_id for _, message in told})
    return told if is_whole else None


def _message(channel: Channel, entry: _Entry, item: _Item) -> Message | None:
    """None where its parties or its time leave something to decide."""
    account, at = item.recipient.id, instant_of_number(item.timestamp)
    stands = entry.id == account if channel is Channel.MESSENGER else item.sender.id != account
    if at is None or not stands or entry.id == TEST_ENTRY:
        return None
    return Message(
        account=account,
        contact=item.sender.id,
        occurred_at=at,
        kind="message",
        direction=Direction.IN,
        external_id=item.message.mid,
        text=item.message.text,
    )
