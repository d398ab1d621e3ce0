"""Coming back after the end: what it costs and what is owed stands before the button; once a deletion began, never."""

import httpx
import pytest

from konectus.domain.roles import StaffRole, UserRole
from konectus.services import documents, ending_sweeps, terminations
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.queries import billing, contracts
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make, web
from tests.konectus.services.endings import Ends
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]

HOME = "/account/return"


@pytest.fixture(scope="module", autouse=True)
def terms(installation: Installation) -> None:
    with installation.works.system() as work:
        documents.publish_terms(work)


@pytest.fixture
def ends(installation: Installation, make: Factory) -> Ends:
    """A Client that cancelled and whose contract has ended; its first invoice was never paid."""
    found = Ends(installation, make)
    found.cancel(at_once=True)
    found.sweep()
    return found


@pytest.fixture
def owner(web: Web, ends: Ends) -> httpx.Client:
    return web.agent_of(ends.id, role=UserRole.OWNER)


def form(http: httpx.Client, installation: Installation, name: str = "", **changed: str) -> dict[str, str]:
    """As the page offers it, with the cheapest Plan or the one of that name."""
    page = http.get(HOME).text
    version = page.partition('name="version" value="')[2].partition('"')[0]
    with installation.database.session(Role.WORKER) as session:
        plans = contracts.published(session)
    chosen = next(one for one in plans if not name or one.offer.code == name)
    return {"version": version, "plan": str(chosen.plan_version_id), "accepted": "true"} | changed


def test_an_owner_reads_price_tax_and_debt_and_contracts_again(
    web: Web, ends: Ends, owner: httpx.Client, installation: Installation
) -> None:
    state = owner.get("/account").text
    assert f'href="{HOME}"' in state
    assert f'href="{HOME}"' in owner.get("/account/plan").text
    page = owner.get(HOME).text.replace("\xa0", " ")
    assert "$2,259.68" in page
    assert "$1,948.00 antes de impuesto" in page
    assert "Quedan por pagar $2,259.68 de antes" in page
    assert "se emite y vence hoy" in page
    assert owner.get("/inbox").status_code == 403
    answer = owner.post(HOME, data=form(owner, installation))
    assert answer.headers["location"] == "/account/plan?note=back"
    assert owner.get("/inbox").status_code == 200
    assert "El contrato volvió" in owner.get(answer.headers["location"]).text
    with installation.database.session(Role.WORKER) as session:
        assert len(billing.invoices(session, ends.id)) == 2
        assert len(billing.owed(session, ends.id)) == 2, "what was owed stays owed"
    assert owner.get(HOME).headers["location"] == "/account/plan"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"accepted": ""}, "Marca que aceptas los Términos"),
        ({"plan": ""}, "Elige un Plan de la lista"),
        ({"plan": "01a1f4f7-2500-7000-a24d-1b3ff83a6a5a"}, "ya no se ofrece"),
        ({"version": "01a1f4f7-2500-7000-a24d-1b3ff83a6a5a"}, "Los Términos cambiaron"),
    ],
)
def test_what_is_missing_or_stale_is_said_and_nothing_is_contracted(
    ends: Ends, owner: httpx.Client, installation: Installation, changed: dict[str, str], words: str
) -> None:
    given = {name: value for name, value in form(owner, installation, **changed).items() if value}
    answer = owner.post(HOME, data=given)
    assert answer.status_code == 422
    assert words in answer.text
    assert ends.has_ended()


def test_more_people_than_seats_lead_to_choosing_who_leaves(
    ends: Ends, owner: httpx.Client, installation: Installation, make: Factory
) -> None:
    make.plan(code=f"solo{ends.id.hex[:8]}", seats=1)
    answer = owner.post(HOME, data=form(owner, installation, f"solo{ends.id.hex[:8]}"))
    assert answer.status_code == 422
    assert "libera lugares o elige un Plan mayor" in answer.text
    assert 'href="/account/people"' in answer.text
    assert ends.has_ended()


def test_only_owners_and_not_where_konectus_ended_it_nor_where_the_contract_lives(
    web: Web, ends: Ends, installation: Installation, make: Factory
) -> None:
    agent = web.agent_of(ends.id)
    assert [agent.get(HOME).status_code, agent.post(HOME, data={}).status_code] == [403, 403]
    lives = web.agent_of(make.client().id, role=UserRole.OWNER)
    assert lives.get(HOME).headers["location"] == "/account/plan"
    other = Ends(installation, make)
    with installation.works.staff(Actor("staff", str(make.staff(role=StaffRole.LEGAL)), "Rosa Ibarra")) as work:
        terminations.give_notice(work, other.id, "El contrato termina por una prueba")
    found = other.live()
    assert found is not None
    other.mail_of(found.id, sent_at=installation.clock.now(), delivered_at=installation.clock.now())
    clock = installation.clock
    assert isinstance(clock, ManualClock)
    clock.advance(days=40)
    ending_sweeps.terminate_effective(installation)
    refused = web.agent_of(other.id, role=UserRole.OWNER)
    assert "Esto se decide con Konectus" in refused.get(HOME).text
    with installation.works.system() as work:
        version = documents.terms_in_force(work).id
    given = {"plan": str(found.id), "version": str(version), "accepted": "true"}
    assert refused.post(HOME, data=given).headers["location"] == HOME
    assert other.has_ended()
