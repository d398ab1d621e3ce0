"""The inbox's list: rows opened with the Client's keys, one query a page, keyset. Messages live in threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery, Direction, Status
from konectus.sealing import ClientKeys
from konectus.store.models.connectors import Connector
from konectus.store.models.identity import AuthorizedUser
from konectus.store.models.inbox import Conversation, Draft, EndContact, Message

PAGE = 50
View = Literal["mine", "unassigned", "all"]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the list shows. `before` is (last_at, id) of the last row of the page above."""

    user_id: UUID
    view: View = "all"
    status: Status = Status.OPEN
    channel: Channel | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class ListRow:
    """A conversation as the list shows it."""

    id: UUID
    channel: Channel
    connector_name: str
    status: Status
    name: str
    handle: str
    contact_since: datetime
    assignee_id: UUID | None
    assignee_name: str | None
    last_at: datetime
    window_opened_at: datetime | None
    unread: int
    preview: str
    preview_kind: str
    preview_direction: Direction
    preview_status: Delivery
    preview_failure: str | None
    draft: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Open conversations by view."""

    mine: int
    unassigned: int
    all: int


def list_page(session: Session, keys: ClientKeys, wanted: ListFilter) -> list[ListRow]:
    """One page, newest first."""
    statement = _list(keys.client_id, wanted.user_id).where(Conversation.status == wanted.status, _view(wanted))
    if wanted.channel is not None:
        statement = statement.where(Conversation.channel == wanted.channel)
    if wanted.before is not None:
        at, last_id = wanted.before
        older = and_(Conversation.last_at == at, Conversation.id < last_id)
        statement = statement.where(or_(Conversation.last_at < at, older))
    newest = statement.order_by(Conversation.last_at.desc(), Conversation.id.desc()).limit(wanted.limit)
    return [_list_row(keys, row) for row in session.execute(newest)]


def list_row(session: Session, keys: ClientKeys, user_id: UUID, conversation_id: UUID) -> ListRow | None:
    """One conversation as the list shows it, or None where it is not this Client's."""
    statement = _list(keys.client_id, user_id).where(Conversation.id == conversation_id)
    row = session.execute(statement).one_or_none()
    return _list_row(keys, row) if row is not None else None


def list_rows(session: Session, keys: ClientKeys, user_id: UUID, ids: Sequence[UUID]) -> list[ListRow]:
    """These conversations as the list shows them, in no order; those that are not this Client's are absent."""
    statement = _list(keys.client_id, user_id).where(Conversation.id.in_(ids))
    return [_list_row(keys, row) for row in session.execute(statement)]


def counts(session: Session, client_id: UUID, user_id: UUID) -> Counts:
    """Open conversations: mine, nobody's, all."""
    row = session.execute(
        select(
            func.count().filter(Conversation.assignee_id == user_id),
            func.count().filter(Conversation.assignee_id.is_(None)),
            func.count(),
        ).where(Conversation.client_id == client_id, Conversation.status == Status.OPEN)
    ).one()
    return Counts(*row)


def _view(wanted: ListFilter) -> ColumnElement[bool]:
    if wanted.view == "mine":
        return Conversation.assignee_id == wanted.user_id
    if wanted.view == "unassigned":
        return Conversation.assignee_id.is_(None)
    return true()


def _list(client_id: UUID, user_id: UUID) -> Select[*tuple[Any, ...]]:
    newest = _newest_message()
    draft = aliased(Draft)
    own = and_(draft.client_id == client_id, draft.conversation_id == Conversation.id, draft.user_id == user_id)
    assignee = and_(AuthorizedUser.client_id == client_id, AuthorizedUser.id == Conversation.assignee_id)
    return (
        select(*_OF_CONVERSATION, *_OF_OTHERS)
        .add_columns(
            newest.c.id.label("message_id"),
            newest.c.kind,
            newest.c.direction,
            newest.c.status.label("message_status"),
            newest.c.failure,
            newest.c.text_sealed,
            draft.text_sealed.label("draft_sealed"),
        )
        .join(Connector, and_(Connector.client_id == client_id, Connector.id == Conversation.connector_id))
        .join(EndContact, and_(EndContact.client_id == client_id, EndContact.id == Conversation.contact_id))
        .outerjoin(AuthorizedUser, assignee)
        .outerjoin(newest, true())
        .outerjoin(draft, own)
        .where(Conversation.client_id == client_id)
    )


_OF_CONVERSATION = (
    Conversation.id,
    Conversation.channel,
    Conversation.status,
    Conversation.assignee_id,
    Conversation.last_at,
    Conversation.window_opened_at,
    Conversation.unread,
)
_OF_OTHERS = (
    Connector.name.label("connector_name"),
    EndContact.id.label("contact_id"),
    EndContact.name_sealed,
    EndContact.handle_sealed,
    EndContact.first_seen_at,
    AuthorizedUser.name.label("assignee_name"),
)


def _newest_message() -> LateralFromClause:
    """The last message of a conversation, one index look-up each."""
    return (
        select(Message.id, Message.kind, Message.direction, Message.status, Message.failure, Message.text_sealed)
        .where(Message.client_id == Conversation.client_id, Message.conversation_id == Conversation.id)
        .order_by(Message.occurred_at.desc(), Message.id.desc())
        .limit(1)
        .lateral("newest")
    )


def _list_row(keys: ClientKeys, row: Row[*tuple[Any, ...]]) -> ListRow:
    return ListRow(
        id=row.id,
        channel=Channel(row.channel),
        connector_name=row.connector_name,
        status=Status(row.status),
        name=keys.read(row.name_sealed, "contact", "name_sealed", row.contact_id),
        handle=keys.read(row.handle_sealed, "contact", "handle_sealed", row.contact_id),
        contact_since=row.first_seen_at,
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name,
        last_at=row.last_at,
        window_opened_at=row.window_opened_at,
        unread=row.unread,
        preview=keys.read(row.text_sealed, "message", "text_sealed", row.message_id),
        preview_kind=row.kind or "",
        preview_direction=Direction(row.direction or Direction.IN),
        preview_status=Delivery(row.message_status or Delivery.RECEIVED),
        preview_failure=row.failure,
        draft=keys.read(row.draft_sealed, "draft", "text_sealed", row.id),
    )
