"""One Instagram account reached through a Page and through Instagram Login: one connector, one person, no doubles."""

import json
from typing import Any

import pytest

from konectus.domain.channels import Channel
from konectus.services import connectors
from konectus.services.connectors import AccountTaken, NewConnector
from tests.ingestion.stored import log_all, outcomes
from tests.support.connections import Bench

ACCOUNT, PAGE = "17841400000000001", "100200300"


def said(mid: str, text: str, *, entry: str = ACCOUNT, **more: Any) -> bytes:
    message = {"mid": mid, "text": text} | more
    item = {"sender": {"id": "55"}, "recipient": {"id": ACCOUNT}, "timestamp": 1795370000000, "message": message}
    entries = [{"id": entry, "time": 1795370000000, "messaging": [item]}]
    return json.dumps({"object": "instagram", "entry": entries}).encode()


@pytest.fixture
def linked(bench: Bench) -> Bench:
    """The account is connected through its Page."""
    page = bench.page(id=PAGE, instagram={"username": "lumbre", "id": ACCOUNT})
    bench.connect(Channel.INSTAGRAM, page["instagram"] | {"token": page["token"]}, page_id=PAGE)
    return bench


def test_events_of_both_apps_are_one_message_of_one_person_in_one_conversation(linked: Bench) -> None:
    both = [("meta:demo", said("m1", "hola")), ("meta:login", said("m1", "hola")), ("meta:login", said("m2", "¿hay?"))]
    log_all(linked.installation, both)
    linked.worked()
    assert linked.stored.texts() == ["hola", "¿hay?"]
    assert len(linked.stored.conversations()) == 1
    assert len(linked.stored.contacts()) == 1
    assert sorted(outcome for _, outcome, _ in outcomes(linked.installation)) == ["duplicate", "stored", "stored"]


@pytest.mark.parametrize("entry", [ACCOUNT, PAGE, "55"])
def test_entry_may_name_account_page_or_person(linked: Bench, entry: str) -> None:
    log_all(linked.installation, [("meta:demo", said("m1", "hola", entry=entry))])
    linked.worked()
    assert linked.stored.texts() == ["hola"]


def test_second_connector_of_the_account_by_the_other_login_is_refused(linked: Bench) -> None:
    other = NewConnector(channel=Channel.INSTAGRAM, account_id=ACCOUNT, secret="IGAAtoken", app="login")
    with pytest.raises(AccountTaken), linked.installation.works.system() as work:
        connectors.connect(work, linked.desk.client_id, other)
