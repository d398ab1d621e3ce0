"""What the channel has against what we hold: found, fetched through the log, counted; and nothing twice."""

import json
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from ingestion.channels.meta import history
from ingestion.channels.meta.history import Told
from ingestion.channels.port.adapter import Access
from ingestion.reconcile import Account, body
from konectus.domain.channels import Channel
from konectus.services import connectors
from tests.support.connections import Bench


def reconcile(bench: Bench, connector_id: UUID) -> None:
    bench.desk.wait(seconds=1)
    with bench.installation.works.system() as work:
        connectors.reconcile(work, bench.desk.client_id, connector_id)
    bench.turn()


def say(bench: Bench, account: Any, *texts: str, channel: str = "messenger", person: str = "p1") -> list[str]:
    """Somebody writes while nothing of it reaches us; the ids of what they wrote."""
    told = []
    for text in texts:
        bench.desk.wait(seconds=30)
        answer = bench.simulator.post("say", person=person, channel=channel, account=account["id"], text=text)
        told.append(answer["message_id"])
    return told


def found(bench: Bench, connector_id: UUID) -> dict[str, Any]:
    progress = bench.asked(connector_id, "progress")[-1]
    return {name: progress[name] for name in ("messages", "missing", "added", "too_old")}


@pytest.fixture
def page(bench: Bench) -> Any:
    bench.simulator.post("persons", name="Zoë Müller")
    return bench.page()


def test_messages_of_a_gap_are_fetched_stored_once_and_counted(bench: Bench, page: Any) -> None:
    connector = bench.connect(Channel.MESSENGER, page)
    said = say(bench, page, "hola", "¿siguen ahí?")
    bench.desk.wait(seconds=30)
    photo = {"person": "p1", "channel": "messenger", "account": page["id"], "attachments": [{"type": "image"}]}
    said.append(bench.simulator.post("say", **photo)["message_id"])
    bench.desk.wait(minutes=5)
    reconcile(bench, connector)
    assert found(bench, connector) == {"messages": 3, "missing": 3, "added": 3, "too_old": 0}
    # What stays of a walk are figures: whose conversations were read is written nowhere in clear.
    assert not {"done_here", "after"} & bench.asked(connector, "progress")[-1].keys()
    bench.worked()
    assert bench.stored.texts() == ["hola", "¿siguen ahí?", None]
    assert [file["kind"] for file in bench.stored.attachments()] == ["image"]
    assert bench.stored.external_ids() == said
    assert len(bench.stored.conversations()) == 1
    bench.desk.sql("update tenant.connector set reconciled_until = null")
    reconcile(bench, connector)
    bench.worked()
    assert found(bench, connector) == {"messages": 3, "missing": 0, "added": 0, "too_old": 0}
    assert bench.stored.texts() == ["hola", "¿siguen ahí?", None]


def test_what_the_owner_wrote_by_hand_comes_back_as_theirs(bench: Bench, page: Any) -> None:
    connector = bench.connect(Channel.MESSENGER, page)
    say(bench, page, "hola")
    bench.desk.wait(seconds=5)
    bench.simulator.post("owner-says", person="p1", channel="messenger", account=page["id"], text="Ya le respondo")
    bench.desk.wait(minutes=5)
    reconcile(bench, connector)
    bench.worked()
    assert [(m["text"], m["direction"]) for m in bench.stored.messages()] == [("hola", "in"), ("Ya le respondo", "out")]


def test_instagram_through_a_page_is_read_through_the_page(bench: Bench, page: Any) -> None:
    linked = page["instagram"] | {"token": page["token"]}
    connector = bench.connect(Channel.INSTAGRAM, linked, page_id=page["id"])
    say(bench, page, "por Messenger")
    say(bench, linked, "por Instagram", channel="instagram")
    bench.desk.wait(minutes=5)
    reconcile(bench, connector)
    bench.worked()
    assert bench.stored.texts() == ["por Instagram"]
    [message] = bench.stored.messages()
    assert message["connector_id"] == connector


def test_a_walk_of_many_turns_goes_on_where_it_stood_and_loses_nothing(
    bench: Bench, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_PAGE_OF", "3")  # instead of fifty conversations a page
    connector = bench.connect(Channel.MESSENGER, page)
    bench.simulator.post("persons", count=9)
    for number in range(1, 10):
        say(bench, page, f"mensaje {number}", person=f"p{number}")
    bench.desk.wait(minutes=5)
    # Each turn is over after its first few calls.
    bench.requests.upkeep = replace(bench.requests.upkeep, turn=1e9, stopping=_Every())
    reconcile(bench, connector)
    turns = 1
    while bench.asked(connector)[-1] != "reconcile done":
        if turns == 3:  # one that was not reached yet moves to the top, past where the walk stands
            say(bench, page, "otra vez", person="p1")
        bench.turn()
        bench.worked()
        turns += 1
    assert turns > 4
    said = [*(f"mensaje {number}" for number in range(1, 10)), "otra vez"]
    assert sorted(map(str, bench.stored.texts())) == said
    assert found(bench, connector)["missing"] == 9


class _Every(Event):
    """Stands for the sender's order to stop: every seventh call."""

    calls = 0

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        self.calls += 1
        return self.calls % 7 == 0


def test_only_the_twenty_newest_of_a_conversation_are_told_and_the_rest_is_counted(bench: Bench, page: Any) -> None:
    connector = bench.connect(Channel.MESSENGER, page)
    say(bench, page, *[f"n{number}" for number in range(23)])
    bench.desk.wait(minutes=5)
    reconcile(bench, connector)
    assert found(bench, connector) == {"messages": 23, "missing": 23, "added": 20, "too_old": 3}


def test_what_came_seconds_ago_is_fetched_and_is_no_alarm(bench: Bench, page: Any) -> None:
    connector = bench.connect(Channel.MESSENGER, page)
    say(bench, page, "recién")
    reconcile(bench, connector)
    assert found(bench, connector) == {"messages": 1, "missing": 0, "added": 1, "too_old": 0}


def test_difference_is_in_the_audit_trail_and_the_next_look_begins_where_this_one_ended(
    bench: Bench, page: Any
) -> None:
    connector = bench.connect(Channel.MESSENGER, page)
    say(bench, page, "hola")
    bench.desk.wait(minutes=5)
    reconcile(bench, connector)
    query = "select after from ledger.audit_entry where subject_id = :id and action = 'connector.reconciled'"
    told = bench.desk.sql(query, id=str(connector))
    assert told == {"conversations": 1, "messages": 1, "missing": 1, "added": 1, "too_old": 0}
    assert bench.of(connector, "reconciled_until") == bench.installation.clock.now()
    bench.desk.wait(hours=1)
    reconcile(bench, connector)
    assert bench.asked(connector, "progress")[-1]["conversations"] == 0


def test_telegram_keeps_no_history_and_says_so(bench: Bench) -> None:
    connector = bench.connect(Channel.TELEGRAM, bench.bot())
    with pytest.raises(connectors.NoHistory), bench.installation.works.system() as work:
        connectors.reconcile(work, bench.desk.client_id, connector)


def test_same_words_of_the_same_person_in_the_same_second_are_not_fetched_again(bench: Bench, page: Any) -> None:
    """The Conversations API does not promise the webhook's ids (channels.md 2.8)."""
    connector = bench.connect(Channel.MESSENGER, page)
    [said] = say(bench, page, "hola")
    bench.desk.wait(minutes=5)
    reconcile(bench, connector)
    bench.worked()
    keys = bench.installation.keys.of(bench.desk.client_id)
    other = keys.key_of("message", "another-id-of-it")
    assert bench.stored.external_ids() == [said]
    bench.desk.sql("update tenant.message set external_key = :key", key=other)
    bench.desk.sql("update tenant.connector set reconciled_until = null")
    reconcile(bench, connector)
    assert found(bench, connector) == {"messages": 1, "missing": 0, "added": 0, "too_old": 0}


def test_body_of_a_backfill_is_one_of_the_channel_and_says_what_it_is(bench: Bench) -> None:
    now = bench.installation.clock.now()
    account = Account(None, Access(base_url="", account="17", token=""), Channel.INSTAGRAM, "me", frozenset({"17"}))  # type: ignore[arg-type]  # nobody is called
    told = Told(id="m1", created_at=now, sender="17", recipient="55", text="hola", reply_to="m0")
    entry = json.loads(body(account, told))
    assert entry["object"] == "instagram"
    [item] = entry["entry"][0]["messaging"]
    assert item["message"] == {"mid": "m1", "is_echo": True, "text": "hola", "reply_to": {"mid": "m0"}}
    assert (item["sender"], item["recipient"], item["backfilled"]) == ({"id": "17"}, {"id": "55"}, True)
    assert timedelta(milliseconds=item["timestamp"]).total_seconds() == int(now.timestamp())
