"""The inbox's list: rows opened with the Client's keys, one query a page, keyset. Messages live in threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.conversations import Delivery, Direction, Party, Status
from konectus.sealing import ClientKeys

PAGE = 50
# What is counted for a tab is counted so far: a Client may have a hundred thousand open conversations.
MOST_COUNTED = 1000
View = Literal["mine", "unassigned", "all"]
Kinds = Literal["people", "groups"]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the list shows. `before` is (last_at, id) of the last row of the page above; `kind` None means people."""

    user_id: UUID
    view: View = "all"
    status: Status = Status.OPEN
    channel: Channel | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = PAGE
    kind: Kinds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """A conversation as the list shows it; `preview` is the newest message's text as it is shown now.

    `preview_attachment` is the first file of a newest message that has no text.
    """

    id: UUID
    channel: Channel
    kind: Party = Party.PERSON
    connector_id: UUID
    connector_name: str
    connector_state: ConnectorState
    connector_reason: str | None
    connector_since: datetime
    status: Status
    name: str
    handle: str
    contact_since: datetime
    unreachable: str | None = None
    unreachable_at: datetime | None = None
    assignee_id: UUID | None
    assignee_name: str | None
    last_at: datetime
    window_opened_at: datetime | None
    window_opened_by: str | None = None
    business_at: datetime | None = None
    owner_app: str | None = None
    owner_at: datetime | None = None
    unread: int
    preview: str
    preview_kind: str
    preview_direction: Direction
    preview_status: Delivery
    preview_failure: str | None
    preview_deleted: bool = False
    preview_attachment: AttachmentKind | None = None
    draft: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Open conversations with people by view, and with groups; each counted up to MOST_COUNTED."""

    mine: int
    unassigned: int
    all: int
    groups: int = 0


def list_page(session: Session, keys: ClientKeys, wanted: ListFilter) -> list[ListRow]:
    """One page, newest first."""
    values: dict[str, object] = {"client": keys.client_id, "user": wanted.user_id, "limit": wanted.limit}
    if wanted.channel is not None:
        values["channel"] = wanted.channel
    if wanted.before is not None:
        values["at"], values["last"] = wanted.before
    statement = _page(wanted.view, wanted.status, wanted.kind, wanted.channel is not None, wanted.before is not None)
    return [_list_row(keys, row) for row in session.execute(statement, values)]


def list_row(session: Session, keys: ClientKeys, user_id: UUID, conversation_id: UUID) -> ListRow | None:
    """One conversation as the list shows it, or None where it is not this Client's."""
    rows = list_rows(session, keys, user_id, [conversation_id])
    return rows[0] if rows else None


def list_rows(session: Session, keys: ClientKeys, user_id: UUID, ids: Sequence[UUID]) -> list[ListRow]:
    """These conversations as the list shows them, in no order; those that are not this Client's are absent."""
    values = {"client": keys.client_id, "user": user_id, "ids": list(ids)}
    return [_list_row(keys, row) for row in session.execute(_THESE, values)]


def counts(session: Session, client_id: UUID, user_id: UUID) -> Counts:
    """Open conversations with people: mine, nobody's, all; and with groups. None is counted past MOST_COUNTED."""
    row = session.execute(_COUNTS, {"client": client_id, "user": user_id, "most": MOST_COUNTED}).one()
    return Counts(row.mine, row.unassigned, row.everybodys, row.groups)


# Which conversations are on the page is found first, by one index; the rest is looked up for these alone. Constants
# stand in the text, for a partial index is used only where the plan knows them.
_PICKED = """
    select v.* from tenant.conversation v
    where v.client_id = :client and v.status = '{status}' and {kind} {more}
    order by v.last_at desc, v.id desc limit :limit
"""
_OF_KIND = {"people": "v.kind = 'person'", "groups": "v.kind <> 'person'"}
_OF_VIEW = {"mine": "and v.assignee_id = :user", "unassigned": "and v.assignee_id is null", "all": ""}
_BEFORE = "and (v.last_at, v.id) < (cast(:at as timestamptz), cast(:last as uuid))"
_ROWS = """
    select v.id, v.channel, v.kind, v.status, v.assignee_id, v.last_at, v.window_opened_at, v.window_opened_by,
           v.business_at, v.owner_app, v.owner_at, v.unread,
           c.id as connector_id, c.name as connector_name, c.state as connector_state, c.reason as connector_reason,
           c.since as connector_since,
           k.id as contact_id, k.name_sealed, k.handle_sealed, k.first_seen_at, k.unreachable, k.unreachable_at,
           u.name as assignee_name, d.text_sealed as draft_sealed,
           m.id as message_id, m.kind as message_kind, m.direction, m.status as message_status, m.failure, m.deleted_at,
           m.text_sealed, e.id as version_id, e.text_sealed as version_sealed, a.kind as attachment_kind
    from ({picked}) v
    join tenant.connector c on c.client_id = :client and c.id = v.connector_id
    join tenant.contact k on k.client_id = :client and k.id = v.contact_id
    left join ledger.authorized_user u on u.client_id = :client and u.id = v.assignee_id
    left join tenant.draft d on d.client_id = :client and d.conversation_id = v.id and d.user_id = :user
    left join lateral (
      select * from tenant.message n where n.client_id = :client and n.conversation_id = v.id
      order by n.occurred_at desc, n.id desc limit 1) m on true
    left join lateral (
      select r.id, r.text_sealed from tenant.message_version r
      where m.edited_at is not null and r.client_id = :client and r.connector_id = m.connector_id
        and r.external_key = m.external_key
      order by r.at desc, r.number desc nulls last, r.id desc limit 1) e on true
    left join lateral (
      select f.kind from tenant.attachment f
      where m.text_sealed is null and f.client_id = :client and f.message_id = m.id order by f.position limit 1) a
      on true
"""
_THESE = text(
    _ROWS.format(
        picked="select * from tenant.conversation where client_id = :client and id = any(cast(:ids as uuid[]))"
    )
)
_COUNTED = "(select count(*) from (select from tenant.conversation v where {where} limit :most) n)"
_OPEN = "v.client_id = :client and v.status = 'open' and "
_COUNTS = text(
    "select "
    + ", ".join(
        f"{_COUNTED.format(where=_OPEN + where)} as {name}"
        for name, where in (
            ("mine", f"{_OF_KIND['people']} {_OF_VIEW['mine']}"),
            ("unassigned", f"{_OF_KIND['people']} {_OF_VIEW['unassigned']}"),
            ("everybodys", _OF_KIND["people"]),
            ("groups", _OF_KIND["groups"]),
        )
    )
)


@cache
def _page(view: View, status: Status, kind: Kinds | None, on_channel: bool, below: bool) -> TextClause:  # noqa: FBT001 - both only say whether a value is bound
    more = " ".join((_OF_VIEW[view], "and v.channel = :channel" if on_channel else "", _BEFORE if below else ""))
    picked = _PICKED.format(status=Status(status), kind=_OF_KIND[kind or "people"], more=more)
    return text(f"{_ROWS.format(picked=picked)} order by v.last_at desc, v.id desc")


def _list_row(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> ListRow:
    return ListRow(
        id=row.id,
        channel=Channel(row.channel),
        kind=Party(row.kind),
        connector_id=row.connector_id,
        connector_name=row.connector_name,
        connector_state=ConnectorState(row.connector_state),
        connector_reason=row.connector_reason,
        connector_since=row.connector_since,
        status=Status(row.status),
        name=keys.read(row.name_sealed, "contact", "name_sealed", row.contact_id),
        handle=keys.read(row.handle_sealed, "contact", "handle_sealed", row.contact_id),
        contact_since=row.first_seen_at,
        unreachable=row.unreachable,
        unreachable_at=row.unreachable_at,
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name,
        last_at=row.last_at,
        window_opened_at=row.window_opened_at,
        window_opened_by=row.window_opened_by,
        business_at=row.business_at,
        owner_app=row.owner_app,
        owner_at=row.owner_at,
        unread=row.unread,
        preview=_preview(keys, row),
        preview_kind=row.message_kind or "",
        preview_direction=Direction(row.direction or Direction.IN),
        preview_status=Delivery(row.message_status or Delivery.RECEIVED),
        preview_failure=row.failure,
        preview_deleted=row.deleted_at is not None,
        preview_attachment=AttachmentKind(row.attachment_kind) if row.attachment_kind else None,
        draft=keys.read(row.draft_sealed, "draft", "text_sealed", row.id),
    )


def _preview(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> str:
    if row.version_id is None:
        return keys.read(row.text_sealed, "message", "text_sealed", row.message_id)
    return keys.read(row.version_sealed, "message_version", "text_sealed", row.version_id)
