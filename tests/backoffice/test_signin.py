"""The two doors: who gets in, what the cookie is, and that the demo's buttons exist in the demo alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pyotp
import pytest

from backoffice.sessions import COOKIES
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import credentials, registration
from konectus.services.installation import Installation
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

PASSWORD = "una frase bastante larga"
EMAIL = "mariana@taller.example"
STAFF_EMAIL = "inaki@konectus.example"


@dataclass(frozen=True)
class Person:
    client_id: UUID
    user_id: UUID


@pytest.fixture
def person(installation: Installation, make: Factory) -> Person:
    """An owner who has set a password by the link of an invitation."""
    client = make.client()
    with installation.works.system() as work:
        user = registration.add_user(work, client.id, EMAIL, "Mariana Ortúzar", UserRole.OWNER)
        work.session.flush()
        link = credentials.link_for_user(work, user.id)
    credentials.set_user_password(installation.works, link, PASSWORD)
    return Person(client.id, user.id)


@pytest.fixture
def demo(web: Web, installation: Installation) -> Iterator[Web]:
    """The same house with ENVIRONMENT=demo."""
    settings = installation.settings.model_copy(update={"environment": "demo"})
    found = Web(replace(installation, settings=settings), web.make, web.clock)
    found.start()
    yield found
    found.stop()


def sign_in(http: httpx.Client, **changed: str) -> httpx.Response:
    return http.post("/login", data={"email": EMAIL, "password": PASSWORD} | changed)


def test_the_right_password_opens_the_inbox_with_a_host_cookie(web: Web, person: Person) -> None:
    answer = sign_in(web.browser(), email="  MARIANA@Taller.example ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    cookie = answer.headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert name == "__Host-konectus-agent"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in rest.split(";")}
    assert "Domain" not in cookie
    assert web.browser(agent=rest.partition(";")[0]).get("/inbox").status_code == 200


def test_unknown_person_and_wrong_password_hear_the_same(web: Web, person: Person) -> None:
    answers = [
        sign_in(web.browser(), **wrong) for wrong in ({"password": "otra cosa"}, {"email": "nadie@taller.example"})
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("El correo o la contraseña no coinciden." in answer.text for answer in answers)
    shown = [answer.text.replace("nadie@taller.example", EMAIL) for answer in answers]
    assert shown[0] == shown[1]
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_after_five_tries_one_waits_and_is_told_how_long(web: Web, person: Person, clock: ManualClock) -> None:
    http = web.browser()
    for _ in range(5):
        assert sign_in(http, password="otra cosa").status_code == 401
    slowed = sign_in(http)
    assert slowed.status_code == 429
    assert "Demasiados intentos. Espera" in slowed.text
    clock.advance(minutes=1)
    assert sign_in(http).status_code == 303


def test_every_sign_in_has_a_new_token_and_ends_the_former_one(web: Web, person: Person) -> None:
    first = sign_in(web.browser()).cookies[COOKIES["agent"]]
    second = sign_in(web.browser(agent=first)).cookies[COOKIES["agent"]]
    assert first != second
    assert web.browser(agent=first).get("/inbox").status_code == 303
    assert web.browser(agent=second).get("/inbox").status_code == 200


def test_signing_out_ends_the_session_and_takes_the_cookie(web: Web, person: Person) -> None:
    token = sign_in(web.browser()).cookies[COOKIES["agent"]]
    answer = web.browser(agent=token).post("/logout")
    assert answer.headers["location"] == "/login"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert web.browser(agent=token).get("/inbox").status_code == 303


def test_a_page_that_asked_for_sign_in_is_returned_to(web: Web, person: Person) -> None:
    refused = web.browser().get("/inbox?view=mine")
    assert refused.headers["location"] == "/login?next=%2Finbox%3Fview%3Dmine"
    assert sign_in(web.browser(), next="/inbox?view=mine").headers["location"] == "/inbox?view=mine"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/admin", "javascript:x", "/unknown", ""]
)
def test_sign_in_never_leads_to_another_house(web: Web, person: Person, wanted: str) -> None:
    assert sign_in(web.browser(), next=wanted).headers["location"] == "/inbox"


def test_an_idle_session_ends_after_eight_hours(web: Web, person: Person, clock: ManualClock) -> None:
    token = sign_in(web.browser()).cookies[COOKIES["agent"]]
    clock.advance(hours=7)
    assert web.browser(agent=token).get("/inbox").status_code == 200
    clock.advance(hours=7)
    assert web.browser(agent=token).get("/inbox").status_code == 200
    clock.advance(hours=8, minutes=1)
    assert web.browser(agent=token).get("/inbox").status_code == 303


def test_staff_set_password_and_second_factor_by_link_and_enter_with_both(
    web: Web, installation: Installation, clock: ManualClock
) -> None:
    with installation.works.system() as work:
        staff = registration.add_staff(work, STAFF_EMAIL, "Iñaki Peña", StaffRole.SUPPORT)
        work.session.flush()
        link = credentials.link_for_staff(work, staff.id)
    http = web.browser()
    assert http.get(f"/admin/login/link/{link}").status_code == 200
    assert http.post(f"/admin/login/link/{link}", data={"password": "corta"}).status_code == 422
    shown = http.post(f"/admin/login/link/{link}", data={"password": PASSWORD})
    secret = shown.text.partition('<p class="mono">')[2].partition("</p>")[0]
    assert "<svg" in shown.text
    assert http.post(f"/admin/login/link/{link}", data={"password": PASSWORD}).status_code == 404
    form = {"email": STAFF_EMAIL, "password": PASSWORD}
    without = http.post("/admin/login", data=form)
    assert without.status_code == 401
    assert "Falta el código" in without.text
    code = pyotp.TOTP(secret).at(clock.now())
    entered = http.post("/admin/login", data={**form, "code": code})
    assert (entered.status_code, entered.headers["location"]) == (303, "/admin")
    assert entered.headers["set-cookie"].startswith("__Host-konectus-staff=")
    assert http.post("/admin/login", data={**form, "code": code}).status_code == 401, "a code counts once"


def test_following_the_link_of_an_invitation_spends_nothing(
    web: Web, installation: Installation, make: Factory
) -> None:
    client = make.client()
    with installation.works.system() as work:
        user = registration.add_user(work, client.id, EMAIL, "Mariana", UserRole.OWNER)
        work.session.flush()
        link = credentials.link_for_user(work, user.id)
    http = web.browser()
    for _ in range(3):
        assert "Elige tu contraseña" in http.get(f"/invite/{link}").text
    assert http.post(f"/invite/{link}", data={"password": PASSWORD}).headers["location"] == "/login"
    assert sign_in(http).status_code == 303


def test_the_demo_lets_people_in_with_one_click(demo: Web, person: Person) -> None:
    http = demo.browser()
    assert "Mariana Ortúzar" in http.get("/login").text
    entered = http.post("/login/demo", data={"person": str(person.user_id)})
    assert entered.headers["location"] == "/inbox"
    assert demo.browser(agent=entered.cookies[COOKIES["agent"]]).get("/inbox").status_code == 200
    staff_id = demo.make.staff(role=StaffRole.ADMIN)
    assert "Iñaki Peña" in http.get("/admin/login").text
    assert http.post("/admin/login/demo", data={"person": str(staff_id)}).headers["location"] == "/admin"


def test_an_analyst_lands_on_the_figures_whatever_page_was_asked_for(demo: Web) -> None:
    analyst = demo.make.staff(role=StaffRole.ANALYST)
    for wanted in ("", "/admin", "/dashboard/channels"):
        entered = demo.browser().post("/admin/login/demo", data={"person": str(analyst), "next": wanted})
        expected = wanted if wanted.startswith("/dashboard") else "/dashboard"
        assert entered.headers["location"] == expected


def test_outside_the_demo_there_is_no_one_click(web: Web, demo: Web, person: Person) -> None:
    form = {"person": str(person.user_id)}
    assert "Mariana" not in web.browser().get("/login").text
    assert web.browser().post("/login/demo", data=form).status_code == 404
    rebound = demo.browser(host="attacker.example", sec_fetch_site="same-origin")
    assert "Mariana" not in rebound.get("/login").text
    assert rebound.post("/login/demo", data=form).status_code == 404


def test_the_door_speaks_the_language_that_is_asked_for(web: Web) -> None:
    assert "Entra a tu bandeja" in web.browser(accept_language="fr").get("/login").text
    assert "Enter your inbox" in web.browser(accept_language="en-US,en;q=0.9").get("/login").text
    assert "Enter your inbox" in web.browser().get("/login?lang=en").text
