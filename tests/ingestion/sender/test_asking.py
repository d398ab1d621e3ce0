"""Outcomes nobody knows, found out: own replies doubled by echoes are one message, whichever comes first."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from ingestion.sender.asking import Asking
from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.conversations import Delivery
from konectus.files import sealed
from konectus.services import inbox
from tests.ingestion.sender.conftest import Stepped
from tests.support.desk import Desk
from tests.support.providers import FakeChannels, meta_error


@dataclass
class Record:
    """The Conversations API of a page: what it says was said, and that it tells twenty in full; and who asks it."""

    asking: Asking
    said: list[dict[str, object]] = field(default_factory=list)
    refusal: httpx.Response | None = None
    asked: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    def keep(self, text: str, at: datetime, *, sender: str = "page", name: str = "") -> str:
        name = name or f"m_{next(self._numbers)}"
        told = {"id": name, "created_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000"), "from": {"id": sender}}
        self.said.insert(0, {**told, "to": {"data": [{"id": "x"}]}, "message": text})
        return name

    def answer(self, request: httpx.Request) -> httpx.Response | None:
        if request.method != "GET":
            return httpx.ReadTimeout("lost")  # type: ignore[return-value]  # the fakes raise it
        self.asked.append(request.url.path)
        if self.refusal is not None:
            return self.refusal
        node = request.url.path.rpartition("/")[2]
        if node == "conversations":
            return httpx.Response(200, json={"data": [{"id": "t_1"}]})
        if node == "t_1":
            return httpx.Response(200, json={"messages": {"data": self.said}})
        newest = [one for one in self.said[:20] if one["id"] == node]
        return httpx.Response(200, json=newest[0]) if newest else meta_error(9000001)


class Passing(threading.Event):
    """Waiting for a budget lets the test's time pass."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def wait(self, timeout: float | None = None) -> bool:
        self.desk.wait(seconds=timeout or 0)
        return False


@pytest.fixture
def record(desk: Desk, channels: FakeChannels, stepped: Stepped) -> Record:
    """A channel that takes replies without ever saying so, and its record."""
    found = Record(Asking(desk.installation.works, stepped.sender.asking.delivery, Passing(desk)))
    channels.always = found.answer
    return found


def unknown(desk: Desk, stepped: Stepped, thread: UUID, words: str) -> UUID:
    part = desk.reply(thread, words)
    stepped.send()
    assert desk.message(part).status is Delivery.UNKNOWN
    return part


def ask(desk: Desk, record: Record, **later: float) -> None:
    desk.wait(**later or {"seconds": 6})
    record.asking.step()


def test_reply_that_arrived_is_found_in_the_channels_record(
    desk: Desk, thread: UUID, stepped: Stepped, record: Record
) -> None:
    now = desk.installation.clock.now()
    part = unknown(desk, stepped, thread, "Con gusto")
    record.keep("Con gusto", now - timedelta(hours=2))
    name = record.keep("Con gusto", now + timedelta(seconds=1))
    record.keep("Otra cosa", now + timedelta(seconds=2))
    ask(desk, record)
    (message,) = desk.thread(thread)
    assert (message.id, message.external_id, message.status, message.failure) == (part, name, Delivery.SENT, None)
    assert desk.sql("select count(*) from tenant.outbox where ask_after is not null") == 0


def test_echo_without_our_mark_becomes_one_message_with_the_reply_whose_answer_was_lost(
    desk: Desk, stepped: Stepped, record: Record
) -> None:
    thread = desk.conversation(desk.connector(Channel.INSTAGRAM), Channel.INSTAGRAM)
    part = unknown(desk, stepped, thread, "¡Listo! 🌸")
    desk.outside(thread, "aWdf1", "¡Listo! 🌸", Delivery.READ)
    assert len(desk.thread(thread)) == 2
    ask(desk, record)
    (message,) = desk.thread(thread)
    assert (message.id, message.external_id, message.status) == (part, "aWdf1", Delivery.READ)
    assert record.asked == [], "what is told already costs no question"


def test_file_that_was_fetched_for_an_echo_goes_with_it(desk: Desk, stepped: Stepped, record: Record) -> None:
    """It stayed for ever: nothing named it, so that no withdrawal reached it."""
    thread = desk.conversation(desk.connector(Channel.INSTAGRAM), Channel.INSTAGRAM)
    part = unknown(desk, stepped, thread, "mira")
    echo = desk.attachment(thread, AttachmentKind.IMAGE)
    files, now = record.asking.delivery.files, desk.installation.clock.now()
    for kept in (part, echo):
        sealed.write(files, desk.installation.keys.of(desk.client_id), kept, b"foto")
    desk.sql("update tenant.attachment set state = 'stored', stored_at = :now where id = :id", now=now, id=echo)
    ours = desk.installation.keys.of(desk.client_id).seal_text("{}", "attachment", "source_sealed", part)
    desk.sql(
        "insert into tenant.attachment (client_id, id, message_id, position, kind, state, source_sealed, stored_at)"
        " values (:client, :id, :id, 0, 'image', 'stored', :source, :now)",
        client=desk.client_id, id=part, source=ours, now=now,
    )  # fmt: skip
    desk.sql("update tenant.message set text_sealed = null where id <> :part", part=part)
    ask(desk, record)
    assert desk.message(part).status is Delivery.SENT
    assert [a.id for a in desk.message(part).attachments] == [part]
    assert files.delete_all(desk.client_id) == 1


def test_echo_after_the_agent_said_it_arrived_is_still_the_same_message(
    desk: Desk, stepped: Stepped, record: Record
) -> None:
    thread = desk.conversation(desk.connector(Channel.INSTAGRAM), Channel.INSTAGRAM)
    part = unknown(desk, stepped, thread, "Listo")
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.decide_unknown(work, part, arrived=True)
    desk.outside(thread, "aWdf1", "Listo")
    ask(desk, record)
    (message,) = desk.thread(thread)
    assert (message.id, message.external_id, message.status) == (part, "aWdf1", Delivery.SENT)


def test_two_that_fit_are_nobodys_and_stay_for_the_agent(
    desk: Desk, thread: UUID, stepped: Stepped, record: Record
) -> None:
    now = desk.installation.clock.now()
    part = unknown(desk, stepped, thread, "ok")
    record.keep("ok", now)
    record.keep("ok", now + timedelta(seconds=3))
    ask(desk, record)
    assert desk.message(part).status is Delivery.UNKNOWN
    for _ in range(4):
        ask(desk, record, hours=2)
    assert (desk.message(part).status, desk.message(part).failure) == (Delivery.UNKNOWN, "unconfirmed")
    asked = len(record.asked)
    ask(desk, record, days=2)
    assert len(record.asked) == asked, "nobody asks for ever"


def test_message_that_is_another_part_of_ours_is_not_taken_for_this_one(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped, record: Record
) -> None:
    channels.next = [httpx.Response(200, json={"message_id": "m_known"})]
    known = desk.reply(thread, "ok")
    stepped.send()
    desk.wait(seconds=1)
    part = unknown(desk, stepped, thread, "ok")
    record.keep("ok", desk.installation.clock.now(), name="m_known")
    ask(desk, record)
    assert (desk.message(known).status, desk.message(part).status) == (Delivery.SENT, Delivery.UNKNOWN)
    name = record.keep("ok", desk.installation.clock.now() - timedelta(seconds=6))
    ask(desk, record, minutes=1)
    assert desk.message(part).external_id == name


def test_what_the_person_said_and_what_is_too_old_to_be_told_decides_nothing(
    desk: Desk, thread: UUID, stepped: Stepped, record: Record
) -> None:
    now = desk.installation.clock.now()
    part = unknown(desk, stepped, thread, "hola")
    record.keep("hola", now)
    for number in range(21):
        record.keep(f"{number}", now + timedelta(seconds=2))
    person = str(desk.installation.keys.of(desk.client_id).open_text(*sealed_person(desk)))
    record.keep("hola", now, sender=person)
    ask(desk, record)
    assert desk.message(part).status is Delivery.UNKNOWN


def sealed_person(desk: Desk) -> tuple[bytes, str, str, UUID]:
    row = desk.sql("select id from tenant.contact")
    sealed = desk.sql("select external_id_sealed from tenant.contact")
    assert isinstance(row, UUID)
    assert isinstance(sealed, bytes)
    return sealed, "contact", "external_id_sealed", row


@pytest.mark.parametrize("refusal", [meta_error(190, 463), meta_error(10), httpx.Response(200, text="<html>")])
def test_channel_that_does_not_tell_leaves_the_reply_unknown(
    desk: Desk, thread: UUID, stepped: Stepped, record: Record, refusal: httpx.Response
) -> None:
    part = unknown(desk, stepped, thread, "hola")
    record.refusal = refusal
    ask(desk, record)
    assert (desk.message(part).status, desk.message(part).failure) == (Delivery.UNKNOWN, "checking")


def test_connector_without_a_token_asks_nobody_and_leaves_the_reply_to_the_agent(
    desk: Desk, thread: UUID, stepped: Stepped, record: Record
) -> None:
    """It asked with an empty token."""
    part = unknown(desk, stepped, thread, "hola")
    desk.sql("update tenant.connector set state = 'needs_reconfiguration', reason = null, secret_sealed = null")
    for _ in range(5):
        ask(desk, record, hours=2)
    assert record.asked == []
    assert (desk.message(part).status, desk.message(part).failure) == (Delivery.UNKNOWN, "unconfirmed")


def test_page_is_asked_twice_a_second_at_most(desk: Desk, thread: UUID, stepped: Stepped, record: Record) -> None:
    began = desk.installation.clock.now()
    unknown(desk, stepped, thread, "hola")
    for number in range(8):
        record.keep(f"{number}", began + timedelta(seconds=1))
    desk.wait(seconds=6)
    before = desk.installation.clock.now()
    record.asking.step()
    spent = (desk.installation.clock.now() - before).total_seconds()
    assert len(record.asked) == 10
    assert spent >= (10 - 2) / 2 - 0.01


def test_owners_account_is_told_by_its_own_echo_and_never_by_the_owners_hand(
    desk: Desk, stepped: Stepped, record: Record
) -> None:
    thread = desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM, person="55")
    said = desk.outside(thread, "bc9:55:3", "hola")
    desk.sql(
        "update tenant.message set direction = 'in', author = 'contact', status = 'received' where id = :id", id=said
    )
    desk.sql("update tenant.conversation set business_at = window_opened_at")
    channels_part = unknown(desk, stepped, thread, "con gusto")
    by_hand = desk.outside(thread, "bc9:55:4", "con gusto")
    desk.sql("update tenant.message set author = 'owner' where id = :id", id=by_hand)
    ask(desk, record)
    assert desk.message(channels_part).status is Delivery.UNKNOWN
    desk.outside(thread, "bc9:55:5", "con gusto")
    desk.sql("update tenant.message set occurred_at = occurred_at - interval '6 seconds' where author = 'program'")
    ask(desk, record, minutes=1)
    assert desk.message(channels_part).external_id == "bc9:55:5"
    assert {message.external_id for message in desk.thread(thread)} == {"bc9:55:3", "bc9:55:4", "bc9:55:5"}


def test_file_is_recognised_by_being_the_only_one(desk: Desk, thread: UUID, stepped: Stepped, record: Record) -> None:
    now = desk.installation.clock.now()
    part = unknown(desk, stepped, thread, "mira")
    sealed = desk.installation.keys.of(desk.client_id).seal_text("{}", "attachment", "source_sealed", part)
    desk.sql(
        "insert into tenant.attachment (client_id, id, message_id, position, kind, state, source_sealed)"
        " values (:client, :id, :id, 0, 'image', 'stored', :source)", client=desk.client_id, id=part, source=sealed,
    )  # fmt: skip
    record.keep("mira", now)
    name = record.keep("", now)
    record.said[0]["attachments"] = {"data": [{"mime_type": "image/png", "image_data": {"url": "https://x.test/1"}}]}
    ask(desk, record)
    assert desk.message(part).external_id == name


def test_process_that_ends_while_it_asks_leaves_the_question_to_another(
    desk: Desk, thread: UUID, stepped: Stepped, record: Record
) -> None:
    part = unknown(desk, stepped, thread, "hola")
    for number in range(5):
        record.keep(f"{number}", desk.installation.clock.now())
    desk.wait(seconds=6)
    ended = threading.Event()
    ended.set()
    Asking(desk.installation.works, record.asking.delivery, ended).step()
    name = record.keep("hola", desk.installation.clock.now() - timedelta(seconds=6))
    ask(desk, record, minutes=3)
    assert desk.message(part).external_id == name
