"""Cancelling: what follows is said before, nobody is kept, and it can be taken back until it takes effect."""

import httpx
import pytest

from konectus.domain.roles import UserRole
from konectus.services import ending_sweeps
from konectus.services.installation import Installation
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.konectus.services.owing import Owing, owing, suspended

__all__ = ["clock", "installation", "make", "owing", "web"]

HOME = "/account/cancel"
PERIOD, NOW = ({"when": when, "understood": "true"} for when in ("period", "now"))


@pytest.fixture
def http(web: Web, owing: Owing) -> httpx.Client:
    owing.pay()
    return web.agent_of(owing.client_id, role=UserRole.OWNER)


def test_facts_dates_and_what_follows_stand_before_the_button(http: httpx.Client, owing: Owing) -> None:
    shown = http.get(HOME).text.replace("\xa0", " ")
    assert "Al terminar el periodo</b>: <time" in shown
    assert "Tienes 30 días naturales para llevarte todo" in shown
    assert "Lo pagado no se devuelve" in shown
    assert "1 persona sale de la bandeja" in shown
    assert owing.count("termination") == 0


def test_without_the_mark_nothing_is_cancelled_and_the_choice_is_kept(http: httpx.Client, owing: Owing) -> None:
    answer = http.post(HOME, data={"when": "now"})
    assert answer.status_code == 422
    assert "no se canceló nada" in answer.text
    assert 'value="now" checked' in answer.text
    assert owing.count("termination") == 0


def test_cancelled_for_the_end_of_the_period_it_works_on_and_can_be_taken_back(
    http: httpx.Client, owing: Owing
) -> None:
    assert http.post(HOME, data=PERIOD).headers["location"] == f"{HOME}?note=cancelled"
    shown = http.get(HOME).text
    assert "Deshacer la cancelación" in shown
    assert http.get("/inbox").status_code == 200
    assert "Tu contrato termina" in http.get("/inbox").text
    assert http.post(HOME, data=PERIOD).headers["location"] == f"{HOME}?note=already"
    assert http.post(f"{HOME}/withdraw").headers["location"] == f"{HOME}?note=withdrawn"
    assert "Tu contrato termina" not in http.get("/inbox").text
    assert http.post(f"{HOME}/withdraw").headers["location"] == f"{HOME}?note=late"


def test_cancelled_now_access_ends_the_export_stays_and_there_is_no_way_back_here(
    web: Web, http: httpx.Client, owing: Owing, installation: Installation
) -> None:
    http.post(HOME, data=NOW)
    owing.clock.advance(minutes=5)
    ending_sweeps.terminate_effective(installation)
    again = web.agent_of(owing.client_id, role=UserRole.OWNER)
    assert again.get("/inbox").status_code == 403
    assert again.get("/account/export").status_code == 200
    assert "El contrato terminó" in again.get(HOME).text
    assert again.post(f"{HOME}/withdraw").headers["location"] == f"{HOME}?note=late"


def test_a_suspended_client_cancels_and_its_debt_is_named(web: Web, owing: Owing) -> None:
    suspended(owing)
    http = web.agent_of(owing.client_id, role=UserRole.OWNER)
    assert "Quedan por pagar $2,259.68" in http.get(HOME).text.replace("\xa0", " ")
    assert http.post(HOME, data=PERIOD).headers["location"] == f"{HOME}?note=cancelled"


def test_credit_that_no_invoice_used_is_told_before_the_end_and_its_way_back_after_it(
    web: Web, owing: Owing, installation: Installation
) -> None:
    owing.pay(3_000_00)
    http = web.agent_of(owing.client_id, role=UserRole.OWNER)
    assert "Se propone devolver $740.32" in http.get(HOME).text.replace("\xa0", " ")
    http.post(HOME, data=NOW)
    owing.clock.advance(minutes=5)
    ending_sweeps.terminate_effective(installation)
    shown = web.agent_of(owing.client_id, role=UserRole.OWNER).get("/account/invoices").text.replace("\xa0", " ")
    assert "saldo a favor que ninguna factura usó" in shown
    assert "Por decidirse" in shown
    assert "para la siguiente factura" not in shown
