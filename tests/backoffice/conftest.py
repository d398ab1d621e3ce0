"""The web application as a browser meets it: a real server on loopback, guarded, with a person signed in."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest
import uvicorn

from backoffice.app import Beside, create_app, guarded
from backoffice.sessions import COOKIES
from konectus.clock import monotonic
from konectus.domain.roles import StaffRole, UserRole
from konectus.listening import listen
from konectus.services.installation import Installation
from tests.backoffice.people import Talk
from tests.support.clock import ManualClock
from tests.support.factories import Factory

BROWSER = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "es-MX"}


@dataclass
class Web:
    """A running web process; opens browsers on it."""

    installation: Installation
    make: Factory
    clock: ManualClock
    beside: Beside = field(default_factory=Beside)
    url: str = ""
    _open: list[httpx.Client] = field(default_factory=list)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        listening = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.app = create_app(self.installation, self.beside)
        config = uvicorn.Config(guarded(self.app, self.beside), log_config=None, timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=asyncio.run, args=[self._server.serve([listening])])
        self._thread.start()
        until = monotonic() + 10
        while not self._server.started and monotonic() < until:
            threading.Event().wait(0.01)
        assert self._server.started

    def stop(self) -> None:
        for http in self._open:
            http.close()
        assert self._server is not None
        assert self._thread is not None
        self.app.state.hub.end_streams()
        self._server.should_exit = True
        self._thread.join(10)

    def browser(self, *, agent: str = "", staff: str = "", **headers: str) -> httpx.Client:
        """A browser of its own, signed in by the tokens given. It does not follow redirects."""
        given = {COOKIES["agent"]: agent, COOKIES["staff"]: staff}
        cookie = "; ".join(f"{name}={token}" for name, token in given.items() if token)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        http = httpx.Client(base_url=self.url, headers={**BROWSER, "cookie": cookie, **named}, timeout=20)
        self._open.append(http)
        return http

    def agent_of(
        self, client_id: UUID, *, role: UserRole = UserRole.AGENT, name: str = "Mariana Ortúzar"
    ) -> httpx.Client:
        user_id = self.make.user(client_id, role=role, name=name)
        return self.browser(agent=self.make.user_session(client_id, user_id))

    def staff_as(self, role: StaffRole) -> httpx.Client:
        return self.browser(staff=self.make.staff_session(self.make.staff(role=role)))


@pytest.fixture
def web(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Web]:
    found = Web(installation, make, clock)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def talk(installation: Installation, make: Factory, clock: ManualClock) -> Talk:
    return Talk(installation, make, clock)
