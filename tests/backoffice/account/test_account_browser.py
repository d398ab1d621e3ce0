"""The account, the registration and the reset in a real Chromium: light and wide, dark and narrow, without barriers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backoffice.sessions import COOKIES
from konectus.domain.roles import UserRelation, UserRole
from konectus.services import documents, invitations
from konectus.services.installation import Installation
from konectus.services.invitations import NewMember
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.konectus.services.owing import Owing, owing, suspended
from tests.support.barriers import barriers
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "owing", "web"]

pytestmark = pytest.mark.browser
# Every page once, the fullest ones in both.
WIDE = ("/account", "/account/plan", "/account/documents", "/account/people", "/signup")
NARROW = (
    "/account",
    "/account/invoices",
    "/account/people",
    "/account/cancel",
    "/account/details",
    "/signup",
    "/reset",
)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900})
    found.set_default_timeout(10_000)
    yield found
    found.close()


def sit_down(web: Web, context: BrowserContext, owing: Owing, make: Factory) -> Page:
    """An owner of a suspended Client with an open invitation."""
    with owing.installation.works.system() as work:
        new = NewMember(
            email=f"una.direccion.larga.{owing.client_id.hex[-8:]}@cliente.example",
            name="Ma. del Refugio Zúñiga de la Concepción",
            role=UserRole.AGENT,
            relation=UserRelation.CONTRACTOR,
        )
        invitations.invite(work, owing.client_id, new)
    suspended(owing)
    token = make.user_session(owing.client_id, make.user(owing.client_id, role=UserRole.OWNER))
    address = web.url.replace("http:", "https:")
    context.add_cookies([{"name": COOKIES["agent"], "value": token, "url": address, "secure": True, "httpOnly": True}])
    return context.new_page()


def test_pages_have_no_serious_barrier_wide_and_narrow(
    web: Web, context: BrowserContext, owing: Owing, make: Factory, installation: Installation
) -> None:
    with installation.works.system() as work:
        documents.publish_terms(work)
        documents.accept_on_paper(work, owing.client_id)
    page = sit_down(web, context, owing, make)
    for width, paths in ((1440, WIDE), (360, NARROW)):
        page.emulate_media(color_scheme="light" if paths is WIDE else "dark")
        page.set_viewport_size({"width": width, "height": 900})
        for path in paths:
            page.goto(web.url + path)
            assert barriers(page) == [], path


def test_the_menu_opens_on_a_narrow_screen_by_keyboard_alone(
    web: Web, context: BrowserContext, owing: Owing, make: Factory
) -> None:
    page = sit_down(web, context, owing, make)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(web.url + "/account")
    page.get_by_role("button", name="Abrir el menú").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Facturas", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1, name="Facturas")).to_be_visible()
