"""The log's own rows: what became of each item, dead letters, bodies sealed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store import arrays
from konectus.store.arrays import columns
from konectus.store.queries.sets import statement


class ItemRow(Struct, frozen=True, kw_only=True, gc=False):
    """What became of one item: stored, duplicate, applied, ignored, unroutable or dead. No Client Content."""

    received_at: datetime
    event_id: int
    item: int
    channel: str | None
    account: str | None
    kind: str
    outcome: str
    error: str | None
    processed_at: datetime


class NewLetter(Struct, frozen=True, kw_only=True, gc=False):
    id: UUID
    client_id: UUID | None
    event_id: int
    item: int
    door: str
    channel: str | None
    account: str | None
    reason: str
    body_sealed: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SealedBody:
    """A logged body as it lies there."""

    id: int
    received_at: datetime
    door: str
    key_day: date
    nonce_id: UUID
    body_sealed: bytes


_STAYS = "excluded.outcome in ('duplicate', 'unroutable') and webhook_item.outcome in ('stored', 'applied')"


def add_items(session: Session, rows: Sequence[ItemRow]) -> None:
    session.execute(
        statement(
            "insert into platform.webhook_item (received_at, event_id, item, channel, account, kind, outcome, error,"
            " processed_at)"
            " select * from unnest(cast(:received_at as timestamptz[]), cast(:event_id as bigint[]),"
            " cast(:item as int[]), cast(:channel as text[]), cast(:account as text[]), cast(:kind as text[]),"
            " cast(:outcome as text[]), cast(:error as text[]), cast(:processed_at as timestamptz[]))"
            " on conflict (received_at, event_id, item) do update set"
            # Read again, what was stored is found to be there, or its account is live no more: it stays stored.
            " outcome = case when {stays} then webhook_item.outcome else excluded.outcome end,"
            " error = case when {stays} then webhook_item.error else excluded.error end,"
            " kind = excluded.kind, processed_at = excluded.processed_at",
            stays=_STAYS,
        ),
        columns(rows),
    )


def add_letters(session: Session, rows: Sequence[NewLetter]) -> None:
    session.execute(
        text(
            "insert into platform.dead_letter (id, client_id, event_id, item, door, channel, account, reason,"
            " body_sealed, created_at)"
            " select * from unnest(cast(:id as uuid[]), cast(:client_id as uuid[]), cast(:event_id as bigint[]),"
            " cast(:item as int[]), cast(:door as text[]), cast(:channel as text[]), cast(:account as text[]),"
            " cast(:reason as text[]), cast(:body_sealed as bytea[]), cast(:created_at as timestamptz[]))"
        ),
        columns(rows),
    )


def sealed_body(session: Session, event_id: int, received_at: datetime) -> SealedBody:
    """One body of the log, sealed."""
    row = session.execute(
        text(
            "select id, received_at, door, key_day, nonce_id, body_sealed from platform.webhook_event"
            " where received_at = :at and id = :id"
        ),
        {"at": received_at, "id": event_id},
    ).one()
    return SealedBody(*row)


def oldest(session: Session) -> SealedBody | None:
    """The body a claim of one would lock next, locked and sealed."""
    row = session.execute(
        text(
            "select id, received_at, door, key_day, nonce_id, body_sealed from platform.webhook_event"
            " where processed_at is null order by id limit 1 for update skip locked"
        )
    ).one_or_none()
    return SealedBody(*row) if row else None


def replace_body(session: Session, body: SealedBody, sealed: bytes) -> None:
    session.execute(
        text("update platform.webhook_event set body_sealed = :sealed where received_at = :at and id = :id"),
        {"sealed": sealed, "at": body.received_at, "id": body.id},
    )


def finish(session: Session, body: SealedBody, now: datetime) -> None:
    session.execute(
        text("update platform.webhook_event set processed_at = :now where received_at = :at and id = :id"),
        {"now": now, "at": body.received_at, "id": body.id},
    )


def touch_connectors(session: Session, seen: Mapping[tuple[UUID, UUID], datetime]) -> None:
    """When events last came for (client, connector); a busy connector's row is written once a minute."""
    rows = sorted((client, connector, at) for (client, connector), at in seen.items())
    session.execute(
        text(
            "with due as (select c.client_id, c.id, n.at"
            " from unnest(cast(:clients as uuid[]), cast(:ids as uuid[]), cast(:at as timestamptz[]))"
            " as n(client_id, id, at) join tenant.connector c using (client_id, id)"
            " where c.last_event_at is null or c.last_event_at < n.at - interval '1 minute'"
            " order by c.client_id, c.id for no key update of c skip locked)"
            " update tenant.connector c set last_event_at = due.at from due"
            " where c.client_id = due.client_id and c.id = due.id"
        ),
        {
            "clients": arrays.uuids(r[0] for r in rows),
            "ids": arrays.uuids(r[1] for r in rows),
            "at": arrays.instants(r[2] for r in rows),
        },
    )
