"""The pieces of a batch by what they are: messages, edits, withdrawals, reactions, receipts, events. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from ingestion.routing.pieces import Piece
from ingestion.wire import Deletion, Edit, Event, Message, Reaction, Receipt, Signal
from ingestion.worker import rows
from ingestion.worker.outcomes import APPLIED, IGNORED, UNKNOWN, Outcomes
from ingestion.worker.rows import Spoken
from konectus.sealing import ClientKeys
from konectus.store.keystore import Keys
from konectus.store.queries.accounts import Holder
from konectus.store.queries.intake import Ref

E = TypeVar("E", bound=Event)
# Signals that become a line in the thread or change something; all others stay in the log alone.
KEPT = frozenset(
    {
        "account_linking", "app_roles", "bot_membership", "business_connection", "customer_information", "handover",
        "message_request", "optin", "order", "policy", "referral", "response_feedback", "service",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told(Generic[E]):
    """Something said about a message or a thread, on its way to the store."""

    piece: Piece
    event: E
    holder: Holder
    keys: ClientKeys = field(repr=False)

    @property
    def at(self) -> datetime:
        return self.event.occurred_at or self.piece.event.received_at

    @property
    def when(self) -> str:
        """Its instant as the channel tells it, for ids that a redelivery makes again."""
        return self.event.occurred_at.isoformat() if self.event.occurred_at else ""

    @property
    def contact(self) -> Ref | None:
        thread = rows.thread_of(self.event)
        if thread is None:
            return None
        return self.holder.client_id, self.holder.connector_id, self.keys.key_of("contact", thread)

    def message(self, external_id: str) -> Ref:
        return self.holder.client_id, self.holder.connector_id, self.keys.key_of("message", external_id)


@dataclass
class Gathered:
    """A batch, sorted. `outcomes` of what is done as soon as it is written."""

    spoken: list[Spoken] = field(default_factory=list)
    edited: list[Told[Edit]] = field(default_factory=list)
    withdrawn: list[Told[Deletion]] = field(default_factory=list)
    reacted: list[Told[Reaction]] = field(default_factory=list)
    heard: list[Told[Receipt]] = field(default_factory=list)
    noted: list[Told[Signal]] = field(default_factory=list)
    outcomes: Outcomes = field(default_factory=dict)

    @property
    def amended(self) -> set[Ref]:
        """The messages that edits, withdrawals and reactions are about."""
        edited = {one.message(one.event.external_id) for one in self.edited}
        withdrawn = {one.message(one.event.external_id) for one in self.withdrawn}
        return edited | withdrawn | {one.message(one.event.external_id) for one in self.reacted}


def gather(pieces: Sequence[Piece], keys: Keys) -> Gathered:
    gathered = Gathered()
    own: dict[UUID, ClientKeys] = {}
    for piece in pieces:
        holder = piece.holder
        if holder is None:
            raise AssertionError("a piece of nobody is done at once")
        known = own.get(holder.client_id)
        if known is None:
            known = own[holder.client_id] = keys.of(holder.client_id)
        _sort(gathered, piece, holder, known)
    return gathered


def _sort(to: Gathered, piece: Piece, holder: Holder, keys: ClientKeys) -> None:
    item = piece.item
    to.outcomes[piece.key] = APPLIED
    if isinstance(item, Message):
        said = rows.spoken(piece, item, holder, keys)
        if said:
            to.spoken.append(said)
        else:
            to.outcomes[piece.key] = IGNORED
    elif isinstance(item, Receipt):
        to.heard.append(Told(piece, item, holder, keys))
    elif isinstance(item, Signal):
        if item.kind in KEPT:
            to.noted.append(Told(piece, item, holder, keys))
        else:
            to.outcomes[piece.key] = UNKNOWN if item.kind == "unknown" else IGNORED
    else:
        _sort_amendment(to, piece, holder, keys)


def _sort_amendment(to: Gathered, piece: Piece, holder: Holder, keys: ClientKeys) -> None:
    item = piece.item
    if isinstance(item, Edit):
        to.edited.append(Told(piece, item, holder, keys))
    elif isinstance(item, Deletion):
        to.withdrawn.append(Told(piece, item, holder, keys))
    elif isinstance(item, Reaction):
        to.reacted.append(Told(piece, item, holder, keys))
    else:
        to.outcomes[piece.key] = IGNORED
