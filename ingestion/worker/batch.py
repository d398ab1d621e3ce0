"""One batch in one transaction: pieces, their effects, what became of them, and the mark that it is done."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ingestion.routing import pieces as routing
from ingestion.routing.pieces import Piece
from ingestion.worker import noting, papers, talk
from ingestion.worker.gathered import Gathered, gather
from ingestion.worker.noting import Note
from ingestion.worker.outcomes import Outcome, Outcomes, at_once
from ingestion.worker.settling import Scene, Settled, settle
from ingestion.worker.talk import Talk
from konectus.errors import KonectusError
from konectus.store import signals
from konectus.store.keystore import Keys, NoKey
from konectus.store.queries import search
from konectus.stream.postgres import Claimed, mark_done


def _kept(pieces: Sequence[Piece], keys: Keys) -> Sequence[Piece]:
    """Where a Client's keys are destroyed nothing of it may be written any more."""
    lost = {
        client_id for client_id in {p.holder.client_id for p in pieces if p.holder} if not _has_keys(keys, client_id)
    }
    return [p.of_nobody if p.holder and p.holder.client_id in lost else p for p in pieces] if lost else pieces


def _has_keys(keys: Keys, client_id: UUID) -> bool:
    try:
        keys.of(client_id)
    except NoKey:
        return False
    return True


def is_about_values(error: DBAPIError) -> bool:
    """Whether the row is at fault (data exceptions, integrity), and not the schema, a lock or the server."""
    return str(getattr(error.orig, "sqlstate", ""))[:2] in ("22", "23")


@dataclass
class Handled:
    """What a batch did: items by channel and outcome, and whether receipts may be waiting for what it wrote."""

    events: int = 0
    items: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Stored:
    """What a batch says, its messages, and the events that were new."""

    told: Gathered
    said: Talk
    notes: list[Note]

    @property
    def outcomes(self) -> Outcomes:
        return self.told.outcomes | self.said.outcomes


@dataclass(frozen=True)
class Batch:
    """Claimed bodies in the transaction that holds their locks."""

    session: Session
    keys: Keys
    now: datetime
    claimed: Sequence[Claimed]
    own_apps: frozenset[str] = frozenset()

    def handle(self, *, apart: bool = False) -> Handled:
        """Do everything and mark it done. `apart`: each item by itself, a failing one becomes a dead letter."""
        pieces = _kept(routing.read(self.session, self.claimed), self.keys)
        outcomes: Outcomes = {piece.key: done for piece in pieces if (done := at_once(piece))}
        rest = [piece for piece in pieces if piece.key not in outcomes]
        if apart:
            for piece in rest:
                outcomes |= self._isolated(piece)
            self._file(pieces, outcomes)
        else:
            stored = self._stored(rest)
            outcomes |= stored.outcomes
            # Before the locks of conversations, for which the other workers wait until the commit.
            self._file(pieces, outcomes)
            self._settle(stored)
        papers.count(self.session, pieces)
        counted = Counter((str(piece.channel or "unknown"), outcomes[piece.key].word) for piece in pieces)
        return Handled(len(self.claimed), counted)

    def _isolated(self, piece: Piece) -> Outcomes:
        try:
            with self.session.begin_nested():
                stored = self._stored([piece])
                self._settle(stored)
                return stored.outcomes
        except (DBAPIError, KonectusError, ValueError, ArithmeticError, LookupError, TypeError) as error:
            if isinstance(error, DBAPIError) and not is_about_values(error):
                raise
            reason = getattr(getattr(error, "orig", None), "sqlstate", None) or type(error).__name__
            return {piece.key: Outcome("dead", f"not stored: {reason}")}

    def _stored(self, some: Sequence[Piece]) -> _Stored:
        """Messages and events: which of them are repeats is known, what they change is still to be done."""
        told = gather(some, self.keys)
        said = talk.store(self.session, told.spoken)
        return _Stored(told, said, noting.add(self.session, told) if told.noted else [])

    def _settle(self, stored: _Stored) -> None:
        scene = Scene(self.session, self.keys, self.now, self.own_apps)
        settled = settle(scene, stored.said, stored.told, stored.notes)
        index(self.session, self.now, stored.said, settled)
        tell(self.session, settled.places)

    def _file(self, pieces: Sequence[Piece], outcomes: Outcomes) -> None:
        papers.file(self.session, self.keys, self.now, pieces, outcomes)
        papers.reseal(self.session, self.keys, pieces)
        mark_done(self.session, self.claimed, self.now)


def index(session: Session, now: datetime, said: Talk, settled: Settled) -> None:
    """What was stored or edited is searched for by its words, what was withdrawn no more; one row per Client."""
    written: defaultdict[UUID, set[UUID]] = defaultdict(set)
    people: defaultdict[UUID, set[UUID]] = defaultdict(set)
    gone: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for spoken, row, _ in said.added:
        written[spoken.holder.client_id].add(row)
    for client_id, message_id in (*((one.client_id, one.id) for one in settled.amended.edited), *settled.moved):
        written[client_id].add(message_id)
    for client_id, contact_id in said.welcomed:
        people[client_id].add(contact_id)
    for one in settled.amended.withdrawn:
        gone[one.client_id].add(one.id)
    for client_id in sorted({*written, *people}):
        wanted = written[client_id].difference(gone.get(client_id, ()))
        search.queue(session, client_id, _in_order(wanted), now, contact_ids=_in_order(people[client_id]))
    for client_id in sorted(gone):
        search.forget(session, client_id, _in_order(gone[client_id]))


def tell(session: Session, touched: Iterable[tuple[UUID, UUID]]) -> None:
    """One NOTIFY per Client: it takes a database-wide lock at commit."""
    by_client: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for client_id, conversation in touched:
        by_client[client_id].append(conversation)
    for client_id in sorted(by_client):
        signals.notify_live(session, client_id, by_client[client_id])


def _in_order(ids: Iterable[UUID]) -> list[UUID]:
    """As numbers: comparing UUIDs themselves is Python's work."""
    return sorted(ids, key=attrgetter("int"))
