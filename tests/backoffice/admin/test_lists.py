"""The lists: what is found by which words, pages without repeating a row, and a fixed number of statements."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
import psycopg
import pytest

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import connectors, registration, suspensions
from konectus.services.installation import Installation
from konectus.store.models.clients import Client
from tests.backoffice.admin.conftest import Counter
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.factories import STAFF, Factory


@pytest.fixture
def huasteca(make: Factory, installation: Installation) -> Client:
    """A Client with everything by which it can be found, among others."""
    for name in ("Abarrotes del Centro", "Óptica Güemes", "100% Algodón_Ñ"):
        make.client(name=name)
    new = registration.NewClient(
        legal_name="Comercializadora Huasteca, S. de R.L.",
        trade_name="Abarrotes La Huasteca",
        registered_email="Cobranza@Huasteca.mx",
        tax_id="AHU190412QX8",
    )
    with installation.works.system() as work:
        client = registration.add_client(work, new)
    make.connector(client.id, channel=Channel.INSTAGRAM, account_id="17841400000001234")
    return client


LA = "Abarrotes La Huasteca"
FOUND = {
    "abarrotes": {"Abarrotes del Centro", LA},
    "ABARROTES la": {LA},
    "comercializadora": {LA},
    "ahu1904": {LA},
    "cobranza@huasteca.mx": {LA},
    "17841400000001234": {LA},
    "página 1784": {LA},
    "a\x00barrotes la": {LA},
    "100%": {"100% Algodón_Ñ"},
    "óptica": {"Óptica Güemes"},
    "huasteca": set(),
    "%": set(),
    "_": set(),
    "'; drop table ledger.client; --": set(),
}


def test_a_client_is_found_by_how_its_names_ids_and_pages_begin(web: Web, huasteca: Client) -> None:
    http = web.staff_as(StaffRole.SUPPORT)
    names = {LA, "Abarrotes del Centro", "Óptica Güemes", "100% Algodón_Ñ"}
    for term, found in FOUND.items():
        page = Page(http.get("/admin/client/list", params={"search": term}).text)
        assert {name for name in names if name in page.words} == found, term
        assert (f"/admin/client/details/{huasteca.id}" in page.links) == (LA in found), term


def test_the_list_can_show_the_suspended_alone(web: Web, make: Factory, installation: Installation) -> None:
    stopped = make.client(name="Promo Express")
    make.client(name="Taller Ñandú")
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, stopped.id, Cause.AUP, "Envío masivo a listas")
    words = Page(web.staff_as(StaffRole.TRUST).get("/admin/client/list?show=suspended").text).words
    assert "Promo Express" in words
    assert "Suspendido por uso indebido" in words
    assert "Taller Ñandú" not in words


def _clients(installation: Installation, n: int) -> list[Client]:
    with installation.works.system() as work:
        made = []
        for number in range(n):
            name = f"Cliente {number % 20:03}"  # names repeat, so that the id has to part them
            new = registration.NewClient(legal_name=name, trade_name=name, registered_email="a@b.mx")
            made.append(registration.add_client(work, new))
    return made


def test_pages_follow_each_other_without_repeating_or_losing_a_row(
    web: Web, make: Factory, installation: Installation
) -> None:
    version = make.plan()
    clients = _clients(installation, 53)
    with installation.works.system() as work:
        for number, client in enumerate(clients):
            registration.subscribe(work, client.id, version)
            new = connectors.NewConnector(channel=Channel.MESSENGER, account_id=str(number), secret="t", app="demo")
            connectors.connect(work, client.id, new)
    with installation.works.staff(STAFF) as work:
        for client in clients:
            suspensions.suspend_by_hand(work, client.id, Cause.AUP, "Envío masivo a listas")
    http = web.staff_as(StaffRole.ADMIN)
    for identity in ("client", "connector", "subscription", "suspension"):
        first, second = _two_pages(http, identity)
        assert (len(first), len(second)) == (50, 3), identity
        assert len(set(first + second)) == 53, identity
    first, second = _two_pages(http, "audit-entry")
    numbers = [int(key) for key in first + second]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) == 100


def _two_pages(http: httpx.Client, identity: str) -> tuple[list[str], list[str]]:
    """The keys of the rows of the first page and of the one after it."""
    first = http.get(f"/admin/{identity}/list").text
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    key = re.compile(rf'href="/admin/{identity}/details/([^"]+)"')
    return key.findall(first), key.findall(http.get(following.group(1).replace("&amp;", "&")).text)


LISTS = ("client/list", "client/list?search=taller", "connector/list", "subscription/list", "suspension/list", "")


def test_a_longer_list_asks_the_database_no_more_often(
    web: Web, make: Factory, installation: Installation, statements: Counter
) -> None:
    def asked() -> dict[str, list[str]]:
        found = {}
        for path in LISTS:
            with statements.counting() as counted:
                assert http.get(f"/admin/{path}").status_code == 200
            found[path] = counted.asked
        return found

    def grow(n: int) -> None:
        for _ in range(n):
            client = make.client()
            make.connector(client.id)
            with installation.works.staff(STAFF) as work:
                suspensions.suspend_by_hand(work, client.id, Cause.AUP, "Envío masivo a listas")

    http = web.staff_as(StaffRole.ADMIN)
    grow(2)
    asked()
    few = asked()
    grow(6)
    many = asked()
    for path in LISTS:
        assert len(many[path]) == len(few[path]) <= (24 if path == "" else 14), path
        for one in many[path]:
            assert "OFFSET" not in one, path
            assert "count(*)" not in one or "WHERE" in one, path


def test_a_clients_page_asks_a_fixed_number_of_times(
    web: Web, make: Factory, installation: Installation, statements: Counter
) -> None:
    client = make.client(seats=50)
    http = web.staff_as(StaffRole.ADMIN)
    with statements.counting() as few:
        http.get(f"/admin/client/details/{client.id}")
    for _ in range(6):
        make.connector(client.id)
        make.user_session(client.id, make.user(client.id))
    with statements.counting() as many:
        assert http.get(f"/admin/client/details/{client.id}").status_code == 200
    assert len(many) == len(few) <= 20


def test_no_page_selects_a_sealed_column(
    web: Web, make: Factory, installation: Installation, statements: Counter
) -> None:
    client = make.client()
    connector = make.connector(client.id)
    http = web.staff_as(StaffRole.ADMIN)
    with statements.counting() as all_of_them:
        for path in ("", "client/list", f"client/details/{client.id}", "connector/list", "audit-entry/list"):
            assert http.get(f"/admin/{path}").status_code == 200
        assert http.get(f"/admin/connector/details/{client.id};{connector}").status_code == 200
    assert not [one for one in all_of_them.asked if "sealed" in one or "password_hash" in one]


def test_today_counts_what_waits_and_links_to_it(web: Web, make: Factory, installation: Installation) -> None:
    stopped, sick = make.client(name="Promo Express"), make.client(name="Taller Ñandú")
    make.connector(stopped.id)
    bad = make.connector(sick.id, channel=Channel.INSTAGRAM)
    version = make.plan(code="prueba")
    with installation.works.system() as work:
        connectors.settle(work, sick.id, bad, ConnectorState.DEGRADED, "needs_reauth")
        new = registration.NewClient(legal_name="Café Zamná", trade_name="Café Zamná", registered_email="a@b.mx")
        trial = registration.add_client(work, new)
        work.session.flush()  # the subscription points at it
        registration.subscribe(work, trial.id, version, trial=timedelta(days=3))
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, stopped.id, Cause.AUP, "Envío masivo a listas")
    page = Page(web.staff_as(StaffRole.SUPPORT).get("/admin/").text)
    for told in (
        "Suspensiones abiertas 1",
        "Conectores con problemas 1",
        "Rechazos de un canal 0",
        "Pruebas que terminan 1",
        "Promo Express Suspendido por uso indebido",
        "Taller Ñandú: conectado con problemas",
        "Café Zamná",
        "Falla 1 cosa.",
    ):
        assert told in page.words, told
    assert f"/admin/connector/details/{sick.id};{bad}" in page.links
    assert "/admin/suspension/list?show=open" in page.links


def test_the_estimate_needs_no_count(web: Web, installation: Installation) -> None:
    _clients(installation, 7)
    http = web.staff_as(StaffRole.SUPPORT)
    assert "Aproximadamente" not in http.get("/admin/client/list").text
    address = installation.settings.database_url
    assert address is not None
    with psycopg.connect(address.get_secret_value().replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("analyze ledger.client")
    assert "Aproximadamente 7 en total." in http.get("/admin/client/list").text


def test_an_unreadable_cursor_is_no_error(web: Web, make: Factory) -> None:
    make.client(name="Taller Ñandú")
    http = web.staff_as(StaffRole.ADMIN)
    for path in ("client", "connector", "subscription", "suspension"):
        for after in ("x", "%00", str(UUID(int=0)), "1;2", "'"):
            assert http.get(f"/admin/{path}/list?after={after}").status_code == 200
    for before in ("x", "-1", "9" * 40, "%D9%A1"):
        assert http.get(f"/admin/audit-entry/list?before={before}").status_code == 200
