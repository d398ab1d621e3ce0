"""REST v1: a Client's conversations, contacts and Connectors, page by page. Messages and files are routes.py."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from backoffice.api.callers import TheCaller
from backoffice.api.paging import Limit, with_link
from konectus.store.queries import connectors, listing

router = APIRouter()  # routes.py hangs it under /api/v1

After = Annotated[UUID | None, Query(description="the `next` of the page before")]


class Conversation(BaseModel):
    """One for each Connector and person (or Telegram group or channel), for ever."""

    id: UUID
    connector_id: UUID
    contact_id: UUID
    channel: str
    kind: str
    status: str
    assignee_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    last_at: datetime
    unread: int


class Conversations(BaseModel):
    conversations: list[Conversation]
    next: str | None


class Contact(BaseModel):
    """An End Contact as its channel names it; `unreachable` is blocked or gone where we cannot write any more."""

    id: UUID
    connector_id: UUID
    kind: str
    external_id: str
    name: str
    handle: str
    first_seen_at: datetime
    unreachable: str | None


class Contacts(BaseModel):
    contacts: list[Contact]
    next: str | None


class Connector(BaseModel):
    """A Client's account at a channel, and how it is."""

    id: UUID
    channel: str
    account_id: str
    name: str
    state: str
    reason: str | None
    since: datetime


class Connectors(BaseModel):
    connectors: list[Connector]
    next: str | None


@router.get("/conversations", response_model=Conversations)
def list_conversations(
    request: Request, caller: TheCaller, after: After = None, limit: Limit = 100
) -> Response | Conversations:
    """All conversations in a fixed order."""
    caller.require_export()
    with caller.session() as session:
        rows = listing.conversations_after(session, caller.keys, after, limit)
    found = [Conversation.model_validate(row, from_attributes=True) for row in rows]
    following = str(rows[-1].id) if len(rows) == limit else None
    return with_link(Conversations(conversations=found, next=following), request, "after", following)


@router.get("/contacts", response_model=Contacts)
def list_contacts(request: Request, caller: TheCaller, after: After = None, limit: Limit = 100) -> Response | Contacts:
    """All End Contacts in a fixed order."""
    caller.require_export()
    with caller.session() as session:
        rows = listing.contacts_after(session, caller.keys, after, limit)
    found = [Contact.model_validate(row, from_attributes=True) for row in rows]
    following = str(rows[-1].id) if len(rows) == limit else None
    return with_link(Contacts(contacts=found, next=following), request, "after", following)


@router.get("/connectors", response_model=Connectors)
def list_connectors(
    request: Request, caller: TheCaller, after: After = None, limit: Limit = 100
) -> Response | Connectors:
    """The Client's Connectors that are not removed, oldest first."""
    caller.require_export()
    with caller.session() as session:
        rows = sorted(connectors.of_client(session, caller.client_id), key=lambda row: row.id)
    rows = [row for row in rows if after is None or row.id > after]
    found = [Connector.model_validate(row, from_attributes=True) for row in rows[:limit]]
    following = str(found[-1].id) if len(rows) > limit else None
    return with_link(Connectors(connectors=found, next=following), request, "after", following)
