"""The intake log in PostgreSQL: one multi-row insert per group commit, claims by SKIP LOCKED."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import psycopg
from msgspec import Struct
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from konectus.ids import uuid7
from konectus.sealing import Place, SealingKey, Unreadable
from konectus.store import arrays
from konectus.store.keystore import Keys
from konectus.store.signals import INTAKE, notify

TABLE = "webhook_event"
UNREADABLE = "unreadable"
_APPEND = (
    "with w as (insert into platform.webhook_event (received_at, door, key_day, nonce_id, body_sealed)"
    " select * from unnest(%b::timestamptz[], %b::text[], %b::date[], %b::uuid[], %b::bytea[]) returning 1)"
    " select pg_notify(%b, '') from w limit 1"
)


@dataclass(slots=True)
class Arrival:
    """A verified body at a door. `door` is meta:<app> or telegram:<connector id>."""

    door: str
    received_at: datetime
    body: bytes | bytearray


class Claimed(Struct, frozen=True, gc=False):
    """A logged body, opened. It is done when `mark_done` commits with its effects.

    `error` says why it does not open (another key, another row, a destroyed day): then the body is empty.
    """

    id: int
    door: str
    received_at: datetime
    body: bytes
    error: str | None = None

    def __repr__(self) -> str:
        """Without the body, which would stand in a log."""
        return f"Claimed(id={self.id}, door={self.door!r}, error={self.error!r})"


async def append(conn: psycopg.AsyncConnection[tuple[object, ...]], keys: Keys, arrivals: Sequence[Arrival]) -> None:
    """Write all arrivals in one commit; when this returns they are durable (synchronous_commit is on).

    `conn` is in autocommit mode. Raises psycopg.Error, and then none of them was accepted.
    """
    if arrivals:
        await conn.execute(_APPEND, [*_sealed(keys, arrivals), INTAKE], prepare=True)


def append_in(session: Session, keys: Keys, arrivals: Sequence[Arrival]) -> list[int]:
    """Write arrivals in the caller's transaction; their ids in the order given. For bodies we have ourselves:
    fetched from a channel's history, or put back by staff.
    """
    if not arrivals:
        return []
    found = session.execute(
        text(
            "insert into platform.webhook_event (received_at, door, key_day, nonce_id, body_sealed)"
            " select * from unnest(cast(:at as timestamptz[]), cast(:doors as text[]), cast(:days as date[]),"
            " cast(:nonces as uuid[]), cast(:bodies as bytea[])) returning id"
        ),
        dict(zip(("at", "doors", "days", "nonces", "bodies"), _sealed(keys, arrivals), strict=True)),
    )
    notify(session, INTAKE)
    return sorted(found.scalars())


def claim(session: Session, keys: Keys, most: int) -> list[Claimed]:
    """Lock and open up to `most` waiting bodies, oldest first; other workers skip them until this transaction ends."""
    found = session.execute(
        text(
            "select id, door, received_at, key_day, nonce_id::text, body_sealed from platform.webhook_event"
            " where processed_at is null order by id limit :most for update skip locked"
        ),
        {"most": most},
    )
    by_day = _Days(keys)
    return [_opened(by_day, row) for row in found.all()]  # all: one by one costs a fetch each


def mark_done(session: Session, claimed: Sequence[Claimed], now: datetime) -> None:
    """In the transaction of the effects: a separate commit doubles messages under kill -9 (engine.md 3)."""
    session.execute(
        text(
            "update platform.webhook_event e set processed_at = :now"
            " from unnest(cast(:at as timestamptz[]), cast(:ids as bigint[])) as d(received_at, id)"
            " where e.received_at = d.received_at and e.id = d.id"
        ),
        {
            "now": now,
            "at": arrays.instants(c.received_at for c in claimed),
            "ids": arrays.integers(c.id for c in claimed),
        },
    )


class _Days(dict[date, SealingKey]):
    """The keys of a batch's days, each asked for once."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def __missing__(self, day: date) -> SealingKey:
        self[day] = found = self._keys.intake(day)
        return found


def _sealed(keys: Keys, arrivals: Sequence[Arrival]) -> list[arrays.Column]:
    """The columns of the rows to append."""
    by_day = _Days(keys)
    days = [arrival.received_at.date() for arrival in arrivals]
    nonces = [uuid7(arrival.received_at) for arrival in arrivals]
    return [
        arrays.instants([arrival.received_at for arrival in arrivals]),
        arrays.texts([arrival.door for arrival in arrivals]),
        arrays.days(days),
        arrays.uuids(nonces),
        arrays.byteas([by_day[d].seal(a.body, _place(n)) for a, d, n in zip(arrivals, days, nonces, strict=True)]),
    ]


def _opened(by_day: _Days, row: Row[int, str, datetime, date, str, bytes]) -> Claimed:
    number, door, at, day, nonce_id, sealed = row
    try:
        return Claimed(number, door, at, by_day[day].open(sealed, _place(nonce_id)))
    except Unreadable:
        return Claimed(number, door, at, b"", UNREADABLE)


def _place(nonce_id: UUID | str) -> Place:
    return Place(None, TABLE, "body_sealed", nonce_id)
