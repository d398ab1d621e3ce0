"""How it stands: what runs, with its clocks, what still works and what to do next; the line on every page."""

from datetime import timedelta

import httpx
import pytest

from konectus.domain.roles import UserRole
from konectus.domain.suspension import Cause
from konectus.services import deferrals, ending_sweeps, payments, suspensions, terminations
from konectus.services.installation import Installation
from konectus.store.queries import standing
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.konectus.services.owing import WHY, Owing, mexico, owing, staff, suspended
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.queries import statements

__all__ = ["clock", "installation", "make", "owing", "web"]


def owner(web: Web, owing: Owing) -> httpx.Client:
    return web.agent_of(owing.client_id, role=UserRole.OWNER)


def page(http: httpx.Client, path: str = "/account") -> str:
    answer = http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text.replace("\xa0", " ")


def test_an_account_without_trouble_says_so_and_shows_no_line(web: Web, make: Factory) -> None:
    shown = page(web.agent_of(make.client().id, role=UserRole.OWNER))
    assert "La cuenta está activa" in shown
    assert "Hay un pago pendiente" not in shown


def test_a_pending_payment_counts_down_on_every_page_to_the_last_minute_of_the_legal_day(
    web: Web, owing: Owing
) -> None:
    owing.told(mexico("2026-03-02T23:30"))
    owing.clock.set(mexico("2026-03-03T10:00"))
    http = owner(web, owing)
    for path in ("/account", "/account/people", "/inbox"):
        shown = page(http, path)
        assert "Puedes pagar hasta" in shown, path
        assert "miércoles 4 de marzo, 23:59" in shown, path
        assert 'href="/account/invoices">Pagar $2,259.68' in shown, path
    agent = page(web.agent_of(owing.client_id), "/inbox")
    assert "miércoles 4 de marzo, 23:59" in agent
    assert "Pagar $" not in agent


@pytest.mark.parametrize("bounced", ["2026-03-03T09:00", None])
def test_a_notice_that_bounced_or_is_not_delivered_counts_nothing_down(
    web: Web, owing: Owing, bounced: str | None
) -> None:
    owing.told(mexico("2026-03-02T10:00") if bounced else None, bounced_at=mexico(bounced) if bounced else None)
    owing.clock.set(mexico("2026-03-03T10:00"))
    assert "Puedes pagar hasta" not in page(owner(web, owing))


def test_a_deferral_moves_the_countdown_and_a_payment_ends_it(web: Web, owing: Owing, make: Factory) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-03T10:00"))
    with owing.installation.works.staff(staff(make)) as work:
        deferrals.defer(work, owing.client_id, mexico("2026-03-09T10:00").date(), WHY)
    http = owner(web, owing)
    assert "lunes 9 de marzo, 23:59" in page(http)
    owing.pay()
    assert "Puedes pagar hasta" not in page(http)


def test_a_reversed_payment_starts_no_countdown_from_the_notice_before(
    owing: Owing, installation: Installation, clock: ManualClock, make: Factory
) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    clock.set(mexico("2026-03-03T10:00"))
    payment = owing.pay()
    clock.set(mexico("2026-03-03T12:00"))
    with installation.works.staff(staff(make)) as work:
        payments.reverse(work, payment, WHY)
    with installation.works.system() as work:
        found = standing.of_client(work.session, owing.client_id, work.now)
    assert found.owed_cents > 0
    assert found.pauses_at is None


def test_a_part_that_was_paid_and_taken_back_leaves_the_countdown_as_it_suspends(
    owing: Owing, installation: Installation, clock: ManualClock, make: Factory
) -> None:
    owing.told(mexico("2026-03-02T10:00"))
    clock.set(mexico("2026-03-03T10:00"))
    part = owing.pay(10_000)
    clock.set(mexico("2026-03-03T12:00"))
    with installation.works.staff(staff(make)) as work:
        payments.reverse(work, part, WHY)
    with installation.works.system() as work:
        found = standing.of_client(work.session, owing.client_id, work.now)
    assert found.pauses_at == mexico("2026-03-05T00:00")
    assert owing.sweep("2026-03-05T09:30")


def test_suspended_for_non_payment_the_owner_sees_proof_clocks_and_the_way_out(web: Web, owing: Owing) -> None:
    suspended(owing)
    shown = page(owner(web, owing))
    assert "El servicio está en pausa por un pago pendiente" in shown
    assert "jueves 5 de marzo, 09:30" in shown
    assert "Aviso entregado" in shown
    assert "lunes 2 de marzo, 10:00" in shown  # delivered
    assert "miércoles 4 de marzo, 23:59" in shown  # until when it could be paid
    assert "sábado 4 de abril, 23:59" in shown  # thirty full days after the Suspension
    assert "quedan 30 días" in shown
    assert "Pagar $2,259.68" in shown
    assert 'href="/account/export"' in shown


def test_the_days_are_counted_down_to_the_last_one(web: Web, owing: Owing) -> None:
    suspended(owing)
    http = owner(web, owing)
    for at, words in (("2026-04-03T23:00", "queda 1 día"), ("2026-04-04T12:00", "hoy es el último día")):
        owing.clock.set(mexico(at))
        http = owner(web, owing)
        assert words in page(http), at


def test_a_reader_in_another_zone_sees_the_legal_hour_and_their_own(web: Web, owing: Owing) -> None:
    owing.sql("update ledger.client set zone = 'America/Tijuana' where id = :id")
    owing.told(mexico("2026-03-02T10:00"))
    owing.clock.set(mexico("2026-03-03T10:00"))
    shown = page(owner(web, owing))
    assert "miércoles 4 de marzo, 23:59 en la Ciudad de México (21:59 en Tijuana)" in shown


def test_two_causes_are_both_told_and_a_payment_ends_only_its_own(web: Web, owing: Owing, make: Factory) -> None:
    suspended(owing)
    with owing.installation.works.staff(staff(make)) as work:
        suspensions.suspend_by_hand(work, owing.client_id, Cause.AUP, WHY)
    http = owner(web, owing)
    shown = page(http)
    assert "por un pago pendiente" in shown
    assert "El servicio está en pausa mientras revisamos su uso" in shown
    owing.pay()
    left = page(http)
    assert "por un pago pendiente" not in left
    assert "El servicio está en pausa mientras revisamos su uso" in left


def test_what_works_meanwhile_is_what_the_matrix_allows(web: Web, owing: Owing) -> None:
    suspended(owing)
    http = owner(web, owing)
    shown = page(http)
    for words, may in (
        ("Pagar", "sí"),
        ("Exportar todo", "sí"),
        ("Leer y responder", "no"),
        ("Conectar canales", "no"),
    ):
        assert f'{words}<span class="vh">: {may}' in shown
    open_pages = ("/account/invoices", "/account/plan", "/account/documents", "/account/cancel", "/account/export")
    for path in open_pages:
        page(http, path)
    assert http.get("/inbox").status_code == 403
    invitation = {"email": "nueva@taller.example", "name": "Zoë", "role": "agent", "relation": "employee"}
    assert http.post("/account/people", data=invitation).status_code == 403


def test_agents_see_the_state_and_nothing_of_money_people_or_the_end(web: Web, owing: Owing) -> None:
    suspended(owing)
    agent = web.agent_of(owing.client_id)
    shown = page(agent)
    assert "por un pago pendiente" in shown
    assert "$" not in shown
    paths = ("plan", "plan/change", "invoices", "people", "cancel", "export")
    assert {path: agent.get(f"/account/{path}").status_code for path in paths} == dict.fromkeys(paths, 403)
    posts = ("plan/change", "plan/withdraw", "people", "cancel", "cancel/withdraw", "documents/accept")
    given = {"version": str(owing.client_id), "understood": "true"}
    codes = {path: agent.post(f"/account/{path}", data=given).status_code for path in posts}
    assert codes == dict.fromkeys(posts, 403)


def test_after_the_payment_it_says_which_channels_have_to_be_connected_again(
    web: Web, owing: Owing, make: Factory
) -> None:
    make.connector(owing.client_id)
    suspended(owing)
    owing.sql(
        "update tenant.connector set state = 'needs_reconfiguration', secret_sealed = null, reason = 'suspended'"
        " where client_id = :id"
    )
    http = owner(web, owing)
    owing.pay()
    shown = page(http)
    assert "Hay canales por reconectar" in shown
    assert 'class="btn primary" href="/account/connectors"' in shown


def test_an_ended_contract_is_told_with_its_window(web: Web, owing: Owing) -> None:
    owing.pay()
    with owing.installation.works.system() as work:
        terminations.cancel(work, owing.client_id, at_once=True)
    owing.clock.advance(minutes=6)
    ending_sweeps.terminate_effective(owing.installation)
    shown = page(owner(web, owing))
    assert "El contrato terminó" in shown
    assert "miércoles 1 de abril, 23:59" in shown
    assert "Tus datos esperan a que te los lleves" in shown


def test_a_trial_that_ends_soon_is_told_on_every_page(web: Web, installation: Installation, clock: ManualClock) -> None:
    client_id = Books(installation, clock).client(trial=timedelta(days=4))
    shown = page(web.agent_of(client_id, role=UserRole.OWNER))
    assert "Tu prueba gratuita termina" in shown


def test_the_line_costs_one_statement(installation: Installation, owing: Owing) -> None:
    with installation.works.system() as work, statements() as seen:
        standing.of_client(work.session, owing.client_id, work.now)
    assert len(seen) == 1
