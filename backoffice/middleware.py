"""The pure-ASGI guard around every surface: headers, same-origin check, visitor and locale, gate by prefix, switch.

No BaseHTTPMiddleware: it would hold back the live stream. What a page says is not decided here.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backoffice import errors, sessions
from backoffice.pages import Reader
from konectus import i18n, ids
from konectus.clock import Clock, monotonic
from konectus.errors import Forbidden, KonectusError, NotFound, Unauthenticated
from konectus.meters import REQUEST_SECONDS, Counters
from konectus.services.documents import AcceptanceNeeded

log = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OTHER_RULES = ("/webhooks", "/api")  # signed or bearer: no cookie counts there
POLICY_REFUSED = 1008  # RFC 6455: the websocket is closed by policy

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
CSP_FILES = "default-src 'none'; sandbox; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class ForeignRequest(Forbidden):
    """An unsafe request that another site may have caused."""

    code = "foreign_request"


@dataclass(frozen=True)
class Headed:
    """Security headers by surface and the number of the request on every answer; the last net for what failed inside.

    `policies` maps a prefix to the Content-Security-Policy of its answers.
    """

    app: ASGIApp
    clock: Clock
    policies: Mapping[str, str]
    counters: Counters
    https: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        now = self.clock.now()
        request_id = str(ids.uuid7(now))
        scope.setdefault("state", {}).update(request_id=request_id, reader=Reader(now), visitor=None)
        headers = self._headers_for(scope["path"]) | {"X-Request-Id": request_id}
        started, began = False, monotonic()

        async def send_headed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self.counters.observe(REQUEST_SECONDS, monotonic() - began)
                present = MutableHeaders(scope=message)
                present.update(headers)
                present.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, send_headed)
        except KonectusError as error:
            if not started:
                await errors.answer(Request(scope), error)(scope, receive, send_headed)
        except Exception as error:  # noqa: BLE001 reason: written down by _note
            # The last net: noted with its number, never shown. konectus.log writes kind and places, not the words.
            _note(error, request_id)
            if not started:
                await errors.unforeseen(Request(scope))(scope, receive, send_headed)

    def _headers_for(self, path: str) -> dict[str, str]:
        policy = next((text for prefix, text in self.policies.items() if sessions.within(path, prefix)), CSP)
        found = {**HEADERS, "Content-Security-Policy": policy}
        if self.https:
            found["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return found


def _note(error: Exception, request_id: str) -> None:
    if isinstance(error, ClientDisconnect):
        # Whoever asked hung up while we read: nothing failed here.
        log.info("request given up by its sender", extra={"request_id": request_id})
    else:
        log.error("request failed", exc_info=error, extra={"request_id": request_id})


@dataclass(frozen=True)
class SameOrigin:
    """Refuse unsafe requests and websockets that another site may have caused (Fetch Metadata, else Origin)."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._is_ours(scope):
            await refuse(scope, receive, send, ForeignRequest())
            return
        await self.app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        if any(sessions.within(scope["path"], prefix) for prefix in OTHER_RULES):
            return True
        if scope["type"] == "http" and scope["method"] in SAFE:
            return True
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None and scope["type"] == "http":
            return site in ("same-origin", "none")
        return urlsplit(headers.get("origin", "")).netloc == headers.get("host")


@dataclass(frozen=True)
class Recognised:
    """Visitor and locale of the request: the session of the surface's own cookie, the language of the person."""

    app: ASGIApp
    recognise: sessions.Recognise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        visitor = await self._visitor(scope)
        state = scope.setdefault("state", {})
        state["visitor"] = visitor
        surface = sessions.surface_of(scope["path"])
        own = visitor.locale if visitor and not (surface and surface.speaks_as_asked) else None
        state["locale"] = locale = own or _asked_locale(scope)
        if visitor is not None:
            state["staff" if visitor.kind == "staff" else "user"] = visitor.record
        if visitor is not None and "reader" in state:
            state["reader"] = Reader(state["reader"].now, visitor.zone)
        with i18n.use(locale):
            await self.app(scope, receive, send)

    async def _visitor(self, scope: Scope) -> sessions.Visitor | None:
        surface = sessions.surface_of(scope["path"])
        if surface is None:
            return None
        cookies = Headers(scope=scope).get("cookie", "")
        other: sessions.Kind = "staff" if surface.kind == "agent" else "agent"
        for kind in (surface.kind, other):
            token = sessions.token_in(cookies, kind)
            found = await self.recognise(kind, token) if token else None
            if found:
                return found
        return None


def _asked_locale(scope: Scope) -> str:
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[0]
    return i18n.negotiate(asked or Headers(scope=scope).get("accept-language", ""))


@dataclass(frozen=True)
class Gated:
    """Deny by default: only a role of the surface goes in; a known person elsewhere finds nothing there."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            refusal = self._refusal(scope)
            if refusal is not None:
                await refuse(scope, receive, send, refusal)
                return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> KonectusError | None:
        if "\0" in scope["path"]:
            return NotFound()  # no name of anything has it, and no database takes it
        surface = sessions.surface_of(scope["path"])
        visitor: sessions.Visitor | None = scope.get("state", {}).get("visitor")
        if surface is None:
            return None
        if visitor is None:
            return Unauthenticated()
        if visitor.kind != surface.kind:
            # The front door of the other house may be asked for; what is behind it is not there for this person.
            return Unauthenticated() if scope["path"].rstrip("/") == surface.prefix else NotFound()
        if visitor.role not in surface.roles:
            return NotFound()
        needs_terms = any(sessions.within(scope["path"], prefix) for prefix in sessions.NEEDS_TERMS)
        return AcceptanceNeeded() if needs_terms and visitor.standing.must_accept else None


# Under the doors' prefix, but no events of a channel: forms of Meta, results of charges and of mail (callbacks).
AT_HOME = ("/deauthorize", "/data-deletion", "/webhooks/payments", "/webhooks/mail")


@dataclass(frozen=True)
class Switch:
    """Hand whole prefixes to other applications, scope untouched; in a shared app Dash answers every unknown URL."""

    app: ASGIApp
    elsewhere: Mapping[str, ASGIApp]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = self.app
        if scope["type"] in ("http", "websocket") and not scope["path"].endswith(AT_HOME):
            found = (app for prefix, app in self.elsewhere.items() if sessions.within(scope["path"], prefix))
            target = next(found, self.app)
        await target(scope, receive, send)


async def refuse(scope: Scope, receive: Receive, send: Send, error: KonectusError) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY_REFUSED})
        return
    answer: Response = errors.answer(Request(scope), error)
    await answer(scope, receive, send)
