"""Reading events again: bodies of the log put back, dead letters put back into the log or discarded. All audited.

Reading twice changes nothing (unique keys carry that), so a replay needs no memory of what it has done before.
A letter is opened by a role with keys alone: the staff ask, `carry_out` does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain.suspension import require_reason
from konectus.errors import Conflict, Invalid, NotFound
from konectus.sealing import Place as SealedPlace
from konectus.sealing import SealingKey, Unreadable
from konectus.services.work import Change, Work, Works
from konectus.store import signals
from konectus.store.keystore import NoKey
from konectus.store.queries import dead, overview
from konectus.store.queries.dead import DISCARDED, REPLAYED, UNREADABLE, LetterLine, Span, Wanted
from konectus.store.queries.watch import Place
from konectus.stream.postgres import Arrival, append_in

# privacy.md 1: raw bodies and their keys live seven days, letters thirty at most.
KEPT_BODIES = timedelta(days=7)
KEPT_LETTERS = timedelta(days=30)
# In one transaction; a page does one, the command line goes on until all is done.
MOST_EVENTS = 5_000
MOST_LETTERS = 500
_AT_ONCE = 100


class NothingToReplay(Conflict):
    """Nothing fits: read already, waiting anyway, or gone after seven days."""

    code = "nothing_to_replay"


class NoSuchLetter(NotFound):
    code = "no_such_letter"


class SpanUpsideDown(Invalid):
    code = "span_upside_down"


@dataclass(frozen=True, slots=True)
class Put:
    """Bodies that are read again; `is_all` unless more than one transaction takes fit. `letters` closed with them."""

    places: tuple[Place, ...]
    letters: int
    is_all: bool

    @property
    def events(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Taken:
    """Letters that were asked for or discarded, and whether those are all that fit."""

    letters: tuple[LetterLine, ...]
    is_all: bool


def put_back(work: Work, span: Span, reason: str, *, most: int = MOST_EVENTS) -> Put:
    """Have bodies of the log read again, oldest first; one audit entry. A preview is this in a rehearsal.

    Raises ReasonTooShort, SpanUpsideDown or NothingToReplay.
    """
    why = require_reason(reason)
    if span.since >= span.until:
        raise SpanUpsideDown("the span ends before it begins")
    chosen = dead.choose(work.session, span, most + 1)
    places = chosen.places[:most]
    if not places:
        raise NothingToReplay(f"no event that was read is kept there; bodies are gone after {KEPT_BODIES.days} days")
    dead.put_back(work.session, places, work.now, _by(work))
    subject = span.event_id if span.event_id is not None else f"{span.since.isoformat()}/{span.until.isoformat()}"
    after: dict[str, object] = {
        "events": len(places),
        "letters": chosen.letters,
        "first": places[0][1],
        "last": places[-1][1],
    }
    if span.connector is not None:
        after["connector"] = str(span.connector[0])
    work.record("event.replayed", ("webhook_event", subject), Change(reason=why, after=after))
    signals.notify(work.session, signals.INTAKE)
    return Put(places, chosen.letters, len(places) == len(chosen.places))


def span_of(work: Work, event_id: int) -> Span:
    """The span that holds one body alone. Raises NothingToReplay for one that is unknown or gone."""
    life = overview.event_life(work.session, event_id)
    if life is None:
        raise NothingToReplay(f"no event {event_id}: unknown, or gone after {KEPT_BODIES.days} days")
    return Span(life.received_at, life.received_at + timedelta(microseconds=1), event_id=event_id)


def ask(work: Work, wanted: Wanted, reason: str, *, most: int = MOST_LETTERS) -> Taken:
    """Letters go back into the log, oldest first: marked here, carried out by a role with keys within seconds.

    Raises ReasonTooShort or NothingToReplay.
    """
    taken = _take(work, wanted, most)
    dead.ask(work.session, [letter.id for letter in taken.letters], _by(work))
    _record(work, "dead_letter.replay_asked", taken, require_reason(reason))
    return taken


def discard(work: Work, wanted: Wanted, reason: str, *, most: int = MOST_LETTERS) -> Taken:
    """Letters are closed unread and their bodies erased. Raises ReasonTooShort or NothingToReplay."""
    taken = _take(work, wanted, most)
    dead.decide(work.session, [letter.id for letter in taken.letters], DISCARDED, work.now, _by(work))
    _record(work, "dead_letter.discarded", taken, require_reason(reason))
    return taken


def carry_out(works: Works, most: int = _AT_ONCE) -> int:
    """Append the bodies of letters that were asked for to the log and close them, in one transaction; how many.

    Killed in between, nothing has happened; run twice at once, each letter is appended once.
    """
    with works.system() as work:
        due = dead.due(work.session, most)
        opened: list[tuple[UUID, Arrival]] = []
        lost: list[UUID] = []
        for letter in due:
            try:
                key = work.keys.of(letter.client_id).data if letter.client_id else work.keys.dead_letters()
                opened.append((letter.id, Arrival(letter.door, work.now, _body(key, letter))))
            except (NoKey, Unreadable):
                lost.append(letter.id)
        numbers = append_in(work.session, work.keys, [arrival for _, arrival in opened]) if opened else []
        dead.became(work.session, [(letter, number) for (letter, _), number in zip(opened, numbers, strict=True)])
        dead.decide(work.session, [letter for letter, _ in opened], REPLAYED, work.now)
        dead.decide(work.session, lost, UNREADABLE, work.now)
    return len(due)


def each(span: Span, after: Sequence[Place]) -> Span:
    """The rest of a span after what was put back."""
    return replace(span, after=after[-1]) if after else span


def last_days(now: datetime) -> Span:
    """Everything whose body is still there."""
    return Span(now - KEPT_BODIES - timedelta(days=1), now + timedelta(microseconds=1))


def _take(work: Work, wanted: Wanted, most: int) -> Taken:
    found = dead.lock(work.session, wanted, most + 1)
    if not found:
        if wanted.letter_id is not None and dead.line(work.session, wanted.letter_id) is None:
            raise NoSuchLetter(f"no dead letter has the id {wanted.letter_id}")
        raise NothingToReplay("no dead letter that waits for a decision fits")
    return Taken(tuple(found[:most]), len(found) <= most)


def _record(work: Work, action: str, taken: Taken, why: str) -> None:
    """One entry for each Client, so that each trail tells it; letters of nobody together."""
    for client_id in sorted({letter.client_id for letter in taken.letters}, key=str):
        own = [str(letter.id) for letter in taken.letters if letter.client_id == client_id]
        subject = own[0] if len(own) == 1 else f"{len(own)} letters"
        change = Change(client_id=client_id, reason=why, after={"letters": len(own), "ids": own[:_AT_ONCE]})
        work.record(action, ("dead_letter", subject), change)


def _body(key: SealingKey, letter: dead.Due) -> bytes:
    return key.open(letter.body_sealed, SealedPlace(letter.client_id, "dead_letter", "body_sealed", letter.id))


def _by(work: Work) -> str:
    return f"{work.actor.kind}:{work.actor.id}"
