"""The page of one Client: what is so, what the Client can do, and what the reader's role may do about it."""

import pytest

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.suspension import Cause
from konectus.services import connectors, credentials, suspensions
from konectus.services.installation import Installation
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.factories import STAFF, Factory


def test_an_active_client_shows_who_answers_its_channels_and_its_plan(
    web: Web, make: Factory, installation: Installation
) -> None:
    client = make.client(name="Taller Ñandú", seats=4)
    make.user(client.id, role=UserRole.OWNER, name="Ma. del Refugio Zúñiga")
    make.user_session(client.id, make.user(client.id, name="Mariana Ortúzar"))
    sick = make.connector(client.id, channel=Channel.INSTAGRAM, account_id="17841")
    with installation.works.system() as work:
        connectors.settle(work, client.id, sick, ConnectorState.DEGRADED, "needs_reauth")
    words = Page(web.staff_as(StaffRole.SUPPORT).get(f"/admin/client/details/{client.id}").text).words
    for told in (
        "Taller Ñandú, S.A. de C.V.",
        "$1,948.00 al mes",
        "El servicio está activo",
        "Página 17841 17841 Conectado con problemas la sesión venció",
        "Mariana Ortúzar",
        "Con sesión abierta",
        "Dueña o dueño Ma. del Refugio Zúñiga",
        "Personas 2 de 4",
        "Conectores 1 de 6",
        "Conector cambió de estado",
    ):
        assert told in words, told


def test_a_suspended_client_shows_each_cause_and_what_is_still_possible(
    web: Web, make: Factory, installation: Installation
) -> None:
    client = make.client()
    with installation.works.system() as work:
        suspensions.open_cause(work, client.id, Cause.TRIAL_EXPIRED, "The free trial ended")
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.AUP, "7.1 · Envío masivo a listas")
    words = Page(web.staff_as(StaffRole.TRUST).get(f"/admin/client/details/{client.id}").text).words
    assert "Suspendido porque terminó la prueba desde el jueves 19 de noviembre, 12:00" in words
    assert "Por Automático. Termina sola al contratar un Plan" in words
    assert "Suspendido por uso indebido desde el jueves 19 de noviembre, 12:00" in words
    assert "Exportar todo" in words
    assert "No puede: Leer o responder" in words
    assert "No puede: Exportar todo" not in words


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (StaffRole.ADMIN, {"edit", "suspend", "lift", "audit"}),
        (StaffRole.SUPPORT, {"edit"}),
        (StaffRole.BILLING, {"edit"}),
        (StaffRole.TRUST, {"suspend", "lift", "audit"}),
        (StaffRole.PRIVACY, {"audit"}),
    ],
)
def test_only_what_the_role_may_do_is_offered(
    web: Web, make: Factory, installation: Installation, role: StaffRole, offered: set[str]
) -> None:
    active, stopped = make.client(), make.client()
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, stopped.id, Cause.AUP, "Envío masivo a listas")
    http = web.staff_as(role)
    tabs = [f"/admin/client/{tab}/{one.id}" for tab in ("details", "timeline") for one in (active, stopped)]
    links = [link for address in tabs for link in Page(http.get(address).text).links]
    wanted = {
        "edit": f"/admin/client/edit/{active.id}",
        "suspend": f"/admin/client/suspend/{active.id}",
        "lift": f"/admin/suspension/lift/{opened.suspension_id}",
        "audit": f"/admin/audit-entry/list?client={active.id}",
    }
    assert {name for name, link in wanted.items() if link in links} == offered
    assert f"/admin/client/suspend/{stopped.id}" not in links, "what is so already is not offered"


def test_a_token_of_a_program_is_counted_among_the_effects(web: Web, make: Factory, installation: Installation) -> None:
    client = make.client()
    with installation.works.system() as work:
        credentials.add_api_token(work, client.id, "CRM")
    words = Page(web.staff_as(StaffRole.TRUST).get(f"/admin/client/suspend/{client.id}").text).words
    assert "y 1 llave de API solo puede exportar" in words
