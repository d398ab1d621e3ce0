"""The one web composition root: back office, webhook doors and dashboard on one port. Nobody imports it."""

from konectus import loading  # before all others

# isort: split
import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from backoffice.admin import site
from backoffice.app import Beside, create_app, guarded
from dashboard.app import Dashboard
from dashboard.app import create_app as create_dashboard
from ingestion.doors import DoorProtocol, Doors
from konectus import log
from konectus.errors import KonectusError
from konectus.listening import listen
from konectus.services.installation import Installation, open_installation
from konectus.settings import LOOPBACK, Settings
from konectus.store.roles import Role

DASHBOARD = "/dashboard"
DOORS = ("/webhooks/meta", "/webhooks/telegram")
_STOPPING = 8  # seconds for requests under way (P31: the process is gone within fifteen)


def compose(installation: Installation) -> tuple[FastAPI, ASGIApp]:
    """The web application and the guarded whole that a server runs."""
    doors = Doors(installation)
    dashboard = create_dashboard(_for_analysts(installation), installation.clock)
    beside = Beside(
        apps={DASHBOARD: dashboard, **dict.fromkeys(DOORS, doors)},
        policies={DASHBOARD: dashboard.policy},
        mounts=(site.mount,),
        lifetimes=(_open(doors), _closed_later(dashboard)),
    )
    app = create_app(installation, beside)
    doors.counters = app.state.counters  # one process, one /metrics
    return app, guarded(app, beside)


def _for_analysts(installation: Installation) -> Settings:
    """The address of the released figures: the one given, else the analyst's own login on the same server."""
    settings = installation.settings
    if settings.analyst_database_url is not None:
        return settings
    address = SecretStr(installation.released.conninfo(Role.ANALYST))
    return settings.model_copy(update={"analyst_database_url": address})


@asynccontextmanager
async def _open(doors: Doors) -> AsyncIterator[None]:
    await doors.start()
    try:
        yield
    finally:
        await doors.stop()


@asynccontextmanager
async def _closed_later(dashboard: Dashboard) -> AsyncIterator[None]:
    try:
        yield
    finally:
        dashboard.close()


class Server(uvicorn.Server):
    """uvicorn, but open streams are ended when it is told to stop; it would wait for them otherwise."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.state.stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._app.state.hub.end_streams)
        super().handle_exit(sig, frame)


def serve() -> int:
    """Run the web process from the environment; one line with the mend where it cannot start."""
    log.configure("web", "info")
    try:
        settings = Settings.load(os.environ)
        installation = open_installation(settings)
        installation.require_ready()
        app, whole = compose(installation)
        listening = _listening(settings)
    except KonectusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    config = uvicorn.Config(whole, log_config=None, timeout_graceful_shutdown=_STOPPING, http=DoorProtocol)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it has stopped; asked to stop and stopped is no failure (P31).
        signal.signal(number, lambda _number, _frame: None)
    # What is loaded stays for good: walking it again while a request waits is what the slowest answers wait for.
    loading.over()
    Server(config, app).run(sockets=[listening])
    installation.close()
    return 0


class PortTaken(KonectusError):
    code = "web_port_taken"


def _listening(settings: Settings) -> socket.socket:
    """Raises PortTaken. Only this machine is answered unless PUBLIC_URL names another."""
    near = settings.public_url.split("://")[-1].split("/", maxsplit=1)[0].rsplit(":", 1)[0] in LOOPBACK
    try:
        return listen("127.0.0.1" if near else "0.0.0.0", settings.port)
    except OSError as error:
        raise PortTaken(f"port {settings.port}: {error.strerror}; set KONECTUS_PORT to a free one") from None


class FromEnvironment:
    """The whole under a server of somebody else's choice: opened when that server starts."""

    _whole: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._whole is None:
            _, self._whole = compose(open_installation(Settings.load(os.environ)))
            loading.over()
        await self._whole(scope, receive, send)


app = FromEnvironment()

if __name__ == "__main__":
    sys.exit(serve())
