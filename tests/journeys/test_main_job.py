"""The main job on real processes: people write, an agent answers, staff suspend and lift, a figure is released."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import credentials
from konectus.services.installation import Installation
from konectus.store.queries import connectors
from konectus.store.roles import Role
from reports.periods import Month, last_closed
from tests.support.factories import Factory
from tests.support.figures import World
from tests.support.processes import APP, Site, until

PASSWORD = "una contraseña muy larga"
NAME = "Taller Ñandú"
WITH_RECEIPTS = (Channel.MESSENGER, Channel.INSTAGRAM)
LATEST = 20_000  # milliseconds a page may take for what follows at once


@dataclass(frozen=True)
class Cast:
    """Who plays: accounts at the channels, one person on each, an agent and a person of the staff."""

    client_id: UUID
    accounts: dict[Channel, str]
    persons: dict[Channel, str]
    agent: str
    staff: "Person"
    analyst: "Person"


@dataclass(frozen=True)
class Person:
    """Somebody of the staff."""

    email: str
    totp: str


@pytest.fixture
def cast(site: Site) -> Cast:
    """Everything through the product's own doors: Connectors are connected by the sender at the simulator."""
    site.start_simulator()
    site.register_app()
    page = site.sim("pages", {"name": NAME, "app": APP["name"], "instagram": {"username": "tallernandu"}})
    bot = site.sim("bots", {"username": "taller_nandu_bot", "name": NAME})
    found = site.sim("persons", {"count": 3})["persons"]
    site.sim("settings", {"echo_after": 0.05, "delivered_after": 0.2})
    site.start()
    tokens = {
        Channel.MESSENGER: (page["id"], page["token"]),
        Channel.INSTAGRAM: (page["instagram"]["id"], page["token"]),
        Channel.TELEGRAM: (bot["id"], bot["token"]),
    }
    with site.installation() as installation:
        make = Factory(installation)
        client_id = make.client(name=NAME).id
        for channel, (account, token) in tokens.items():
            make.connector(client_id, channel=channel, account_id=account, secret=token, connected=False)
        until(lambda: states(installation, client_id) == {ConnectorState.CONNECTED}, seconds=30, what="connected")
        agent = agent_of(installation, make, client_id)
        staff, analyst = (staff_of(installation, make, role) for role in (StaffRole.TRUST, StaffRole.ANALYST))
        World(installation).believable(clients=200, months=closed_months(installation, 3))
    persons = {channel: person["person"] for channel, person in zip(Channel, found, strict=True)}
    return Cast(client_id, {c: tokens[c][0] for c in tokens}, persons, agent, staff, analyst)


def agent_of(installation: Installation, make: Factory, client_id: UUID) -> str:
    """The e-mail of an owner who has set a password through the link."""
    user_id = make.user(client_id, role=UserRole.OWNER)
    with installation.works.system() as work:
        link = credentials.link_for_user(work, user_id)
    credentials.set_user_password(installation.works, link, PASSWORD)
    return email_of(installation, "authorized_user", user_id)


def staff_of(installation: Installation, make: Factory, role: StaffRole) -> Person:
    """Somebody of the staff who has set password and second factor through the link."""
    staff_id = make.staff(role=role)
    with installation.works.system() as work:
        link = credentials.link_for_staff(work, staff_id)
    factor = credentials.set_staff_password(installation.works, link, PASSWORD)
    return Person(email_of(installation, "staff", staff_id), factor.secret)


def email_of(installation: Installation, table: str, person_id: UUID) -> str:
    with installation.database.session(Role.WORKER) as session:
        query = f"select email from ledger.{table} where id = %s"
        found: str = session.connection().exec_driver_sql(query, (person_id,)).scalar_one()
        return found


def closed_months(installation: Installation, count: int) -> list[str]:
    """The last months that a release can be made of, oldest first."""
    months = [last_closed(installation.clock.now())]
    while len(months) < count:
        months.insert(0, Month.of(months[0].first - timedelta(days=1)))
    return [str(month) for month in months]


def states(installation: Installation, client_id: UUID) -> set[ConnectorState]:
    with installation.database.session(Role.WORKER) as session:
        return {row.state for row in connectors.of_client(session, client_id)}


@pytest.mark.browser
@pytest.mark.processes
@pytest.mark.timeout(400)
def test_main_job_from_the_first_message_to_the_released_figure(
    site: Site, cast: Cast, browser: Browser, page: Page
) -> None:
    sign_in(page, f"{site.url}/login", cast.agent)
    expect(page.locator(".inbox")).to_be_visible()
    for channel in Channel:
        person_writes_and_agent_answers(site, cast, page, channel)

    with someone_else(browser) as staff:
        sign_in(staff, f"{site.url}/admin/login", cast.staff.email, cast.staff.totp)
        suspend(staff, site, cast)
        agent_is_told_and_can_send_nothing(page)
        until(lambda: disconnected(site), seconds=10, what="no subscription and no webhook is left at the channels")
        lift(staff, site, cast)
    sign_in(page, f"{site.url}/login", cast.agent)
    expect(page.locator(".conv")).to_have_count(len(Channel))
    figures_page_shows_a_release_with_its_uncertainty(site, cast, browser)


def person_writes_and_agent_answers(site: Site, cast: Cast, page: Page, channel: Channel) -> None:
    """Live both ways, without a reload: the page is marked and the mark is still there afterwards."""
    asked, answered = f"¿Hacen envíos a Cuernavaca? ({channel})", f"Sí, salen los martes ({channel})"
    where = {"channel": channel, "account": cast.accounts[channel], "person": cast.persons[channel]}
    page.evaluate("document.documentElement.dataset.stays = 'here'")
    site.sim("say", where | {"text": asked})
    row = page.locator(".conv", has_text=asked)
    expect(row).to_be_visible(timeout=LATEST)
    row.click()
    expect(page.locator("#hilo .msg.in", has_text=asked)).to_be_visible(timeout=LATEST)
    page.locator("#text").fill(answered)
    page.locator("#text").press("Enter")
    bubble = page.locator("#hilo .msg.out", has_text=answered)
    expect(bubble.get_by_text("Enviado").or_(bubble.get_by_text("Entregado"))).to_be_visible(timeout=LATEST)

    path = f"persons/{cast.persons[channel]}/received"
    received = site.sim(path, channel=channel, account=cast.accounts[channel], count=1, wait=20)["messages"]
    assert [message["text"] for message in received] == [answered]
    if channel is Channel.MESSENGER:
        expect(bubble.get_by_text("Entregado")).to_be_visible(timeout=LATEST)
    if channel in WITH_RECEIPTS:
        site.sim("read", where)
        expect(bubble.get_by_text("Leído")).to_be_visible(timeout=LATEST)
    assert page.evaluate("document.documentElement.dataset.stays") == "here"


def suspend(staff: Page, site: Site, cast: Cast) -> None:
    """What the page says before is what happens afterwards."""
    staff.goto(f"{site.url}/admin/client/suspend/{cast.client_id}")
    expect(staff.get_by_text("Se desconectan 3 conectores")).to_be_visible()
    staff.get_by_label("Regla de la cláusula 7").select_option(index=1)
    staff.get_by_label("Explicación").fill("Envío masivo a listas compradas desde las 09:30 de hoy.")
    staff.get_by_label("Escribe el nombre del Cliente").fill(NAME)
    staff.get_by_role("button", name="Suspender ahora").click()


def agent_is_told_and_can_send_nothing(page: Page) -> None:
    expect(page.locator("[data-bye]")).to_be_visible(timeout=5_000)
    expect(page.locator("#text")).to_have_count(0)
    answer = page.request.post(page.url.split("?")[0] + "/replies", form={"text": "¿Sigue?"}, max_redirects=0)
    assert answer.status in (303, 401, 403)


def disconnected(site: Site) -> bool:
    accounts = site.sim("accounts")["accounts"]
    return all(not account.get("subscribed") and not account.get("webhook") for account in accounts)


def lift(staff: Page, site: Site, cast: Cast) -> None:
    staff.goto(f"{site.url}/admin/client/details/{cast.client_id}")
    staff.get_by_role("link", name="Levantar").first.click()
    staff.get_by_label("Explicación").fill("La dueña aclaró el origen de la lista.")
    staff.get_by_label("Escribe el nombre del Cliente").fill(NAME)
    staff.get_by_role("button", name="Levantar").click()
    expect(staff.get_by_text("Levantada", exact=True)).to_be_visible()
    expect(staff.get_by_text("Desconectado")).to_have_count(len(Channel))


def figures_page_shows_a_release_with_its_uncertainty(site: Site, cast: Cast, browser: Browser) -> None:
    subprocess.run([sys.executable, "-m", "reports.release", "build"], env=site.environ, check=True, timeout=120)
    with someone_else(browser) as analyst:
        sign_in(analyst, f"{site.url}/admin/login", cast.analyst.email, cast.analyst.totp)
        analyst.goto(f"{site.url}/dashboard/")
        card = analyst.locator(".kpis li", has_text="Clientes activos")
        expect(card).to_contain_text("±", timeout=LATEST)


def sign_in(page: Page, url: str, email: str, totp: str | None = None) -> None:
    page.goto(url)
    page.get_by_label("Correo").fill(email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    if totp is not None:
        page.get_by_label("Código").fill(pyotp.TOTP(totp).now())
    page.get_by_role("button", name="Continuar").click()


@contextmanager
def someone_else(browser: Browser) -> Iterator[Page]:
    """Another person at another machine."""
    context = browser.new_context(locale="es-MX", timezone_id="America/Mexico_City")
    yield context.new_page()
    context.close()
