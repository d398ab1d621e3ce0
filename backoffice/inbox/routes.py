"""The addresses of the inbox that read: page, rows, thread, composer. Writing is actions.py, live is stream.py."""

import json
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from backoffice import errors, pages
from backoffice.inbox import changes, listing, pause, present, readings, searching
from backoffice.inbox.hub import Hub
from backoffice.inbox.looks import AnyLook, Look, OpenLook
from backoffice.inbox.present import Page
from backoffice.inbox.tabs import CHANNEL, HEADER
from backoffice.inbox.views import Found, Row, Thread
from konectus import ids
from konectus.domain.suspension import ClientSuspended
from konectus.store import signals
from konectus.store.queries import connectors, inbox, limits, profiles
from konectus.store.queries.asking import Requests

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Opened:
    """A conversation that is shown, from its end or around one message."""

    conversation_id: UUID
    at: UUID | None = None


@router.get("/inbox")
def show_inbox(request: Request, look: AnyLook) -> HTMLResponse:
    return paused(look) or _page(request, look)


@router.get("/inbox/c/{conversation_id}")
def show_thread(request: Request, look: AnyLook, conversation_id: UUID, at: UUID | None = None) -> HTMLResponse:
    """The whole page, or the two panes that change for a page that is open already. `at` is a message to begin at."""
    closed = paused(look)
    if closed is not None:
        return closed
    opened = Opened(conversation_id, at)
    if request.headers.get("hx-request-type") != "partial":
        return _page(request, look, opened)
    # Before reading, as in _page: what changes meanwhile is told again, never missed.
    _turn(request, look, conversation_id)
    with look.session() as session:
        context = _thread(session, look, opened)
    return _answer("inbox/panes.html", look, **context, is_fragment=True)


def _turn(request: Request, look: Look, conversation_id: UUID) -> None:
    """The page shows this conversation from now on; the process that holds its stream may be another one."""
    tabs, name = request.app.state.hub.tabs, request.headers.get(HEADER, "")
    tabs.show(look.user_id, name, conversation_id)
    told = tabs.turned(look.user_id, name, conversation_id)
    if told:
        with look.session() as session:
            signals.notify(session, CHANNEL, told)


@router.post("/inbox/found")
def search(
    request: Request,
    look: OpenLook,
    words: Annotated[str, Form(max_length=200)] = "",
    before: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """What holds these words. A POST, so that they stand in no address and in no log; it changes nothing."""
    found = searching.find(look, words, before)
    if errors.is_script(request):
        return _answer("inbox/found.html", look, found=found)
    return _page(request, look, found=found)


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
        page = readings.before(session, look.keys, conversation_id, place)
    return _answer("inbox/turns.html", look, thread=_present(look, row, page))


@router.get("/inbox/c/{conversation_id}/later")
def show_later(look: OpenLook, conversation_id: UUID, after: str) -> HTMLResponse:
    """The page after the one that is shown, in a thread that was opened at an older message."""
    place = listing.place_of(after)
    with look.session() as session:
        row = look.row(session, conversation_id)
        page = readings.after(session, look.keys, conversation_id, place)
    return _answer("inbox/turns.html", look, thread=replace(_present(look, row, page), earlier=None))


@router.get("/inbox/c/{conversation_id}/composer")
def show_composer(look: OpenLook, conversation_id: UUID) -> HTMLResponse:
    """The box alone: when a window shuts, or opens again."""
    with look.session() as session:
        row = look.row(session, conversation_id)
        page = Page(resting=limits.resting(session, look.client_id, look.reader.now))
    return _answer("inbox/composer.html", look, thread=_present(look, row, page))


def paused(look: Look) -> HTMLResponse | None:
    """The page of a suspended Client, for a reader whose inbox is closed."""
    if not look.visitor.access.inbox:
        return None
    found = pause.of(look.works, look.client_id, look.visitor.role) or pause.signed_out()
    page = pages.render(
        "inbox/suspended.html", look.reader, pause=found, house=look.visitor.client_name, visitor=look.visitor
    )
    return HTMLResponse(page, errors.status_of(ClientSuspended()))


def _page(request: Request, look: Look, opened: Opened | None = None, found: Found | None = None) -> HTMLResponse:
    hub: Hub = request.app.state.hub
    position = hub.position  # before reading: what happens meanwhile is told again, never missed
    shown = opened.conversation_id if opened else None
    tab = hub.tabs.load(look.user_id, shown)
    with look.session() as session:
        rows = _rows(session, look)
        notices = listing.notices(connectors.of_client(session, look.client_id), look.reader)
        counts = inbox.counts(session, look.client_id, look.user_id)
        waiting = Requests(session, look.client_id, look.reader.now).count()
        context = _thread(session, look, opened) if opened else {"thread": None}
    return _answer(
        "inbox/page.html",
        look,
        **context,
        side=listing.side(look.visitor, look.chosen, counts, waiting),
        list=listing.listing(look.chosen, rows, look.visitor, notices),
        stream=look.chosen.stream(position, tab, shown),
        tab=json.dumps({HEADER: tab}),
        found=found,
        is_fragment=False,
        visitor=look.visitor,
    )


def _answer(template: str, look: Look, **context: object) -> HTMLResponse:
    return HTMLResponse(pages.render(template, look.reader, list_query=look.chosen.query, **context))


def _rows(session: Session, look: Look, before: str | None = None) -> tuple[Row, ...]:
    return readings.Lists(session, look.keys, look.chosen, look.user_id).page(look.reader, before)


def _thread(session: Session, look: Look, opened: Opened) -> dict[str, object]:
    row = look.row(session, opened.conversation_id)
    if opened.at is not None:
        page = readings.around(session, look.keys, row.id, opened.at)
    else:
        page = readings.newest(session, look.keys, row.id)
    page = replace(page, resting=limits.resting(session, look.client_id, look.reader.now))
    return {
        "thread": _present(look, row, page),
        "contact": present.contact(row, look.reader),
        "people": changes.people(profiles.colleagues(session, look.client_id), look.user_id),
    }


def _present(look: Look, row: inbox.ListRow, page: Page) -> Thread:
    """With a fresh id for the next reply; the script makes the ones after it."""
    return present.thread(row, page, look.reader, user_id=look.user_id, reply_id=ids.uuid7(look.reader.now))
