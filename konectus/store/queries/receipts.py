"""What receipts and echoes change in messages of ours: named ones, all up to a watermark, and those not here yet.

Ranks only grow, as in domain.conversations.advance: a receipt that comes late or twice changes nothing, and what
never left us (queued, failed, cancelled) has no rank.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store.arrays import Column, byteas, columns, instants, uuids
from konectus.store.queries.intake import Ref


@dataclass(frozen=True, slots=True)
class Found:
    """A message by its external key."""

    id: UUID
    conversation_id: UUID
    occurred_at: datetime
    direction: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a reply, as an echo's metadata names it."""

    connector_id: UUID
    conversation_id: UUID
    occurred_at: datetime
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """An echo tells which message a part became."""

    client_id: UUID
    id: UUID
    external_key: bytes
    external_id_sealed: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A receipt that names its message."""

    client_id: UUID
    connector_id: UUID
    external_key: bytes
    status: str
    at: datetime


def by_keys(session: Session, refs: Iterable[Ref]) -> dict[tuple[UUID, bytes], Found]:
    """The messages there are among these, by (connector, key)."""
    wanted = sorted(refs, key=lambda ref: (ref[0].int, ref[1].int, ref[2]))
    rows = session.execute(
        text(
            "select m.connector_id, m.external_key, m.id, m.conversation_id, m.occurred_at, m.direction"
            " from unnest(cast(:clients as uuid[]), cast(:connectors as uuid[]), cast(:keys as bytea[]))"
            " as k(client_id, connector_id, external_key)"
            " join tenant.message m using (client_id, connector_id, external_key)"
        ),
        {
            "clients": uuids([ref[0] for ref in wanted]),
            "connectors": uuids([ref[1] for ref in wanted]),
            "keys": byteas([ref[2] for ref in wanted]),
        },
    )
    return {
        (row.connector_id, row.external_key): Found(row.id, row.conversation_id, row.occurred_at, row.direction)
        for row in rows.all()
    }


def parts(session: Session, wanted: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Part]:
    """The outgoing messages there are among these (client, message)."""
    rows = session.execute(
        text(
            "select id, connector_id, conversation_id, occurred_at, external_key is not null as named"
            " from tenant.message"
            " where direction = 'out' and (client_id, id) in"
            " (select * from unnest(cast(:clients as uuid[]), cast(:ids as uuid[])))"
        ),
        {"clients": uuids([client for client, _ in wanted]), "ids": uuids([message for _, message in wanted])},
    )
    return {row.id: Part(row.connector_id, row.conversation_id, row.occurred_at, row.named) for row in rows.all()}


def name_parts(session: Session, namings: Sequence[Naming]) -> None:
    """The channel has them: sent, whatever we knew of the outcome, and nothing more to do for the sender."""
    rows = columns(sorted(namings, key=lambda n: (n.client_id.int, n.id.int)))
    _lock_messages(session, rows["client_id"], rows["id"])
    session.execute(
        text(
            "update tenant.message m set external_key = n.external_key, external_id_sealed = n.external_id_sealed,"
            " status = case when m.status in ('queued', 'sending', 'unknown', 'failed') then 'sent' else m.status end,"
            " failure = null"
            " from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:external_key as bytea[]),"
            " cast(:external_id_sealed as bytea[])) as n(client_id, id, external_key, external_id_sealed)"
            " where m.client_id = n.client_id and m.id = n.id and m.external_key is null"
        ),
        rows,
    )
    session.execute(
        text(
            "update tenant.outbox o set done_at = n.at"
            " from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:at as timestamptz[]))"
            " as n(client_id, id, at) where o.client_id = n.client_id and o.id = n.id and o.done_at is null"
        ),
        rows,
    )


def advance(session: Session, named: Sequence[Named]) -> None:
    """Named messages of ours become delivered or read."""
    rows = columns(named)
    session.execute(
        text(
            "select m.id from tenant.message m where (m.client_id, m.connector_id, m.external_key) in (select * from"
            " unnest(cast(:client_id as uuid[]), cast(:connector_id as uuid[]), cast(:external_key as bytea[])))"
            " order by m.client_id, m.id for no key update"
        ),
        rows,
    )
    session.execute(
        text(
            "update tenant.message m set status = r.status from unnest(cast(:client_id as uuid[]),"
            " cast(:connector_id as uuid[]), cast(:external_key as bytea[]), cast(:status as text[]))"
            " as r(client_id, connector_id, external_key, status)"
            " where m.client_id = r.client_id and m.connector_id = r.connector_id and m.external_key = r.external_key"
            " and m.direction = 'out'"
            " and array_position('{sending,unknown,sent,delivered,read}', m.status)"
            " < array_position('{sending,unknown,sent,delivered,read}', r.status)"
        ),
        rows,
    )


def advance_until(session: Session, since: Sequence[tuple[UUID, UUID, datetime | None]]) -> None:
    """In locked conversations (client, id, since): sent messages later than `since` follow the watermarks."""
    rows = {
        "clients": uuids([client for client, _, _ in since]),
        "ids": uuids([conversation for _, conversation, _ in since]),
        "since": instants([at for _, _, at in since]),
    }
    session.execute(
        text(
            "with r as (select m.client_id, m.id,"
            " case when m.occurred_at <= v.read_until then 'read' else 'delivered' end as status"
            " from unnest(cast(:clients as uuid[]), cast(:ids as uuid[]), cast(:since as timestamptz[]))"
            " as k(client_id, id, since) join tenant.conversation v using (client_id, id)"
            " join tenant.message m on m.client_id = v.client_id and m.conversation_id = v.id"
            " and m.occurred_at >= coalesce(k.since, '-infinity')"
            " and m.occurred_at <= greatest(v.delivered_until, v.read_until)"
            " where m.direction = 'out' and m.status in ('sent', 'delivered')"
            " order by m.client_id, m.id for no key update of m)"
            " update tenant.message m set status = r.status from r"
            " where m.client_id = r.client_id and m.id = r.id"
            " and array_position('{sending,unknown,sent,delivered,read}', m.status)"
            " < array_position('{sending,unknown,sent,delivered,read}', r.status)"
        ),
        rows,
    )


def _lock_messages(session: Session, clients: Column, ids: Column) -> None:
    session.execute(
        text(
            "select id from tenant.message where (client_id, id) in"
            " (select * from unnest(cast(:clients as uuid[]), cast(:ids as uuid[])))"
            " order by client_id, id for no key update"
        ),
        {"clients": clients, "ids": ids},
    )
