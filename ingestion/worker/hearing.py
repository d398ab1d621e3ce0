"""Receipts of a batch: which messages of ours arrived or were read, and what a batch does to its conversations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.routing.pieces import Piece
from ingestion.wire import Receipt, Receipts
from ingestion.worker.talk import Talk
from konectus.domain.conversations import Delivery, Direction
from konectus.sealing import ClientKeys
from konectus.store.queries import intake, receipts
from konectus.store.queries.accounts import Holder
from konectus.store.queries.intake import Ref, Stir
from konectus.store.queries.receipts import Named

Place = tuple[UUID, UUID]
# A part may still have been on the wire when the receipt before this one came.
_OVERLAP = timedelta(minutes=10)
_RANK = {Delivery.DELIVERED: 1, Delivery.READ: 2}


@dataclass(frozen=True, slots=True)
class Heard:
    """A receipt on its way to the store."""

    piece: Piece
    receipt: Receipt
    holder: Holder
    keys: ClientKeys = field(repr=False)

    @property
    def status(self) -> Delivery:
        return Delivery.READ if self.receipt.state is Receipts.READ else Delivery.DELIVERED

    def ref(self, external_id: str) -> Ref:
        return self.holder.client_id, self.holder.connector_id, self.keys.key_of("message", external_id)

    @property
    def refs(self) -> list[Ref]:
        """The messages it names, also the one up to which all were read."""
        up_to = (self.receipt.external_id,) if self.receipt.external_id else ()
        return [self.ref(external_id) for external_id in (*self.receipt.external_ids, *up_to)]


@dataclass
class Movement:
    """What a batch does to one conversation, coalesced. `since` bounds the messages its watermarks may change."""

    last_at: datetime | None = None
    unread: int = 0
    window_at: datetime | None = None
    delivered_until: datetime | None = None
    read_until: datetime | None = None
    since: datetime | None = None

    def spoke(self, at: datetime, direction: Direction) -> None:
        self.last_at = _later(self.last_at, at)
        if direction is Direction.IN:
            self.unread += 1
            self.window_at = _later(self.window_at, at)

    def heard(self, status: Delivery, until: datetime) -> None:
        if status is Delivery.READ:
            self.read_until = _later(self.read_until, until)
        self.delivered_until = _later(self.delivered_until, until)

    def sent(self, at: datetime) -> None:
        """A message of ours is new here: the watermarks may already be past it."""
        self.since = min(self.since, at) if self.since else at


def settle(session: Session, talk: Talk, heard: Sequence[Heard], now: datetime) -> list[Place]:
    """Move the conversations of a batch and advance messages of ours; (client, conversation) of all touched.

    The order of locks is the same in every batch: conversations by key, then messages by key.
    """
    found = receipts.by_keys(session, {ref for h in heard for ref in h.refs}) if heard else {}
    named, missing = _named(heard, found, now)
    moves = _movements(session, talk, heard, found)
    if moves:
        _move(session, moves)
    if talk.named:
        receipts.name_parts(session, [naming for _, naming, _ in talk.named])
    if named:
        receipts.advance(session, named)
    if missing:
        receipts.bury(session, missing)
    _follow(session, moves)
    return sorted(moves)


def wake(session: Session, since: datetime) -> list[Place]:
    """Apply kept receipts whose messages have come; a kept read tells that all before it were read (Instagram's)."""
    moves: dict[Place, Movement] = {}
    for woken in receipts.wake(session, since):
        move = moves.setdefault((woken.client_id, woken.conversation_id), Movement())
        if woken.status == Delivery.READ:
            move.heard(Delivery.READ, woken.occurred_at)
    if moves:
        _move(session, moves)
    _follow(session, moves)
    return sorted(moves)


def _follow(session: Session, moves: dict[Place, Movement]) -> None:
    """Messages of ours follow the watermarks of their conversations."""
    since = [(*place, move.since) for place, move in sorted(moves.items()) if move.delivered_until or move.since]
    if since:
        receipts.advance_until(session, since)


def _movements(
    session: Session, talk: Talk, heard: Sequence[Heard], found: dict[tuple[UUID, bytes], receipts.Found]
) -> dict[Place, Movement]:
    moves: dict[Place, Movement] = {}
    for s, conversation in talk.added:
        move = moves.setdefault((s.holder.client_id, conversation), Movement())
        move.spoke(s.stirred_at, s.message.direction)
        if s.message.direction is Direction.OUT:
            move.sent(s.occurred_at)
    for s, _naming, part in talk.named:
        moves.setdefault((s.holder.client_id, part.conversation_id), Movement()).sent(part.occurred_at)
    threads = _threads(session, heard)
    for h in heard:
        thread = threads.get((h.holder.connector_id, h.keys.key_of("contact", h.receipt.contact or "")))
        if h.receipt.watermark and thread:
            moves.setdefault((h.holder.client_id, thread), Movement()).heard(h.status, h.receipt.watermark)
        _name(moves, h, [message for ref in h.refs if (message := found.get(ref[1:]))])
    return moves


def _name(moves: dict[Place, Movement], heard: Heard, messages: Iterable[receipts.Found]) -> None:
    """Conversations of named messages are touched; Instagram's names the last one that was read (channels.md 3.2)."""
    for message in messages:
        if message.direction == Direction.OUT:
            move = moves.setdefault((heard.holder.client_id, message.conversation_id), Movement())
            if heard.receipt.external_id:
                move.heard(heard.status, message.occurred_at)


def _threads(session: Session, heard: Iterable[Heard]) -> dict[tuple[UUID, bytes], UUID]:
    """The conversations of the persons whose watermarks came; a receipt alone makes none."""
    refs = {
        (h.holder.client_id, h.holder.connector_id, h.keys.key_of("contact", h.receipt.contact))
        for h in heard
        if h.receipt.contact and h.receipt.watermark
    }
    known = intake.threads(session, refs) if refs else {}
    return {key: thread.conversation_id for key, thread in known.items() if thread.conversation_id}


def _named(
    heard: Sequence[Heard], found: dict[tuple[UUID, bytes], receipts.Found], now: datetime
) -> tuple[list[Named], list[Named]]:
    """Receipts that name a message we have, and one that we do not have yet; one of each, the greatest."""
    greatest: dict[Ref, Delivery] = {}
    for h in heard:
        for ref in h.refs:
            greatest[ref] = max(greatest.get(ref, h.status), h.status, key=_RANK.__getitem__)
    named = [
        Named(client_id=ref[0], connector_id=ref[1], external_key=ref[2], status=status, at=now)
        for ref, status in sorted(greatest.items())
    ]
    return (
        [one for one in named if (one.connector_id, one.external_key) in found],
        [one for one in named if (one.connector_id, one.external_key) not in found],
    )


def _move(session: Session, moves: dict[Place, Movement]) -> None:
    """Lock, then write. Afterwards `since` also covers what the watermarks passed."""
    before = intake.lock(session, moves)
    stirs = [
        Stir(
            client_id=client,
            id=conversation,
            last_at=move.last_at,
            unread=move.unread,
            window_at=move.window_at,
            delivered_until=move.delivered_until,
            read_until=move.read_until,
        )
        for (client, conversation), move in sorted(moves.items())
    ]
    intake.stir(session, stirs)
    for (_, conversation), move in moves.items():
        _widen(move, *before.get(conversation, (None, None)))


def _widen(move: Movement, delivered: datetime | None, read: datetime | None) -> None:
    if move.delivered_until is None:
        return
    old = read if move.read_until else delivered
    passed = old - _OVERLAP if old else None
    move.since = min(move.since, passed) if move.since and passed else passed


def _later(one: datetime | None, other: datetime) -> datetime:
    return max(one, other) if one else other
