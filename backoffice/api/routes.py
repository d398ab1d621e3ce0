"""REST v1 for a Client's own programs: its messages, page by page or all in one stream."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from backoffice.api import lists
from backoffice.api.callers import Caller, TheCaller
from backoffice.api.paging import Limit, with_link
from backoffice.api.records import Message, Page, cursor, message, read_cursor
from konectus.domain.suspension import ClientSuspended
from konectus.errors import NotFound
from konectus.files import sealed
from konectus.files.port import NoSuchFile
from konectus.store.queries import messages as read
from konectus.store.queries import stored_files, threads
from konectus.store.queries.threads import MessageRow

router = APIRouter(prefix="/api/v1", tags=["v1"])
router.include_router(lists.router)

NDJSON = "application/x-ndjson"
_STREAM_PAGE = 500
Connector = Annotated[UUID | None, Query(description="one Connector's alone")]


@router.get("/messages", response_model=Page)
def list_messages(
    request: Request, caller: TheCaller, connector: Connector = None, after: UUID | None = None, limit: Limit = 100
) -> Response | Page:
    """All messages in the order in which they were stored; `Accept: application/x-ndjson` streams them, one a line.

    A stream that a Suspension or an order cuts short ends with the line `{"error": "client_suspended"}`.
    """
    caller.require_export()
    if NDJSON in request.headers.get("accept", ""):
        return StreamingResponse(lines(caller, connector, after), media_type=NDJSON)
    found = _after(caller, connector, after, limit)
    following = str(found[-1].id) if len(found) == limit else None
    page = Page(messages=found, next=following)
    return with_link(page, request, "after", following)


@router.get("/conversations/{conversation_id}/messages", response_model=Page)
def list_conversation(
    request: Request, caller: TheCaller, conversation_id: UUID, before: str | None = None, limit: Limit = threads.PAGE
) -> Response | Page:
    """The newest messages of a conversation, oldest first; `next` leads to the earlier ones.

    Raises NotFound for a conversation that is absent or another Client's.
    """
    caller.require_inbox()
    with caller.session() as session:
        if not read.has_conversation(session, caller.client_id, conversation_id):
            raise NotFound
        at = read_cursor(before) if before is not None else None
        rows = threads.page_before(session, caller.keys, conversation_id, at, limit)
    earlier = cursor(rows[0].occurred_at, rows[0].id) if len(rows) == limit else None
    page = Page(messages=_told(caller, rows), next=earlier)
    return with_link(page, request, "before", earlier)


@router.get("/files/{attachment_id}")
def get_file(request: Request, caller: TheCaller, attachment_id: UUID) -> Response:
    """The bytes of an attachment, always as a download. Raises NotFound."""
    caller.require_export()
    with caller.session() as session:
        found = stored_files.by_id(session, caller.keys, attachment_id)
    if found is None:
        raise NotFound
    try:
        content = sealed.read(request.app.state.files, caller.keys, found.id)
    except NoSuchFile:
        raise NotFound from None
    name = quote(found.name or str(found.id), safe="")
    return Response(
        content,
        media_type=found.media_type or "application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "X-Content-Type-Options": "nosniff"},
    )


def lines(caller: Caller, connector: UUID | None, after: UUID | None) -> Iterator[str]:
    """A Suspension that blocks the export ends a running stream too (P13); its last line says that it is not whole."""
    while True:
        try:
            caller.require_export()
        except ClientSuspended as suspended:
            yield f"{json.dumps({'error': suspended.code})}\n"
            return
        found = _after(caller, connector, after, _STREAM_PAGE)
        yield from (f"{row.model_dump_json()}\n" for row in found)
        if len(found) < _STREAM_PAGE:
            return
        after = found[-1].id


def _after(caller: Caller, connector: UUID | None, after: UUID | None, limit: int) -> list[Message]:
    with caller.session() as session:
        rows = threads.messages_after(session, caller.keys, after, connector_id=connector, limit=limit)
    return _told(caller, rows)


def _told(caller: Caller, rows: Sequence[MessageRow]) -> list[Message]:
    base_url = caller.installation.settings.public_url.rstrip("/")
    return [message(row, base_url) for row in rows]
