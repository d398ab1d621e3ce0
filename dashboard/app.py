"""The dashboard as one ASGI application: everything under /dashboard/. It holds no gate: asgi.py or the host does.

The host's switch passes the scope untouched; what reaches Dash is checked here first.
"""

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import files, inside, panels, params, refusals, shell, wire
from dashboard.data import Figures
from dashboard.inside import House
from dashboard.shell import PREFIX
from konectus.clock import Clock
from konectus.errors import KonectusError
from konectus.settings import Settings


class Dashboard:
    """Checks what comes in, adds the headers, and hands on to Dash."""

    def __init__(self, dash: House, figures: Figures) -> None:
        self._dash = dash
        self._figures = figures
        self._files = files.Squeezed(dash.server)
        self.policy = inside.content_security_policy(dash)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            # No callback of ours speaks over a socket.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._serve(scope, receive, self._with_headers(scope, send))

    def close(self) -> None:
        """Give the database connections back; a host that passes no lifespan on calls it when it ends."""
        self._figures.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        try:
            if path == PREFIX.rstrip("/"):
                await RedirectResponse(PREFIX)(scope, receive, send)
                return
            wire.require_known(scope["method"], path)
            if path == wire.CALL:
                body = wire.canonical(await wire.read_body(receive), self._dash.callback_map)
                receive = wire.replay(body)
                scope = {**scope, "query_string": b"", "headers": _as_json(scope["headers"])}
            elif path in shell.BY_PATH:
                page, query = shell.BY_PATH[path], scope["query_string"].decode("latin-1")
                await to_thread.run_sync(self._require_published, page, query)
        except KonectusError as refused:
            await refusals.answer(Request(scope), refused)(scope, receive, send)
            return
        app: ASGIApp = self._files if path.startswith(wire.FILES) else self._dash.server
        await app(scope, receive, send)

    def _require_published(self, page: shell.Page, query: str) -> None:
        if query:
            params.read(query, self._figures.history(), panels.grains(page.path))

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_file = scope["path"].startswith(wire.FILES) and message["status"] < 300  # noqa: PLR2004 -- success
                kept = files.lifetime(scope["path"], scope["query_string"]) if is_file else "no-store"
                headers["content-security-policy"] = self.policy
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
                headers["cache-control"] = kept
            await send(message)

        return send_with_headers

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self.close()
                return


def create_app(settings: Settings, clock: Clock) -> Dashboard:
    """Raises SettingsError where the analyst's database address is missing. Nothing is connected yet."""
    figures = Figures.of(settings)
    return Dashboard(inside.build(figures, clock), figures)


def _as_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The body was written anew, so its length and kind are ours to say."""
    kept = [pair for pair in headers if pair[0] not in (b"content-length", b"content-type", b"content-encoding")]
    return [*kept, (b"content-type", b"application/json")]
