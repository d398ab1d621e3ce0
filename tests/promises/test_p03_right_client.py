"""P3: entries of several Clients in one body go each to its own; an unknown account gets 200, counted and not kept."""

import asyncio

import pytest

from konectus.domain.channels import Channel
from tests.ingestion.harness import count, dropped
from tests.ingestion.stored import Stored
from tests.promises.running import Running, bodied, said, written
from tests.support.processes import until
from tests.support.traffic_ledger import Ledger, Place

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
CLIENTS, EACH = 5, 40


def test_one_body_of_many_clients_is_shared_out_rightly(intake: Running) -> None:
    """Every message has the same id and the same sender at each Client: only the account tells them apart."""
    places = [intake.client((Channel.MESSENGER,))[0] for _ in range(CLIENTS)]
    ledger = Ledger()
    items = [
        written(place, number, f"{number} para {place.account}", at=intake.now())
        for number in range(EACH)
        for place in places
    ]
    bodies = [bodied(items[start : start + 17]) for start in range(0, len(items), 17)]
    postman = intake.postman(ledger)
    asyncio.run(postman.carry(bodies))
    intake.settle()
    verdict = intake.judged(ledger, places)

    assert verdict.is_clean, str(verdict)
    assert verdict.held == CLIENTS * EACH
    for place in places:
        texts = Stored(intake.installation, place.client_id).texts()
        assert {text.rpartition(" ")[2] for text in texts if text} == {place.account}


def test_an_unknown_account_is_counted_and_nothing_of_it_is_kept(intake: Running) -> None:
    known = intake.client((Channel.MESSENGER,))[0]
    stranger = Place(known.client_id, known.connector_id, "messenger", "999123", known.door)
    intake.settle()
    before = count(intake.installation, "platform.webhook_event"), sum(dropped(intake.installation).values())
    postman = intake.postman(Ledger())
    asyncio.run(postman.carry([said(stranger, number, "¿hay alguien?") for number in range(5)]))

    assert postman.answers.statuses == {"200": 5}
    assert count(intake.installation, "platform.webhook_event") == before[0]
    until(
        lambda: sum(dropped(intake.installation).values()) == before[1] + 5, seconds=15, what="five dropped are counted"
    )
    assert Stored(intake.installation, known.client_id).messages() == []
