"""What was said of a reply while nobody knew its name: applied once the channel tells, however late that is."""

import json
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from ingestion.sender import delivery, outbox
from ingestion.worker.process import Worker
from konectus.domain.conversations import Delivery
from konectus.ids import uuid7
from konectus.services import questions
from konectus.store.queries import business
from konectus.store.queries.business import BusinessRoute
from tests.ingestion.harness import page
from tests.ingestion.sender.conftest import Stepped
from tests.ingestion.stored import log
from tests.support.desk import Desk
from tests.support.providers import FakeChannels

MID = "m_1"


@pytest.fixture
def unknown(desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped) -> UUID:
    """A part whose answer was lost."""
    channels.next = [httpx.ReadTimeout("lost")]
    part = desk.reply(thread, "Con gusto")
    stepped.send()
    assert desk.message(part).status is Delivery.UNKNOWN
    return part


def event(desk: Desk, person: str, **what: object) -> bytes:
    """Somebody does something to the message that nobody knows yet."""
    account = str(desk.sql("select account_id from tenant.connector"))
    at = desk.installation.clock.now() + timedelta(seconds=1)
    item = {"sender": {"id": person}, "recipient": {"id": account}, "timestamp": int(at.timestamp() * 1000), **what}
    return page(account, item)


def told_late(desk: Desk, worker: Worker, body: bytes) -> None:
    """First of it, an hour later of the message: a question to the channel has named it."""
    log(desk.installation, "meta:demo", body)
    while worker.step():
        pass
    worker.wake()
    assert desk.sql("select count(*) from tenant.tombstone") == 1
    desk.wait(hours=1)
    with desk.installation.works.system() as work:
        (question,) = questions.due(work, 10)
    with desk.installation.works.system() as work:
        questions.found(work, question, MID)
    worker.wake()


@pytest.mark.parametrize(
    ("what", "column"),
    [
        ({"message_edit": {"mid": MID, "text": "Con mucho gusto", "num_edit": 1}}, "edited_at"),
        ({"message": {"mid": MID, "is_deleted": True}}, "deleted_at"),
    ],
)
def test_edit_and_withdrawal_that_waited_count_once_the_channel_tells_of_the_message(
    desk: Desk, unknown: UUID, what: dict[str, object], column: str
) -> None:
    """They were used up, or stayed unread until a restart."""
    worker = Worker(desk.installation)
    worker.wake()
    told_late(desk, worker, event(desk, person(desk), **what))
    assert desk.message(unknown).status is Delivery.SENT
    assert desk.sql(f"select {column} is not null from tenant.message where id = :id", id=unknown) is True
    assert desk.sql("select count(*) from tenant.tombstone") == 0


def test_reaction_that_waited_opens_the_window_once_the_channel_tells_of_the_message(
    desk: Desk, thread: UUID, unknown: UUID
) -> None:
    worker = Worker(desk.installation)
    worker.wake()
    told_late(desk, worker, event(desk, person(desk), reaction={"mid": MID, "action": "react", "emoji": "❤"}))
    assert desk.message(unknown).reactions[0].emoji == "❤"
    assert desk.sql("select window_opened_by from tenant.conversation where id = :id", id=thread) == "reaction"


def person(desk: Desk) -> str:
    contact = desk.sql("select id from tenant.contact")
    sealed = desk.sql("select external_id_sealed from tenant.contact")
    assert isinstance(contact, UUID)
    assert isinstance(sealed, bytes)
    return desk.installation.keys.of(desk.client_id).open_text(sealed, "contact", "external_id_sealed", contact)


def test_part_is_called_lost_only_when_it_cannot_be_on_the_wire_any_more() -> None:
    """Taking the thread and sending, each twice, could outlast the lease: the next part went out before this one."""
    assert timedelta(seconds=delivery.LONGEST) + timedelta(minutes=1) < outbox.LEASE


def test_strangers_who_connect_the_bot_to_their_accounts_do_not_slow_down_answers_to_the_owners(
    desk: Desk, thread: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every connection ever told was opened for every answer; anybody on Telegram may add to them."""
    monkeypatch.setattr(business, "_CONNECTIONS", 2)
    said = desk.outside(thread, "bc9:55:3", "hola")
    desk.sql(
        "update tenant.message set direction = 'in', author = 'contact', status = 'received' where id = :id", id=said
    )
    connector = desk.sql("select id from tenant.connector")
    assert isinstance(connector, UUID)
    keys = desk.installation.keys.of(desk.client_id)
    told = {"id": "bc9", "enabled": True, "can_reply": False}
    for number, facts in enumerate((None, {"id": "bc1"}, told)):
        row = uuid7(desk.installation.clock.now())
        sealed = keys.seal_text(json.dumps(facts), "conversation_event", "facts_sealed", row)
        desk.sql(
            "insert into tenant.conversation_event (client_id, id, connector_id, kind, at, received_at, facts_sealed)"
            " values (:client, :id, :connector, 'business_connection', :at, :at, :facts)",
            client=desk.client_id,
            id=row,
            connector=connector,
            at=desk.installation.clock.now() + timedelta(seconds=number),
            facts=sealed if facts else b"does not open",
        )
    with desk.installation.works.system() as work:
        route = business.business_route(work.session, keys, connector, thread)
    assert route == BusinessRoute("bc9", enabled=True, can_reply=False)
