"""The factory of the web application and the guard around it. What is served beside it is handed in by asgi.py."""

import gzip
import mimetypes
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import ASGIApp, Scope

from backoffice import errors, health, media, pages, saved_views, tickets
from backoffice.account import exports
from backoffice.account import routes as account
from backoffice.api import routes as api
from backoffice.callbacks import mail, meta, payments
from backoffice.deps import recogniser
from backoffice.inbox import actions, files, routes, stream
from backoffice.inbox.hub import Hub
from backoffice.middleware import CSP_FILES, Gated, Headed, Recognised, SameOrigin, Switch
from backoffice.signin import addresses, forgotten, links, signup
from backoffice.signin import routes as signin
from konectus.files.opening import open_files
from konectus.meters import Counters
from konectus.services.installation import Installation


@dataclass(frozen=True)
class Beside:
    """What one port serves besides the back office, by prefix, with its own policies and lifetimes."""

    apps: Mapping[str, ASGIApp] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Callable[[FastAPI, Installation], None]] = ()
    lifetimes: Sequence[AbstractAsyncContextManager[object]] = ()


def create_app(installation: Installation, beside: Beside | None = None) -> FastAPI:
    """The routes without the guard. Starting it begins to listen for live changes."""
    given = beside or Beside()

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for lifetime in given.lifetimes:
                await stack.enter_async_context(lifetime)
            app.state.hub.start()
            stack.push_async_callback(app.state.hub.stop)
            yield

    app = FastAPI(
        title="Konectus", version="1", lifespan=alive, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.installation = installation
    app.state.hub = Hub(installation.works)
    app.state.files = open_files(installation.settings.data_dir, installation.settings.files_url)
    app.state.counters = Counters()
    app.state.stopping = False
    errors.install(app)
    for router in _ROUTERS:
        # As they are: including them would read every signature once more, 80 ms of the first request.
        app.router.routes.extend(router.routes)
    for mount in given.mounts:
        mount(app, installation)
    mimetypes.add_type("font/woff2", ".woff2")  # not every system's table knows it
    app.mount(pages.STATIC_URL, Assets(directory=pages.STATIC))
    app.add_api_route("/", _to_inbox, include_in_schema=False)
    return app


_ROUTERS = (
    api.router,
    signin.router(),
    signup.router,
    forgotten.router,
    links.router,
    addresses.router,
    stream.router,
    routes.router,
    actions.router,
    files.router,
    media.router,
    account.router,
    exports.router,
    saved_views.router,
    tickets.router,
    mail.router,
    meta.router,
    payments.router,
    health.router,
)


# What Clients send to prove their authority; a prefix of the staff's pages, which this surface does not import.
_PAPERS = "/admin/authority-document/bytes"


def guarded(app: FastAPI, beside: Beside | None = None) -> ASGIApp:
    """The app behind headers, same-origin check, visitor, gate and switch, in this order."""
    given = beside or Beside()
    installation: Installation = app.state.installation
    inner: ASGIApp = Switch(app, given.apps)
    inner = SameOrigin(Recognised(Gated(inner), recogniser(installation.works)))
    return Headed(
        inner,
        installation.clock,
        {"/files": CSP_FILES, media.PREFIX: CSP_FILES, _PAPERS: CSP_FILES, **given.policies},
        counters=app.state.counters,
        https=installation.settings.public_url.startswith("https://"),
    )


class Assets(StaticFiles):
    """Our files for the browser, under a hash of all of them: the present one is kept for ever, another never.

    Texts leave compressed, once and not for each visitor.
    """

    def get_path(self, scope: Scope) -> str:
        version, _, path = super().get_path(scope).partition("/")
        scope["state"]["is_present"] = version == pages.static_version()
        return path

    def file_response(self, full_path: PathLike, stat_result: object, scope: Scope, status_code: int = 200) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)  # type: ignore[arg-type]  # os.stat_result
        path = Path(full_path)
        takes = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if takes and answer.status_code == status_code and path.suffix in _TEXTS:
            squeezed = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            answer = Response(_squeezed(path, path.stat().st_mtime_ns), status_code, squeezed, answer.media_type)
        kept = "public, max-age=31536000, immutable" if scope["state"]["is_present"] else "no-cache"
        answer.headers["Cache-Control"] = kept
        return answer


_TEXTS = (".css", ".js", ".svg")


@lru_cache
def _squeezed(path: Path, changed_at: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=changed_at // 10**9)


def _to_inbox() -> Response:
    return RedirectResponse("/inbox", errors.SEE_OTHER)
