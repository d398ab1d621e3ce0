"""A Client's End Contacts and conversations one page after the other, for programs; the inbox's list is inbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.conversations import Party, Status
from konectus.sealing import ClientKeys

# What is less than every id: the first page.
_BEGINNING = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A person, group or channel at one Connector."""

    id: UUID
    connector_id: UUID
    kind: Party
    name: str
    handle: str
    external_id: str
    first_seen_at: datetime
    unreachable: str | None


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation without its messages."""

    id: UUID
    connector_id: UUID
    contact_id: UUID
    channel: Channel
    kind: Party
    status: Status
    assignee_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    last_at: datetime
    unread: int


def contacts_after(session: Session, keys: ClientKeys, after: UUID | None, limit: int) -> list[ContactRow]:
    """By id. Who came in while the pages were read may be on none of them; the next reading has them."""
    rows = session.execute(_CONTACTS, {"client": keys.client_id, "after": after or _BEGINNING, "limit": limit})
    return [_contact(keys, row) for row in rows]


def conversations_after(session: Session, keys: ClientKeys, after: UUID | None, limit: int) -> list[ConversationRow]:
    """By id, as contacts_after."""
    rows = session.execute(_CONVERSATIONS, {"client": keys.client_id, "after": after or _BEGINNING, "limit": limit})
    return [
        ConversationRow(
            id=row.id,
            connector_id=row.connector_id,
            contact_id=row.contact_id,
            channel=Channel(row.channel),
            kind=Party(row.kind),
            status=Status(row.status),
            assignee_id=row.assignee_id,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            last_at=row.last_at,
            unread=row.unread,
        )
        for row in rows
    ]


_CONTACTS = text(
    "select id, connector_id, kind, name_sealed, handle_sealed, external_id_sealed, first_seen_at, unreachable"
    " from tenant.contact where client_id = :client and id > :after order by id limit :limit"
)
_CONVERSATIONS = text(
    "select id, connector_id, contact_id, channel, kind, status, assignee_id, opened_at, closed_at, last_at, unread"
    " from tenant.conversation where client_id = :client and id > :after order by id limit :limit"
)


def _contact(keys: ClientKeys, row: Row[Any]) -> ContactRow:
    return ContactRow(
        id=row.id,
        connector_id=row.connector_id,
        kind=Party(row.kind),
        name=keys.read(row.name_sealed, "contact", "name_sealed", row.id),
        handle=keys.read(row.handle_sealed, "contact", "handle_sealed", row.id),
        external_id=keys.open_text(row.external_id_sealed, "contact", "external_id_sealed", row.id),
        first_seen_at=row.first_seen_at,
        unreachable=row.unreachable,
    )
