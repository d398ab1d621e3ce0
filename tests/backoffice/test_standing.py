"""What a person has of a page stays when the stream tells its pieces anew: the focus, an outline, an opened menu."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.backoffice.conftest import Web
from tests.backoffice.happenings import Happenings, Words
from tests.backoffice.people import Talk
from tests.backoffice.sitting import sit_down
from tests.support.browser import focus
from tests.support.factories import Factory

pytestmark = pytest.mark.browser

# The outline goes after 2.5 s, which a busy machine can take between two looks.
OUTLINED = """() => new MutationObserver(() => {
  const one = document.querySelector('.msg.sought');
  if (one) document.documentElement.dataset.outlined = one.textContent;
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['class'] })"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900})
    found.set_default_timeout(10_000)
    yield found
    found.close()


def test_conversation_is_opened_answered_and_closed_by_keyboard_alone(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    talk.begin(client.id, "¿Tienen sillas?", name="Íñigo Ávalos")
    told = talk.begin(client.id, "¿Cuánto cuesta?")
    sat = sit_down(web, context, client.id)
    web.clock.advance(seconds=5)
    for _ in range(30):
        sat.page.keyboard.press("Tab")
        if sat.page.evaluate("document.activeElement.id") == f"c-{told.id}":
            break
    sat.page.keyboard.press("Enter")
    expect(sat.page.get_by_label("Respuesta", exact=True)).to_be_focused()
    sat.page.keyboard.type("$1,950")
    sat.page.keyboard.press("Enter")
    expect(sat.page.locator(".msg.out")).to_contain_text("$1,950")
    for _ in range(30):
        sat.page.keyboard.press("Shift+Tab")
        if sat.page.evaluate("document.activeElement.textContent").strip() == "Cerrar":
            break
    sat.page.keyboard.press("Enter")
    expect(sat.page.locator(f"#c-{told.id}")).to_have_count(0)
    row, log = sat.page.locator(".conv"), sat.page.get_by_role("log")
    focus(sat.page, ".conv")
    sat.page.keyboard.press("Enter")
    expect(log).to_contain_text("¿Tienen sillas?")
    expect(sat.page.get_by_label("Respuesta", exact=True)).to_be_focused()
    sat.page.keyboard.press("Escape")
    expect(row).to_be_focused()
    assert sat.complaints == []


def test_search_finds_a_word_and_leads_to_its_message(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "La mesa es de parota <b>", name="Zoë Müller")
    Happenings(talk, told).index()
    sat = sit_down(web, context, client.id)
    sat.page.keyboard.press("/")
    sat.page.keyboard.type("PARÓTA")
    hit = sat.page.locator("#found .hit")
    expect(hit.locator("mark")).to_have_text("parota")
    sat.page.evaluate(OUTLINED)
    hit.click()
    expect(sat.page.locator("html")).to_have_attribute("data-outlined", re.compile("La mesa es de parota <b>"))
    sat.page.locator("#words").fill("nogal")
    expect(sat.page.locator("#found")).to_contain_text("No se encontró nada de “nogal”")
    sat.page.locator("#words").press("Escape")
    expect(sat.page.locator(f"#c-{told.id}")).to_be_visible()
    assert sat.complaints == []


def test_row_under_the_keys_keeps_the_focus_when_its_conversation_gets_a_message(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "¿Tienen sillas?")
    talk.clock.advance(seconds=1)
    talk.begin(client.id, "¿Cuánto cuesta?")
    sat = sit_down(web, context, client.id)
    row = sat.page.locator(f"#c-{told.id}")
    focus(sat.page, f"#c-{told.id}")
    talk.clock.advance(seconds=1)
    talk.say(told, "¿Siguen ahí?")
    expect(row).to_contain_text("¿Siguen ahí?")
    expect(row).to_be_focused()
    sat.page.keyboard.press("Enter")
    expect(sat.page.get_by_role("log")).to_contain_text("¿Siguen ahí?")
    assert sat.complaints == []


def test_sought_message_keeps_its_outline_and_an_open_menu_stays_open_when_told_anew(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    told = talk.begin(make.client().id, "¿Tienen mesas?")
    here = Happenings(talk, told)
    said = here.say(Words(text="De parota"))
    sat = sit_down(web, context, told.client_id, f"/inbox/c/{told.id}")
    message = sat.page.locator(f'.turns [data-message="{said}"]')
    sat.page.locator("#hilo details.drop summary").first.click()
    mark = "one => { window.first = document.querySelector(one); window.first.classList.add('sought') }"
    sat.page.evaluate(mark, f'.turns [data-message="{said}"]')
    here.react(said, "❤️")
    expect(message.locator(".marks")).to_have_text("❤️")
    assert not message.evaluate("node => node === window.first")
    expect(sat.page.locator(".msg.sought")).to_have_count(1)
    expect(sat.page.locator("#hilo details.drop[open]")).to_have_count(1)


def test_conversation_chosen_while_the_closed_one_is_still_on_its_way_is_the_one_that_is_shown(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    talk.begin(client.id, "¿Tienen sillas?")
    told = talk.begin(client.id, "¿Cuánto cuesta?")
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    held: list[Route] = []
    sat.page.route(re.compile(r"/inbox/c/[0-9a-f-]+$"), lambda route: held.append(route))  # noqa: PLW0108 -- a function
    sat.page.get_by_role("button", name="Cerrar").click()
    expect(sat.page.locator(f"#c-{told.id}")).to_have_count(0)
    until(lambda: len(held) == 1, sat.page)  # the closed one, asked for once more
    sat.page.locator(".conv").click()
    until(lambda: len(held) == 2, sat.page)
    for route in held:
        route.continue_()
        sat.page.wait_for_timeout(300)
    expect(sat.page.get_by_role("log")).to_contain_text("¿Tienen sillas?")
    assert sat.complaints == []


def until(holds: Callable[[], bool], page: Page) -> None:
    """The page's own events are heard only while it is waited for."""
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not happen")
