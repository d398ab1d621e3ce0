"""The overview in a real Chromium: drawn, usable by keyboard and at 360 px, without a word to another host."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import shell
from dashboard.app import create_app
from konectus.services.installation import Installation
from tests.support.barriers import barriers, barriers_in_the_dark
from tests.support.browsing import served
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(published: World) -> Iterator[str]:
    made = create_app(published.installation.settings, ManualClock(AFTER))
    with served(made) as found:
        yield f"{found}/dashboard/"
    made.close()


@pytest.fixture(scope="module")
def whole(grown: Installation) -> Iterator[str]:
    """Where every figure is published."""
    made = create_app(grown.settings, ManualClock(AFTER))
    with served(made) as found:
        yield f"{found}/dashboard/"
    made.close()


@pytest.fixture
def blank(browser: Browser, address: str, whole: str) -> Iterator[Page]:
    """Where nothing was opened yet; a complaint of the browser or a foreign request fails the test."""
    context = browser.new_context(locale="es-MX", viewport={"width": 1280, "height": 900})
    opened, complaints = context.new_page(), []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    # A picture that Plotly draws is a blob of the page's own origin.
    own = (address, whole, f"blob:{address.removesuffix('/dashboard/')}/")
    opened.on("request", lambda sent: None if sent.url.startswith(own) else complaints.append(sent.url))
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture
def page(blank: Page, address: str) -> Page:
    """The overview with its chart drawn."""
    blank.goto(address)
    expect(blank.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    return blank


def test_the_overview_shows_figures_with_their_doubt(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Octubre de 2026")
    expect(page.locator(".kpis li").first).to_contain_text("±")
    expect(page.get_by_text("Mensajes por canal")).to_be_visible()
    expect(page.locator(".plotted .xtick text").last).to_have_text("oct")


def test_a_filter_changes_the_address_and_back_returns(page: Page, address: str) -> None:
    page.get_by_label("Mes").select_option("2026-08")
    expect(page.get_by_role("heading", level=1)).to_have_text("Agosto de 2026")
    assert page.url == f"{address}?period=2026-08"
    expect(page.locator("[data-download]")).to_have_attribute("href", f"{address}figures.csv?period=2026-08")
    page.get_by_label("Comparar con").select_option("2026-05")
    expect(page.get_by_text("Qué cambió desde mayo")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Qué cambió desde julio")).to_be_visible()


def test_the_chart_is_a_table_too_by_keyboard(page: Page) -> None:
    page.get_by_role("button", name="Tabla").press("Enter")
    expect(page.get_by_role("cell").first).to_be_visible()
    expect(page.locator(".plotted")).to_be_hidden()


def test_the_chart_stays_when_the_window_narrows(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.locator(".plotted")).to_have_css("width", "302px")
    page.wait_for_timeout(300)  # Plotly follows a resize with a delay of its own
    assert page.locator(".plotted .main-svg").first.evaluate("svg => svg.getBoundingClientRect().height") > 200


def test_the_figure_follows_the_theme(page: Page) -> None:
    label = page.locator(".plotted .xtick text").first
    page.emulate_media(color_scheme="dark")
    expect(label).to_have_css("fill", "rgb(184, 191, 191)")
    page.emulate_media(color_scheme="light")
    expect(label).to_have_css("fill", "rgb(67, 78, 77)")


@pytest.mark.parametrize("shown", shell.PAGES, ids=lambda shown: shown.path or "overview")
def test_pages_have_no_serious_barrier_in_light_and_dark_and_fit_360_px(
    blank: Page, whole: str, shown: shell.Page
) -> None:
    blank.emulate_media(color_scheme="light", reduced_motion="reduce")
    blank.goto(whole + shown.path)
    expect(blank.locator(".card").first).to_be_visible()
    blank.wait_for_load_state("networkidle")
    assert barriers(blank) + barriers_in_the_dark(blank) == []
    blank.set_viewport_size({"width": 360, "height": 800})
    assert blank.evaluate("document.documentElement.scrollWidth") <= 360


def test_another_length_of_period_shows_its_newest_and_keeps_nothing_of_the_old_one(page: Page, whole: str) -> None:
    page.goto(f"{whole}volume?period=2026-08")
    page.locator("#filter-grain").select_option("week")
    expect(page.get_by_role("heading", level=1)).to_have_text("Semana del 19 oct 2026")
    assert page.url == f"{whole}volume?grain=week"
    page.locator("#filter-period").select_option("2026-W40")
    expect(page.get_by_role("heading", level=1)).to_have_text("Semana del 28 sep 2026")
    assert page.url == f"{whole}volume?grain=week&period=2026-W40"
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def test_both_periods_of_a_bar_are_unfolded_by_keyboard(page: Page, whole: str) -> None:
    page.goto(f"{whole}plans")
    fold = page.locator("#clients-plan summary")
    fold.press("Enter")
    expect(page.locator("#clients-plan table")).to_be_visible()
    expect(page.locator("#clients-plan table")).to_contain_text("Septiembre 2026")


def test_the_chart_is_saved_as_a_picture_without_another_host(page: Page) -> None:
    with page.expect_download() as saved:
        page.get_by_role("button", name="Descargar la gráfica como PNG").press("Enter")
    assert re.fullmatch(r"konectus-2026-10-channels-[0-9a-f]{8}\.png", saved.value.suggested_filename)
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_figure_chosen_on_downloads_is_what_the_files_hold(page: Page, address: str) -> None:
    page.goto(f"{address}downloads?period=2026-10")
    page.get_by_label("Cifra").select_option("messages/channel")
    file = page.get_by_role("link", name="XLSX de Octubre 2026").first
    expect(file).to_have_attribute("href", "figures.xlsx?period=2026-10&cut=messages/channel")
