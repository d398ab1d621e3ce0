"""The day of a person of the staff in a real browser: no task takes more clicks than it may (lifecycle.md 6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import update

from backoffice.sessions import COOKIES, token_in
from konectus.domain.connectors import ConnectorState
from konectus.domain.notices import NoticeKind
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import connectors, erasure, registration, suspending, suspensions
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.clients import Client
from konectus.store.models.notices import Notice
from tests.backoffice.admin import shared
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.factors import code_of
from tests.backoffice.conftest import Web
from tests.konectus.services.endings import Ends, Erases
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
clock, installation, make, web = shared.clock, shared.installation, shared.make, shared.web
WHY = "Hablado hoy por teléfono con la dueña"


@dataclass
class Walk:
    """Counts what is clicked after Today is on the screen; typing is not counted, Enter in the search is."""

    page: Page
    url: str
    clicks: int = 0

    def begin(self) -> None:
        self.page.goto(f"{self.url}/admin/")
        self.clicks = 0

    def click(self, on: Locator) -> None:
        on.click()
        self.clicks += 1

    def search(self, words: str) -> None:
        self.page.keyboard.press("/")
        self.page.keyboard.type(words)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/client/details/**")
        self.clicks += 1

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True).first)

    def card(self, heading: str) -> Locator:
        return self.page.locator("section.card", has=self.page.get_by_role("heading", name=heading))

    def confirm(self, button: str, **typed: str) -> None:
        for label, text in {
            "Explicación": WHY,
            **{name.replace("_", " "): text for name, text in typed.items()},
        }.items():
            self.page.get_by_label(label).fill(text)
        self.click(self.page.get_by_role("button", name=button, exact=True))
        self.page.wait_for_url("**/details/**")


@dataclass(frozen=True)
class Day:
    """What waits this morning."""

    unpaid: Client
    late: Client
    soon: Client
    bounced: UUID
    spam: Client
    back: Client
    erase: Erases


@pytest.fixture(scope="module")
def day(installation: Installation, make: Factory, clock: ManualClock) -> Day:
    books = Books(installation)
    unpaid, back, late = (
        make.client(name="Óptica Güemes"),
        make.client(name="Café Zamná"),
        make.client(name="Mueblería Ñu"),
    )
    erase = Erases(Ends(installation, make), clock)
    erase.ask()
    books.notice(unpaid.id, delivered=True)
    clock.advance(days=3, hours=12)
    with installation.works.system() as work:
        assert suspending.suspend_unpaid(work, unpaid.id) is not None
    first = Actor("staff", str(make.staff(role=StaffRole.LEGAL)), "Octavio Urrutia")
    with installation.works.staff(first) as work:
        erasure.approve(work, erase.row.id, WHY)
    connector = make.connector(back.id)
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, back.id, Cause.AUP, f"7.1 · {WHY}").suspension_id
        suspensions.lift_by_hand(work, opened, WHY)
    with installation.works.system() as work:
        connectors.settle(work, back.id, connector, ConnectorState.NEEDS_RECONFIGURATION)
        told = update(Notice).where(Notice.client_id == back.id, Notice.kind == NoticeKind.REACTIVATED)
        work.session.execute(told.values(sent_at=work.now, delivered_at=work.now))
    soon = make.client(name="Vivero Ajusco")
    for one in (late, soon):
        books.notice(one.id, delivered=True)
    clock.advance(days=2)
    growing(installation)
    return Day(unpaid, late, soon, books.notice(late.id, bounced=True), make.client(name="Promo Express"), back, erase)


def growing(installation: Installation) -> None:
    """Its Plan sells more seats one by one, and the period is paid."""
    plan = registration.NewPlan(
        code="lugares", name="Por lugares", price_cents=194_800, seats=5, connectors=6, extra_seat_cents=9_900
    )
    new = registration.NewClient(
        legal_name="Panadería Lupita", trade_name="Panadería Lupita", registered_email="a@b.mx"
    )
    with installation.works.system() as work:
        version = registration.publish_plan(work, plan)
        client = registration.add_client(work, new)
        work.session.flush()  # the subscription points at both
        registration.subscribe(work, client.id, version)
    books = Books(installation)
    books.pay(client.id, sum(one.balance_cents for one in books.owed(client.id)), "T-9")


@pytest.fixture
def walk(browser: Browser, web: Web, day: Day) -> Iterator[Walk]:
    """A person of the administration in front of Today."""
    token = web.make.staff_session(web.make.staff(role=StaffRole.ADMIN))
    context = browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    url = web.url.replace("http:", "https:")
    context.add_cookies([{"name": COOKIES["staff"], "value": token, "url": url, "secure": True, "httpOnly": True}])
    found = Walk(context.new_page(), web.url)
    found.begin()
    yield found
    context.close()


def test_who_is_suspended_tomorrow_and_why_takes_no_click(walk: Walk, day: Day) -> None:
    row = walk.page.get_by_role("row", name=day.soon.trade_name).first
    assert "Pago pendiente" in row.inner_text()


def test_a_transfer_is_recorded_with_three_and_the_service_is_back(
    walk: Walk, day: Day, installation: Installation
) -> None:
    walk.search("óptica g")
    assert "Suspendido por falta de pago" in walk.page.inner_text("main")
    walk.link("Registrar pago")
    walk.confirm("Confirmar el pago", Referencia="BNET01 7781")
    assert walk.clicks <= 3
    walk.page.goto(f"{walk.url}/admin/client/details/{day.unpaid.id}")
    assert "El servicio está activo" in walk.page.inner_text("main")


def test_three_more_days_take_three(walk: Walk, day: Day) -> None:
    walk.click(walk.page.get_by_role("row", name=day.late.trade_name).first.get_by_role("link", name="Aplazar"))
    walk.confirm("Aplazar la suspensión")
    assert walk.clicks <= 3


def test_a_bounced_notice_takes_three(walk: Walk, day: Day) -> None:
    walk.click(walk.card("Avisos que rebotaron").get_by_role("link", name="Corregir y reenviar").first)
    walk.confirm("Corregir y reenviar", Correo="nuevo@cliente.example")
    assert walk.clicks <= 3


def test_spam_is_stopped_with_three(walk: Walk, day: Day) -> None:
    walk.search("promo ex")
    walk.link("Suspender por uso indebido")
    walk.page.get_by_label("Regla de la cláusula 7").select_option("7.1")
    walk.confirm("Suspender ahora", **{"Escribe el nombre del Cliente": day.spam.trade_name})
    assert walk.clicks <= 3


def test_the_second_signature_of_a_deletion_takes_two(
    walk: Walk, day: Day, web: Web, installation: Installation
) -> None:
    walk.click(walk.card("Esperan tu firma").get_by_role("link", name="Revisar").first)
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in walk.page.context.cookies())
    assert token_in(cookies, "staff")
    code = code_of(installation, web.browser(staff=token_in(cookies, "staff") or ""))
    typed = {"Escribe el nombre del Cliente": day.erase.ends.client.legal_name, "Código de tu aplicación": code}
    walk.confirm("Firmar la decisión", **typed)
    assert walk.clicks <= 2


def test_the_link_to_reconnect_takes_three(walk: Walk) -> None:
    walk.search("café z")
    walk.link("Enviar el enlace para reconectar")
    walk.confirm("Reenviar el aviso")
    assert walk.clicks <= 3


def test_two_more_people_take_three_and_the_cents_are_there_before(walk: Walk) -> None:
    walk.search("panadería")
    walk.link("Cambiar de Plan")
    seats = walk.page.get_by_label("Personas")
    seats.fill(str(int(seats.input_value()) + 2))
    seats.blur()
    expect(walk.page.locator("[data-rehearsed]").first).to_contain_text("$")
    walk.confirm("Cambiar de Plan")
    assert walk.clicks <= 3


def test_the_evidence_takes_two(walk: Walk) -> None:
    walk.search("mueblería")
    with walk.page.expect_download() as told:
        walk.click(walk.page.get_by_role("button", name="Paquete de evidencia"))
    assert told.value.suggested_filename.startswith("evidencia-")
    assert walk.clicks <= 2
