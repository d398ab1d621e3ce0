"""The gate of the dashboard when it runs alone: the analyst's ticket, the same origin, the reader's language.

Behind the back office's switch its guard does all of that, and this is not used.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import refusals
from konectus import i18n, passes
from konectus.clock import Clock
from konectus.errors import Forbidden, KonectusError
from konectus.settings import Settings, SettingsError

# Issued by the web process for ten minutes to a signed-in analyst (decisions.md, "Dashboard alone").
COOKIE = "__Host-konectus-dashboard"
PURPOSE = "dashboard"
SAFE = ("GET", "HEAD")


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
                passes.read(self._secret, PURPOSE, _ticket(headers), self._clock.now())
                _require_own(scope, headers)
            except KonectusError as refused:
                await self._refuse(refused, scope, receive, send)
                return
            await self._app(scope, receive, send)

    async def _refuse(self, error: KonectusError, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusals.answer(Request(scope), error)(scope, receive, send)


def _ticket(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _require_own(scope: Scope, headers: Headers) -> None:
    """Raises Forbidden for an unsafe request that another site may have caused."""
    if scope["type"] == "http" and scope["method"] in SAFE:
        return
    site = headers.get("sec-fetch-site")
    own = site in ("same-origin", "none") if site else urlsplit(headers.get("origin", "")).netloc == headers.get("host")
    if not own:
        raise Forbidden("another site may have caused this")
