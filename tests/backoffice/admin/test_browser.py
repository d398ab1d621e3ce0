"""The admin in a real browser: accessible in both themes, narrow, by keyboard, and deaf to hostile strings."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from backoffice.admin.words import OUTCOMES
from backoffice.sessions import COOKIES
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.suspension import Cause
from konectus.services import connectors, registration, suspensions
from konectus.services.installation import Installation
from konectus.store.models.clients import Suspension
from konectus.store.queries import connectors as read
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.fates import fates
from tests.backoffice.admin.test_hostile import chunks, pages_of, planted
from tests.backoffice.admin.traffic import Item, Traffic
from tests.backoffice.conftest import Web
from tests.support.barriers import barriers, barriers_in_the_dark
from tests.support.clock import ManualClock
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
NAME = "Promo Express del Bajío"
WIDE, NARROW = (1440, 900), (360, 780)


@pytest.fixture
def ids(make: Factory, installation: Installation) -> dict[str, Any]:
    """A house with something on every page."""
    active, stopped = make.client(name=NAME), make.client(name="Óptica Güemes e Hijos")
    make.connector(active.id)
    make.connector(stopped.id, channel=Channel.TELEGRAM)
    make.user_session(active.id, make.user(active.id, role=UserRole.OWNER))
    sick = make.connector(active.id, channel=Channel.INSTAGRAM)
    version = make.plan(code="prueba")
    with installation.works.system() as work:
        connectors.settle(work, active.id, sick, ConnectorState.DEGRADED, "needs_reauth")
        new = registration.NewClient(legal_name="Café Zamná", trade_name="Café Zamná", registered_email="a@b.mx")
        trial = registration.add_client(work, new)
        work.session.flush()  # the subscription points at it
        registration.subscribe(work, trial.id, version, trial=timedelta(days=3))
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, stopped.id, Cause.AUP, "7.1 · Envío masivo a listas")
    event, letter = _log(installation, active.id)
    books = Books(installation)
    ending, ended = make.client(name="Ferretería Nájera"), make.client(name="Viveros del Ajusco")
    return {
        **fates(installation, ending.id, ended.id),
        "invoice": books.owed(active.id)[0].invoice_id,
        "notice": books.notice(active.id, bounced=True),
        "active": active.id,
        "stopped": stopped.id,
        "suspension": opened.suspension_id,
        "sick": sick,
        "letter": letter,
        "event": event,
    }


def _log(installation: Installation, client_id: UUID) -> tuple[int, UUID]:
    """Events of every outcome, one that waits, and a letter."""
    traffic = Traffic(installation)
    with installation.works.system() as work:
        account = next(
            row.account_id for row in read.of_client(work.session, client_id) if row.channel is Channel.MESSENGER
        )
    for outcome in OUTCOMES:
        traffic.came(Item(outcome, account, kind="messaging_hologram" if outcome == "unknown" else "message"))
    event = traffic.came(
        *(Item(outcome, account, error="no text" if outcome == "dead" else None) for outcome in OUTCOMES)
    )
    traffic.came()
    return event, traffic.died(event, client_id=client_id, account=account)


def _paths(ids: dict[str, Any]) -> tuple[str, ...]:
    return (
        "",
        "client/list",
        f"client/details/{ids['active']}",
        f"client/details/{ids['stopped']}",
        f"client/edit/{ids['active']}",
        f"client/suspend/{ids['active']}",
        f"client/suspend/{ids['stopped']}",
        f"suspension/details/{ids['suspension']}",
        f"suspension/lift/{ids['suspension']}",
        "suspension/list",
        "subscription/list",
        "plan/list",
        "connector/list",
        f"connector/details/{ids['active']};{ids['sick']}",
        "webhook-event/list",
        "webhook-event/list?show=unknown",
        "webhook-event/list?show=waiting",
        f"webhook-event/details/{ids['event']}",
        f"webhook-event/replay/{ids['event']}",
        "dead-letter/list",
        f"dead-letter/details/{ids['letter']}",
        f"dead-letter/replay/{ids['letter']}",
        f"dead-letter/discard/{ids['letter']}",
        "audit-entry/list",
        "audit-entry/details/1",
        f"client/money/{ids['active']}",
        f"client/danger/{ids['active']}",
        f"client/record-payment/{ids['active']}",
        f"client/suspend-order/{ids['active']}",
        f"invoice/details/{ids['invoice']}",
        f"notice/details/{ids['notice']}",
        *_paths_of_endings(ids),
    )


def _paths_of_endings(ids: dict[str, Any]) -> tuple[str, ...]:
    return (
        "approval/list",
        f"approval/details/{ids['approval']}",
        f"approval/decide/{ids['approval']}",
        f"termination/details/{ids['termination']}",
        f"export-window/details/{ids['window']}",
        f"export-window/extend/{ids['window']}",
        f"export-job/details/{ids['archive']}",
        f"deletion/details/{ids['deletion']}",
        f"document-version/details/{ids['document']}",
        f"client/ending/{ids['ended']}",
        f"client/terminate/{ids['active']}",
        "job-slot/list",
        "report-subscription/list",
    )


def _page(browser: Browser, web: Web, size: tuple[int, int]) -> Page:
    token = web.make.staff_session(web.make.staff(role=StaffRole.ADMIN))
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="light",
        reduced_motion="reduce",  # colours change at once
        locale="es-MX",
        bypass_csp=False,
    )
    # A __Host- cookie is written for https; browsers send it to loopback all the same.
    url = web.url.replace("http:", "https:")
    context.add_cookies([{"name": COOKIES["staff"], "value": token, "url": url, "secure": True, "httpOnly": True}])
    return context.new_page()


def test_no_page_has_a_serious_finding_in_the_light_and_in_the_dark(
    browser: Browser, web: Web, ids: dict[str, Any]
) -> None:
    page = _page(browser, web, WIDE)
    for path in _paths(ids):
        page.goto(f"{web.url}/admin/{path}")
        assert barriers(page) + barriers_in_the_dark(page) == [], path


def test_every_page_fits_a_narrow_screen_and_breaks_no_policy(browser: Browser, web: Web, ids: dict[str, Any]) -> None:
    page = _page(browser, web, NARROW)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in _paths(ids):
        page.goto(f"{web.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], path
    # The refusal of what is suspended already is a 409, which the browser mentions; anything else would be ours.
    assert [text for text in said if "409" not in text] == []
    assert [url for url in asked if not url.startswith(web.url)] == []
    page.goto(f"{web.url}/admin/")
    page.get_by_role("button", name="Abrir el menú").click()
    page.get_by_role("link", name="Auditoría").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Auditoría"


def test_a_client_is_suspended_by_keyboard_alone(
    browser: Browser, web: Web, ids: dict[str, Any], sessions: Sessions
) -> None:
    page = _page(browser, web, WIDE)
    page.goto(f"{web.url}/admin/")
    page.keyboard.press("/")
    page.keyboard.type("promo express")
    page.keyboard.press("Enter")
    page.wait_for_url("**/client/details/**")
    page.get_by_role("link", name="Suspender por uso indebido").focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Suspender ahora")
    assert button.is_disabled(), "the name is not typed yet"
    page.get_by_label("Regla de la cláusula 7").select_option("7.1")
    page.get_by_label("Explicación").fill("Envío masivo a listas compradas.")
    page.get_by_label("Escribe el nombre del Cliente").fill("Promo Express del Bajio")
    assert button.is_disabled()
    page.get_by_label("Escribe el nombre del Cliente").fill(NAME)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Suspensión de {NAME}").wait_for()
    assert page.get_by_text("Desconectando").count() == 2
    with sessions.worker() as session:
        assert session.query(Suspension).filter(Suspension.client_id == ids["active"]).count() == 1


def test_without_a_script_the_slip_is_named_by_the_server(browser: Browser, web: Web, ids: dict[str, Any]) -> None:
    page = _page(browser, web, WIDE)
    page.route("**/admin.js", lambda route: route.abort())
    page.goto(f"{web.url}/admin/client/suspend/{ids['active']}")
    page.get_by_label("Regla de la cláusula 7").select_option("7.1")
    page.get_by_label("Explicación").fill("Envío masivo a listas compradas.")
    page.get_by_label("Escribe el nombre del Cliente").fill("Promo Express del Bajio")
    page.get_by_role("button", name="Suspender ahora").click()
    field = page.get_by_label("Escribe el nombre del Cliente")
    expect(field).to_have_attribute("aria-invalid", "true")  # the answer of the server is another page
    assert page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text() == "Falta el acento en “Bajío”"
    assert barriers(page) == []


def test_no_hostile_string_runs_or_reaches_out(
    browser: Browser, web: Web, make: Factory, installation: Installation, clock: ManualClock
) -> None:
    page = _page(browser, web, WIDE)
    fired: list[str] = []
    page.expose_function("fired", lambda *given: fired.append(str(given)))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for words in chunks():
        for path in pages_of(planted(installation, make, clock, words)):
            page.goto(f"{web.url}/admin/{path}")
            page.mouse.move(400, 300)
    assert fired == []
    assert [text for text in said if "409" not in text] == [], "the policy had nothing to stop"
    assert [url for url in asked if not url.startswith(web.url)] == []
