"""What holds a channel back is told over the list and over the box: since when, what waits, and where it is mended."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason
from konectus.domain.roles import UserRole
from konectus.services import connectors
from konectus.store.models.limits import ConnectorPace
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk, Told
from tests.backoffice.shared import clock, installation, make, talk, web
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "talk", "web"]


@pytest.fixture
def told(make: Factory, talk: Talk) -> Told:
    return talk.begin(make.client().id, "¿Ya salió?", channel=Channel.INSTAGRAM)


def turn(web: Web, client_id: UUID, connector_id: UUID, state: ConnectorState, reason: Reason) -> None:
    with web.installation.works.system() as work:
        connectors.settle(work, client_id, connector_id, state, reason)


def rest(web: Web, told: Told, until: datetime | None) -> None:
    """The sender found that the channel does not answer, or that it does again."""
    with web.installation.database.session(Role.WORKER) as session:
        session.merge(
            ConnectorPace(
                connector_id=told.connector_id,
                client_id=told.client_id,
                tallies=[],
                open_until=until,
                openings=1,
                is_probing=False,
            )
        )


def test_channel_that_does_not_answer_is_told_with_the_next_try_and_the_box_stays_open(web: Web, told: Told) -> None:
    http = web.agent_of(told.client_id)
    rest(web, told, web.clock.now() + timedelta(minutes=5))
    page = http.get(f"/inbox/c/{told.id}").text
    at = (web.clock.now() + timedelta(minutes=5, hours=-6)).strftime("%H:%M")
    assert f"Instagram no responde; reintento a las {at}" in page
    assert "<textarea" in page
    assert "reintento" in http.get(f"/inbox/c/{told.id}/composer").text
    rest(web, told, None)
    assert "reintento" not in http.get(f"/inbox/c/{told.id}").text


def test_channel_with_trouble_goes_on_receiving_and_says_who_mends_it(web: Web, told: Told) -> None:
    turn(web, told.client_id, told.connector_id, ConnectorState.DEGRADED, Reason.NEEDS_REAUTH)
    http = web.agent_of(told.client_id)
    page = http.get(f"/inbox/c/{told.id}").text
    band, _, box = page.partition('id="composer"')
    assert "Instagram no está enviando desde" in band
    assert "Seguimos recibiendo" in band
    assert 'href="/account/connectors">Ver los conectores</a>' in band
    assert "Instagram no está enviando" in box
    assert "<textarea" in box, "what is written waits"


def test_channel_that_is_disconnected_shuts_the_box_and_leads_to_the_mend(web: Web, told: Told) -> None:
    turn(web, told.client_id, told.connector_id, ConnectorState.DISCONNECTING, Reason.REVOKED)
    turn(web, told.client_id, told.connector_id, ConnectorState.NEEDS_RECONFIGURATION, Reason.REVOKED)
    http = web.agent_of(told.client_id, role=UserRole.OWNER)
    band, _, box = http.get(f"/inbox/c/{told.id}").text.partition('id="composer"')
    assert "Instagram está desconectado desde" in band
    assert "Instagram está desconectado desde" in box
    assert "<textarea" not in box
    assert "Hay que conectarlo de nuevo" in http.get("/account/connectors").text


def test_many_channels_with_trouble_leave_room_for_the_list(web: Web, make: Factory, told: Told) -> None:
    for connector_id in [told.connector_id, *(make.connector(told.client_id) for _ in range(5))]:
        turn(web, told.client_id, connector_id, ConnectorState.DEGRADED, Reason.PROVIDER_DOWN)
    bands = web.agent_of(told.client_id).get("/inbox").text.partition('id="bands"')[2].partition('id="found"')[0]
    assert bands.count('class="banner') == 1
    assert "6 canales necesitan atención" in bands
