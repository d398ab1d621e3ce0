"""Files, threads of other apps, owners' accounts and what refusals say of people: at the moment of sending."""

import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from ingestion.sender.process import Sender
from konectus.domain.budgets import Bucket
from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery
from konectus.files.directory import DirectoryFiles
from konectus.ids import uuid7
from konectus.services import inbox, media_links
from konectus.services.inbox import NewReply, Upload
from konectus.services.installation import Installation
from konectus.settings import MetaApp
from konectus.store.queries import limits
from konectus.store.roles import Role
from tests.ingestion.sender.conftest import APP, Stepped
from tests.support.desk import Desk
from tests.support.providers import FakeChannels, meta_error, telegram_error

PDF = Upload("cotización.pdf", "", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nhola")
WAV = Upload("nota.wav", "", b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\0" * 40)
LOGIN = MetaApp(name="login", id="2002", secrets=(SecretStr("s"),), verify_token=SecretStr("v"), flavour="instagram")
BLOCKED = telegram_error(403, "Forbidden: bot was blocked by the user")


def picture() -> Upload:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(made, "PNG")
    return Upload("foto.png", "", made.getvalue())


def send(desk: Desk, thread: UUID, text: str, *uploads: Upload) -> list[UUID]:
    new = NewReply(uuid7(desk.installation.clock.now()), thread, desk.agent_id, text, uploads)
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        return inbox.reply(work, new, DirectoryFiles(desk.installation.settings.data_dir / "files"))


def taken(number: int, chat: int = 7) -> httpx.Response:
    """What every channel answers for a message it takes."""
    result = {"message_id": number, "chat": {"id": chat}}
    return httpx.Response(200, json={"ok": True, "result": result, "message_id": f"m_{number}"})


def states(desk: Desk, *parts: UUID) -> list[tuple[Delivery, str | None]]:
    return [(desk.message(part).status, desk.message(part).failure) for part in parts]


def contact(desk: Desk, thread: UUID) -> object:
    return desk.sql(
        "select unreachable from tenant.contact where id = (select contact_id from tenant.conversation where id = :id)",
        id=thread,
    )


def test_one_reply_is_several_messages_in_order_and_one_that_fails_leaves_the_others(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.next = [taken(1), meta_error(100, 2018109), taken(3)]
    parts = send(desk, thread, "Va", picture(), PDF)
    stepped.send(4)
    assert states(desk, *parts) == [
        (Delivery.SENT, None),
        (Delivery.FAILED, "media:100/2018109"),
        (Delivery.SENT, None),
    ]
    assert [desk.message(part).external_id for part in parts] == ["m_1", None, "m_3"]
    text, image, paper = (call.content for call in channels.calls)
    assert b'"text": "Va"' in text or b'"text":"Va"' in text
    assert b'{"type": "image"' in image
    assert picture().content in image
    assert b'{"type": "file"' in paper
    assert PDF.content in paper


def test_instagram_login_fetches_the_file_from_an_address_of_its_own(
    installation: Installation, desk: Desk, channels: FakeChannels
) -> None:
    settings = installation.settings.model_copy(update={"meta_apps": (APP, LOGIN), "public_url": "https://k.test/"})
    stepped = Stepped(Sender(replace(installation, settings=settings), http=channels.http))
    connector = desk.connector(Channel.INSTAGRAM)
    desk.sql("update tenant.connector set app = 'login' where id = :id", id=connector)
    (part,) = send(desk, desk.conversation(connector, Channel.INSTAGRAM), "", picture())
    channels.next = [taken(1)]
    stepped.send()
    assert states(desk, part) == [(Delivery.SENT, None)]
    url = channels.told()["message"]["attachments"]["payload"]["url"]
    assert url.startswith("https://k.test/media/")
    now = installation.clock.now()
    attachment = desk.message(part).attachments[0].id
    token = url.removeprefix("https://k.test/media/")
    assert media_links.read(installation.keys, token, now) == (desk.client_id, attachment)
    stepped.sender.stop()


def test_file_that_is_not_in_our_store_fails_its_part_alone(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    lost, kept = send(desk, thread, "", PDF, picture())
    DirectoryFiles(desk.installation.settings.data_dir / "files").delete(
        desk.client_id, desk.message(lost).attachments[0].id
    )
    channels.next = [taken(1)]
    stepped.send(3)
    assert states(desk, lost, kept) == [(Delivery.FAILED, "file_lost"), (Delivery.SENT, None)]


@pytest.mark.parametrize(
    "case",
    [
        (Channel.MESSENGER, meta_error(551, 1545041), "recipient_blocked:551/1545041", "blocked"),
        (Channel.MESSENGER, meta_error(100, 2018001), "recipient_gone:100/2018001", "gone"),
        (Channel.TELEGRAM, BLOCKED, "recipient_blocked:403", "blocked"),
        (Channel.TELEGRAM, telegram_error(403, "Forbidden: user is deactivated"), "recipient_gone:403", "gone"),
    ],
)  # fmt: skip
def test_person_out_of_reach_is_marked_and_in_reach_again_once_a_message_goes(
    desk: Desk, channels: FakeChannels, stepped: Stepped, case: tuple[Channel, httpx.Response, str, str]
) -> None:
    channel, refusal, failure, reach = case
    thread = desk.conversation(desk.connector(channel), channel)
    channels.next = [refusal]
    part = desk.reply(thread, "hola")
    stepped.send()
    assert (states(desk, part), contact(desk, thread)) == ([(Delivery.FAILED, failure)], reach)
    desk.wait(minutes=1)
    again = desk.reply(thread, "¿ya?")
    stepped.send()
    assert (states(desk, again), contact(desk, thread)) == ([(Delivery.SENT, None)], None)


def test_our_own_clock_says_what_the_ambiguous_code_means(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    desk.wait(hours=25)
    channels.next = [meta_error(551, 1545041)]
    part = desk.reply(thread, "tarde")
    stepped.send()
    assert states(desk, part) == [(Delivery.FAILED, "window:551/1545041")]
    assert contact(desk, thread) is None


def test_bot_that_was_put_out_of_a_group_closes_its_conversation(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    thread = desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM, person="-100777")
    channels.next = [telegram_error(403, "Forbidden: bot was kicked from the supergroup chat")]
    part = desk.reply(thread, "a todos")
    stepped.send()
    assert channels.told()["chat_id"] == "-100777"
    assert states(desk, part) == [(Delivery.FAILED, "chat_closed:403")]
    assert desk.sql("select status from tenant.conversation") == "closed"


def test_thread_of_another_app_is_taken_once_and_the_reply_goes(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.next = [meta_error(2018300), httpx.Response(200, json={"success": True})]
    part = desk.reply(thread, "ya te atiendo yo")
    stepped.send()
    assert [call.url.path.rpartition("/")[2] for call in channels.calls] == [
        "messages", "take_thread_control", "messages",
    ]  # fmt: skip
    assert states(desk, part) == [(Delivery.SENT, None)]


def test_thread_known_to_be_held_is_taken_before_the_reply(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    desk.sql("update tenant.conversation set owner_app = '999', owner_at = opened_at")
    channels.next = [httpx.Response(200, json={"success": True})]
    part = desk.reply(thread, "ya te atiendo yo")
    stepped.send()
    assert channels.calls[0].url.path.endswith("/take_thread_control")
    assert states(desk, part) == [(Delivery.SENT, None)]
    assert desk.sql("select owner_app from tenant.conversation") is None


def test_thread_that_may_not_be_taken_fails_the_reply(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.next = [meta_error(2018300), meta_error(10)]
    part = desk.reply(thread, "hola")
    stepped.send(2)
    assert len(channels.calls) == 2
    assert states(desk, part) == [(Delivery.FAILED, "not_owner:2018300")]
    assert desk.sql("select state from tenant.connector") == "connected"


def test_flow_of_the_channel_is_waited_for_and_given_up_in_the_end(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.always = lambda _: meta_error(2018321)
    part = desk.reply(thread, "hola")
    for _ in range(5):
        stepped.send()
        assert states(desk, part) == [(Delivery.QUEUED, None)]
        desk.wait(seconds=40)
    stepped.send()
    assert states(desk, part) == [(Delivery.FAILED, "not_owner:2018321")]


def business(desk: Desk) -> UUID:
    """A person who wrote to the owner's own account."""
    connector = desk.connector(Channel.TELEGRAM)
    thread = desk.conversation(connector, Channel.TELEGRAM, person="55")
    said = desk.outside(thread, "bc9:55:3", "hola")
    desk.sql(
        "update tenant.message set direction = 'in', author = 'contact', status = 'received' where id = :id", id=said
    )
    desk.sql("update tenant.conversation set business_at = window_opened_at")
    return thread


def test_answer_to_the_owners_account_goes_through_it_and_only_for_a_day(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    thread = business(desk)
    part = desk.reply(thread, "con gusto")
    stepped.send()
    assert channels.told()["business_connection_id"] == "bc9"
    assert desk.message(part).external_id == "bc9:55:1"
    desk.wait(hours=23)
    late = desk.reply(thread, "tarde")
    desk.wait(hours=2)
    stepped.send()
    assert states(desk, late) == [(Delivery.FAILED, "window")]


def test_owner_who_ended_the_connection_fails_the_reply_and_not_the_bot(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.next = [telegram_error(400, "Bad Request: business connection not found")]
    part = desk.reply(business(desk), "con gusto")
    stepped.send()
    assert states(desk, part) == [(Delivery.FAILED, "business_gone:400")]
    assert desk.sql("select state from tenant.connector") == "connected"


def test_unknown_outcome_says_whether_the_channel_can_be_asked(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    bot = desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM)
    channels.always = lambda _: httpx.ReadTimeout("slow")
    page, chat = desk.reply(thread, "página"), desk.reply(bot, "bot")
    stepped.send(2)
    assert states(desk, page, chat) == [(Delivery.UNKNOWN, "checking"), (Delivery.UNKNOWN, "unconfirmed")]
    assert desk.sql("select ask_after is null from tenant.outbox where id = :id", id=chat) is True


def test_sound_and_film_keep_to_ten_a_second(desk: Desk, channels: FakeChannels, stepped: Stepped) -> None:
    connector = desk.connector()
    channels.always = lambda _: taken(len(channels.calls))
    for _ in range(12):
        send(desk, desk.conversation(connector), "", WAV)
    stepped.send(12)
    assert len(channels.calls) == 10
    desk.wait(seconds=1)
    stepped.send(2)
    assert len(channels.calls) == 12


def test_account_that_has_nearly_used_its_allowance_is_slowed_down(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    connector = desk.connector()
    usage = {"X-App-Usage": '{"call_count": 96, "total_time": 3}'}
    channels.always = lambda _: httpx.Response(200, json={"message_id": f"m_{len(channels.calls)}"}, headers=usage)
    desk.reply(desk.conversation(connector), "primera")
    stepped.send()
    desk.wait(seconds=5)
    for number in range(30):
        desk.reply(desk.conversation(connector), f"{number}")
    for _ in range(6):
        stepped.send(3)
    # A sixth of forty and of forty a second, instead of all thirty at once.
    assert len(channels.calls) < 12
    usage.clear()
    desk.wait(minutes=11)
    for _ in range(9):
        stepped.send(3)
    assert len(channels.calls) > 20


def test_two_processes_share_the_budget_of_a_chat(
    installation: Installation, desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    other = Stepped(Sender(installation, http=channels.http))
    thread = desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM)
    for number in range(6):
        desk.reply(thread, f"{number}")
        desk.wait(milliseconds=2)
    for sender in (stepped, other, stepped, other, stepped, other):
        sender.send()
    assert channels.accepted == ["0", "1", "2"]
    other.sender.stop()


def test_two_processes_share_the_breaker(
    installation: Installation, desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    other = Stepped(Sender(installation, http=channels.http))
    page = desk.connector()
    channels.always = lambda _: httpx.ConnectError("down")
    for number in range(6):
        desk.reply(desk.conversation(page), f"caído {number}")
    for sender in (stepped, other, stepped, other):
        sender.send()
    asked = sum(call.method == "POST" and "graph" in call.url.host for call in channels.calls)
    now = installation.clock.now()
    with installation.database.session(Role.APP, desk.client_id) as session:
        tried_again = limits.resting(session, desk.client_id, now)[page]
    assert timedelta(seconds=30) <= tried_again - now < timedelta(seconds=38)
    with installation.database.session(Role.WORKER) as session:
        assert limits.open_by_channel(session) == {"messenger": 1}
    channels.always = None
    stepped.sender.beat()
    assert 'konectus_breakers_open{channel="messenger"}' in stepped.sender.counters.snapshot()
    desk.wait(seconds=40)
    answered = threading.Event()

    def hold(_request: httpx.Request) -> None:
        assert answered.wait(10)

    channels.during = hold
    stepped.sender.outbox.step()
    other.sender.outbox.step()
    answered.set()
    for sender in (stepped, other):
        assert sender.sender.outbox.lanes.wait_idle(20)
    probes = sum(call.method == "POST" and "graph" in call.url.host for call in channels.calls) - asked
    assert probes == 1, "one in all"
    other.sender.stop()


def test_buckets_nobody_asks_for_are_forgotten(desk: Desk, thread: UUID, stepped: Stepped) -> None:
    desk.reply(thread, "hola")
    stepped.send()
    assert desk.sql("select kind from platform.send_budget") == Bucket.ACCOUNT
    desk.wait(hours=2)
    stepped.sweep()
    assert desk.sql("select count(*) from platform.send_budget") == 0


@pytest.mark.parametrize(
    "spoil",
    [lambda: httpx.Response(302, headers={"Location": "https://x.test"}), lambda: httpx.Response(200, text="<p>")],
)
def test_answer_that_is_none_leaves_the_part_unknown_and_it_is_not_sent_again(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped, spoil: Callable[[], httpx.Response]
) -> None:
    channels.next = [spoil()]
    part = desk.reply(thread, "una vez")
    stepped.send()
    desk.wait(minutes=10)
    stepped.send()
    assert states(desk, part) == [(Delivery.UNKNOWN, "checking")]
    assert len(channels.calls) == 1
    assert json.loads(channels.calls[0].content)["message"]["text"] == "una vez"
