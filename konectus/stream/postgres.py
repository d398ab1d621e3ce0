"""The intake log in PostgreSQL: one multi-row insert per group commit, claims by SKIP LOCKED."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.ids import uuid7
from konectus.sealing import Place, SealingKey
from konectus.store.keystore import Keys
from konectus.store.signals import INTAKE

TABLE = "webhook_event"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A verified body at a door. `door` is meta:<app> or telegram:<connector id>."""

    door: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """A logged body, opened. It is done when `mark_done` commits with its effects."""

    id: int
    door: str
    received_at: datetime
    body: bytes


async def append(conn: psycopg.AsyncConnection[tuple[object, ...]], keys: Keys, arrivals: Sequence[Arrival]) -> None:
    """Write all arrivals in one commit; when this returns they are durable (synchronous_commit is on).

    `conn` is in autocommit mode. Raises psycopg.Error, and then none of them was accepted.
    """
    if not arrivals:
        return
    rows = [_row(keys.intake(a.received_at.date()), a) for a in arrivals]
    columns = tuple(zip(*rows, strict=True))
    await conn.execute(
        "with w as (insert into platform.webhook_event (received_at, door, key_day, nonce_id, body_sealed)"
        " select * from unnest(%s::timestamptz[], %s::text[], %s::date[], %s::uuid[], %s::bytea[]) returning 1)"
        " select pg_notify(%s, '') from w limit 1",
        [*(list(column) for column in columns), INTAKE],
    )


def claim(session: Session, keys: Keys, most: int) -> list[Claimed]:
    """Lock and open up to `most` waiting bodies, oldest first; other workers skip them until this transaction ends."""
    found = session.execute(
        text(
            "select id, door, received_at, key_day, nonce_id, body_sealed from platform.webhook_event"
            " where processed_at is null order by id limit :most for update skip locked"
        ),
        {"most": most},
    )
    return [
        Claimed(row.id, row.door, row.received_at, keys.intake(row.key_day).open(row.body_sealed, _place(row.nonce_id)))
        for row in found
    ]


def mark_done(session: Session, claimed: Sequence[Claimed], now: datetime) -> None:
    """In the transaction of the effects: a separate commit doubles messages under kill -9 (engine.md 3)."""
    session.execute(
        text(
            "update platform.webhook_event e set processed_at = :now"
            " from unnest(cast(:at as timestamptz[]), cast(:ids as bigint[])) as d(received_at, id)"
            " where e.received_at = d.received_at and e.id = d.id"
        ),
        {"now": now, "at": [c.received_at for c in claimed], "ids": [c.id for c in claimed]},
    )


def _row(key: SealingKey, arrival: Arrival) -> tuple[datetime, str, date, UUID, bytes]:
    nonce_id = uuid7(arrival.received_at)
    sealed = key.seal(arrival.body, _place(nonce_id))
    return arrival.received_at, arrival.door, arrival.received_at.date(), nonce_id, sealed


def _place(nonce_id: UUID) -> Place:
    return Place(None, TABLE, "body_sealed", nonce_id)
