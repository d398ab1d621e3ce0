"""Views that an analyst keeps, in a real Chromium: saved by keyboard, opened again, renamed, deleted, refused.

Back office and dashboard on one port, as they are served. What the service refuses is in tests/backoffice.
"""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from backoffice.app import Beside
from backoffice.sessions import COOKIES
from dashboard.app import create_app
from konectus.domain.roles import StaffRole
from konectus.services import saved_views
from konectus.services.saved_views import LONGEST_NAME, NewView
from konectus.services.work import Actor
from konectus.store.cluster import Endpoint
from tests.backoffice.conftest import Web
from tests.support import told
from tests.support.barriers import TOO_WIDE, barriers, barriers_in_the_dark
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory
from tests.support.figures import AFTER

pytestmark = pytest.mark.browser
NAMED = ("2026-07", "2026-08", "2026-09", "2026-Q3", "2026-W41", "2026-10")
AUGUST = "period=2026-08&versus=2026-07"
REACHED = """() => {
  const on = document.activeElement;
  return on.ariaLabel || on.labels?.[0]?.firstChild.textContent || on.textContent.trim();
}"""

Keep = Callable[..., None]


@pytest.fixture(scope="module")
def web(templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    clock = ManualClock(AFTER)
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("kept")) as made:
        told.release(made, *NAMED)
        figures = create_app(made.settings, clock)
        found = Web(made, Factory(made), clock, Beside({"/dashboard": figures}, {"/dashboard": figures.policy}))
        found.start()
        yield found
        found.stop()
        figures.close()


@pytest.fixture
def analyst(web: Web) -> UUID:
    return web.make.staff(role=StaffRole.ANALYST, name="Inés Duarte")


@pytest.fixture
def keep(web: Web, analyst: UUID) -> Keep:
    """Keeps a view without the pages, as what was kept before the figures changed."""

    def kept(name: str, path: str = "volume", query: str = AUGUST) -> None:
        with web.installation.works.staff(Actor("staff", str(analyst), "Inés Duarte")) as work:
            saved_views.keep(work, NewView(name, path, query))

    return kept


@pytest.fixture
def page(web: Web, browser: Browser, analyst: UUID) -> Iterator[Page]:
    """The analyst's, signed in; what breaks in a script, or what the policy had to stop, fails the test."""
    context = browser.new_context(
        base_url=web.url, locale="es-MX", viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    token, address = web.make.staff_session(analyst), web.url.replace("http:", "https:")
    context.add_cookies([{"name": COOKIES["staff"], "value": token, "url": address, "secure": True, "httpOnly": True}])
    opened, complaints = context.new_page(), list[str]()
    opened.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """By keyboard alone: go on until the named thing is reached."""
    for _ in range(40):
        page.keyboard.press(key)
        if page.evaluate(REACHED) == name:
            return
    pytest.fail(f"{name} is not reached by Tab")


def press(page: Page, name: str, key: str = "Tab") -> None:
    tab_to(page, name, key)
    page.keyboard.press("Enter")


def figures(page: Page) -> list[str]:
    """The heading and every table of the page, once its first chart is drawn."""
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    return page.locator("#page h1, #page table").all_text_contents()


def everywhere(page: Page) -> list[str]:
    """Barriers in light and dark, and whether one has to scroll sideways at 360 px."""
    found = barriers(page) + barriers_in_the_dark(page)
    wide = page.viewport_size
    assert wide
    page.set_viewport_size({"width": 360, "height": 800})
    found += ["scrolls sideways"] if page.evaluate(TOO_WIDE) > 0 else []
    page.set_viewport_size(wide)
    return found


def test_a_view_is_saved_by_keyboard_alone_and_opens_the_same_figures(page: Page, web: Web) -> None:
    page.goto("/dashboard/volume?period=2026-09")
    expect(page.locator("#filter-period")).to_be_visible()
    tab_to(page, "Mes")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Agosto de 2026")
    expect(page.locator("#filter-period")).to_be_focused()  # the page made it anew
    seen = figures(page)
    press(page, "Guardar vista", "Shift+Tab")
    expect(page.get_by_label("Nombre")).to_be_focused()
    page.keyboard.type("Agosto, en volumen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Agosto, en volumen")).to_be_visible()
    assert page.url == f"{web.url}/views"
    press(page, "Agosto, en volumen")
    page.wait_for_url(f"{web.url}/dashboard/volume?{AUGUST}")
    assert figures(page) == seen
    assert "Agosto" in seen[0]


def test_a_view_of_another_length_and_page_is_found_in_the_menu_of_the_figures(page: Page, web: Web) -> None:
    page.goto("/dashboard/quality?grain=quarter")
    expect(page.locator("#filter-period")).to_be_visible()
    page.get_by_role("link", name="Guardar vista").press("Enter")
    page.get_by_label("Nombre").fill("Respuesta en el trimestre")
    page.get_by_label("Nombre").press("Enter")
    expect(page.get_by_role("link", name="Respuesta en el trimestre")).to_be_visible()
    page.goto("/dashboard/")
    page.get_by_role("link", name="Vistas guardadas").press("Enter")
    page.get_by_role("link", name="Respuesta en el trimestre").press("Enter")
    page.wait_for_url(f"{web.url}/dashboard/quality?period=2026-Q3&grain=quarter")
    expect(page.locator("#filter-period")).to_have_value("2026-Q3")


def test_a_view_is_renamed_and_deleted_by_keyboard_after_saying_what_that_takes_away(page: Page, keep: Keep) -> None:
    keep("Una")
    keep("Otra", "channels")
    page.goto("/views")
    expect(page.get_by_role("button", name="Borrar la vista")).to_have_count(0)  # folded, so that nobody slips
    press(page, "Cambiar Una")
    tab_to(page, "Nombre")
    page.keyboard.type("Cierre de agosto")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Cierre de agosto")).to_be_visible()
    expect(page.get_by_role("link", name="Una", exact=True)).to_have_count(0)
    press(page, "Cambiar Cierre de agosto")
    expect(page.get_by_text("Borrarla quita el nombre; las cifras se quedan.")).to_have_count(2)
    press(page, "Borrar la vista")
    expect(page.get_by_role("link", name="Cierre de agosto")).to_have_count(0)
    expect(page.get_by_role("link", name="Otra")).to_be_visible()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("  ", "Ponle un nombre de 1 a 60 caracteres."),
        ("x" * (LONGEST_NAME + 1), "Ponle un nombre de 1 a 60 caracteres."),
        ("Otra", "Otra vista tuya tiene ese nombre. Elige otro."),
    ],
    ids=["empty", "too long", "taken"],
)
def test_a_name_that_is_refused_stays_in_its_field_with_the_reason(
    page: Page, keep: Keep, typed: str, said: str
) -> None:
    """A refused new name of a kept view was lost: the field showed the old one."""
    keep("Una")
    keep("Otra")
    page.goto(f"/views?path=volume&query={AUGUST.replace('&', '%26')}")
    for opened in ("", "Cambiar Una"):
        if opened:
            page.goto("/views")
            page.get_by_text(opened).press("Enter")
        field = page.get_by_label("Nombre").locator("visible=true")
        field.evaluate("field => field.removeAttribute('maxlength')")  # as a browser that does not know it
        field.fill(typed)
        field.press("Enter")
        expect(page.get_by_role("alert")).to_have_text(said)
        expect(field).to_have_value(typed)
        expect(field).to_be_focused()
        expect(field).to_have_accessible_description(said)
        assert everywhere(page) == []
    field.fill("Por fin")
    field.press("Enter")
    expect(page.get_by_role("link", name="Por fin")).to_be_visible()


def test_no_more_is_typed_than_a_name_may_have(page: Page) -> None:
    page.goto("/views?path=volume")
    page.get_by_label("Nombre").press_sequentially("x" * (LONGEST_NAME + 1))
    expect(page.get_by_label("Nombre")).to_have_value("x" * LONGEST_NAME)


def test_without_views_the_page_says_what_to_do_and_leads_there(page: Page, web: Web) -> None:
    page.goto("/views")
    expect(page.get_by_role("heading", name="Todavía no hay vistas guardadas")).to_be_visible()
    expect(page.get_by_text("elige lo que quieres ver y pulsa “Guardar vista”")).to_be_visible()
    press(page, "Ir al resumen")
    expect(page.get_by_role("link", name="Guardar vista")).to_be_visible()
    assert page.url == f"{web.url}/dashboard/"


@pytest.mark.parametrize(
    ("path", "query", "heading"),
    [
        ("volume", "period=2020-01", "Eso no está publicado"),
        ("volume", "period=2026-W12&grain=week", "Eso no está publicado"),
        ("channels", f"{AUGUST}&cut=messages/shoe-size", "Eso no está publicado"),
        ("a-page-of-old", "period=2026-10", "No hay una página así"),
    ],
)
def test_a_view_of_what_is_not_published_any_more_says_so_and_leads_on(
    page: Page, keep: Keep, path: str, query: str, heading: str
) -> None:
    """Its sign was an empty square, and nothing led back to the views, where it can be deleted."""
    keep("De antes", path, query)
    page.goto("/views")
    press(page, "De antes")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.locator(".glyph .i")).not_to_have_css("mask-image", "none")
    assert everywhere(page) == []
    expect(page.get_by_role("link", name="Ir al resumen")).to_have_attribute("href", "/dashboard/")
    press(page, "Vistas guardadas")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vistas guardadas")
    press(page, "Cambiar De antes")
    press(page, "Borrar la vista")
    expect(page.get_by_role("heading", name="Todavía no hay vistas guardadas")).to_be_visible()


def test_a_view_that_is_gone_already_leads_back_to_the_others(page: Page, keep: Keep) -> None:
    """An analyst was led to the inbox, which is of Clients' agents and asks for their password."""
    keep("Una")
    other = page.context.new_page()
    for opened in (other, page):
        opened.goto("/views")
        opened.get_by_text("Cambiar Una").press("Enter")
    for opened, heading in ((other, "Vistas guardadas"), (page, "Aquí no hay nada")):
        opened.get_by_role("button", name="Borrar la vista").press("Enter")
        expect(opened.get_by_text("Cambiar Una")).to_have_count(0)
        expect(opened.get_by_role("heading", level=1)).to_have_text(heading)
    page.get_by_role("link", name="Ir al inicio").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vistas guardadas")


def test_pages_of_views_have_no_serious_barrier_in_light_and_dark_and_fit_360_px(page: Page, keep: Keep) -> None:
    page.goto("/views")
    assert everywhere(page) == []
    keep("M" * LONGEST_NAME)
    keep("<b>Cierre</b> de \u202eagosto", "", "")
    page.goto(f"/views?path=volume&query={AUGUST.replace('&', '%26')}")
    for fold in page.locator("summary").all():
        fold.press("Enter")
    expect(page.get_by_role("button", name="Borrar la vista")).to_have_count(2)
    assert everywhere(page) == []
    page.goto(f"/dashboard/volume?{AUGUST}")
    expect(page.get_by_role("link", name="Guardar vista")).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert everywhere(page) == []
