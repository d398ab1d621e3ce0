"""Dash on its private FastAPI, with our document around it.

Private, because given the host's own server Dash answers every unknown address of the host with 200, and mounted it
does not start (surfaces.md 4).
"""

import logging
from pathlib import Path
from typing import Any

from dash import Dash, dcc, html
from dash.exceptions import DependencyException, InvalidResourceError
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from dashboard import callbacks, panels, params, periods, refusals, shell, table, wire
from dashboard.data import Figures
from dashboard.shell import PREFIX
from konectus.clock import Clock
from konectus.errors import KonectusError, NotFound
from konectus.figures import MONTH

ASSETS = Path(__file__).parent / "assets"
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_log = logging.getLogger("dashboard")


class House(Dash):
    """Dash with our document around it."""

    def _config(self) -> Any:
        """What the page tells its script: no socket, no version of our Python, no address of Dash's own host."""
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]  # Dash types it not
        return config | {"websocket": {"enabled": False}, "python_version": "", "dash_version_url": ""}

    def interpolate_index(self, **blocks: Any) -> str:  # type: ignore[override]  # Dash hands each by its name
        request = self.backend.request_adapter()
        query = str(request.args)
        # The host's guard says who is looking; alone there is no name.
        visitor = getattr(request.context, "visitor", None)
        grain = panels.grains(shell.BY_PATH[request.path].path)[0]
        fallback = f"?grain={grain}" if grain != MONTH else ""
        asked = shell.Asked(request.path, f"?{query}" if query else "", getattr(visitor, "name", ""), fallback)
        return shell.document(asked, blocks)


def build(figures: Figures, clock: Clock) -> House:
    """Dash with its pages, callbacks and the exports, ready to serve; nothing is read yet."""
    server: Any = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    dash: Any = House(
        "dashboard",
        server=server,
        requests_pathname_prefix=PREFIX,
        routes_pathname_prefix=PREFIX,
        assets_folder=str(ASSETS),
        use_pages=False,
        suppress_callback_exceptions=True,
        update_title="",
        add_log_handler=False,
        enable_mcp=False,
        on_error=_on_error,
    )
    dash.layout = [
        dcc.Location(id="url", refresh="callback-nav"),
        dcc.Store(id="theme"),
        html.Div(id="page"),
    ]
    callbacks.register(dash, figures, clock)
    _add_exports(server, figures)
    for kind in (KonectusError, DependencyException, InvalidResourceError):
        server.add_exception_handler(kind, _refuse)
    # Both happen at the first request of Dash's own paths or at a lifespan; behind the switch neither may come first.
    dash._setup_server()  # noqa: SLF001 -- Dash has no public name for it; the version is pinned, a test covers it
    dash.backend._setup_catchall()  # noqa: SLF001 -- the same
    made: House = dash
    return made


def content_security_policy(dash: House) -> str:
    """Only ourselves; Dash's one inline script by its hash; inline styles, which Plotly and React write."""
    scripts = " ".join(dash.csp_hashes())
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _add_exports(server: FastAPI, figures: Figures) -> None:
    def wanted(request: Request) -> params.Asked:
        asked = params.read(str(request.url.query), figures.history())
        if asked is None:
            raise params.Unpublished("nothing is published yet")
        return asked

    def as_csv(request: Request) -> Response:
        asked = wanted(request)
        return _file(table.as_csv(asked.release, asked.cut).encode(), asked, "csv")

    def as_xlsx(request: Request) -> Response:
        asked = wanted(request)
        return _file(table.as_xlsx(asked.release, asked.cut), asked, "xlsx")

    server.add_api_route(wire.CSV, as_csv, methods=["GET", "HEAD"])
    server.add_api_route(wire.XLSX, as_xlsx, methods=["GET", "HEAD"])


def _file(content: bytes, asked: params.Asked, ending: str) -> Response:
    parts = [periods.written(asked.release), *(asked.cut.split("/") if asked.cut else ())]
    headers = {"content-disposition": f'attachment; filename="konectus-{"-".join(parts)}.{ending}"'}
    return Response(content, headers=headers, media_type=KINDS[ending])


def _refuse(request: Request, error: Exception) -> Response:
    return refusals.answer(request, error if isinstance(error, KonectusError) else NotFound(request.url.path))


def _on_error(error: Exception) -> Any:
    """Dash would answer 500 without a word in the log."""
    if not isinstance(error, KonectusError):
        _log.error("a callback failed", exc_info=error)
    raise error
