"""Forgotten passwords: one answer for every address, half an hour, one use, and every open session ends."""

import threading

import httpx
import pytest

from konectus.domain.roles import UserRole
from konectus.services import credentials, identity, registration, resets
from konectus.services.identity import Credentials
from konectus.services.installation import Installation
from konectus.services.work import Works
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.mailbox import Mailbox
from tests.backoffice.shared import clock, installation, make, web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]

OLD, NEW = "una frase bastante larga", "otra frase igual de larga"


@pytest.fixture
def mailbox(installation: Installation, clock: ManualClock) -> Mailbox:
    clock.advance(hours=2)  # tries of the test before are forgotten
    return Mailbox(installation)


def person(installation: Installation, make: Factory, email: str, *, answered: bool = True) -> None:
    client = make.client()
    with installation.works.system() as work:
        user = registration.add_user(work, client.id, email, "Mariana Ortúzar", UserRole.OWNER)
        work.session.flush()
        link = credentials.link_for_user(work, user.id)
    if answered:
        credentials.set_user_password(installation.works, link, OLD)


def ask(web: Web, email: str) -> httpx.Response:
    return web.browser().post("/reset", data={"email": email})


def test_the_link_sets_a_new_password_once_and_ends_every_session(
    web: Web, mailbox: Mailbox, make: Factory, installation: Installation
) -> None:
    person(installation, make, "una@taller.example")
    token = identity.sign_in_user(installation.works, Credentials("una@taller.example", OLD, "192.0.2.1"))
    assert ask(web, " UNA@taller.example ").headers["location"] == "/reset/sent"
    link = mailbox.link("una@taller.example")
    assert link.startswith("/reset/")
    assert identity.user_of(installation.works, token) is not None  # asking alone changes nothing
    assert web.browser().get(link).status_code == 200  # a mail scanner that follows links spends nothing
    assert web.browser().post(link, data={"password": "corta"}).status_code == 422
    assert web.browser().post(link, data={"password": NEW}).status_code == 303
    assert identity.user_of(installation.works, token) is None
    assert web.browser().post(link, data={"password": OLD}).status_code == 404
    assert identity.sign_in_user(installation.works, Credentials("una@taller.example", NEW, "192.0.2.1"))


def test_it_lasts_half_an_hour_and_not_an_instant_longer(
    web: Web, mailbox: Mailbox, make: Factory, installation: Installation, clock: ManualClock
) -> None:
    person(installation, make, "dos@taller.example")
    ask(web, "dos@taller.example")
    link = mailbox.link("dos@taller.example")
    clock.advance(minutes=30)
    assert web.browser().post(link, data={"password": NEW}).status_code == 404
    ask(web, "dos@taller.example")
    link = mailbox.link("dos@taller.example", 2)
    clock.advance(minutes=29, seconds=59)
    assert web.browser().post(link, data={"password": NEW}).status_code == 303


def test_asking_again_ends_the_link_before(
    web: Web, mailbox: Mailbox, make: Factory, installation: Installation
) -> None:
    person(installation, make, "tres@taller.example")
    ask(web, "tres@taller.example")
    first = mailbox.link("tres@taller.example")
    ask(web, "tres@taller.example")
    second = mailbox.link("tres@taller.example", 2)
    assert web.browser().post(first, data={"password": NEW}).status_code == 404
    assert web.browser().post(second, data={"password": NEW}).status_code == 303


def test_unknown_invited_and_deactivated_people_hear_the_same_and_get_nothing(
    web: Web, mailbox: Mailbox, make: Factory, installation: Installation
) -> None:
    person(installation, make, "conocida@taller.example")
    person(installation, make, "invitada@taller.example", answered=False)
    person(installation, make, "fuera@taller.example")
    with installation.database.session(Role.WORKER) as session:
        session.connection().exec_driver_sql(
            "update ledger.authorized_user set active = false where email = 'fuera@taller.example'"
        )
    silent = ("nadie@taller.example", "invitada@taller.example", "fuera@taller.example", "no es un correo")
    answers = [ask(web, address) for address in (*silent, "conocida@taller.example")]
    assert {(a.status_code, a.headers["location"], a.text) for a in answers} == {(303, "/reset/sent", "")}
    mailbox.wait("conocida@taller.example")
    assert [mailbox.all_to(address) for address in silent] == [[], [], [], []]


def test_the_answer_does_not_wait_for_the_mail_server(
    web: Web, mailbox: Mailbox, make: Factory, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who it belongs to is looked up, and the letter handed over, once the visitor has been answered."""
    person(installation, make, "cinco@taller.example")
    answered, looked = threading.Event(), threading.Event()

    def slow(works: Works, email: str) -> None:
        assert answered.wait(5), "the visitor still waits"
        looked.set()

    monkeypatch.setattr(resets, "letter_for", slow)
    assert ask(web, "cinco@taller.example").status_code == 303
    answered.set()
    assert looked.wait(5)


def test_from_one_place_one_waits_after_five_and_one_address_is_not_flooded(
    web: Web, mailbox: Mailbox, make: Factory, installation: Installation
) -> None:
    person(installation, make, "seis@taller.example")
    answers = [ask(web, "seis@taller.example") for _ in range(6)]
    assert [a.status_code for a in answers] == [303] * 5 + [429]
    assert "Demasiados intentos" in answers[-1].text
    mailbox.wait("seis@taller.example", 5)
