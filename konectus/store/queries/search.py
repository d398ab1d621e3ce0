"""Search over sealed text: found messages and people, and what has to be indexed. The indexer's own is search_index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from konectus.domain import search as rule
from konectus.domain.channels import Channel
from konectus.domain.conversations import Direction, Party
from konectus.ids import uuid7
from konectus.sealing import ClientKeys
from konectus.store import locks
from konectus.store.arrays import uuids

PAGE = 50
PEOPLE = 8
# What is hashed: a word of a message, the beginning of a name.
WORD = "word"
BEGINNING = "beginning"


@dataclass(frozen=True, slots=True)
class HitRow:
    """A found message. `text` is cut around the first word that was looked for; `marks` are spans of all in it."""

    message_id: UUID
    conversation_id: UUID
    contact_name: str
    channel: Channel
    kind: Party
    direction: Direction
    occurred_at: datetime
    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PersonRow:
    """An End Contact (or a group) found by the beginnings of its names, with its conversation."""

    conversation_id: UUID
    name: str
    handle: str
    channel: Channel
    kind: Party


def messages(
    session: Session,
    keys: ClientKeys,
    words: str,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[HitRow]:
    """Messages that hold all these words, newest first by the sender's time; `before` is (occurred_at, message_id) of
    the last one of the page above. Runs in the Client's own session (konectus_app). Nothing to look for finds nothing.
    """
    wanted = rule.wanted(words)
    if not wanted:
        return []
    at, last_id = before or (None, None)
    values = {"client": keys.client_id, "words": hashes(keys, wanted, WORD), "at": at, "last": last_id, "limit": limit}
    return [_hit(keys, row, wanted) for row in session.execute(_MESSAGES, values)]


def message_ids(session: Session, keys: ClientKeys, words: str, *, limit: int = PAGE) -> list[UUID]:
    """The newest messages with these words, unopened."""
    statement = text("select message_id from app.search_messages(cast(:words as bigint[]), null, null, :limit)")
    values = {"words": hashes(keys, rule.wanted(words), WORD), "limit": limit}
    return list(session.execute(statement, values).scalars())


def people(session: Session, keys: ClientKeys, prefix: str, *, limit: int = PEOPLE) -> list[PersonRow]:
    """People whose names begin with each of these: three letters or more, or a whole shorter name. Newest first."""
    wanted = rule.wanted_beginnings(prefix)
    if not wanted:
        return []
    values = {"client": keys.client_id, "prefixes": hashes(keys, wanted, BEGINNING), "limit": limit}
    return [_person(keys, row) for row in session.execute(_PEOPLE, values)]


def queue(
    session: Session,
    client_id: UUID,
    message_ids: Sequence[UUID],
    now: datetime,
    *,
    contact_ids: Sequence[UUID] = (),
) -> None:
    """Have these messages (new, or with a new text) and contacts (with a new name) indexed; one row."""
    if not message_ids and not contact_ids:
        return
    statement = text(
        "insert into tenant.search_pending (client_id, id, message_ids, contact_ids, queued_at)"
        " values (:client, :id, cast(:messages as uuid[]), cast(:contacts as uuid[]), :now)"
    )
    ids = {"messages": uuids(message_ids), "contacts": uuids(contact_ids)}
    session.execute(statement, {"client": client_id, "id": uuid7(now), "now": now} | ids)


def forget(session: Session, client_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Take messages out of the index at once: after their rows say that they are withdrawn, or before they are deleted.

    Whoever indexes them at this moment is waited for, and who comes after this transaction sees what it did.
    """
    locks.search_index(session, client_id)
    session.execute(
        text(
            "delete from tenant.message_search s using tenant.message m"
            " where m.client_id = :client and m.id = any(cast(:messages as uuid[]))"
            " and s.client_id = m.client_id and s.at = m.occurred_at and s.message_id = m.id"
        ),
        {"client": client_id, "messages": list(message_ids)},
    )


def keep_partitions(session: Session, first: date, last: date) -> None:
    """Make the months of the index between two days that are not there yet."""
    session.execute(text("select tenant.keep_search_partitions(:first, :last)"), {"first": first, "last": last})


def hashes(keys: ClientKeys, words: Sequence[str], purpose: str) -> list[int]:
    """Eight bytes of each word's keyed hash as PostgreSQL's bigint, in their order."""
    return [int.from_bytes(keys.key_of(purpose, word)[:8], "big", signed=True) for word in words]


# The text that is shown: of the greatest version, else the first.
_MESSAGES = text(
    """
    select f.message_id, f.conversation_id, f.at, v.channel, v.kind, m.direction, k.id as contact_id, k.name_sealed,
           k.handle_sealed, m.text_sealed, e.id as version_id, e.text_sealed as version_sealed
    from app.search_messages(cast(:words as bigint[]), cast(:at as timestamptz), cast(:last as uuid), :limit) f
    join tenant.message m on m.client_id = :client and m.id = f.message_id and m.deleted_at is null
    join tenant.conversation v on v.client_id = :client and v.id = f.conversation_id
    join tenant.contact k on k.client_id = :client and k.id = v.contact_id
    left join lateral (
      select r.id, r.text_sealed from tenant.message_version r
      where m.edited_at is not null and r.client_id = :client and r.connector_id = m.connector_id
        and r.external_key = m.external_key
      order by r.at desc, r.number desc nulls last, r.id desc limit 1) e on true
    order by f.at desc, f.message_id desc
    """
)
_PEOPLE = text(
    """
    select v.id as conversation_id, v.channel, v.kind, k.id as contact_id, k.name_sealed, k.handle_sealed
    from app.search_contacts(cast(:prefixes as bigint[]), :limit) f(contact_id)
    join tenant.contact k on k.client_id = :client and k.id = f.contact_id
    join tenant.conversation v
      on v.client_id = :client and v.connector_id = k.connector_id and v.contact_id = k.id
    order by v.last_at desc, v.id desc
    """
)


def _hit(keys: ClientKeys, row: Row[*tuple[Any, ...]], wanted: Sequence[str]) -> HitRow:
    if row.version_id is None:
        shown = keys.read(row.text_sealed, "message", "text_sealed", row.message_id)
    else:
        shown = keys.read(row.version_sealed, "message_version", "text_sealed", row.version_id)
    cut = rule.excerpt(shown, wanted)
    return HitRow(
        message_id=row.message_id,
        conversation_id=row.conversation_id,
        contact_name=_name(keys, row),
        channel=Channel(row.channel),
        kind=Party(row.kind),
        direction=Direction(row.direction),
        occurred_at=row.at,
        text=cut.text,
        marks=cut.marks,
    )


def _person(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> PersonRow:
    return PersonRow(
        conversation_id=row.conversation_id,
        name=keys.read(row.name_sealed, "contact", "name_sealed", row.contact_id),
        handle=keys.read(row.handle_sealed, "contact", "handle_sealed", row.contact_id),
        channel=Channel(row.channel),
        kind=Party(row.kind),
    )


def _name(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> str:
    name = keys.read(row.name_sealed, "contact", "name_sealed", row.contact_id)
    return name or keys.read(row.handle_sealed, "contact", "handle_sealed", row.contact_id)
