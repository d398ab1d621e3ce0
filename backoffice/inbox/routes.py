"""The addresses of the inbox that read: page, rows, thread, composer. Writing is actions.py, live is stream.py."""

import json
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from backoffice import errors, pages
from backoffice.inbox import changes, listing, pause, present
from backoffice.inbox.hub import Hub
from backoffice.inbox.looks import AnyLook, Look, OpenLook
from backoffice.inbox.tabs import HEADER
from backoffice.inbox.views import Row, Thread
from konectus import ids
from konectus.domain.suspension import ClientSuspended
from konectus.store.queries import connectors, inbox, profiles, threads

router = APIRouter(include_in_schema=False)


@router.get("/inbox")
def show_inbox(request: Request, look: AnyLook) -> HTMLResponse:
    return paused(look) or _page(request, look)


@router.get("/inbox/c/{conversation_id}")
def show_thread(request: Request, look: AnyLook, conversation_id: UUID) -> HTMLResponse:
    """The whole page, or the two panes that change for a page that is open already."""
    closed = paused(look)
    if closed is not None:
        return closed
    if request.headers.get("hx-request-type") != "partial":
        return _page(request, look, conversation_id)
    # Before reading, as in _page: what changes meanwhile is told again, never missed.
    request.app.state.hub.tabs.show(look.user_id, request.headers.get(HEADER, ""), conversation_id)
    with look.session() as session:
        context = _thread(session, look, conversation_id)
    return _answer("inbox/panes.html", look, **context, is_fragment=True)


@router.get("/inbox/rows")
def show_rows(look: OpenLook, before: str) -> HTMLResponse:
    """The next page of the list."""
    with look.session() as session:
        rows = _rows(session, look, before)
    return _answer("inbox/rows.html", look, list=listing.listing(look.chosen, rows, look.visitor))


@router.get("/inbox/c/{conversation_id}/earlier")
def show_earlier(look: OpenLook, conversation_id: UUID, before: str) -> HTMLResponse:
    """The page of a thread before the one that is shown."""
    place = listing.place_of(before)
    with look.session() as session:
        row = look.row(session, conversation_id)
        messages = threads.thread_page(session, look.keys, conversation_id, before=place)
    return _answer("inbox/turns.html", look, thread=_present(look, row, messages))


@router.get("/inbox/c/{conversation_id}/composer")
def show_composer(look: OpenLook, conversation_id: UUID) -> HTMLResponse:
    """The box alone: when a window shuts, or opens again."""
    with look.session() as session:
        row = look.row(session, conversation_id)
    return _answer("inbox/composer.html", look, thread=_present(look, row, []))


def paused(look: Look) -> HTMLResponse | None:
    """The page of a suspended Client, for a reader whose inbox is closed."""
    if not look.visitor.access.inbox:
        return None
    found = pause.of(look.works, look.client_id, look.visitor.role) or pause.signed_out()
    page = pages.render("inbox/suspended.html", look.reader, pause=found, house=look.visitor.client_name)
    return HTMLResponse(page, errors.status_of(ClientSuspended()))


def _page(request: Request, look: Look, conversation_id: UUID | None = None) -> HTMLResponse:
    hub: Hub = request.app.state.hub
    position = hub.position  # before reading: what happens meanwhile is told again, never missed
    tab = hub.tabs.load(look.user_id, conversation_id)
    with look.session() as session:
        rows = _rows(session, look)
        notices = listing.notices(connectors.of_client(session, look.client_id), look.reader)
        counts = inbox.counts(session, look.client_id, look.user_id)
        opened = _thread(session, look, conversation_id) if conversation_id else {"thread": None}
    return _answer(
        "inbox/page.html",
        look,
        **opened,
        side=listing.side(look.visitor, look.chosen, counts),
        list=listing.listing(look.chosen, rows, look.visitor, notices),
        stream=look.chosen.stream(position, tab),
        tab=json.dumps({HEADER: tab}),
        is_fragment=False,
    )


def _answer(template: str, look: Look, **context: object) -> HTMLResponse:
    return HTMLResponse(pages.render(template, look.reader, list_query=look.chosen.query, **context))


def _rows(session: Session, look: Look, before: str | None = None) -> tuple[Row, ...]:
    found = inbox.list_page(session, look.keys, look.chosen.wanted(look.user_id, before))
    return tuple(present.row(row, look.reader, look.user_id) for row in found)


def _thread(session: Session, look: Look, conversation_id: UUID) -> dict[str, object]:
    row = look.row(session, conversation_id)
    messages = threads.thread_page(session, look.keys, conversation_id)
    return {
        "thread": _present(look, row, messages),
        "contact": present.contact(row, look.reader),
        "people": changes.people(profiles.colleagues(session, look.client_id), look.user_id),
    }


def _present(look: Look, row: inbox.ListRow, messages: list[threads.MessageRow]) -> Thread:
    """With a fresh id for the next reply; the script makes the ones after it."""
    return present.thread(row, messages, look.reader, user_id=look.user_id, reply_id=ids.uuid7(look.reader.now))
