"""What became of a piece, in the words of ops.webhook_event."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ingestion.routing.pieces import WHOLE, Piece
from ingestion.wire import Broken, Duplicate, Event, Signal, Unroutable

# A key of a foreign body, as a word an operator may read.
_UNNAMED, _LONGEST = re.compile(r"[^a-z0-9_.]"), 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """One word and, for a dead letter, its reason. Never content."""

    word: str
    error: str | None = None


STORED = Outcome("stored")
DUPLICATE = Outcome("duplicate")
APPLIED = Outcome("applied")
IGNORED = Outcome("ignored")
# A kind nobody knows yet: it stays in the log, and the operators see its name.
UNKNOWN = Outcome("unknown")
NOT_LIVE = Outcome("unroutable", "account not live")

# By the piece's key: (event, item).
Outcomes = dict[tuple[int, int], Outcome]
Told = Mapping[tuple[int, int], Outcome]


def at_once(piece: Piece) -> Outcome | None:
    """The outcome of a piece that needs no store; None for one that does."""
    item = piece.item
    if isinstance(item, Unroutable):
        return Outcome("unroutable", item.reason)
    if isinstance(item, Broken) and (piece.holder is not None or piece.is_unread):
        return Outcome("dead", item.reason)
    if piece.holder is None:
        return NOT_LIVE
    return DUPLICATE if isinstance(item, Duplicate) else None


def kind_of(piece: Piece) -> str:
    """What the item was, for the operators."""
    if piece.is_whole:
        return WHOLE
    if isinstance(piece.item, Signal) and piece.item.kind == "unknown":
        return _UNNAMED.sub("_", str(piece.item.facts.get("raw_key", "")).lower())[:_LONGEST] or "unknown"
    return str(getattr(piece.item, "kind", "")) if isinstance(piece.item, Event) else type(piece.item).__name__.lower()
