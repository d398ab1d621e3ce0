"""Suspending and lifting through the page, and what the Client's people and the doors see right after."""

from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.conversations import Delivery, Direction
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.ids import uuid7
from konectus.services import connectors, suspensions
from konectus.services.installation import Installation
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Suspension
from konectus.store.models.inbox import Message
from konectus.store.queries import connectors as read
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk
from tests.support.clock import ManualClock
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

NAME = "Promo Express del Bajío"
WHY = "Envío masivo a listas compradas desde las 09:30 de hoy."
GIVEN = {"rule": "7.1", "case": "CUA-0093/3", "why": WHY, "name": NAME}


@dataclass
class Desk:
    """A person of Trust before the page of one command."""

    http: httpx.Client
    address: str

    def read(self) -> Page:
        answered = self.http.get(self.address)
        assert answered.status_code == 200, answered.status_code
        return Page(answered.text)

    def send(self, **changed: str) -> httpx.Response:
        """The form as it stands on a page read now, with what is typed into it."""
        return self.http.post(self.address, data={**GIVEN, "seen": self.read().fields["seen"], **changed})


@pytest.fixture
def client_id(make: Factory) -> UUID:
    return make.client(name=NAME).id


@pytest.fixture
def desk(web: Web, client_id: UUID) -> Desk:
    return Desk(web.staff_as(StaffRole.TRUST), f"/admin/client/suspend/{client_id}")


def test_the_page_tells_facts_and_effects_and_changes_nothing(
    desk: Desk, make: Factory, client_id: UUID, sessions: Sessions
) -> None:
    make.connector(client_id, channel=Channel.MESSENGER)
    make.connector(client_id, channel=Channel.TELEGRAM)
    make.user_session(client_id, make.user(client_id))
    words = desk.read().words
    for told in (
        "Leídos hoy a las 12:00:00",
        "Se desconectan 2 conectores",
        "Se cierra 1 sesión",
        "Ningún mensaje en cola",
        "Ensayo: aún no cambia nada",
        "Ninguna suspensión",
        "Dejarlo así",
    ):
        assert told in words
    with sessions.worker() as session:
        assert session.scalar(select(Suspension.id)) is None
        assert {row.state for row in read.of_client(session, client_id)} == {ConnectorState.CONNECTED}


def test_confirmed_suspension_ends_access_sessions_and_connectors_at_once(
    web: Web, desk: Desk, make: Factory, client_id: UUID, sessions: Sessions
) -> None:
    account = make.connector(client_id)
    agent = web.agent_of(client_id)
    assert agent.get("/inbox").status_code == 200

    answered = desk.send()

    assert answered.status_code == 303
    assert agent.get("/inbox").status_code == 303, "the session is over, so the door is shown"
    with sessions.worker() as session:
        live = session.scalars(
            text("select live from platform.live_account where connector_id = :id"), {"id": account}
        ).all()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "suspension.opened")).one()
        row = session.scalars(select(Suspension)).one()
    assert live == [False], "the doors take nothing for it any more"
    assert (row.subject_ref, row.reason, row.clause) == ("CUA-0093/3", f"7.1 · {WHY}", "15.1(b)")
    assert (entry.actor_kind, entry.actor_name, entry.reason) == ("staff", "Iñaki Peña", f"7.1 · {WHY}")
    assert entry.request_id
    assert entry.ip == "127.0.0.1"


def test_after_suspending_the_page_says_what_happened_to_each_connector(
    desk: Desk, make: Factory, client_id: UUID, installation: Installation
) -> None:
    first = make.connector(client_id)
    make.connector(client_id, channel=Channel.INSTAGRAM)
    address = desk.send().headers["location"]
    assert Page(desk.http.get(address).text).words.count("Desconectando") == 2
    with installation.works.system() as work:
        connectors.settle(work, client_id, first, ConnectorState.NEEDS_RECONFIGURATION, "suspended")
    words = Page(desk.http.get(address).text).words
    assert words.count("Desconectando") == 1
    assert "Desconectado por la suspensión" in words


SLIPS = (
    ({"name": "Promo Express del Bajio"}, "Falta el acento en “Bajío”"),
    ({"name": ""}, "Escribe el nombre del Cliente"),
    ({"why": "spam"}, "Faltan 6 caracteres: son al menos diez"),
    ({"why": " \t  "}, "Faltan 10 caracteres: son al menos diez"),
    ({"why": "x" * 2001}, "Es demasiado largo: a lo más 2000 caracteres"),
    ({"rule": ""}, "Elige la regla que se rompió"),
    ({"rule": "7.18"}, "Elige la regla que se rompió"),
    ({"case": "C" * 201}, "Es demasiado largo: a lo más 200 caracteres"),
)


def test_bad_input_is_named_beside_its_field_and_everything_typed_stays(desk: Desk, sessions: Sessions) -> None:
    for changed, told in SLIPS:
        answered = desk.send(**changed)
        page = Page(answered.text)
        assert answered.status_code == 422, changed
        assert told in page.words
        typed = {name: value.strip() for name, value in {**GIVEN, **changed}.items()}
        typed["rule"] = typed["rule"] if typed["rule"] == "7.1" else ""  # what the list does not offer cannot be chosen
        assert {name: page.fields[name] for name in GIVEN} == typed
    with sessions.worker() as session:
        assert session.scalar(select(Suspension.id)) is None


def test_only_the_name_is_wrong_and_the_button_says_so(desk: Desk) -> None:
    page = Page(desk.send(name="Promo").text)
    assert "Corrige el nombre para continuar" in page.words
    assert "Corrige lo señalado para continuar" in Page(desk.send(name="Promo", why="").text).words


def test_facts_that_changed_meanwhile_are_shown_again_before_anything_is_done(
    desk: Desk, make: Factory, client_id: UUID, sessions: Sessions
) -> None:
    seen = desk.read().fields["seen"]
    make.connector(client_id)

    answered = desk.http.post(desk.address, data={**GIVEN, "seen": seen})

    page = Page(answered.text)
    assert answered.status_code == 409
    assert "Los hechos cambiaron mientras leías" in page.words
    assert "Se desconecta 1 conector" in page.words
    assert page.fields["why"] == WHY
    with sessions.worker() as session:
        assert session.scalar(select(Suspension.id)) is None
    assert desk.http.post(desk.address, data={**GIVEN, "seen": page.fields["seen"]}).status_code == 303


def test_sessions_and_queues_that_move_by_themselves_do_not_hold_the_command_up(
    web: Web, desk: Desk, client_id: UUID
) -> None:
    seen = desk.read().fields["seen"]
    web.agent_of(client_id).get("/inbox")
    assert desk.http.post(desk.address, data={**GIVEN, "seen": seen}).status_code == 303


def test_second_click_says_since_when_and_by_whom(desk: Desk, clock: ManualClock, sessions: Sessions) -> None:
    seen = desk.read().fields["seen"]
    assert desk.send().status_code == 303
    clock.advance(minutes=5)
    for answered in (desk.http.post(desk.address, data={**GIVEN, "seen": seen}), desk.http.get(desk.address)):
        words = Page(answered.text).words
        assert answered.status_code == 409
        assert f"{NAME} ya está suspendido por uso indebido" in words
        assert "hoy 12:00" in words
        assert "Por Iñaki Peña" in words
    with sessions.worker() as session:
        assert len(session.scalars(select(Suspension.id)).all()) == 1


def test_a_request_of_another_site_suspends_nobody(desk: Desk, sessions: Sessions) -> None:
    seen = desk.read().fields["seen"]
    answered = desk.http.post(desk.address, data={**GIVEN, "seen": seen}, headers={"sec-fetch-site": "cross-site"})
    assert answered.status_code == 403
    with sessions.worker() as session:
        assert session.scalar(select(Suspension.id)) is None


def test_a_suspended_trial_can_still_be_suspended_for_misuse(
    desk: Desk, client_id: UUID, installation: Installation
) -> None:
    with installation.works.system() as work:
        suspensions.open_cause(work, client_id, Cause.TRIAL_EXPIRED, "The free trial ended")
    assert "Suspendido porque terminó la prueba" in desk.read().words
    assert desk.send().status_code == 303


@pytest.fixture
def lifting(web: Web, client_id: UUID, make: Factory, installation: Installation) -> Desk:
    make.connector(client_id)
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, client_id, Cause.AUP, f"7.1 · {WHY}")
    return Desk(web.staff_as(StaffRole.LEGAL), f"/admin/suspension/lift/{opened.suspension_id}")


def test_lifting_gives_the_service_back_and_leaves_connectors_to_the_client(
    web: Web, lifting: Desk, client_id: UUID
) -> None:
    words = lifting.read().words
    assert "Vuelve el servicio" in words
    assert "1 conector espera reconexión" in words
    assert f"7.1 · {WHY}" in words

    answered = lifting.send(why="Caso aclarado con la dueña")

    assert answered.status_code == 303
    shown = Page(lifting.http.get(answered.headers["location"]).text).words
    assert "Levantada" in shown
    assert "Caso aclarado con la dueña" in shown
    assert web.agent_of(client_id).get("/inbox").status_code == 200


def test_a_lift_asks_for_its_reason_and_the_name(lifting: Desk) -> None:
    answered = lifting.send(why="", name="promo express del bajío")
    words = Page(answered.text).words
    assert answered.status_code == 422
    assert "Faltan 10 caracteres" in words
    assert "Cambian mayúsculas y minúsculas en “Promo”" in words


def test_lifting_twice_says_who_lifted_it_and_why(lifting: Desk) -> None:
    assert lifting.send(why="Caso aclarado con la dueña").status_code == 303
    answered = lifting.http.get(lifting.address)
    words = Page(answered.text).words
    assert answered.status_code == 409
    assert "ya está levantada" in words
    assert "Caso aclarado con la dueña" in words


def test_while_another_cause_is_open_the_rehearsal_says_so(
    lifting: Desk, client_id: UUID, installation: Installation
) -> None:
    with installation.works.system() as work:
        suspensions.open_cause(work, client_id, Cause.TRIAL_EXPIRED, "The free trial ended")
    assert "El Cliente sigue suspendido porque terminó la prueba" in lifting.read().words


def test_nobody_lifts_by_hand_what_a_subscription_lifts(web: Web, client_id: UUID, installation: Installation) -> None:
    with installation.works.system() as work:
        opened = suspensions.open_cause(work, client_id, Cause.TRIAL_EXPIRED, "The free trial ended")
    http = web.staff_as(StaffRole.LEGAL)
    answered = http.get(f"/admin/suspension/lift/{opened.suspension_id}")
    assert answered.status_code == 409
    assert "Termina sola al contratar un Plan" in Page(answered.text).words
    assert "/lift/" not in http.get(f"/admin/suspension/details/{opened.suspension_id}").text


def test_queued_messages_are_counted_before_they_are_cancelled(
    web: Web, desk: Desk, client_id: UUID, talk: Talk, sessions: Sessions
) -> None:
    told = talk.begin(client_id, "Hola")
    web.clock.advance(seconds=30)
    reply = {"reply_id": str(uuid7(talk.now)), "text": "¿Me pasas tu correo?"}
    assert web.agent_of(client_id).post(f"/inbox/c/{told.id}/replies", data=reply).status_code == 303

    assert "Se cancela 1 mensaje en cola" in desk.read().words
    address = desk.send().headers["location"]

    assert "Mensajes cancelados 1" in Page(desk.http.get(address).text).words
    with sessions.worker() as session:
        sent = session.scalars(select(Message.status).where(Message.direction == Direction.OUT)).all()
    assert sent == [Delivery.CANCELLED]
