"""The gate of the dashboard when it runs alone: the analyst's ticket, the same origin, the reader's language.

Behind the back office's switch its guard does all of that, and this is not used. Where pages get their ticket from is
in tickets.py.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import refusals, tickets
from konectus import i18n, passes
from konectus.clock import Clock
from konectus.errors import Forbidden, KonectusError
from konectus.passes import PassRefused
from konectus.settings import Settings, SettingsError


class Gate:
    """Lets in who holds a ticket, and nobody else, to anything."""

    def __init__(self, app: ASGIApp, settings: Settings, clock: Clock) -> None:
        """Raises SettingsError where there is no key to check tickets with."""
        if settings.secret_key is None:
            raise SettingsError(
                "KONECTUS_SECRET_KEY: needed by a dashboard of its own; the web process signs tickets with it"
            )
        self._app = app
        self._secret = settings.secret_key.get_secret_value()
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        with i18n.use(i18n.negotiate(headers.get("accept-language", ""))):
            try:
                passes.read(self._secret, passes.DASHBOARD, _ticket(headers), self._clock.now())
                _require_own(scope, headers)
            except KonectusError as refused:
                await self._refuse(refused, scope, receive, send)
                return
            app = _to(tickets.asked_for(scope)) if tickets.has_come_back(scope) else self._app
            await app(scope, receive, send)

    async def _refuse(self, error: KonectusError, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _answer(error, scope)(scope, receive, send)


def _answer(error: KonectusError, scope: Scope) -> Response:
    """A page without a good ticket is sent for one, once; anything else is refused."""
    headers = Headers(scope=scope)
    if isinstance(error, PassRefused) and tickets.is_page(scope, headers):
        if not tickets.has_come_back(scope):
            return _to(tickets.door_for(scope))
        error = tickets.TicketNotRead() if _ticket(headers) else tickets.TicketNotKept()
    answer = refusals.answer(Request(scope), error)
    answer.headers["cache-control"] = "no-store"
    return answer


def _to(address: str) -> Response:
    return RedirectResponse(address, refusals.SEE_OTHER, {"cache-control": "no-store"})


def _ticket(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(passes.DASHBOARD_COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _require_own(scope: Scope, headers: Headers) -> None:
    """Raises Forbidden for an unsafe request that another site may have caused."""
    if scope["type"] == "http" and scope["method"] in tickets.SAFE:
        return
    site = headers.get("sec-fetch-site")
    own = site in ("same-origin", "none") if site else urlsplit(headers.get("origin", "")).netloc == headers.get("host")
    if not own:
        raise Forbidden("another site may have caused this")
