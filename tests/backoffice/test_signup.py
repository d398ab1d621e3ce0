"""Registering oneself: what it makes and proves, what it refuses with nothing lost, that it betrays nobody."""

import re
from datetime import timedelta

import httpx
import pytest

from konectus.domain.roles import UserRelation, UserRole
from konectus.services import documents
from konectus.services.installation import Installation
from konectus.store.queries import clients, contracts, people, team
from konectus.store.queries import documents as read
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.mailbox import Mailbox, text_of
from tests.backoffice.shared import clock, installation, make, web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]

PASSWORD = "una frase bastante larga"
STATED = ["terms", "capacity", "authority", "lawful_use"]


@pytest.fixture(scope="module", autouse=True)
def house(installation: Installation, make: Factory) -> None:
    """A Plan to contract and Terms to accept."""
    make.plan(code="inicia", seats=3)
    with installation.works.system() as work:
        assert documents.publish_terms(work)
        assert not documents.publish_terms(work)


@pytest.fixture
def mailbox(installation: Installation, clock: ManualClock) -> Mailbox:
    clock.advance(hours=2)  # tries of the test before are forgotten
    return Mailbox(installation)


def form(http: httpx.Client, **changed: object) -> dict[str, object]:
    """The form as a browser sends it, with the Plan and the version that its page shows."""
    page = http.get("/signup").text
    terms = re.search(r'name="terms" value="([^"]+)"', page)
    plan = re.search(r'name="plan" value="([^"]+)"', page)
    assert terms is not None
    assert plan is not None
    given = {
        "name": "Mariana Ortúzar",
        "email": "mariana@nandu.example",
        "kind": "entity",
        "legal_name": "Taller Ñandú, S.A. de C.V.",
        "trade_name": "Taller Ñandú",
        "tax_id": "tna190412qx8",
        "country": "MX",
        "zone": "America/Tijuana",
        "language": "es",
        "industry": "retail",
        "plan": plan[1],
        "terms": terms[1],
        "stated": STATED,
    }
    return given | changed


def register(web: Web, **changed: object) -> httpx.Response:
    http = web.browser()
    return http.post("/signup", data=form(http, **changed))


def test_a_business_registers_confirms_its_address_and_enters_its_inbox(web: Web, mailbox: Mailbox) -> None:
    answer = register(web, email=" Dueña@Nandu.example".replace("ñ", "n"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/signup/sent")
    link = mailbox.link("duena@nandu.example")
    sign_in = {"email": "duena@nandu.example", "password": PASSWORD}
    assert web.browser().post("/login", data=sign_in).status_code == 401  # the address is not confirmed
    assert web.browser().post(link, data={"password": PASSWORD}).headers["location"] == "/login"
    entered = web.browser().post("/login", data=sign_in)
    assert entered.headers["location"] == "/inbox"
    token = entered.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert web.browser(agent=token).get("/inbox").status_code == 200
    assert web.browser().post(link, data={"password": PASSWORD}).status_code == 404


def test_what_was_declared_and_accepted_is_kept_with_version_hash_address_and_time(
    web: Web, mailbox: Mailbox, installation: Installation, clock: ManualClock
) -> None:
    register(web, email="prueba@nandu.example", language="en")
    mailbox.wait("prueba@nandu.example")
    with installation.database.session(Role.WORKER) as session:
        found = team.known(session, "prueba@nandu.example")
        assert found is not None
        contract = contracts.contract(session, found.client_id)
        (accepted,) = read.of_client(session, found.client_id)
        terms = read.current(session, accepted.document, clock.now())
        row = session.connection().exec_driver_sql(
            "select c.authority, c.industry, c.kind, c.zone, c.region, c.tax_id, a.ip, a.evidence, a.binds_from"
            " from ledger.client c join ledger.document_acceptance a on a.client_id = c.id where c.id = %s",
            (found.client_id,),
        )
        kept = row.one()
        (owner,) = team.of_client(session, found.client_id)
    assert terms is not None
    assert contract is not None
    assert contract.trial_ends_at is not None
    assert contract.trial_ends_at - contract.started_at == timedelta(days=14)
    assert (owner.role, owner.relation) == (UserRole.OWNER, UserRelation.AGENT)
    assert (kept.authority, kept.industry, kept.kind) == ("declared", "retail", "entity")
    assert (kept.zone, kept.region, kept.tax_id) == ("America/Tijuana", "northwest", "TNA190412QX8")
    assert (accepted.version, accepted.language, accepted.outcome) == (1, "en", "accepted_click")
    assert accepted.sha256_es == terms.sha256_es
    assert kept.ip == "127.0.0.1"
    assert sorted(kept.evidence["stated"]) == sorted(STATED)
    assert kept.evidence["sha256_es"] == terms.sha256_es.hex()


def test_a_known_address_hears_the_same_and_only_its_owner_learns_that_it_is_known(
    web: Web, mailbox: Mailbox, installation: Installation
) -> None:
    keys = installation.settings.data_dir / "keystore"
    register(web, email="conocida@nandu.example")
    link = mailbox.link("conocida@nandu.example")
    web.browser().post(link, data={"password": PASSWORD})
    before = len(list(keys.iterdir()))
    again = register(web, email="CONOCIDA@nandu.example")
    fresh = register(web, email="nueva@nandu.example")
    mailbox.wait("nueva@nandu.example")
    assert (again.status_code, again.headers["location"], again.text) == (303, fresh.headers["location"], fresh.text)
    letter = mailbox.wait("conocida@nandu.example", 2)
    assert letter["Subject"] == "Ya tienes una cuenta en Konectus"
    assert len(list(keys.iterdir())) == before + 2  # of the fresh one: what was undone left no key behind


def test_an_address_that_never_opened_its_link_gets_another_and_no_second_client(
    web: Web, mailbox: Mailbox, installation: Installation
) -> None:
    register(web, email="tarde@nandu.example")
    first = mailbox.link("tarde@nandu.example")
    register(web, email="tarde@nandu.example")
    second = mailbox.link("tarde@nandu.example", 2)
    assert web.browser().post(first, data={"password": PASSWORD}).status_code == 404
    assert web.browser().post(second, data={"password": PASSWORD}).status_code == 303
    with installation.database.session(Role.WORKER) as session:
        asked = "select count(*) from ledger.client where registered_email = 'tarde@nandu.example'"
        assert session.connection().exec_driver_sql(asked).scalar() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stated": ["terms", "capacity", "authority"]}, "Hay que confirmar todo"),
        ({"stated": ["terms", "lawful_use", "capacity"]}, "Hay que confirmar todo"),
        ({"stated": ["capacity", "authority", "lawful_use"]}, "Hay que confirmar todo"),
        ({"name": " "}, "Escribe tu nombre"),
        ({"legal_name": ""}, "Escribe la razón social"),
        ({"email": "sin arroba"}, "nombre@ejemplo.com"),
        ({"industry": "weapons"}, "Elige a qué se dedica"),
        ({"zone": "Luna/Tycho"}, "Elige una zona horaria"),
        ({"plan": "00000000-0000-7000-8000-000000000000"}, "Elige un Plan de la lista"),
        ({"terms": "00000000-0000-7000-8000-000000000000"}, "Los Términos cambiaron"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_that_was_typed_is_lost(
    web: Web, mailbox: Mailbox, changed: dict[str, object], said: str
) -> None:
    answer = register(web, **({"trade_name": "Muebles & Cía"} | changed))
    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert 'value="Muebles &amp; Cía"' in answer.text
    assert 'value="tna190412qx8"' in answer.text
    assert mailbox.all_to("mariana@nandu.example") == []


def test_an_individual_needs_no_authority_and_registers_under_their_own_name(
    web: Web, mailbox: Mailbox, installation: Installation
) -> None:
    stated = ["terms", "capacity", "lawful_use"]
    given = {"kind": "individual", "legal_name": "", "trade_name": "", "stated": stated, "email": "zoe@persona.example"}
    assert register(web, **given).status_code == 303
    mailbox.wait("zoe@persona.example")
    with installation.database.session(Role.WORKER) as session:
        found = team.known(session, "zoe@persona.example")
        assert found is not None
        assert clients.trade_name(session, found.client_id) == "Mariana Ortúzar"
        assert people.role_of(session, found.client_id, found.user_id) is UserRole.OWNER


def test_after_five_registrations_from_one_place_one_waits(web: Web, mailbox: Mailbox) -> None:
    answers = [register(web, name="") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "Demasiados intentos" in answers[-1].text


def test_the_letter_is_in_spanish_and_english_below_for_who_reads_that(web: Web, mailbox: Mailbox) -> None:
    register(web, email="english@nandu.example", language="en", name="http://spam.example ven ya")
    text = text_of(mailbox.wait("english@nandu.example"))
    assert text.index("Registraste un negocio") < text.index("You registered a business")
    assert "spam" not in text


def test_terms_are_public_in_every_version_and_spanish_says_what_it_lacks(web: Web) -> None:
    spanish = web.browser().get("/terms")
    assert spanish.status_code == 200
    assert "todavía no ha cargado la versión en español" in spanish.text
    english = web.browser().get("/terms/1?lang=en")
    assert "1. Introduction" in english.text
    assert "todavía no" not in english.text
    assert web.browser().get("/terms/2").status_code == 404


def test_without_anything_to_contract_the_page_says_that_it_is_closed_and_takes_nothing(
    installation: Installation, make: Factory, clock: ManualClock, mailbox: Mailbox
) -> None:
    with installation.database.session(Role.WORKER) as session:
        session.connection().exec_driver_sql("update ledger.plan set active = false")
    web = Web(installation, make, clock)
    web.start()
    try:
        shown = web.browser().get("/signup")
        assert (shown.status_code, "Por ahora no hay registros" in shown.text) == (200, True)
        taken = web.browser().post("/signup", data={"name": "Mariana", "email": "cerrado@nandu.example"})
        assert "Por ahora no hay registros" in taken.text
    finally:
        web.stop()
        with installation.database.session(Role.WORKER) as session:
            session.connection().exec_driver_sql("update ledger.plan set active = true")
    assert mailbox.all_to("cerrado@nandu.example") == []
