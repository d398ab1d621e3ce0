"""Documents: the first acceptance that opens the inbox, what was accepted, and what Konectus asked for."""

from uuid import UUID

import pytest
from sqlalchemy import select

from konectus.domain.roles import UserRole
from konectus.domain.terms import Document
from konectus.services import credentials, documents
from konectus.services.documents import NewVersion
from konectus.services.installation import Installation
from konectus.store.models.documents import DocumentAcceptance
from konectus.store.queries import documents as read
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make", "web"]

HOME = "/account/documents"


@pytest.fixture(scope="module")
def clients(installation: Installation, make: Factory) -> list[UUID]:
    """Clients of before the Terms were published, so that none has accepted them."""
    made = [make.client().id for _ in range(3)]
    with installation.works.system() as work:
        documents.publish_terms(work)
    return made


def terms(installation: Installation, clock: ManualClock) -> read.Version:
    with installation.works.system() as work:
        return documents.terms_in_force(work)


def test_before_an_owner_accepts_everybody_is_led_to_the_terms_and_then_the_inbox_opens(
    web: Web, clients: list[UUID], installation: Installation, clock: ManualClock
) -> None:
    client_id = clients[0]
    owner, agent = web.agent_of(client_id, role=UserRole.OWNER), web.agent_of(client_id)
    for http in (owner, agent):
        assert http.get("/inbox").headers["location"] == HOME
        assert http.get("/account/connectors").headers["location"] == HOME
        assert http.get("/files/0", headers={"accept": "*/*"}).status_code == 403
    assert "Acepta los Términos para empezar" in owner.get(HOME).text
    waiting = agent.get(HOME).text
    assert "Una persona dueña de tu cuenta tiene que aceptar" in waiting
    assert "<form" not in waiting.partition("<main")[2]
    shown = {"version": str(terms(installation, clock).id)}
    assert owner.post(f"{HOME}/accept", data=shown).headers["location"] == f"{HOME}?note=unread"
    foreign = {"version": str(client_id), "accepted": "true"}
    assert owner.post(f"{HOME}/accept", data=foreign).headers["location"] == f"{HOME}?note=changed"
    assert agent.post(f"{HOME}/accept", data=shown | {"accepted": "true"}).status_code == 403
    assert owner.get("/inbox").headers["location"] == HOME
    assert owner.post(f"{HOME}/accept", data=shown | {"accepted": "true"}).headers["location"].endswith("accepted")
    assert [http.get("/inbox").status_code for http in (owner, agent)] == [200, 200]
    kept = owner.get(HOME).text
    assert f"Términos y Condiciones, versión {terms(installation, clock).version}" in kept
    assert "con confirmación" in kept
    assert terms(installation, clock).sha256_es.hex()[:16] in kept


def test_paying_exporting_and_cancelling_never_wait_for_the_acceptance(web: Web, clients: list[UUID]) -> None:
    owner = web.agent_of(clients[1], role=UserRole.OWNER)
    for path in ("/account", "/account/invoices", "/account/export", "/account/cancel", "/account/plan"):
        assert owner.get(path).status_code == 200, path


def test_what_konectus_asked_for_is_shown_and_pauses_nothing(
    web: Web, clients: list[UUID], installation: Installation
) -> None:
    with installation.works.staff(STAFF) as work:
        documents.request_authority(work, clients[2], "Poder <notarial>", reason="Alta de una empresa nueva")
    owner = web.agent_of(clients[2], role=UserRole.OWNER)
    shown = owner.get(HOME).text
    assert "Poder &lt;notarial&gt;" in shown
    assert "Nada se pausa por esto" in shown
    assert "La cuenta está activa" in owner.get("/account").text
    assert "Poder" not in web.agent_of(clients[2]).get(HOME).text


def accepted(installation: Installation, client_id: UUID) -> list[tuple[int, str]]:
    with installation.database.session(Role.WORKER) as session:
        return [(one.version, one.outcome) for one in read.of_client(session, client_id)]


def test_the_first_request_under_a_later_version_accepts_it_once_and_never_that_of_an_agent(
    web: Web, make: Factory, installation: Installation, clients: list[UUID]
) -> None:
    client = make.client()  # accepts what is in force
    owner, agent = web.agent_of(client.id, role=UserRole.OWNER), web.agent_of(client.id)
    before = accepted(installation, client.id)
    with installation.works.system() as work:
        documents.publish(work, NewVersion(document=Document.TERMS, body_es="Texto nuevo"))
        version = documents.terms_in_force(work).version
    agent.get("/inbox")
    assert accepted(installation, client.id) == before
    for _ in range(2):
        assert owner.get("/account").status_code == 200
    assert accepted(installation, client.id) == [(version, "accepted_by_use"), *before]


def test_use_by_a_program_counts_as_well_and_the_token_is_kept_as_evidence(
    web: Web, make: Factory, installation: Installation, clients: list[UUID], clock: ManualClock
) -> None:
    client = make.client()
    with installation.works.system() as work:
        secret = credentials.add_api_token(work, client.id, "contabilidad")
    program = web.browser(authorization=f"Bearer {secret}")
    assert program.get("/api/v1/connectors").status_code == 200
    before = accepted(installation, client.id)
    with installation.works.system() as work:
        documents.publish(work, NewVersion(document=Document.TERMS, body_es="Texto más nuevo"))
        version = documents.terms_in_force(work).version
    clock.advance(minutes=10)
    for _ in range(2):
        program.get("/api/v1/connectors")
    assert accepted(installation, client.id) == [(version, "accepted_by_use"), *before]
    with installation.database.session(Role.WORKER) as session:
        kept = session.scalars(
            select(DocumentAcceptance.evidence).where(
                DocumentAcceptance.client_id == client.id, DocumentAcceptance.outcome == "accepted_by_use"
            )
        ).all()
    assert kept
    assert all("api_token" in evidence for evidence in kept)
