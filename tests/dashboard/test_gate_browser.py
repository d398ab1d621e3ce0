"""A dashboard of its own and the web process behind one host name, in a real Chromium: nobody notices the ticket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backoffice.app import Beside
from backoffice.sessions import COOKIES
from dashboard.app import create_app
from dashboard.gate import Gate
from konectus.domain.roles import StaffRole
from konectus.passes import DASHBOARD_DOOR
from konectus.services.installation import Installation
from tests.backoffice.conftest import Web
from tests.support.browsing import served
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.figures import AFTER, World

pytestmark = pytest.mark.browser
OCTOBER = "/dashboard/volume?period=2026-10&versus=2026-09"


@dataclass
class Proxy:
    """One host name before both processes. It counts the tickets, and keeps them from the browser where told to."""

    gate: Gate
    behind: str
    tickets: int = 0
    keeps_cookies_back: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/dashboard"):
            await self.gate(scope, receive, send)
            return
        asked = Request(scope)
        async with httpx.AsyncClient(base_url=self.behind) as http:
            address = f"{scope['path']}?{scope['query_string'].decode()}"
            got = await http.get(address, headers={"cookie": asked.headers.get("cookie", ""), "accept": "text/html"})
        kept = {name: got.headers[name] for name in ("location", "content-type") if name in got.headers}
        if scope["path"] == DASHBOARD_DOOR:
            self.tickets += 1
            kept |= {} if self.keeps_cookies_back else {"set-cookie": got.headers["set-cookie"]}
        await Response(got.content, got.status_code, kept)(scope, receive, send)


@pytest.fixture
def proxy(web: Web, published: World) -> Iterator[Proxy]:
    settings = published.installation.settings
    figures = create_app(settings, web.clock)
    yield Proxy(Gate(figures, settings, web.clock), web.url)
    figures.close()


@pytest.fixture
def web(installation: Installation) -> Iterator[Web]:
    clock = ManualClock(AFTER)
    same_time = replace(installation, clock=clock)
    found = Web(same_time, Factory(same_time), clock)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def page(proxy: Proxy, web: Web, browser: Browser) -> Iterator[Page]:
    """An analyst's, signed in with the web process and without a ticket."""
    with served(proxy) as address, opened(browser, address, session_of(web)) as found:
        yield found


def session_of(web: Web) -> str:
    return web.make.staff_session(web.make.staff(role=StaffRole.ANALYST))


@contextmanager
def opened(browser: Browser, address: str, token: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, locale="es-MX", reduced_motion="reduce")
    near = address.replace("http:", "https:")
    context.add_cookies([{"name": COOKIES["staff"], "value": token, "url": near, "secure": True, "httpOnly": True}])
    yield context.new_page()
    context.close()


def open_october(page: Page) -> None:
    """Until nothing of it is asked for any more: what is asked when the ticket runs out loads the page anew as well."""
    page.goto(OCTOBER)
    expect(page.locator("#filter-period")).to_have_value("2026-10")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator(".dash-graph:not(:has(.main-svg))")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def test_a_permalink_opens_as_it_was_sent_and_one_ticket_does_for_ten_minutes(page: Page, proxy: Proxy) -> None:
    page.goto(OCTOBER)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert page.url.endswith(OCTOBER)
    page.goto("/dashboard/")
    expect(page.locator("#filter-period")).to_be_visible()
    assert proxy.tickets == 1


def test_a_ticket_that_ran_out_is_renewed_where_the_reader_is(page: Page, proxy: Proxy, web: Web) -> None:
    for renewals in (1, 2, 3):
        open_october(page)
        web.clock.advance(minutes=10)
        page.locator("#filter-period").select_option("2026-08")
        expect(page.get_by_role("heading", level=1)).to_have_text("Agosto de 2026")
        expect(page.locator("#filter-period")).to_have_value("2026-08")
        assert proxy.tickets == renewals + 1


def test_a_browser_that_keeps_no_ticket_is_told_so_and_sent_no_more(page: Page, proxy: Proxy) -> None:
    proxy.keeps_cookies_back = True
    page.goto(OCTOBER)
    expect(page.get_by_role("heading", level=1)).to_have_text("Tu navegador no guardó el pase a las cifras")
    assert proxy.tickets == 1
    proxy.keeps_cookies_back = False
    page.get_by_role("link", name="Ir al resumen").click()
    expect(page.locator("#filter-period")).to_be_visible()
    assert page.url.endswith("/dashboard/")


def test_while_no_ticket_comes_the_page_is_loaded_anew_once(page: Page, proxy: Proxy, web: Web) -> None:
    open_october(page)
    web.clock.advance(minutes=10)
    proxy.keeps_cookies_back = True
    page.locator("#filter-period").select_option("2026-08")
    expect(page.get_by_role("heading", level=1)).to_have_text("No se aceptó el pase a las cifras")
    assert proxy.tickets == 2


def test_a_download_renews_the_ticket_as_well(page: Page, proxy: Proxy, web: Web) -> None:
    open_october(page)
    web.clock.advance(minutes=10)
    with page.expect_download() as started:
        page.get_by_role("link", name="Descargar", exact=True).click()
    assert started.value.suggested_filename.endswith(".csv")
    assert started.value.failure() is None
    assert proxy.tickets == 2


def test_behind_the_usual_switch_a_session_that_ended_leads_to_the_sign_in_and_back(
    web: Web, published: World, browser: Browser
) -> None:
    figures = create_app(published.installation.settings, web.clock)
    web.stop()
    web.beside = Beside({"/dashboard": figures}, {"/dashboard": figures.policy})
    web.start()
    token = session_of(web)
    with opened(browser, web.url, token) as page:
        open_october(page)
        web.browser(staff=token).post("/admin/logout")
        page.locator("#filter-period").select_option("2026-08")
        page.wait_for_url("**/admin/login?next=%2Fdashboard%2Fvolume%3F*period%3D2026-08")
    figures.close()
