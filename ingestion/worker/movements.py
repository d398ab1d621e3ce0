"""What a batch does to its conversations, coalesced: one update each, in the order of their keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain.conversations import Delivery, Direction
from konectus.store.queries import intake, receipts
from konectus.store.queries.intake import Stir

# Client and conversation.
Place = tuple[UUID, UUID]
# A part may still have been on the wire when the receipt before this one came.
_OVERLAP = timedelta(minutes=10)


@dataclass
class Movement:
    """What a batch does to one conversation. `since` bounds the messages its watermarks may change."""

    last_at: datetime | None = None
    unread: int = 0
    window: tuple[datetime, str] | None = None
    business_at: datetime | None = None
    owner: tuple[datetime, str] | None = None
    closed_at: datetime | None = None
    delivered_until: datetime | None = None
    read_until: datetime | None = None
    since: datetime | None = None

    def spoke(self, at: datetime, direction: Direction) -> None:
        self.last_at = later(self.last_at, at)
        if direction is Direction.IN:
            self.unread += 1

    def opened(self, at: datetime, by: str) -> None:
        """The person did what opens the reply window (channels.md 2.4)."""
        self.window = max(self.window, (at, by)) if self.window else (at, by)

    def through_owner(self, at: datetime) -> None:
        self.business_at = later(self.business_at, at)

    def owned(self, at: datetime, app: str) -> None:
        """Who holds the thread since then; an empty name: nobody but us."""
        self.owner = max(self.owner, (at, app)) if self.owner else (at, app)

    def closed(self, at: datetime) -> None:
        """Nobody can write in it any more."""
        self.closed_at = later(self.closed_at, at)

    def heard(self, status: Delivery, until: datetime) -> None:
        if status is Delivery.READ:
            self.read_until = later(self.read_until, until)
        self.delivered_until = later(self.delivered_until, until)

    def sent(self, at: datetime) -> None:
        """A message of ours is new here: the watermarks may already be past it."""
        self.since = min(self.since, at) if self.since else at

    def stir(self, place: Place) -> Stir:
        window_at, window_by = self.window or (None, None)
        owner_at, owner_app = self.owner or (None, None)
        return Stir(
            client_id=place[0],
            id=place[1],
            last_at=self.last_at,
            unread=self.unread,
            window_at=window_at,
            window_by=window_by,
            business_at=self.business_at,
            owner_at=owner_at,
            owner_app=owner_app or None,
            closed_at=self.closed_at,
            delivered_until=self.delivered_until,
            read_until=self.read_until,
        )


class Moves(dict[Place, Movement]):
    """The movements of a batch by place."""

    def at(self, client_id: UUID, conversation_id: UUID) -> Movement:
        place = client_id, conversation_id
        found = self.get(place)
        if found is None:
            found = self[place] = Movement()
        return found

    def in_order(self) -> list[tuple[Place, Movement]]:
        """By their keys, as numbers: comparing UUIDs themselves is Python's work."""
        return sorted(self.items(), key=lambda move: (move[0][0].int, move[0][1].int))


def move(session: Session, moves: Moves) -> None:
    """Lock, then write. Afterwards `since` also covers what the watermarks passed."""
    if not moves:
        return
    ordered = moves.in_order()
    before = intake.lock(session, [place for place, _ in ordered])
    intake.stir(session, [movement.stir(place) for place, movement in ordered])
    for (_, conversation), movement in moves.items():
        _widen(movement, *before.get(conversation, (None, None)))


def follow(session: Session, moves: Moves) -> None:
    """Messages of ours follow the watermarks of their conversations."""
    since = [(*place, m.since) for place, m in moves.in_order() if m.delivered_until or m.since]
    if since:
        receipts.advance_until(session, since)


def _widen(movement: Movement, delivered: datetime | None, read: datetime | None) -> None:
    if movement.delivered_until is None:
        return
    old = read if movement.read_until else delivered
    passed = old - _OVERLAP if old else None
    movement.since = min(movement.since, passed) if movement.since and passed else passed


def later(one: datetime | None, other: datetime) -> datetime:
    return max(one, other) if one else other
