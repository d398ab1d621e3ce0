"""What is said about messages: edits, withdrawals, reactions. Every write commutes and hangs on the channel's ids.

What waits for its message is `tombstones`; events beside the messages are `thread_events`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store.arrays import Column, columns, uuids
from konectus.store.queries.intake import Ref
from konectus.store.queries.sets import statement, unnested
from konectus.store.queries.tombstones import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    client_id: UUID
    id: UUID
    connector_id: UUID
    external_key: bytes
    at: datetime
    number: int | None
    text_sealed: bytes | None
    attachments_sealed: bytes | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReaction:
    client_id: UUID
    id: UUID
    connector_id: UUID
    external_key: bytes
    direction: str
    emoji_sealed: bytes | None
    at: datetime
    number: int | None
    received_at: datetime
    put_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    client_id: UUID
    connector_id: UUID
    external_key: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """A message that reads differently now."""

    client_id: UUID
    id: UUID
    conversation_id: UUID


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """The files that the latest version of a message names."""

    client_id: UUID
    message_id: UUID
    id: UUID
    attachments_sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """What stays of a withdrawn attachment: its kind, and that there was one."""

    client_id: UUID
    id: UUID
    source_sealed: bytes
    at: datetime


_KEY = {"client_id": "uuid", "connector_id": "uuid", "external_key": "bytea"}
_M = "m.client_id = n.client_id and m.connector_id = n.connector_id and m.external_key = n.external_key"
_V = _M.replace("m.", "v.")
_T = _M.replace("m.", "t.")


def add_versions(session: Session, rows: Sequence[NewVersion]) -> None:
    """Add each edit once, but for messages that were withdrawn: their rows or tombstones are locked by the caller."""
    source = unnested(
        "n",
        client_id="uuid",
        id="uuid",
        connector_id="uuid",
        external_key="bytea",
        at="timestamptz",
        number="bigint",
        text_sealed="bytea",
        attachments_sealed="bytea",
        received_at="timestamptz",
    )
    session.execute(
        statement(
            "insert into tenant.message_version (client_id, id, connector_id, external_key, at, number, text_sealed,"
            " attachments_sealed, received_at) select * from {n}"
            " where not exists (select 1 from tenant.message m where {m} and m.deleted_at is not null)"
            " and not exists (select 1 from tenant.tombstone t where {t} and t.withdrawn_at is not null)"
            " on conflict (client_id, id) do nothing",
            n=source,
            m=_M,
            t=_T,
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.id.int))),
    )


def lock(session: Session, refs: Iterable[Ref]) -> None:
    """Lock these messages in the order of their ids: edits and withdrawals of one wait for each other."""
    session.execute(
        statement(
            "select m.id from {n} join tenant.message m"
            " using (client_id, connector_id, external_key) order by m.client_id, m.id for no key update of m",
            n=unnested("n", **_KEY),
        ),
        listed(refs),
    )


def mark_edited(session: Session, refs: Iterable[Ref]) -> list[Changed]:
    """Messages that have versions say so; those whose latest may be new: of two edits of one second (Telegram knows no
    less) the second changes the text and not the time.
    """
    rows = session.execute(
        statement(
            "update tenant.message m set edited_at = n.at from (select k.client_id, k.connector_id, k.external_key,"
            " max(v.at) as at from {k} join tenant.message_version v"
            " using (client_id, connector_id, external_key) group by 1, 2, 3) n"
            " where {m} and m.deleted_at is null and (m.edited_at is null or m.edited_at <= n.at)"
            " returning m.client_id, m.id, m.conversation_id",
            k=unnested("k", **_KEY),
            m=_M,
        ),
        listed(refs),
    )
    return [Changed(*row) for row in rows.all()]


_NEWER = "(excluded.at, coalesce(excluded.number, 0)) > (r.at, coalesce(r.number, 0))"


def add_reactions(session: Session, rows: Sequence[NewReaction]) -> None:
    """The later of two by the channel's time counts, and when one was last put. At most one row for each id."""
    source = unnested(
        "n",
        client_id="uuid",
        id="uuid",
        connector_id="uuid",
        external_key="bytea",
        direction="text",
        emoji_sealed="bytea",
        at="timestamptz",
        number="bigint",
        received_at="timestamptz",
        put_at="timestamptz",
    )
    session.execute(
        statement(
            "insert into tenant.reaction as r (client_id, id, connector_id, external_key, direction, emoji_sealed, at,"
            " number, received_at, put_at) select * from {n} on conflict (client_id, id) do update set"
            " {latest}, put_at = greatest(r.put_at, excluded.put_at)"
            " where {newer} or excluded.put_at > coalesce(r.put_at, '-infinity')",
            n=source,
            newer=_NEWER,
            latest=", ".join(
                f"{column} = case when {_NEWER} then excluded.{column} else r.{column} end"
                for column in ("emoji_sealed", "at", "number", "received_at")
            ),
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.id.int))),
    )


def reacted(session: Session, refs: Iterable[Ref]) -> dict[Ref, datetime]:
    """When a person last put a reaction on each of these messages, where one did, also one taken away since."""
    rows = session.execute(
        statement(
            # The release before this one does not say when it was put.
            "select r.client_id, r.connector_id, r.external_key, max(coalesce(r.put_at, r.at)) as at"
            " from {k} join tenant.reaction r using (client_id, connector_id, external_key)"
            " where r.direction = 'in' and (r.put_at is not null or r.emoji_sealed is not null) group by 1, 2, 3",
            k=unnested("k", **_KEY),
        ),
        listed(refs),
    )
    return {(row.client_id, row.connector_id, row.external_key): row.at for row in rows.all()}


def withdraw(session: Session, rows: Sequence[Withdrawal]) -> list[Changed]:
    """Blank these messages: text, facts and versions go, the row stays. Those that were not blank before."""
    values = columns(sorted(rows, key=lambda r: (r.client_id.int, r.connector_id.int, r.external_key)))
    source = unnested("n", **_KEY, at="timestamptz")
    found = session.execute(
        statement(
            "update tenant.message m set deleted_at = n.at, text_sealed = null, facts_sealed = null, edited_at = null"
            " from {n} where {m} and (m.deleted_at is null or m.deleted_at > n.at)"
            " returning m.client_id, m.id, m.conversation_id",
            n=source,
            m=_M,
        ),
        values,
    )
    changed = [Changed(*row) for row in found.all()]
    session.execute(statement("delete from tenant.message_version v using {n} where {v}", n=source, v=_V), values)
    return changed


def attachments_of(session: Session, messages: Iterable[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    """(client, attachment) of all attachments of these (client, message)."""
    wanted = sorted(messages)
    rows = session.execute(
        text(
            "select a.client_id, a.id from tenant.attachment a where (a.client_id, a.message_id) in"
            " (select * from unnest(cast(:clients as uuid[]), cast(:ids as uuid[])))"
            " and a.state <> 'withdrawn' order by 1, 2 for no key update"
        ),
        {"clients": uuids([client for client, _ in wanted]), "ids": uuids([message for _, message in wanted])},
    )
    return [(row.client_id, row.id) for row in rows.all()]


def blank_attachments(session: Session, rows: Sequence[Blank]) -> None:
    """Names and addresses go at once; a job deletes the bytes and then clears `stored_at`, which is also set where a
    fetch may have written bytes and died before it said so.
    """
    session.execute(
        statement(
            "update tenant.attachment a set state = 'withdrawn', failure = null, name_sealed = null,"
            " source_sealed = n.source_sealed, not_before = null, width = null, height = null,"
            " stored_at = coalesce(a.stored_at, case when a.attempts > 0 then n.at end)"
            " from {n} where a.client_id = n.client_id and a.id = n.id",
            n=unnested("n", client_id="uuid", id="uuid", source_sealed="bytea", at="timestamptz"),
        ),
        columns(rows),
    )


def files_of(session: Session, messages: Iterable[tuple[UUID, UUID]]) -> list[VersionFiles]:
    """What the latest versions of these (client, message) name, where they name files."""
    rows = session.execute(
        statement(
            "select distinct on (m.client_id, m.id) m.client_id, m.id as message_id, v.id, v.attachments_sealed"
            " from {k} join tenant.message m using (client_id, id)"
            " join tenant.message_version v on v.client_id = m.client_id and v.connector_id = m.connector_id"
            " and v.external_key = m.external_key"
            " order by m.client_id, m.id, v.at desc, v.number desc nulls last, v.id desc",
            k=unnested("k", client_id="uuid", id="uuid"),
        ),
        _messages(messages),
    )
    return [VersionFiles(*row) for row in rows.all() if row.attachments_sealed is not None]


def sources_of(session: Session, messages: Iterable[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID, UUID, bytes]]:
    """(client, message, attachment, its sealed source) of all attachments of these (client, message)."""
    rows = session.execute(
        statement(
            "select a.client_id, a.message_id, a.id, a.source_sealed"
            " from {k} join tenant.attachment a on a.client_id = k.client_id and a.message_id = k.id",
            k=unnested("k", client_id="uuid", id="uuid"),
        ),
        _messages(messages),
    )
    return [(row.client_id, row.message_id, row.id, row.source_sealed) for row in rows.all()]


def _messages(messages: Iterable[tuple[UUID, UUID]]) -> dict[str, Column]:
    wanted = sorted(messages)
    return {
        "client_id": uuids([client for client, _ in wanted]),
        "id": uuids([message for _, message in wanted]),
    }
