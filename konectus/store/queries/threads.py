"""Messages of a thread with what stands beside them, opened with the Client's keys; keyset pages. The list: inbox."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from konectus.domain.conversations import Author, Delivery, Direction
from konectus.sealing import ClientKeys
from konectus.store.queries import beside
from konectus.store.queries.beside import Asked
from konectus.store.queries.thread_rows import (
    AnsweredRow,
    AttachmentRow,
    EventRow,
    MessageRow,
    ReactionRow,
    VersionRow,
)

__all__ = ["AnsweredRow", "AttachmentRow", "EventRow", "MessageRow", "ReactionRow", "VersionRow"]

PAGE = 50
AROUND = 25
MOST_EVENTS = 200
# Occurred at and id of a message: its place in its thread.
Place = tuple[datetime, UUID]


def thread_page(
    session: Session,
    keys: ClientKeys,
    conversation_id: UUID,
    *,
    before: Place | None = None,
    after: Place | None = None,
) -> list[MessageRow]:
    """The newest page of a thread, or the one before or after a message; oldest first, by the senders' times."""
    if after is not None:
        return _opened(session, keys, _after(session, _of(keys, conversation_id), after, PAGE))
    return page_before(session, keys, conversation_id, before)


def page_before(
    session: Session, keys: ClientKeys, conversation_id: UUID, before: Place | None, limit: int = PAGE
) -> list[MessageRow]:
    """The messages before one, or the newest of the thread; oldest first."""
    thread = _of(keys, conversation_id)
    if before is None:
        rows = session.execute(_NEWEST, thread | {"limit": limit}).all()[::-1]
    else:
        rows = _before(session, thread, before, limit)
    return _opened(session, keys, rows)


def page_around(session: Session, keys: ClientKeys, conversation_id: UUID, message_id: UUID) -> list[MessageRow]:
    """A message with up to 25 before and after it, oldest first; none where it is not in this thread."""
    middle = session.execute(_ONE, {"client": keys.client_id, "id": message_id}).one_or_none()
    if middle is None or middle.conversation_id != conversation_id:
        return []
    thread, place = _of(keys, conversation_id), (middle.occurred_at, middle.id)
    older, newer = _before(session, thread, place, AROUND), _after(session, thread, place, AROUND)
    return _opened(session, keys, [*older, middle, *newer])


def message(session: Session, keys: ClientKeys, message_id: UUID) -> MessageRow | None:
    rows = session.execute(_ONE, {"client": keys.client_id, "id": message_id}).all()
    return _opened(session, keys, rows)[0] if rows else None


def messages_after(
    session: Session, keys: ClientKeys, after: UUID | None, *, connector_id: UUID | None, limit: int
) -> list[MessageRow]:
    """A Client's messages in the order in which they were stored, for programs that take everything along.

    An id is as old as the delivery it came in, which may be committed long after a younger one: so the order is that of
    the transactions, and none is shown while an older one is still open. `after` is the id of the last message taken.
    """
    values: dict[str, object] = {"client": keys.client_id, "connector": connector_id, "limit": limit}
    place = None
    if after is not None:
        place = session.execute(_STORED_PLACE, {"client": keys.client_id, "after": after}).one_or_none()
    if place is None:
        return _opened(session, keys, session.execute(_FROM_THE_FIRST, values).all())
    values |= {"stored_in": place.stored_in, "id": place.id}
    return _opened(session, keys, session.execute(_FROM_A_PLACE, values).all())


def events(
    session: Session, keys: ClientKeys, conversation_id: UUID, *, since: datetime | None, until: datetime | None
) -> list[EventRow]:
    """What happened in a conversation and to its whole Connector from `since` until before `until`, oldest first; of
    more than MOST_EVENTS the newest.
    """
    values = _of(keys, conversation_id) | {"limit": MOST_EVENTS, "since": since, "until": until}
    return [_event(keys, row) for row in session.execute(_EVENTS, values)]


def _before(session: Session, thread: dict[str, object], place: Place, most: int) -> Sequence[Row[Any]]:
    values = thread | {"at": place[0], "id": place[1], "limit": most}
    return session.execute(_BEFORE, values).all()[::-1]


def _after(session: Session, thread: dict[str, object], place: Place, most: int) -> Sequence[Row[Any]]:
    return session.execute(_AFTER, thread | {"at": place[0], "id": place[1], "limit": most}).all()


def _of(keys: ClientKeys, conversation_id: UUID) -> dict[str, object]:
    return {"client": keys.client_id, "conversation": conversation_id}


_COLUMNS = """
    select m.id, m.conversation_id, m.connector_id, m.direction, m.author, m.kind, m.text_sealed, m.external_id_sealed,
           m.external_key, m.reply_to_key, m.occurred_at, m.received_at, m.status, m.failure, m.reply_id, m.part,
           m.facts_sealed, m.edited_at, m.deleted_at, u.name as author_name
    from tenant.message m left join ledger.authorized_user u on u.client_id = :client and u.id = m.author_id
    where m.client_id = :client
"""
_THREAD = f"{_COLUMNS} and m.conversation_id = :conversation"
_PLACE = "(m.occurred_at, m.id) {sign} (cast(:at as timestamptz), cast(:id as uuid))"
_NEWEST = text(f"{_THREAD} order by m.occurred_at desc, m.id desc limit :limit")
_BEFORE = text(f"{_THREAD} and {_PLACE.format(sign='<')} order by m.occurred_at desc, m.id desc limit :limit")
_AFTER = text(f"{_THREAD} and {_PLACE.format(sign='>')} order by m.occurred_at, m.id limit :limit")
_ONE = text(f"{_COLUMNS} and m.id = :id")
# A transaction that is still open has a number not below the snapshot's xmin: what follows waits for it.
_STORED = f"""
    {_COLUMNS} and m.stored_in < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
      and (cast(:connector as uuid) is null or m.connector_id = :connector)
"""
_STORED_ORDER = "order by m.stored_in, m.id limit :limit"
_FROM_THE_FIRST = text(f"{_STORED} {_STORED_ORDER}")
_FROM_A_PLACE = text(f"{_STORED} and (m.stored_in, m.id) > (:stored_in, cast(:id as uuid)) {_STORED_ORDER}")
# An id that is not there (any more) stands for the place of the one before it.
_STORED_PLACE = text(
    "select stored_in, id from tenant.message where client_id = :client and id <= :after order by id desc limit 1"
)
_EVENTS = text(
    """
    select * from (
      select e.id, e.kind, e.at, e.facts_sealed
      from tenant.conversation v join tenant.contact k on k.client_id = :client and k.id = v.contact_id
      cross join lateral (
        select * from tenant.conversation_event o
        where o.client_id = :client and o.connector_id = v.connector_id and o.contact_key = k.external_key
        union all
        select * from tenant.conversation_event o
        where o.client_id = :client and o.connector_id = v.connector_id and o.contact_key is null) e
      where v.client_id = :client and v.id = :conversation
        and e.at >= coalesce(cast(:since as timestamptz), '-infinity')
        and e.at < coalesce(cast(:until as timestamptz), 'infinity')
      order by e.at desc, e.id desc limit :limit) newest
    order by at, id
    """
)


def _opened(session: Session, keys: ClientKeys, rows: Sequence[Row[Any]]) -> list[MessageRow]:
    """The messages with what stands beside them."""
    if not rows:
        return []
    asked = Asked(
        messages=[row.id for row in rows],
        named=[(row.connector_id, bytes(row.external_key)) for row in rows if row.external_key],
        edited=[(row.connector_id, bytes(row.external_key)) for row in rows if row.edited_at and row.external_key],
        answered=[(row.connector_id, bytes(row.reply_to_key)) for row in rows if row.reply_to_key],
    )
    found = beside.read(session, keys, asked)
    return [_with(found, row, _message_row(keys, row)) for row in rows]


def _with(found: beside.Beside, row: Row[Any], shown: MessageRow) -> MessageRow:
    name = (row.connector_id, bytes(row.external_key or b""))
    versions = found.versions.get(name, ())
    if versions:
        first = VersionRow(shown.occurred_at, shown.text, None)
        shown = replace(shown, text=versions[-1].text, versions=(first, *versions[:-1]))
    return replace(
        shown,
        attachments=tuple(found.attachments.get(row.id, ())),
        reactions=tuple(found.reactions.get(name, ())),
        answered=found.answered.get((row.connector_id, bytes(row.reply_to_key))) if row.reply_to_key else None,
    )


def _message_row(keys: ClientKeys, row: Row[Any]) -> MessageRow:
    external = row.external_id_sealed
    return MessageRow(
        id=row.id,
        conversation_id=row.conversation_id,
        connector_id=row.connector_id,
        direction=Direction(row.direction),
        author=Author(row.author),
        author_name=row.author_name,
        kind=row.kind,
        text=keys.read(row.text_sealed, "message", "text_sealed", row.id),
        external_id=keys.read(external, "message", "external_id_sealed", row.id) if external else None,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        status=Delivery(row.status),
        failure=row.failure,
        reply_id=row.reply_id,
        part=row.part,
        facts=keys.read(row.facts_sealed, "message", "facts_sealed", row.id),
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        is_reply=row.reply_to_key is not None,
    )


def _event(keys: ClientKeys, row: Row[Any]) -> EventRow:
    facts = keys.read(row.facts_sealed, "conversation_event", "facts_sealed", row.id)
    return EventRow(row.id, row.kind, row.at, facts)
