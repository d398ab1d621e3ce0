"""An agent at an open page of the inbox, and what the page complained of. What is checked there is in the tests."""

from dataclasses import dataclass, field
from uuid import UUID

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from backoffice.sessions import COOKIES
from konectus.domain.roles import UserRole
from tests.backoffice.conftest import Web


@dataclass
class Sat:
    """An agent at an open page, and what the page complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type} {message.text}")

    def _asked(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "http://localhost:")):
            self.complaints.append(f"request {url}")


def sit_down(web: Web, context: BrowserContext, client_id: UUID, path: str = "/inbox") -> Sat:
    """Open a page as an agent of this Client."""
    token = web.make.user_session(client_id, web.make.user(client_id, role=UserRole.OWNER))
    # Only an https address may set a __Host- cookie this way; loopback gets it over http as well.
    address = web.url.replace("http:", "https:")
    context.add_cookies([{"name": COOKIES["agent"], "value": token, "url": address, "secure": True, "httpOnly": True}])
    sat = Sat(context.new_page())
    sat.watch()
    sat.page.goto(web.url + path)
    return sat
