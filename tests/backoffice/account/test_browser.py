"""The pages of connectors in a real Chromium: light, dark, narrow; by keyboard alone, from the button on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backoffice.sessions import COOKIES
from konectus.domain.channels import Channel
from konectus.domain.roles import UserRole
from tests.backoffice.account.conftest import House
from tests.support.barriers import barriers

pytestmark = pytest.mark.browser
HOME = "/account/connectors"
LOGIN = "/the page before the login"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900})
    found.set_default_timeout(10_000)
    yield found
    found.close()


def sit_down(house: House, context: BrowserContext, path: str = HOME) -> Page:
    """Open a page as an owner of the Client."""
    make, client_id = house.web.make, house.bench.desk.client_id
    token = make.user_session(client_id, make.user(client_id, role=UserRole.OWNER))
    address = house.web.url.replace("http:", "https:")
    context.add_cookies([{"name": COOKIES["agent"], "value": token, "url": address, "secure": True, "httpOnly": True}])
    page = context.new_page()
    page.goto(house.web.url + path)
    return page


def press(page: Page, name: str) -> None:
    """By keyboard alone: go on with Tab until the named thing is reached, then Enter."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.textContent?.trim()") == name:
            page.keyboard.press("Enter")
            return
    pytest.fail(f"{name} is not reached by Tab")


def test_owner_connects_and_disconnects_by_keyboard_alone(house: House, context: BrowserContext) -> None:
    made = house.bench.page()
    page = sit_down(house, context)
    press(page, "Conectar con Facebook")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sigues en Facebook")
    expect(page.locator("main")).to_contain_text("Konectus nunca ve tu contraseña")
    with page.expect_event("requestfailed", lambda request: "/callback" in request.url) as back:
        press(page, "Ir a Facebook")
    page.wait_for_url("chrome-error://**")
    # The address of this installation is another one than that of its web process in a test.
    page.goto(house.web.url + back.value.url.partition(house.bench.installation.settings.public_url)[2])
    expect(page.get_by_role("heading", level=1)).to_have_text("Preguntando al canal por tus cuentas…")
    house.bench.turn()
    expect(page.get_by_role("heading", level=1)).to_have_text("Elige la cuenta")
    press(page, "Conectar")
    expect(page.get_by_text("La conexión se está haciendo")).to_be_visible()
    house.bench.turn()
    page.reload()
    card = page.locator("[data-connector]")
    expect(card).to_contain_text("Conectado")
    press(page, "Desconectar…")
    expect(page.locator("main")).to_contain_text("Sus conversaciones se quedan")
    press(page, "Dejarlo así")
    expect(card).to_contain_text("Conectado")
    press(page, "Desconectar…")
    expect(page.locator("main")).to_contain_text("Sus conversaciones se quedan")
    press(page, "Desconectar")
    expect(page.get_by_text("El canal se está desconectando")).to_be_visible()
    house.bench.turn()
    page.goto(house.web.url + HOME)
    expect(card).to_have_count(0)
    assert house.bench.simulator.account("messenger", made["id"])["connected"] is False


def test_pages_of_connectors_have_no_serious_barrier(house: House, context: BrowserContext, browser: Browser) -> None:
    bench = house.bench
    well = bench.connect(
        Channel.INSTAGRAM, bench.instagram(name="Una tienda de nombre muy largo, sucursal Cuernavaca"), "login"
    )
    silent, lost = bench.bot(), bench.page()
    bench.connect(Channel.TELEGRAM, silent)
    troubled = bench.connect(Channel.MESSENGER, lost)
    bench.simulator.post("tokens/expire", channel="messenger", account=lost["id"])
    bench.check(troubled)
    page = sit_down(house, context)
    expect(page.locator("[data-connector]").first).to_have_attribute("data-connector", str(troubled))
    for scheme, width in (("light", 1440), ("dark", 360)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        for path in (HOME, LOGIN, f"{HOME}/{well}/disconnect", "/account"):
            page.goto(house.web.url + (HOME if path == LOGIN else path))
            if path == LOGIN:
                page.get_by_role("button", name="Conectar otra vez con Facebook").click()
                expect(page.get_by_role("link", name="Ir a Facebook")).to_have_attribute("rel", "noreferrer")
            assert barriers(page) == [], path
