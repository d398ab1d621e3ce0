"""The page of people: inviting by letter, roles, deactivating; a refusal says the mend and keeps what was typed."""

from uuid import UUID

import httpx
import pytest

from konectus.domain.roles import UserRole
from konectus.services.installation import Installation
from konectus.store.queries import team
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.mailbox import Mailbox, text_of
from tests.backoffice.shared import clock, installation, make, web
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]

HOME = "/account/people"
PASSWORD = "una frase bastante larga"


@pytest.fixture
def client_id(make: Factory) -> UUID:
    return make.client(name="Taller & Cía", seats=3).id


@pytest.fixture
def http(web: Web, client_id: UUID) -> httpx.Client:
    return web.agent_of(client_id, role=UserRole.OWNER)


@pytest.fixture
def mailbox(installation: Installation) -> Mailbox:
    return Mailbox(installation)


def invite(http: httpx.Client, email: str, **changed: str) -> httpx.Response:
    given = {"email": email, "name": "Zoë Ñandú", "role": "agent", "relation": "contractor"}
    return http.post(HOME, data=given | changed)


def member(installation: Installation, client_id: UUID, email: str) -> team.Member:
    with installation.database.session(Role.WORKER) as session:
        return next(one for one in team.of_client(session, client_id) if one.email == email)


def test_an_invited_person_chooses_a_password_and_works(
    web: Web, http: httpx.Client, mailbox: Mailbox, client_id: UUID, installation: Installation
) -> None:
    assert invite(http, "zoe@people.example").headers["location"] == f"{HOME}?note=invited"
    letter = mailbox.wait("zoe@people.example")
    assert letter["Subject"] == "Te invitaron a Konectus"
    assert "Taller & Cía te invitó" in text_of(letter)
    shown = http.get(HOME).text
    assert "Con invitación" in shown
    assert "2 de 3 lugares ocupados" in shown
    web.browser().post(mailbox.link("zoe@people.example"), data={"password": PASSWORD})
    entered = web.browser().post("/login", data={"email": "zoe@people.example", "password": PASSWORD})
    assert entered.headers["location"] == "/inbox"
    assert "Con invitación" not in http.get(HOME).text


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"email": "sin arroba"}, 422, "nombre@ejemplo.com"),
        ({"name": "  "}, 422, "Escribe el nombre de la persona"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_is_kept(
    http: httpx.Client, changed: dict[str, str], status: int, said: str
) -> None:
    answer = invite(http, "bien@people.example", **changed) if "name" in changed else invite(http, changed["email"])
    assert answer.status_code == status
    assert said in answer.text
    kept = 'value="bien@people.example"' if "name" in changed else 'value="Zoë Ñandú"'
    assert kept in answer.text


def test_the_seat_after_the_last_is_refused_with_where_to_get_one(http: httpx.Client) -> None:
    assert [invite(http, f"p{n}@seats.example").status_code for n in range(3)] == [303, 303, 409]
    answer = invite(http, "p9@seats.example")
    assert "Todos los lugares de tu Plan están ocupados" in answer.text
    assert 'href="/account/plan"' in answer.text


def test_deactivating_says_what_follows_and_signs_the_person_out(
    web: Web, http: httpx.Client, make: Factory, client_id: UUID
) -> None:
    user = make.user(client_id, name="Ximena Ávila")
    agent = web.browser(agent=make.user_session(client_id, user))
    assert agent.get("/inbox").status_code == 200
    asked = http.get(f"{HOME}/{user}/deactivate").text
    assert "Sale de todas partes en el acto" in asked
    assert http.post(f"{HOME}/{user}/deactivate").headers["location"] == f"{HOME}?note=deactivated"
    assert agent.get("/inbox").headers["location"].startswith("/login")
    assert http.get(f"{HOME}/{user}/deactivate").status_code == 404


def test_the_only_owner_is_neither_demoted_nor_deactivated(
    http: httpx.Client, client_id: UUID, installation: Installation
) -> None:
    with installation.database.session(Role.WORKER) as session:
        (owner,) = team.of_client(session, client_id)
    role = http.post(f"{HOME}/{owner.id}/role", data={"role": "agent"})
    gone = http.post(f"{HOME}/{owner.id}/deactivate")
    assert role.headers["location"] == gone.headers["location"] == f"{HOME}?note=last_owner"
    assert "Es la única persona dueña" in http.get(f"{HOME}?note=last_owner").text


def test_a_new_role_counts_with_the_next_request(web: Web, http: httpx.Client, make: Factory, client_id: UUID) -> None:
    user = make.user(client_id)
    agent = web.browser(agent=make.user_session(client_id, user))
    assert agent.get(HOME).status_code == 403
    http.post(f"{HOME}/{user}/role", data={"role": "owner"})
    assert agent.get(HOME).status_code == 200
    assert http.post(f"{HOME}/{user}/role", data={"role": "emperor"}).status_code == 422


def test_people_of_another_client_are_not_there(http: httpx.Client, make: Factory) -> None:
    stranger = make.user(make.client().id)
    paths = (f"{HOME}/{stranger}/deactivate", f"{HOME}/{stranger}/again", f"{HOME}/{stranger}/role")
    assert [http.post(path, data={"role": "owner"}).status_code for path in paths] == [404, 404, 404]


def test_an_invitation_is_sent_again_and_withdrawn(
    web: Web, http: httpx.Client, mailbox: Mailbox, client_id: UUID, installation: Installation
) -> None:
    invite(http, "otra@people.example")
    first = mailbox.link("otra@people.example")
    user = member(installation, client_id, "otra@people.example").id
    http.post(f"{HOME}/{user}/again")
    second = mailbox.link("otra@people.example", 2)
    assert web.browser().post(first, data={"password": PASSWORD}).status_code == 404
    http.post(f"{HOME}/{user}/deactivate")
    assert web.browser().post(second, data={"password": PASSWORD}).status_code == 404
    assert "1 de 3 lugares ocupados" in http.get(HOME).text
    assert http.post(f"{HOME}/{user}/again").headers["location"] == f"{HOME}?note=not_invited"


def test_nobodys_mailbox_is_filled_with_invitations_and_what_was_typed_is_kept(
    http: httpx.Client, mailbox: Mailbox, client_id: UUID, installation: Installation
) -> None:
    invite(http, "llena@people.example")
    person = member(installation, client_id, "llena@people.example").id
    answers = [http.post(f"{HOME}/{person}/again") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [303] * 4 + [429] * 4
    assert "Espera" in answers[-1].text
    again = invite(http, "llena@people.example")
    assert again.status_code == 429
    assert 'value="llena@people.example"' in again.text
    assert len(mailbox.all_to("llena@people.example")) <= 5
