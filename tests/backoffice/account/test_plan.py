"""Plan, seats and invoices: cents before asking, what is refused with its mend, what is owed, and paper."""

import io
import re
from dataclasses import replace

import httpx
import pytest
from pypdf import PdfReader

from konectus.domain.roles import UserRole
from konectus.services import changes
from konectus.services.installation import Installation
from konectus.store.models.clients import PlanVersion
from konectus.store.queries import contracts
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def page(http: httpx.Client, path: str = "/account/plan", status: int = 200) -> str:
    answer = http.get(path)
    assert answer.status_code == status, answer.text
    return answer.text.replace("\xa0", " ")


def change_of(version: PlanVersion, seats: int | None = None) -> dict[str, str]:
    return {"plan": str(version.id)} | ({"seats": str(seats)} if seats else {})


def test_the_contract_is_shown_as_contracted_also_when_the_price_list_changed(web: Web, books: Books) -> None:
    version = books.plan(100_000)
    client_id = books.client(version)
    shown = page(web.agent_of(client_id, role=UserRole.OWNER))
    assert "$1,000.00 al mes, sin impuesto" in shown
    assert f"{version.plan_code.title().replace('Libro', 'Libro ')}, versión 1" in shown
    assert "1 de 2" in shown


def test_a_change_is_previewed_to_the_cent_asked_for_and_shown_as_being_applied(
    web: Web, books: Books, installation: Installation
) -> None:
    client_id, bigger = books.client(books.plan(100_000)), books.plan(200_000)
    http = web.agent_of(client_id, role=UserRole.OWNER)
    preview = http.get("/account/plan/change", params=change_of(bigger))
    shown = preview.text.replace("\xa0", " ")
    assert "Entra en vigor en el acto." in shown
    with installation.database.session(Role.APP, client_id) as session:
        assert contracts.pending_change(session, client_id) is None  # seeing it asks for nothing
    total = re.search(r"<td[^>]*><b>\$([\d,.]+)</b>", shown)
    assert total is not None
    assert http.post("/account/plan/change", data=change_of(bigger)).headers["location"] == "/account/plan?note=asked"
    waiting = page(http)
    assert "El cambio se está aplicando" in waiting
    assert 'http-equiv="refresh"' in waiting
    before = {one.invoice_id for one in books.invoices(client_id)}
    changes.apply_due(installation)
    done = page(http)
    assert "El cambio se está aplicando" not in done
    assert "$2,000.00 al mes" in done
    (invoice,) = [one for one in books.invoices(client_id) if one.invoice_id not in before]
    assert f"{invoice.total_cents / 100:,.2f}" == total[1]


def test_a_smaller_plan_waits_for_the_end_of_the_period_and_can_be_taken_back(web: Web, books: Books) -> None:
    client_id, smaller = books.client(books.plan(100_000)), books.plan(50_000)
    http = web.agent_of(client_id, role=UserRole.OWNER)
    assert "hasta entonces todo queda como está" in http.get("/account/plan/change", params=change_of(smaller)).text
    http.post("/account/plan/change", data=change_of(smaller))
    assert "Hay un cambio pedido" in page(http)
    assert http.post("/account/plan/withdraw").headers["location"].endswith("note=withdrawn")
    assert "Hay un cambio pedido" not in page(http)
    assert http.post("/account/plan/withdraw").headers["location"].endswith("note=late")


def test_fewer_seats_than_people_is_refused_with_who_chooses_and_nothing_is_lost(
    web: Web, books: Books, make: Factory
) -> None:
    version = books.plan(100_000, seats=3)
    client_id, smaller = books.client(version), books.plan(50_000, seats=1)
    http = web.agent_of(client_id, role=UserRole.OWNER)
    make.user(client_id)
    make.user(client_id)
    for answer in (
        http.get("/account/plan/change", params=change_of(smaller, 1)),
        http.post("/account/plan/change", data=change_of(smaller, 1)),
    ):
        assert answer.status_code == 409
        assert "Sobran 2 personas con lugar" in answer.text
        assert 'href="/account/people"' in answer.text
        assert f'value="{smaller.id}" checked' in answer.text


def test_what_cannot_be_contracted_is_refused_in_words(web: Web, books: Books) -> None:
    version = books.plan(100_000, each=None)
    client_id = books.client(version)
    http = web.agent_of(client_id, role=UserRole.OWNER)
    more = http.get("/account/plan/change", params=change_of(version, 9))
    assert (more.status_code, "Elige otro" in more.text) == (422, True)
    same = http.get("/account/plan/change", params=change_of(version))
    assert (same.status_code, "Es lo que ya tienes" in same.text) == (422, True)
    for seats in ("0", "-1", "99999999999999999999", "dos"):
        given = {"plan": str(version.id), "seats": seats}
        assert http.get("/account/plan/change", params=given).status_code == 422, seats


def test_what_is_owed_stands_above_the_list_and_goes_with_the_payment(web: Web, books: Books) -> None:
    client_id = books.client(books.plan(100_000))
    http = web.agent_of(client_id, role=UserRole.OWNER)
    shown = page(http, "/account/invoices")
    assert "Por pagar: $1,160.00" in shown
    assert "Escribe a Konectus para saber a qué cuenta transferir" in shown
    books.pay(client_id, 120_000)
    paid = page(http, "/account/invoices")
    assert "No hay nada por pagar" in paid
    assert "Tienes $40.00 a favor" in paid
    assert "Recibido" in paid


def test_where_to_pay_is_what_the_installation_says(web: Web, books: Books, installation: Installation) -> None:
    client_id = books.client(books.plan(100_000))
    settings = installation.settings.model_copy(update={"pay_to": "CLABE 0123 4567\nBanco Ñ"})
    other = Web(replace(installation, settings=settings), web.make, web.clock)
    other.start()
    try:
        assert "CLABE 0123 4567\nBanco Ñ" in page(other.agent_of(client_id, role=UserRole.OWNER), "/account/invoices")
    finally:
        other.stop()


def test_an_invoice_is_fetched_on_paper_by_its_own_client_alone(web: Web, books: Books) -> None:
    client_id, stranger = books.client(books.plan(100_000)), books.client()
    (invoice,) = books.invoices(client_id)
    path = f"/account/invoices/{invoice.invoice_id}.pdf"
    answer = web.agent_of(client_id, role=UserRole.OWNER).get(path)
    assert answer.headers["content-type"] == "application/pdf"
    assert invoice.number in answer.headers["content-disposition"]
    text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.content)).pages)
    assert invoice.number in text
    assert "1,160.00" in text
    assert web.agent_of(stranger, role=UserRole.OWNER).get(path).status_code == 404
    assert web.agent_of(client_id).get(path).status_code == 403
