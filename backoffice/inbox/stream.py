"""The live stream of an open inbox: server-sent events until the reader leaves or may no longer look."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import StreamingResponse

from backoffice.inbox import pause
from backoffice.inbox.changes import Desk, Event
from backoffice.inbox.hub import Hub, Place
from backoffice.inbox.looks import OpenLook
from backoffice.pages import Reader
from backoffice.sessions import COOKIES, Visitor
from konectus import i18n
from konectus.clock import monotonic
from konectus.sealing import token_hash
from konectus.services.identity import AGENT_IDLE
from konectus.services.work import Works
from konectus.store.queries import clients, people
from konectus.store.roles import Role

router = APIRouter(include_in_schema=False)

CHECK_EVERY = 4.0  # a stream closes at most five seconds after access ends (promise P13), also when a signal is lost
COMMENT_EVERY = 15.0
HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


def place_of(
    since: str = "", tab: str = "", shown: UUID | None = None, last_event_id: Annotated[str | None, Header()] = None
) -> Place:
    """Where a stream goes on: after the last event it heard, else from where its page was written."""
    return Place(tab, last_event_id or since, shown, is_again=last_event_id is not None)


@router.get("/inbox/stream")
async def stream(request: Request, look: OpenLook, place: Annotated[Place, Depends(place_of)]) -> StreamingResponse:
    desk = Desk(look.visitor, look.chosen)
    guard = Guard(look.works, look.visitor, token_hash(request.cookies[COOKIES["agent"]]))
    hub: Hub = request.app.state.hub
    lines = told(hub, desk, guard, place)
    return StreamingResponse(lines, media_type="text/event-stream", headers=HEADERS)


@dataclass(frozen=True)
class Guard:
    """Whether the reader of a stream may still look. Asks without counting as use, so that an open tab can idle out."""

    works: Works
    visitor: Visitor
    token_hash: bytes

    def farewell(self) -> str | None:
        """What to show where looking has ended, None while it goes on."""
        visitor, now = self.visitor, self.works.clock.now()
        assert visitor.client_id is not None
        with self.works.database.session(Role.APP) as session:
            found = people.user_session(session, self.token_hash)
        with self.works.database.session(Role.APP, visitor.client_id) as session:
            access = clients.access(session, visitor.client_id)
        signed_in = found is not None and found.expires_at > now and found.last_seen_at + AGENT_IDLE > now
        if signed_in and not access.inbox and not access.login:
            return None
        with i18n.use(visitor.locale):
            shown = pause.of(self.works, visitor.client_id, visitor.role) or pause.signed_out()
            return pause.fragment(shown, Reader(now, visitor.zone))


async def told(hub: Hub, desk: Desk, guard: Guard, place: Place) -> AsyncIterator[bytes]:
    """The bytes of one stream: what was missed, then what happens, comments while nothing does."""
    with hub.subscribed(desk, place) as subscriber:
        yield b": open\n\n"
        check_at, comment_at = monotonic() + CHECK_EVERY, monotonic() + COMMENT_EVERY
        while not (heard := await subscriber.next(check_at - monotonic())).ended:
            if heard.alarmed or monotonic() >= check_at:
                check_at = monotonic() + CHECK_EVERY
                farewell = await to_thread.run_sync(guard.farewell)
                if farewell is not None:
                    yield encoded(Event("bye", farewell))
                    return
            if heard.events:
                yield b"".join(map(encoded, heard.events))
            if monotonic() >= comment_at:
                comment_at = monotonic() + COMMENT_EVERY
                yield b": still here\n\n"


def encoded(event: Event) -> bytes:
    """One event of text/event-stream; every line of the data gets its own field."""
    data = "".join(f"data: {line}\n" for line in event.data.replace("\r", "\n").split("\n"))
    number = f"id: {event.id}\n" if event.id else ""
    return f"{number}event: {event.name}\n{data}\n".encode()
