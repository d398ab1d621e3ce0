"""Set-based writes of a worker's batch: contacts, conversations, messages, attachments.

Every multi-row insert and lock goes by key, so that two batches never wait for each other in a circle, and every
write commutes: unique key, greatest(), +n. What a receipt changes is `receipts`, the log's own rows are `letters`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# A person at a connector: (client_id, connector_id, external_key).
Ref = tuple[UUID, UUID, bytes]


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a person's messages go. No conversation yet: `conversation_id` is None."""

    contact_id: UUID
    conversation_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    client_id: UUID
    id: UUID
    connector_id: UUID
    external_key: bytes
    external_id_sealed: bytes
    name_sealed: bytes | None
    handle_sealed: bytes | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversation:
    client_id: UUID
    id: UUID
    connector_id: UUID
    contact_id: UUID
    channel: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    direction: str
    author: str
    kind: str
    external_key: bytes
    external_id_sealed: bytes
    text_sealed: bytes | None
    reply_to_key: bytes | None
    occurred_at: datetime
    received_at: datetime
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttachment:
    client_id: UUID
    id: UUID
    message_id: UUID
    position: int
    kind: str
    state: str
    source_sealed: bytes
    name_sealed: bytes | None
    media_type: str | None
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stir:
    """What a batch does to one conversation, coalesced. `unread` counts new messages of the person."""

    client_id: UUID
    id: UUID
    last_at: datetime | None
    unread: int
    window_at: datetime | None
    delivered_until: datetime | None
    read_until: datetime | None


def threads(session: Session, refs: Iterable[Ref]) -> dict[tuple[UUID, bytes], Thread]:
    """The contacts that are known among these, with their conversations, by (connector, key)."""
    wanted = sorted(refs)
    rows = session.execute(
        text(
            "select c.connector_id, c.external_key, c.id as contact_id, v.id as conversation_id"
            " from unnest(cast(:clients as uuid[]), cast(:connectors as uuid[]), cast(:keys as bytea[]))"
            " as k(client_id, connector_id, external_key)"
            " join tenant.contact c using (client_id, connector_id, external_key)"
            " left join tenant.conversation v"
            " on v.client_id = c.client_id and v.connector_id = c.connector_id and v.contact_id = c.id"
        ),
        {"clients": [r[0] for r in wanted], "connectors": [r[1] for r in wanted], "keys": [r[2] for r in wanted]},
    )
    return {(row.connector_id, row.external_key): Thread(row.contact_id, row.conversation_id) for row in rows}


def add_contacts(session: Session, rows: Sequence[NewContact]) -> None:
    """Add those that nobody else has added meanwhile."""
    session.execute(
        text(
            "insert into tenant.contact (client_id, id, connector_id, external_key, external_id_sealed, name_sealed,"
            " handle_sealed, first_seen_at)"
            " select * from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:connector_id as uuid[]),"
            " cast(:external_key as bytea[]), cast(:external_id_sealed as bytea[]), cast(:name_sealed as bytea[]),"
            " cast(:handle_sealed as bytea[]), cast(:first_seen_at as timestamptz[]))"
            " on conflict (client_id, connector_id, external_key) do nothing"
        ),
        columns(sorted(rows, key=lambda r: (r.client_id, r.connector_id, r.external_key))),
    )


def add_conversations(session: Session, rows: Sequence[NewConversation]) -> None:
    """Add those that nobody else has added meanwhile; what happens in them comes by `stir`."""
    session.execute(
        text(
            "insert into tenant.conversation (client_id, id, connector_id, contact_id, channel, opened_at, last_at,"
            " status, unread)"
            " select client_id, id, connector_id, contact_id, channel, opened_at, opened_at, 'open', 0"
            " from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:connector_id as uuid[]),"
            " cast(:contact_id as uuid[]), cast(:channel as text[]), cast(:opened_at as timestamptz[]))"
            " as n(client_id, id, connector_id, contact_id, channel, opened_at)"
            " on conflict (client_id, connector_id, contact_id) do nothing"
        ),
        columns(sorted(rows, key=lambda r: (r.client_id, r.connector_id, r.contact_id))),
    )


def add_messages(session: Session, rows: Sequence[NewMessage]) -> set[UUID]:
    """Add the messages that are not there yet and return the ids of those added (product.md, opening 2)."""
    found = session.execute(
        text(
            "insert into tenant.message (client_id, id, connector_id, conversation_id, direction, author, kind,"
            " external_key, external_id_sealed, text_sealed, reply_to_key, occurred_at, received_at, status)"
            " select * from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:connector_id as uuid[]),"
            " cast(:conversation_id as uuid[]), cast(:direction as text[]), cast(:author as text[]),"
            " cast(:kind as text[]), cast(:external_key as bytea[]), cast(:external_id_sealed as bytea[]),"
            " cast(:text_sealed as bytea[]), cast(:reply_to_key as bytea[]), cast(:occurred_at as timestamptz[]),"
            " cast(:received_at as timestamptz[]), cast(:status as text[]))"
            " on conflict (client_id, connector_id, external_key) do nothing returning id"
        ),
        columns(sorted(rows, key=lambda r: (r.client_id, r.connector_id, r.external_key))),
    )
    return set(found.scalars())


def add_attachments(session: Session, rows: Sequence[NewAttachment]) -> None:
    session.execute(
        text(
            "insert into tenant.attachment (client_id, id, message_id, position, kind, state, source_sealed,"
            " name_sealed, media_type, size)"
            " select * from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:message_id as uuid[]),"
            " cast(:position as int[]), cast(:kind as text[]), cast(:state as text[]), cast(:source_sealed as bytea[]),"
            " cast(:name_sealed as bytea[]), cast(:media_type as text[]), cast(:size as bigint[]))"
        ),
        columns(rows),
    )


def lock(session: Session, conversations: Iterable[tuple[UUID, UUID]]) -> dict[UUID, tuple[datetime | None, ...]]:
    """Lock these (client, conversation) in the order of their keys; their delivered and read watermarks."""
    wanted = sorted(conversations)
    rows = session.execute(
        text(
            "select id, delivered_until, read_until from tenant.conversation where (client_id, id) in"
            " (select * from unnest(cast(:clients as uuid[]), cast(:ids as uuid[])))"
            " order by client_id, id for no key update"
        ),
        {"clients": [client for client, _ in wanted], "ids": [conversation for _, conversation in wanted]},
    )
    return {row.id: (row.delivered_until, row.read_until) for row in rows}


def stir(session: Session, stirs: Sequence[Stir]) -> None:
    """Apply to locked conversations. A message of the person opens one again and keeps its assignee if still active."""
    session.execute(
        text(
            "update tenant.conversation v set last_at = greatest(v.last_at, n.last_at), unread = v.unread + n.unread,"
            " window_opened_at = greatest(v.window_opened_at, n.window_at),"
            " delivered_until = greatest(v.delivered_until, n.delivered_until),"
            " read_until = greatest(v.read_until, n.read_until),"
            " status = case when n.unread > 0 then 'open' else v.status end,"
            " closed_at = case when n.unread > 0 then null else v.closed_at end,"
            " opened_at = case when n.unread > 0 and v.status = 'closed' then n.last_at else v.opened_at end,"
            " first_reply_at = case when n.unread > 0 and v.status = 'closed' then null else v.first_reply_at end,"
            " assignee_id = case when n.unread > 0 and v.status <> 'open' then (select u.id from"
            " ledger.authorized_user u where u.client_id = v.client_id and u.id = v.assignee_id and u.active)"
            " else v.assignee_id end"
            " from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:last_at as timestamptz[]),"
            " cast(:unread as int[]), cast(:window_at as timestamptz[]), cast(:delivered_until as timestamptz[]),"
            " cast(:read_until as timestamptz[]))"
            " as n(client_id, id, last_at, unread, window_at, delivered_until, read_until)"
            " where v.client_id = n.client_id and v.id = n.id"
        ),
        columns(stirs),
    )


def columns(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """The rows' fields as lists, as `unnest` wants them; at least one row, all of one dataclass."""
    names = [field.name for field in fields(rows[0])]
    return {name: [getattr(row, name) for row in rows] for name in names}
