"""Dead letters and bodies to be read again: lists for the staff, choosing, marking, and what is left to carry out.

The bodies stay sealed here; only `due` hands them out, to a role with keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, update
from sqlalchemy.orm import Session

from konectus.store.models.clients import Client
from konectus.store.models.traffic import DeadLetter
from konectus.store.queries.watch import Place

REPLAY, REPLAYED, DISCARDED, UNREADABLE = "replay", "replayed", "discarded", "unreadable"
OPEN, ASKED, DECIDED = "open", "asked", "decided"
_CONNECTORS_DOOR = "telegram:"


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter without its body."""

    id: UUID
    created_at: datetime
    client_id: UUID | None
    client_name: str | None
    event_id: int
    item: int
    door: str
    channel: str | None
    account: str | None
    reason: str
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    replayed_as: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters; empty means all of that state."""

    state: str = OPEN
    reason: str = ""
    client_id: UUID | None = None
    account: str = ""
    letter_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A letter whose body goes back into the log."""

    id: UUID
    client_id: UUID | None
    door: str
    body_sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """Bodies of a time, of one Connector where it is named: by its door, or by an item of its account."""

    since: datetime
    until: datetime
    connector: tuple[UUID, str, str] | None = None
    event_id: int | None = None
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Bodies that are read already and still there, oldest first; `letters` wait for a decision about them."""

    places: tuple[Place, ...]
    letters: int


def lines(session: Session, wanted: Wanted, after: UUID | None, most: int) -> list[LetterLine]:
    """Newest first; ids are ordered by time."""
    statement = _line().where(*_fits(wanted)).order_by(DeadLetter.id.desc()).limit(most)
    if after is not None:
        statement = statement.where(DeadLetter.id < after)
    return [LetterLine(*row) for row in session.execute(statement)]


def line(session: Session, letter_id: UUID) -> LetterLine | None:
    row = session.execute(_line().where(DeadLetter.id == letter_id)).one_or_none()
    return LetterLine(*row) if row else None


def reasons(session: Session, most: int) -> list[tuple[str, int]]:
    """Why letters wait, most frequent first."""
    number = func.count()
    rows = session.execute(
        select(DeadLetter.reason, number)
        .where(DeadLetter.decided_at.is_(None))
        .group_by(DeadLetter.reason)
        .order_by(number.desc(), DeadLetter.reason)
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]


def lock(session: Session, wanted: Wanted, most: int) -> list[LetterLine]:
    """The oldest letters that wait for a decision, locked; those of another transaction are left out."""
    ids = (
        select(DeadLetter.id)
        .where(*_fits(wanted))
        .order_by(DeadLetter.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(ids).all()
    rows = session.execute(_line().where(DeadLetter.id.in_(found)).order_by(DeadLetter.id))
    return [LetterLine(*row) for row in rows]


def ask(session: Session, ids: Sequence[UUID], by: str) -> None:
    """To be read again: a role with keys carries it out."""
    session.execute(
        update(DeadLetter)
        .where(DeadLetter.id.in_(ids), DeadLetter.decided_at.is_(None))
        .values(decision=REPLAY, decided_by=by)
        .execution_options(synchronize_session=False)
    )


def decide(session: Session, ids: Sequence[UUID], decision: str, now: datetime, by: str | None = None) -> None:
    """Close letters; their bodies go at once. Who asked for it stays."""
    values: dict[str, Any] = {"decision": decision, "decided_at": now, "body_sealed": b""}
    session.execute(
        update(DeadLetter)
        .where(DeadLetter.id.in_(ids), DeadLetter.decided_at.is_(None))
        .values(values | ({"decided_by": by} if by else {}))
        .execution_options(synchronize_session=False)
    )


def due(session: Session, most: int) -> list[Due]:
    """Letters that were asked to be read again, locked, oldest first. Sealed bodies: only for a role with keys."""
    rows = session.execute(
        select(DeadLetter.id, DeadLetter.client_id, DeadLetter.door, DeadLetter.body_sealed)
        .where(DeadLetter.decided_at.is_(None), DeadLetter.decision == REPLAY)
        .order_by(DeadLetter.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [Due(*row) for row in rows]


def became(session: Session, events: Sequence[tuple[UUID, int]]) -> None:
    """Which event of the log each letter is now."""
    session.execute(
        text(
            "update platform.dead_letter l set replayed_as = b.event_id"
            " from unnest(cast(:ids as uuid[]), cast(:events as bigint[])) as b(id, event_id) where l.id = b.id"
        ),
        {"ids": [letter for letter, _ in events], "events": [number for _, number in events]},
    )


def waiting(session: Session, ids: Sequence[UUID]) -> int:
    """How many of these are not carried out yet."""
    statement = select(func.count()).where(DeadLetter.id.in_(ids), DeadLetter.decided_at.is_(None))
    return session.scalar(statement) or 0


def choose(session: Session, span: Span, most: int) -> Chosen:
    """Lock bodies that may be read again. What a worker has not read yet comes anyway and is left out."""
    conditions = ["e.received_at >= :since and e.received_at < :until and e.processed_at is not null"]
    values: dict[str, Any] = {"since": span.since, "until": span.until, "most": most}
    if span.event_id is not None:
        conditions.append("e.id = :id")
        values["id"] = span.event_id
    if span.after is not None:
        conditions.append("(e.received_at, e.id) > (:at, :last)")
        values |= {"at": span.after[0], "last": span.after[1]}
    if span.connector is not None:
        connector_id, channel, account = span.connector
        conditions.append(
            "(e.door = :door or exists (select from platform.webhook_item i where i.received_at = e.received_at"
            " and i.event_id = e.id and i.channel = :channel and i.account = :account))"
        )
        values |= {"door": f"{_CONNECTORS_DOOR}{connector_id}", "channel": channel, "account": account}
    rows = session.execute(
        text(
            f"select e.received_at, e.id from platform.webhook_event e where {' and '.join(conditions)}"  # noqa: S608 - conditions above
            " order by e.received_at, e.id limit :most for update of e skip locked"
        ),
        values,
    )
    places = tuple((row.received_at, row.id) for row in rows)
    return Chosen(places, _letters_of(session, [number for _, number in places]))


def put_back(session: Session, places: Sequence[Place], now: datetime, by: str) -> None:
    """To be read again; their letters are closed with it, since what is still wrong makes a new one."""
    session.execute(
        text(
            "update platform.webhook_event e set processed_at = null, replays = e.replays + 1, replayed_at = :now"
            " from unnest(cast(:at as timestamptz[]), cast(:ids as bigint[])) as p(received_at, id)"
            " where e.received_at = p.received_at and e.id = p.id"
        ),
        {"now": now, "at": [at for at, _ in places], "ids": [number for _, number in places]},
    )
    session.execute(
        update(DeadLetter)
        .where(DeadLetter.event_id.in_([number for _, number in places]), DeadLetter.decided_at.is_(None))
        .values(decision=REPLAYED, decided_at=now, decided_by=by, replayed_as=DeadLetter.event_id, body_sealed=b"")
        .execution_options(synchronize_session=False)
    )


def unread(session: Session, places: Sequence[Place]) -> int:
    """How many of these no worker has read yet."""
    found = session.scalar(
        text(
            "select count(*) from platform.webhook_event e"
            " join unnest(cast(:at as timestamptz[]), cast(:ids as bigint[])) as p(received_at, id)"
            " using (received_at, id) where e.processed_at is null"
        ),
        {"at": [at for at, _ in places], "ids": [number for _, number in places]},
    )
    return int(found or 0)


def _letters_of(session: Session, events: Sequence[int]) -> int:
    statement = select(func.count()).where(DeadLetter.event_id.in_(events), DeadLetter.decided_at.is_(None))
    return session.scalar(statement) or 0


def _fits(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    states = {
        OPEN: (DeadLetter.decided_at.is_(None), DeadLetter.decision.is_(None)),
        ASKED: (DeadLetter.decided_at.is_(None), DeadLetter.decision == REPLAY),
        DECIDED: (DeadLetter.decided_at.is_not(None),),
    }
    said = (
        (DeadLetter.reason == wanted.reason, wanted.reason),
        (DeadLetter.client_id == wanted.client_id, wanted.client_id),
        (DeadLetter.account == wanted.account, wanted.account),
        (DeadLetter.id == wanted.letter_id, wanted.letter_id),
    )
    return (*states[wanted.state], *(condition for condition, given in said if given))


def _line() -> Select[*tuple[Any, ...]]:
    letter = DeadLetter
    named = (letter.id, letter.created_at, letter.client_id, Client.trade_name, letter.event_id, letter.item)
    about = (letter.door, letter.channel, letter.account, letter.reason)
    decided = (letter.decision, letter.decided_at, letter.decided_by, letter.replayed_as)
    return select(*named, *about, *decided).outerjoin(Client, Client.id == letter.client_id)
