"""Another address for the notices: asked with the password, confirmed at the new one, told to both; no clock moves."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from konectus.domain.notices import NoticeKind
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import credentials, invitations, notices, registration
from konectus.services.identity import Credentials, sign_in_user
from konectus.services.installation import Installation
from konectus.services.notices import NewNotice
from konectus.store.queries import registered
from konectus.store.roles import Role
from tests.backoffice.admin.shared import clock, installation, make, web
from tests.backoffice.conftest import Web
from tests.backoffice.mailbox import Mailbox, text_of
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]

HOME = "/account/details"
PASSWORD = "una frase bastante larga"


@dataclass(frozen=True)
class Owner:
    client_id: UUID
    user_id: UUID
    http: httpx.Client
    email: str

    def ask(self, address: str, password: str = PASSWORD) -> httpx.Response:
        return self.http.post(f"{HOME}/email", data={"email": address, "password": password})


Owners = Callable[[str], Owner]


@pytest.fixture
def mailbox(installation: Installation, clock: ManualClock) -> Mailbox:
    clock.advance(hours=2)  # tries of the test before are forgotten
    return Mailbox(installation)


@pytest.fixture
def owners(web: Web, installation: Installation, make: Factory, mailbox: Mailbox) -> Owners:
    """Somebody who signs in with a password, as `name`."""

    def made(name: str) -> Owner:
        client, email = make.client(), f"{name}@taller.example"
        with installation.works.system() as work:
            user = registration.add_user(work, client.id, email, "Lucía Sanz", UserRole.OWNER)
            work.session.flush()
            link = credentials.link_for_user(work, user.id)
        credentials.set_user_password(installation.works, link, PASSWORD)
        token = sign_in_user(installation.works, Credentials(email, PASSWORD, "192.0.2.9"))
        return Owner(client.id, user.id, web.browser(agent=token), email)

    return made


def address(installation: Installation, client_id: UUID) -> str:
    with installation.database.session(Role.WORKER) as session:
        return registered.of_client(session, client_id).email


def told(installation: Installation, client_id: UUID) -> list[str]:
    with installation.database.session(Role.WORKER) as session:
        found = session.execute(
            text(
                "select recipient from ledger.notice where client_id = :id and kind = 'email_changed'"
                " and channel = 'email' order by recipient"
            ),
            {"id": client_id},
        )
        return [row.recipient for row in found]


def test_the_link_at_the_new_address_changes_it_once_and_both_addresses_are_told(
    web: Web, owners: Owners, mailbox: Mailbox, installation: Installation
) -> None:
    owner = owners("una")
    old = address(installation, owner.client_id)
    assert owner.ask(" NUEVA@taller.example ").headers["location"] == f"{HOME}?note=letter"
    link = mailbox.link("nueva@taller.example")
    assert "durante 24 horas" in text_of(mailbox.wait("nueva@taller.example"))
    assert "Falta confirmar nueva@taller.example" in owner.http.get(HOME).text
    stranger = web.browser()
    assert old in stranger.get(link).text  # opening alone, as mail scanners do, changes nothing
    assert address(installation, owner.client_id) == old
    assert "nueva@taller.example" in stranger.post(link).text
    assert address(installation, owner.client_id) == "nueva@taller.example"
    assert told(installation, owner.client_id) == sorted([old, "nueva@taller.example"])
    assert stranger.post(link).status_code == 404
    assert stranger.get(link).status_code == 404
    assert "Falta confirmar" not in owner.http.get(HOME).text
    with installation.database.session(Role.WORKER) as session:
        entry = session.execute(
            text("select * from ledger.audit_entry where client_id = :id and action = 'client.email_changed'"),
            {"id": owner.client_id},
        ).one()
    assert (entry.before, entry.after) == ({"email": old}, {"email": "nueva@taller.example"})
    assert (entry.actor_id, entry.actor_name) == (str(owner.user_id), "Lucía Sanz")


def test_without_the_password_nothing_is_sent_and_what_was_typed_is_kept(
    owners: Owners, mailbox: Mailbox, installation: Installation
) -> None:
    owner = owners("dos")
    wrong = owner.ask("ajena@taller.example", "otra frase cualquiera")
    assert wrong.status_code == 422
    assert "Esa no es tu contraseña" in wrong.text
    assert 'value="ajena@taller.example"' in wrong.text
    for bad in ("nada", "a@b@c", "x@y.example\nBcc: z@y.example", address(installation, owner.client_id)):
        assert owner.ask(bad).status_code == 422, bad
    assert "Falta confirmar" not in owner.http.get(HOME).text
    assert mailbox.all_to("ajena@taller.example") == []
    for _ in range(5):
        owner.ask("ajena@taller.example", "otra frase cualquiera")
    assert owner.ask("ajena@taller.example").status_code == 429


def test_a_link_lasts_a_day_and_falls_with_a_later_wish_a_withdrawal_and_whoever_is_no_owner_any_more(
    web: Web, owners: Owners, mailbox: Mailbox, installation: Installation, clock: ManualClock
) -> None:
    owner = owners("tres")
    old = address(installation, owner.client_id)
    links = []
    for number in range(4):
        assert owner.ask(f"n{number}@tres.example").status_code == 303
        links.append(mailbox.link(f"n{number}@tres.example"))
        if number == 1:
            assert owner.http.post(f"{HOME}/email/withdraw").headers["location"] == f"{HOME}?note=withdrawn"
            assert owner.http.post(f"{HOME}/email/withdraw").headers["location"] == f"{HOME}?note=late"
    assert [web.browser().post(link).status_code for link in links[:3]] == [404] * 3
    clock.advance(hours=24)
    assert web.browser().post(links[3]).status_code == 404
    assert address(installation, owner.client_id) == old


def test_a_link_of_somebody_who_is_no_owner_any_more_opens_nothing(
    web: Web, owners: Owners, mailbox: Mailbox, installation: Installation
) -> None:
    owner = owners("cuatro")
    owner.ask("nueva@cuatro.example")
    link = mailbox.link("nueva@cuatro.example")
    with installation.works.system() as work:
        registration.add_user(work, owner.client_id, "otra@cuatro.example", "Otra", UserRole.OWNER)
        work.session.flush()
        invitations.change_role(work, owner.client_id, owner.user_id, UserRole.AGENT)
    assert web.browser().post(link).status_code == 404


def test_two_who_confirm_at_once_change_it_once(
    web: Web, owners: Owners, mailbox: Mailbox, installation: Installation
) -> None:
    owner = owners("cinco")
    owner.ask("nueva@cinco.example")
    link, answers = mailbox.link("nueva@cinco.example"), list[int]()
    browsers = [web.browser() for _ in range(4)]
    threads = [
        threading.Thread(target=lambda http=http: answers.append(http.post(link).status_code)) for http in browsers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 404, 404, 404]
    assert len(told(installation, owner.client_id)) == 2


def test_a_notice_that_was_delivered_to_the_former_address_keeps_its_instant(
    web: Web, owners: Owners, mailbox: Mailbox, installation: Installation, clock: ManualClock
) -> None:
    owner = owners("seis")
    with installation.works.system() as work:
        facts = {"ends_at": clock.now().isoformat()}
        sent = notices.queue(work, owner.client_id, NewNotice(NoticeKind.TRIAL_ENDING, "trial", facts))
        work.session.execute(
            text("update ledger.notice set sent_at = :now, delivered_at = :now where id = :id"),
            {"now": clock.now(), "id": sent},
        )
    delivered = clock.now()
    clock.advance(hours=1)
    owner.ask("nueva@seis.example")
    web.browser().post(mailbox.link("nueva@seis.example"))
    with installation.database.session(Role.WORKER) as session:
        row = session.execute(
            text("select recipient, delivered_at, bounced_at from ledger.notice where id = :id"), {"id": sent}
        ).one()
    assert (row.delivered_at, row.bounced_at) == (delivered, None)
    assert row.recipient != "nueva@seis.example"


def test_the_staffs_edit_tells_both_addresses_too_and_voids_a_wish_to_replace_the_former(
    web: Web, owners: Owners, mailbox: Mailbox, installation: Installation
) -> None:
    owner = owners("siete")
    old = address(installation, owner.client_id)
    owner.ask("nueva@siete.example")
    link = mailbox.link("nueva@siete.example")
    staff = web.staff_as(StaffRole.ADMIN)
    with installation.database.session(Role.WORKER) as session:
        found = registered.of_client(session, owner.client_id)
    typed = {"trade_name": found.trade_name, "legal_name": found.legal_name, "tax_id": "", "language": "es"}
    typed |= {"zone": found.zone, "registered_email": "corregida@siete.example", "version": str(found.version)}
    answer = staff.post(f"/admin/client/edit/{owner.client_id}", data={**typed, "why": "Lo pidió por teléfono"})
    assert answer.status_code == 303
    assert told(installation, owner.client_id) == sorted([old, "corregida@siete.example"])
    assert web.browser().post(link).status_code == 404
    assert "Falta confirmar" not in owner.http.get(HOME).text
    assert owner.ask("nueva@siete.example").status_code == 303
