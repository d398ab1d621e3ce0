"""Set-based writes of a worker's batch: contacts, conversations, messages, attachments.

Every multi-row insert and lock goes by key, so that two batches never wait for each other in a circle, and every
write commutes: unique key, greatest(), +n. What a receipt changes is `receipts`, the log's own rows are `letters`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store.arrays import byteas, columns, uuids
from konectus.store.queries.sets import statement, unnested

# A person at a connector: (client_id, connector_id, external_key).
Ref = tuple[UUID, UUID, bytes]


class Thread(Struct, frozen=True, gc=False):
    """Where a person's messages go. No conversation yet: `conversation_id` is None."""

    contact_id: UUID
    conversation_id: UUID | None
    unreachable: bool = False


class NewContact(Struct, frozen=True, kw_only=True, gc=False):
    client_id: UUID
    id: UUID
    connector_id: UUID
    external_key: bytes
    external_id_sealed: bytes
    name_sealed: bytes | None
    handle_sealed: bytes | None
    first_seen_at: datetime
    kind: str


class NewConversation(Struct, frozen=True, kw_only=True, gc=False):
    client_id: UUID
    id: UUID
    connector_id: UUID
    contact_id: UUID
    channel: str
    kind: str
    opened_at: datetime


class NewMessage(Struct, frozen=True, kw_only=True, gc=False):
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
    facts_sealed: bytes | None


class NewAttachment(Struct, frozen=True, kw_only=True, gc=False):
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


class Stir(Struct, frozen=True, kw_only=True, gc=False):
    """What a batch does to one conversation, coalesced. `unread` counts new messages of the person.

    `closed_at`: nobody can write in it any more since then.
    """

    client_id: UUID
    id: UUID
    last_at: datetime | None
    unread: int
    window_at: datetime | None
    window_by: str | None
    business_at: datetime | None
    owner_at: datetime | None
    owner_app: str | None
    closed_at: datetime | None
    delivered_until: datetime | None
    read_until: datetime | None


def threads(session: Session, refs: Iterable[Ref]) -> dict[tuple[UUID, bytes], Thread]:
    """The contacts that are known among these, with their conversations, by (connector, key)."""
    wanted = sorted(refs, key=lambda ref: (ref[0].int, ref[1].int, ref[2]))
    rows = session.execute(
        text(
            "select c.connector_id, c.external_key, c.id as contact_id, v.id as conversation_id,"
            " c.unreachable is not null as unreachable"
            " from unnest(cast(:clients as uuid[]), cast(:connectors as uuid[]), cast(:keys as bytea[]))"
            " as k(client_id, connector_id, external_key)"
            " join tenant.contact c using (client_id, connector_id, external_key)"
            " left join tenant.conversation v"
            " on v.client_id = c.client_id and v.connector_id = c.connector_id and v.contact_id = c.id"
        ),
        {
            "clients": uuids([ref[0] for ref in wanted]),
            "connectors": uuids([ref[1] for ref in wanted]),
            "keys": byteas([ref[2] for ref in wanted]),
        },
    )
    return {
        (connector_id, external_key): Thread(contact_id, conversation_id, unreachable)
        for connector_id, external_key, contact_id, conversation_id, unreachable in rows.all()
    }


def add_contacts(session: Session, rows: Sequence[NewContact]) -> None:
    """Add those that nobody else has added meanwhile."""
    session.execute(
        text(
            "insert into tenant.contact (client_id, id, connector_id, external_key, external_id_sealed, name_sealed,"
            " handle_sealed, first_seen_at, kind)"
            " select * from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:connector_id as uuid[]),"
            " cast(:external_key as bytea[]), cast(:external_id_sealed as bytea[]), cast(:name_sealed as bytea[]),"
            " cast(:handle_sealed as bytea[]), cast(:first_seen_at as timestamptz[]), cast(:kind as text[]))"
            " on conflict (client_id, connector_id, external_key) do nothing"
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.connector_id.int, r.external_key))),
    )


def add_conversations(session: Session, rows: Sequence[NewConversation]) -> None:
    """Add those that nobody else has added meanwhile; what happens in them comes by `stir`."""
    session.execute(
        text(
            "insert into tenant.conversation (client_id, id, connector_id, contact_id, channel, kind, opened_at,"
            " last_at, status, unread)"
            " select client_id, id, connector_id, contact_id, channel, kind, opened_at, opened_at, 'open', 0"
            " from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:connector_id as uuid[]),"
            " cast(:contact_id as uuid[]), cast(:channel as text[]), cast(:kind as text[]),"
            " cast(:opened_at as timestamptz[]))"
            " as n(client_id, id, connector_id, contact_id, channel, kind, opened_at)"
            " on conflict (client_id, connector_id, contact_id) do nothing"
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.connector_id.int, r.contact_id.int))),
    )


def add_messages(session: Session, rows: Sequence[NewMessage]) -> set[UUID]:
    """Add the messages that are not there yet and return the ids of those added (product.md, opening 2)."""
    found = session.execute(
        text(
            "insert into tenant.message (client_id, id, connector_id, conversation_id, direction, author, kind,"
            " external_key, external_id_sealed, text_sealed, reply_to_key, occurred_at, received_at, status,"
            " facts_sealed)"
            " select * from unnest(cast(:client_id as uuid[]), cast(:id as uuid[]), cast(:connector_id as uuid[]),"
            " cast(:conversation_id as uuid[]), cast(:direction as text[]), cast(:author as text[]),"
            " cast(:kind as text[]), cast(:external_key as bytea[]), cast(:external_id_sealed as bytea[]),"
            " cast(:text_sealed as bytea[]), cast(:reply_to_key as bytea[]), cast(:occurred_at as timestamptz[]),"
            " cast(:received_at as timestamptz[]), cast(:status as text[]), cast(:facts_sealed as bytea[]))"
            " on conflict (client_id, connector_id, external_key) do nothing returning id"
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.connector_id.int, r.external_key))),
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
    wanted = sorted(conversations, key=lambda place: (place[0].int, place[1].int))
    rows = session.execute(
        text(
            "select id, delivered_until, read_until from tenant.conversation where (client_id, id) in"
            " (select * from unnest(cast(:clients as uuid[]), cast(:ids as uuid[])))"
            " order by client_id, id for no key update"
        ),
        {
            "clients": uuids([client for client, _ in wanted]),
            "ids": uuids([conversation for _, conversation in wanted]),
        },
    )
    return {row: (delivered, read) for row, delivered, read in rows.all()}


# An app whose id nobody told: what is known of the holder already stays (channels.md 2.9).
SOME_APP = "unknown"
_STIR = unnested(
    "n",
    client_id="uuid",
    id="uuid",
    last_at="timestamptz",
    unread="int",
    window_at="timestamptz",
    window_by="text",
    business_at="timestamptz",
    owner_at="timestamptz",
    owner_app="text",
    closed_at="timestamptz",
    delivered_until="timestamptz",
    read_until="timestamptz",
)
# Nobody can write in it since its last message, in whatever order we hear of both.
_SHUT = (
    "(n.closed_at is not null or n.unread > 0) and greatest(v.left_at, n.closed_at) >= greatest(v.last_at, n.last_at)"
)


def stir(session: Session, stirs: Sequence[Stir]) -> None:
    """Apply to locked conversations. A message of the person opens one again and keeps its assignee if still active."""
    session.execute(
        statement(
            "update tenant.conversation v set last_at = greatest(v.last_at, n.last_at), unread = v.unread + n.unread,"
            " window_opened_at = greatest(v.window_opened_at, n.window_at),"
            " window_opened_by = case when (n.window_at, n.window_by)"
            " > (coalesce(v.window_opened_at, '-infinity'), coalesce(v.window_opened_by, ''))"
            " then n.window_by else v.window_opened_by end,"
            " business_at = greatest(v.business_at, n.business_at),"
            " owner_at = greatest(v.owner_at, n.owner_at),"
            " owner_app = case when n.owner_at > coalesce(v.owner_at, '-infinity') then"
            " case when n.owner_app = '{some}' then coalesce(v.owner_app, n.owner_app) else n.owner_app end"
            " else v.owner_app end,"
            " delivered_until = greatest(v.delivered_until, n.delivered_until),"
            " read_until = greatest(v.read_until, n.read_until),"
            " left_at = greatest(v.left_at, n.closed_at),"
            " status = case when {shut} then 'closed' when n.unread > 0 then 'open' else v.status end,"
            " closed_at = case when {shut} then coalesce(v.closed_at, n.closed_at, v.left_at)"
            " when n.unread > 0 then null else v.closed_at end,"
            " opened_at = case when {again} then n.last_at else v.opened_at end,"
            " first_reply_at = case when {again} then null else v.first_reply_at end,"
            " assignee_id = case when n.unread > 0 and v.status <> 'open' then (select u.id from"
            " ledger.authorized_user u where u.client_id = v.client_id and u.id = v.assignee_id and u.active)"
            " else v.assignee_id end"
            " from {n} where v.client_id = n.client_id and v.id = n.id",
            n=_STIR,
            some=SOME_APP,
            shut=_SHUT,
            again=f"n.unread > 0 and v.status = 'closed' and ({_SHUT}) is not true",
        ),
        columns(stirs),
    )


class Reach(Struct, frozen=True, kw_only=True, gc=False):
    """Whether a contact can be written to, as the channel tells it: blocked, gone, or (None) again."""

    client_id: UUID
    id: UUID
    unreachable: str | None
    at: datetime


def forget_plans(session: Session) -> None:
    """Have statements planned again on this connection, those of foreign keys too. A plan made while conversations were
    few may look for them by another index than their key, which costs more with each message (PostgreSQL 18).
    """
    session.execute(text("discard plans"))


def set_reach(session: Session, rows: Sequence[Reach]) -> None:
    """The later word counts. At most one row for each contact."""
    session.execute(
        statement(
            "update tenant.contact c set unreachable = n.unreachable, unreachable_at = n.at from {n}"
            " where c.client_id = n.client_id and c.id = n.id and n.at > coalesce(c.unreachable_at, '-infinity')",
            n=unnested("n", client_id="uuid", id="uuid", unreachable="text", at="timestamptz"),
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.id.int))),
    )
