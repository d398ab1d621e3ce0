"""The records of a batch: what became of each item, dead letters, counts of what was dropped, bodies sealed again."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.routing.pieces import Piece
from ingestion.worker.outcomes import Outcome, Told, kind_of
from konectus.ids import uuid7
from konectus.sealing import Place, Unreadable
from konectus.store.keystore import Keys
from konectus.store.queries import accounts, letters
from konectus.store.queries.letters import ItemRow, NewLetter
from konectus.stream.postgres import TABLE

_NOTHING = b"[]"


def file(session: Session, keys: Keys, now: datetime, pieces: Sequence[Piece], outcomes: Told) -> None:
    """Write the records of all pieces."""
    items = [_item(piece, outcomes[piece.key], now) for piece in pieces]
    if items:
        letters.add_items(session, items)
    dead = [_letter(keys, now, piece, outcomes[piece.key]) for piece in pieces if outcomes[piece.key].word == "dead"]
    if dead:
        letters.add_letters(session, dead)


def count(session: Session, pieces: Sequence[Piece]) -> None:
    """What was dropped, by hour; when each connector was last heard of."""
    accounts.add_dropped(session, _dropped(pieces))
    seen = _seen(pieces)
    if seen:
        letters.touch_connectors(session, seen)


def reseal(session: Session, keys: Keys, pieces: Sequence[Piece]) -> None:
    """Of a body that held items of accounts that are not live, only the others stay in the raw log (decisions.md)."""
    if all(_may_stay(piece) for piece in pieces):
        return
    by_event: dict[tuple[int, datetime], list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_event[piece.event.id, piece.event.received_at].append(piece)
    for (event_id, received_at), own in by_event.items():
        if all(_may_stay(piece) for piece in own):
            continue
        kept = [piece.alone for piece in own if piece.holder and not piece.is_whole]
        body = letters.sealed_body(session, event_id, received_at)
        place = Place(None, TABLE, "body_sealed", body.nonce_id)
        letters.replace_body(session, body, keys.intake(body.key_day).seal(_written(kept), place))


def _may_stay(piece: Piece) -> bool:
    return piece.holder is not None or piece.is_unread


def _written(kept: Sequence[object]) -> bytes:
    try:
        return json.dumps(kept).encode()
    except (RecursionError, ValueError):
        return _NOTHING


def _item(piece: Piece, outcome: Outcome, now: datetime) -> ItemRow:
    return ItemRow(
        received_at=piece.event.received_at,
        event_id=piece.event.id,
        item=piece.number,
        channel=piece.channel,
        account=piece.known.account if piece.known else None,
        kind=kind_of(piece),
        outcome=outcome.word,
        error=outcome.error,
        processed_at=now,
    )


def _letter(keys: Keys, now: datetime, piece: Piece, outcome: Outcome) -> NewLetter:
    """Sealed under its Client's key; what belongs to nobody under the dead letters' own."""
    row = uuid7(now)
    client_id = piece.holder.client_id if piece.holder else None
    key = keys.of(client_id).data if client_id else keys.dead_letters()
    return NewLetter(
        id=row,
        client_id=client_id,
        event_id=piece.event.id,
        item=piece.number,
        door=piece.event.door,
        channel=piece.channel,
        account=piece.known.account if piece.known else None,
        reason=outcome.error or "",
        body_sealed=key.seal(piece.raw, Place(client_id, "dead_letter", "body_sealed", row)),
        created_at=now,
    )


def _dropped(pieces: Sequence[Piece]) -> accounts.Dropped:
    counted: Counter[tuple[datetime, str, str]] = Counter()
    for piece in pieces:
        if not _may_stay(piece):
            hour = piece.event.received_at.replace(minute=0, second=0, microsecond=0)
            connector = str(piece.known.connector_id) if piece.known else "unknown"
            counted[hour, piece.channel or "unknown", connector] += 1
    return counted


def _seen(pieces: Sequence[Piece]) -> dict[tuple[UUID, UUID], datetime]:
    """When the last event of each connector came in."""
    latest: dict[UUID, tuple[UUID, datetime]] = {}
    for piece in pieces:
        if holder := piece.holder:
            last = latest.get(holder.connector_id)
            if last is None or last[1] < piece.event.received_at:
                latest[holder.connector_id] = (holder.client_id, piece.event.received_at)
    return {(client_id, connector_id): at for connector_id, (client_id, at) in latest.items()}


def bury_oldest(session: Session, keys: Keys, now: datetime) -> int:
    """The last resort for a body that cannot be handled even by itself: a dead letter of the whole, and done."""
    body = letters.oldest(session)
    if body is None:
        return 0
    place = Place(None, TABLE, "body_sealed", body.nonce_id)
    try:
        raw, reason = keys.intake(body.key_day).open(body.body_sealed, place), "not handled"
    except Unreadable:
        raw, reason = b"", "unreadable"
    row = uuid7(now)
    letter = NewLetter(
        id=row,
        client_id=None,
        event_id=body.id,
        item=0,
        door=body.door,
        channel=None,
        account=None,
        reason=reason,
        body_sealed=keys.dead_letters().seal(raw, Place(None, "dead_letter", "body_sealed", row)),
        created_at=now,
    )
    letters.add_letters(session, [letter])
    letters.finish(session, body, now)
    return 1
