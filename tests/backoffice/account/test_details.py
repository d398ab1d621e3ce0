"""Registered data: owners correct what names no legal person, ask for the rest, and confirm all of it once a year."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from konectus.domain.deadlines import after_full_days
from konectus.domain.roles import UserRole
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.store.queries import registered
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make", "web"]

HOME = "/account/details"
ASKS = "¿Tus datos registrados siguen siendo correctos?"


@pytest.fixture
def client_id(make: Factory) -> UUID:
    return make.client().id


@pytest.fixture
def owner(web: Web, client_id: UUID) -> httpx.Client:
    return web.agent_of(client_id, role=UserRole.OWNER)


def kept(installation: Installation, client_id: UUID) -> registered.Registered:
    with installation.database.session(Role.WORKER) as session:
        return registered.of_client(session, client_id)


def history(installation: Installation, client_id: UUID, action: str) -> list[tuple[dict[str, object], object]]:
    with installation.database.session(Role.WORKER) as session:
        found = session.execute(
            text("select before, after from ledger.audit_entry where client_id = :id and action = :action order by id"),
            {"id": client_id, "action": action},
        )
        return [(row.before, row.after) for row in found]


def form(found: registered.Registered, **changed: str) -> dict[str, str]:
    same = {"trade_name": found.trade_name, "zone": found.zone, "language": found.language}
    return {**same, "industry": found.industry, "version": str(found.version), **changed}


def test_an_owner_corrects_the_four_and_the_former_values_stay_in_the_history(
    owner: httpx.Client, installation: Installation, client_id: UUID
) -> None:
    before = kept(installation, client_id)
    assert owner.post(HOME, data=form(before)).headers["location"] == f"{HOME}?note=same"
    wanted = form(before, trade_name=" Óptica <Lucía> ", zone="America/Tijuana", industry="health", lawful="true")
    assert owner.post(HOME, data=wanted).headers["location"] == f"{HOME}?note=corrected"
    after = kept(installation, client_id)
    assert (after.trade_name, after.zone, after.industry) == ("Óptica <Lucía>", "America/Tijuana", "health")
    assert (after.legal_name, after.email) == (before.legal_name, before.email)
    ((was, became),) = history(installation, client_id, "client.corrected")
    assert was == {"trade_name": before.trade_name, "zone": before.zone, "industry": before.industry}
    assert became == {
        "trade_name": "Óptica <Lucía>",
        "zone": "America/Tijuana",
        "industry": "health",
        "stated": ["lawful_use"],
    }
    with installation.database.session(Role.WORKER) as session:
        region = session.execute(text("select region from ledger.client where id = :id"), {"id": client_id}).scalar()
    assert region == "northwest"
    assert "Óptica &lt;Lucía&gt;" in owner.get(HOME).text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"trade_name": "  "}, "Escribe el nombre con el que se conoce a tu negocio"),
        ({"trade_name": "Ta\u200bller"}, "Escribe el nombre con el que se conoce a tu negocio"),
        ({"zone": "Marte/Base"}, "Elige una zona horaria de la lista"),
        ({"language": "fr"}, "Elige un idioma"),
        ({"industry": "casino"}, "Elige a qué se dedica tu negocio"),
        ({"industry": "health"}, "marca la declaración"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_is_kept(
    owner: httpx.Client, installation: Installation, client_id: UUID, changed: dict[str, str], words: str
) -> None:
    before = kept(installation, client_id)
    answer = owner.post(HOME, data=form(before, **{"trade_name": "Nombre escrito", **changed}))
    assert answer.status_code == 422
    assert words in answer.text
    assert "trade_name" in changed or "Nombre escrito" in answer.text
    assert kept(installation, client_id) == before


def test_a_page_that_is_older_than_the_row_saves_nothing(
    owner: httpx.Client, installation: Installation, client_id: UUID
) -> None:
    old = form(kept(installation, client_id), trade_name="Dos")
    owner.post(HOME, data={**old, "trade_name": "Uno"})
    answer = owner.post(HOME, data=old)
    assert answer.status_code == 409
    assert kept(installation, client_id).trade_name == "Uno"


def test_what_says_who_contracted_is_asked_of_the_staff_as_one_task(
    owner: httpx.Client, installation: Installation, client_id: UUID
) -> None:
    assert owner.post(f"{HOME}/wanted", data={"wanted": "  "}).status_code == 422
    for words in ("El RFC es otro", "El RFC es <XAXX010101000>"):
        assert owner.post(f"{HOME}/wanted", data={"wanted": words}).headers["location"] == f"{HOME}?note=asked"
    assert "El RFC es &lt;XAXX010101000&gt;" in owner.get(HOME).text
    with installation.database.session(Role.WORKER) as session:
        open_tasks = text("select count(*) from ledger.staff_task where client_id = :id and kind = 'details_wanted'")
        assert session.execute(open_tasks, {"id": client_id}).scalar() == 1


def test_a_year_after_registering_an_owner_is_asked_and_one_button_answers_for_a_year(
    web: Web, make: Factory, installation: Installation, clock: ManualClock
) -> None:
    client_id = make.client().id
    due_at = after_full_days(clock.now(), 365)
    clock.advance(seconds=(due_at - clock.now()).total_seconds() - 1)
    owner = web.agent_of(client_id, role=UserRole.OWNER)
    assert ASKS not in owner.get("/account").text
    clock.advance(seconds=1)
    assert ASKS in owner.get("/account").text
    assert ASKS not in web.agent_of(client_id).get("/account").text
    assert owner.post(f"{HOME}/confirm").headers["location"] == f"{HOME}?note=confirmed"
    assert ASKS not in owner.get("/account").text
    assert kept(installation, client_id).confirmed_at == clock.now()
    again = after_full_days(clock.now(), 365)
    clock.advance(seconds=(again - clock.now()).total_seconds())
    assert ASKS in web.agent_of(client_id, role=UserRole.OWNER).get("/account").text
    assert len(history(installation, client_id, "client.details_confirmed")) == 1


def test_nobody_but_an_owner_and_also_while_suspended(web: Web, installation: Installation, client_id: UUID) -> None:
    for role in (UserRole.AGENT, UserRole.SUPERVISOR):
        person = web.agent_of(client_id, role=role)
        answers = [person.get(HOME), person.post(HOME, data={}), person.post(f"{HOME}/confirm")]
        answers += [person.post(f"{HOME}/wanted", data={"wanted": "x"}), person.post(f"{HOME}/email", data={})]
        answers.append(person.post(f"{HOME}/email/withdraw"))
        assert [answer.status_code for answer in answers] == [403] * 6
    with installation.works.staff(STAFF) as work:
        suspensions.open_cause(work, client_id, Cause.TRIAL_EXPIRED, "La prueba terminó sin contrato")
    again = web.agent_of(client_id, role=UserRole.OWNER)  # a Suspension signs everybody out
    assert again.get(HOME).status_code == 200
    assert again.post(f"{HOME}/confirm").headers["location"] == f"{HOME}?note=confirmed"
