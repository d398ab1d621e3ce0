"""The indexer's reads and writes: what waits, the texts as they are shown, the words of them. Searching is search."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from konectus.sealing import ClientKeys, Unreadable


@dataclass(frozen=True, slots=True)
class Pending:
    """A row of what waits."""

    client_id: UUID
    id: UUID
    message_ids: tuple[UUID, ...]
    contact_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class CatchUp:
    """A Client that was here before search was: its messages with a lesser id wait, the newest first."""

    client_id: UUID
    id: UUID
    older_than: UUID


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that is to be found, with the text it shows; none where it is withdrawn or has no text."""

    id: UUID
    conversation_id: UUID
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """A contact with its names."""

    id: UUID
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexed:
    """A message and the hashes of its words."""

    message: Shown
    words: Sequence[int]


def claim(session: Session, most: int, resting: Collection[UUID] = ()) -> list[Pending]:
    """Rows nobody else is at, the newest first: what was just said is looked for soonest. `resting` Clients wait."""
    rows = session.execute(
        text(
            "select client_id, id, message_ids, contact_ids from tenant.search_pending where older_than is null"
            " and client_id <> all(cast(:resting as uuid[])) order by queued_at desc, id limit :most"
            " for update skip locked"
        ),
        {"most": most, "resting": list(resting)},
    )
    return [Pending(row.client_id, row.id, tuple(row.message_ids), tuple(row.contact_ids)) for row in rows]


def claim_catch_up(session: Session, now: datetime, resting: Collection[UUID] = ()) -> CatchUp | None:
    """One whose time has come. `resting` Clients wait."""
    row = session.execute(
        text(
            "select client_id, id, older_than from tenant.search_pending where older_than is not null"
            " and queued_at <= :now and client_id <> all(cast(:resting as uuid[]))"
            " order by client_id, id limit 1 for update skip locked"
        ),
        {"now": now, "resting": list(resting)},
    ).one_or_none()
    return CatchUp(row.client_id, row.id, row.older_than) if row is not None else None


def done(session: Session, rows: Sequence[Pending] | Sequence[CatchUp]) -> None:
    session.execute(
        text(
            "delete from tenant.search_pending where (client_id, id) in"
            " (select * from unnest(cast(:clients as uuid[]), cast(:ids as uuid[])))"
        ),
        {"clients": [row.client_id for row in rows], "ids": [row.id for row in rows]},
    )


def go_on_from(session: Session, started: CatchUp, older_than: UUID) -> None:
    """The catch-up has done everything from this id on."""
    session.execute(
        text("update tenant.search_pending set older_than = :older where client_id = :client and id = :id"),
        {"older": older_than, "client": started.client_id, "id": started.id},
    )


def older(session: Session, client_id: UUID, than: UUID, most: int) -> list[tuple[UUID, datetime, UUID]]:
    """Id, sender's time and contact of the messages before an id, the newest first."""
    rows = session.execute(
        text(
            "select m.id, m.occurred_at, v.contact_id from tenant.message m"
            " join tenant.conversation v on v.client_id = m.client_id and v.id = m.conversation_id"
            " where m.client_id = :client and m.id < :than order by m.id desc limit :most"
        ),
        {"client": client_id, "than": than, "most": most},
    )
    return [(row.id, row.occurred_at, row.contact_id) for row in rows]


def not_indexed(session: Session, client_id: UUID, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Those of these contacts that the index does not know."""
    statement = text(
        "select id from unnest(cast(:ids as uuid[])) as n(id) where not exists"
        " (select from tenant.contact_search s where s.client_id = :client and s.contact_id = n.id)"
    )
    return list(session.execute(statement, {"client": client_id, "ids": sorted(set(contact_ids))}).scalars())


_SHOWN = text(
    """
    select m.id, m.conversation_id, m.occurred_at, m.text_sealed, m.deleted_at,
           e.id as version_id, e.text_sealed as version_sealed
    from tenant.message m
    left join lateral (
      select r.id, r.text_sealed from tenant.message_version r
      where m.edited_at is not null and r.client_id = m.client_id and r.connector_id = m.connector_id
        and r.external_key = m.external_key
      order by r.at desc, r.number desc nulls last, r.id desc limit 1) e on true
    where m.client_id = :client and m.id = any(cast(:ids as uuid[]))
    """
)


def shown(session: Session, keys: ClientKeys, message_ids: Sequence[UUID]) -> list[Shown]:
    """These messages as they are shown at this moment. One that does not open counts as one without text."""
    rows = session.execute(_SHOWN, {"client": keys.client_id, "ids": list(message_ids)})
    return [Shown(row.id, row.conversation_id, row.occurred_at, _text(keys, row)) for row in rows]


def named(session: Session, keys: ClientKeys, contact_ids: Sequence[UUID]) -> list[Named]:
    rows = session.execute(
        text(
            "select id, name_sealed, handle_sealed from tenant.contact"
            " where client_id = :client and id = any(cast(:ids as uuid[]))"
        ),
        {"client": keys.client_id, "ids": list(contact_ids)},
    )
    return [Named(row.id, tuple(_read(keys, row.id, column, row) for column in _NAMES)) for row in rows]


def write_messages(session: Session, client_id: UUID, rows: Sequence[Indexed]) -> None:
    """Put messages into the index, or their new words and places; those without any words are taken out."""
    kept = sorted((row for row in rows if row.words), key=lambda row: (row.message.at, row.message.id))
    session.execute(
        text(
            "delete from tenant.message_search s"
            " using unnest(cast(:ats as timestamptz[]), cast(:ids as uuid[])) as n(at, id)"
            " where s.client_id = :client and s.at = n.at and s.message_id = n.id"
        ),
        {"client": client_id, **_places([row.message for row in rows if not row.words])},
    )
    # Arrays of arrays must be of one length: the words come as one list, and where each message's begin and end in it.
    ends = _running([len(row.words) for row in kept])
    session.execute(
        text(
            "insert into tenant.message_search (client_id, at, message_id, conversation_id, words)"
            " select :client, n.at, n.id, n.conversation, a.words[n.first:n.last]"
            " from (select cast(:words as bigint[]) as words) a,"
            " unnest(cast(:ats as timestamptz[]), cast(:ids as uuid[]), cast(:conversations as uuid[]),"
            " cast(:firsts as int[]), cast(:lasts as int[])) as n(at, id, conversation, first, last)"
            " on conflict (client_id, at, message_id)"
            " do update set words = excluded.words, conversation_id = excluded.conversation_id"
        ),
        {
            "client": client_id,
            "words": [word for row in kept for word in row.words],
            "conversations": [row.message.conversation_id for row in kept],
            "firsts": [end - len(row.words) + 1 for end, row in zip(ends, kept, strict=True)],
            "lasts": ends,
            **_places([row.message for row in kept]),
        },
    )


def write_contacts(session: Session, client_id: UUID, prefixes: Mapping[UUID, Sequence[int]]) -> None:
    """Put contacts into the index, or their new names; a contact without a name is found by nothing."""
    kept = sorted(prefixes)
    ends = _running([len(prefixes[contact]) for contact in kept])
    session.execute(
        text(
            "insert into tenant.contact_search (client_id, contact_id, prefixes)"
            " select :client, n.id, a.prefixes[n.first:n.last] from (select cast(:prefixes as bigint[]) as prefixes) a,"
            " unnest(cast(:ids as uuid[]), cast(:firsts as int[]), cast(:lasts as int[])) as n(id, first, last)"
            " on conflict (client_id, contact_id) do update set prefixes = excluded.prefixes"
        ),
        {
            "client": client_id,
            "prefixes": [prefix for contact in kept for prefix in prefixes[contact]],
            "ids": kept,
            "firsts": [end - len(prefixes[contact]) + 1 for end, contact in zip(ends, kept, strict=True)],
            "lasts": ends,
        },
    )


_NAMES = ("name_sealed", "handle_sealed")


def _places(messages: Sequence[Shown]) -> dict[str, list[Any]]:
    return {"ats": [message.at for message in messages], "ids": [message.id for message in messages]}


def _running(lengths: Sequence[int]) -> list[int]:
    found, so_far = [], 0
    for length in lengths:
        so_far += length
        found.append(so_far)
    return found


def _text(keys: ClientKeys, row: Row[Any]) -> str:
    if row.deleted_at is not None:
        return ""
    try:
        if row.version_id is not None:
            return keys.read(row.version_sealed, "message_version", "text_sealed", row.version_id)
        return keys.read(row.text_sealed, "message", "text_sealed", row.id)
    except Unreadable:
        return ""


def _read(keys: ClientKeys, row_id: UUID, column: str, row: Row[Any]) -> str:
    try:
        return keys.read(getattr(row, column), "contact", column, row_id)
    except Unreadable:
        return ""
