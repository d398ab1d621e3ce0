"""One batch in one transaction: pieces, their effects, what became of them, and the mark that it is done."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ingestion.routing import pieces as routing
from ingestion.routing.pieces import Piece
from ingestion.wire import Message, Receipt
from ingestion.worker import hearing, papers, rows, talk
from ingestion.worker.hearing import Heard
from ingestion.worker.outcomes import APPLIED, IGNORED, Outcome, Outcomes, at_once
from ingestion.worker.rows import Spoken
from konectus.errors import KonectusError
from konectus.store import signals
from konectus.store.keystore import Keys, NoKey
from konectus.stream.postgres import Claimed, mark_done


@dataclass(frozen=True)
class _Held:
    """Whose keys are there. Where a Client's are destroyed nothing of it may be written any more."""

    keys: Keys

    def checked(self, piece: Piece) -> Piece:
        if piece.known is None or not piece.known.live:
            return piece
        try:
            self.keys.of(piece.known.client_id)
        except NoKey:
            return replace(piece, known=replace(piece.known, live=False))
        return piece


def is_about_values(error: DBAPIError) -> bool:
    """Whether the row is at fault (data exceptions, integrity), and not the schema, a lock or the server."""
    return str(getattr(error.orig, "sqlstate", ""))[:2] in ("22", "23")


@dataclass
class Handled:
    """What a batch did: items by channel and outcome, and whether receipts may be waiting for what it wrote."""

    events: int = 0
    items: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Batch:
    """Claimed bodies in the transaction that holds their locks."""

    session: Session
    keys: Keys
    now: datetime
    claimed: Sequence[Claimed]

    def handle(self, *, apart: bool = False) -> Handled:
        """Do everything and mark it done. `apart`: each item by itself, a failing one becomes a dead letter."""
        held = _Held(self.keys)
        pieces = [held.checked(piece) for piece in routing.read(self.session, self.claimed)]
        outcomes: Outcomes = {piece.key: done for piece in pieces if (done := at_once(piece))}
        rest = [piece for piece in pieces if piece.key not in outcomes]
        for some in [[piece] for piece in rest] if apart else [rest]:
            outcomes |= self._isolated(some) if apart else self._store(some)
        papers.file(self.session, self.keys, self.now, pieces, outcomes)
        papers.reseal(self.session, self.keys, pieces)
        mark_done(self.session, self.claimed, self.now)
        counted = Counter((str(piece.channel or "unknown"), outcomes[piece.key].word) for piece in pieces)
        return Handled(len(self.claimed), counted)

    def _isolated(self, some: list[Piece]) -> Outcomes:
        try:
            with self.session.begin_nested():
                return self._store(some)
        except (DBAPIError, KonectusError, ValueError, ArithmeticError, LookupError, TypeError) as error:
            if isinstance(error, DBAPIError) and not is_about_values(error):
                raise
            reason = getattr(getattr(error, "orig", None), "sqlstate", None) or type(error).__name__
            return {piece.key: Outcome("dead", f"not stored: {reason}") for piece in some}

    def _store(self, some: Sequence[Piece]) -> Outcomes:
        outcomes: Outcomes = {}
        spoken: list[Spoken] = []
        heard: list[Heard] = []
        for piece in some:
            if piece.holder is None:
                raise AssertionError("a piece of nobody is done at once")
            keys = self.keys.of(piece.holder.client_id)
            if isinstance(piece.item, Message) and (said := rows.spoken(piece, piece.item, piece.holder, keys)):
                spoken.append(said)
            elif isinstance(piece.item, Receipt):
                heard.append(Heard(piece, piece.item, piece.holder, keys))
                outcomes[piece.key] = APPLIED
            else:
                outcomes[piece.key] = IGNORED
        said_all = talk.store(self.session, spoken)
        touched = hearing.settle(self.session, said_all, heard, self.now)
        self._tell(touched)
        return outcomes | said_all.outcomes

    def _tell(self, touched: Sequence[tuple[UUID, UUID]]) -> None:
        """One NOTIFY per Client: it takes a database-wide lock at commit."""
        for client_id in {client for client, _ in touched}:
            signals.notify_live(self.session, client_id, [c for client, c in touched if client == client_id])
