"""Replies on their way to the channel: once, in order, and every outcome told as it is."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery
from konectus.domain.suspension import Cause
from konectus.ids import uuid7
from konectus.services import inbox, suspensions
from konectus.services.installation import Installation
from tests.ingestion.sender.conftest import Stepped
from tests.support.desk import Desk
from tests.support.factories import STAFF
from tests.support.providers import FakeChannels, meta_error, telegram_error


def states(desk: Desk, *parts: UUID) -> list[Delivery]:
    return [desk.message(part).status for part in parts]


def test_reply_reaches_the_channel_and_is_sent(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    part = desk.reply(thread, "Con gusto, ¿a qué hora?")
    stepped.send()
    assert channels.accepted == ["Con gusto, ¿a qué hora?"]
    message = desk.message(part)
    assert (message.status, message.external_id, message.failure) == (Delivery.SENT, "m_1", None)
    assert channels.told()["messaging_type"] == "RESPONSE"
    assert stepped.sender.counters.snapshot() == {'konectus_sends_total{channel="messenger",outcome="sent"}': 1}


def test_double_click_sends_once(desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped) -> None:
    click = uuid7(desk.installation.clock.now())
    assert desk.reply(thread, "Hola", click=click) == desk.reply(thread, "Hola", click=click)
    stepped.send(3)
    assert channels.accepted == ["Hola"]


def test_two_senders_send_once(
    desk: Desk, thread: UUID, installation: Installation, channels: FakeChannels, stepped: Stepped
) -> None:
    other = Stepped(type(stepped.sender)(installation, http=channels.http))
    part = desk.reply(thread, "Hola")
    stepped.sender.outbox.step()
    other.send()
    stepped.send()
    assert channels.accepted == ["Hola"]
    assert states(desk, part) == [Delivery.SENT]
    other.sender.stop()


def test_parts_of_a_conversation_keep_their_order_even_when_one_fails(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    parts = []
    for words in ("uno", "dos", "tres"):
        parts.append(desk.reply(thread, words))
        desk.wait(seconds=1)
    channels.next = [meta_error(100, 2018047)]
    stepped.send(4)
    assert channels.texts() == ["uno", "dos", "tres"]
    assert states(desk, *parts) == [Delivery.FAILED, Delivery.SENT, Delivery.SENT]
    assert desk.message(parts[0]).failure == "media:100/2018047"


def test_part_that_waits_for_its_retry_holds_back_the_next_of_its_conversation_alone(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    connector = desk.connector()
    ana, beto = desk.conversation(connector), desk.conversation(connector)
    channels.always = lambda request: httpx.ConnectError("down") if b"ana" in request.content else None
    first = desk.reply(ana, "ana 1")
    desk.wait(seconds=1)
    second, other = desk.reply(ana, "ana 2"), desk.reply(beto, "beto 1")
    stepped.send(3)
    assert states(desk, first, second, other) == [Delivery.QUEUED, Delivery.QUEUED, Delivery.SENT]
    channels.always = None
    desk.wait(seconds=10)
    stepped.send(2)
    assert channels.accepted == ["beto 1", "ana 1", "ana 2"]


@pytest.mark.parametrize(
    "trouble",
    [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("dropped"), meta_error(2), meta_error(1, 1357046, 500)],
    ids=["timeout", "dropped", "transient", "sent anyway"],
)
def test_send_whose_outcome_is_not_known_is_never_sent_again(
    desk: Desk,
    thread: UUID,
    channels: FakeChannels,
    stepped: Stepped,
    trouble: Exception | httpx.Response,
) -> None:
    channels.next = [trouble]
    part = desk.reply(thread, "una vez")
    stepped.send()
    assert states(desk, part) == [Delivery.UNKNOWN]
    desk.wait(hours=1)
    stepped.send(2)
    stepped.sweep()
    assert (len(channels.calls), states(desk, part)) == (1, [Delivery.UNKNOWN])


def test_process_killed_between_write_and_answer_leaves_the_part_unknown(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    class Killed(BaseException):
        """Nothing after the request runs, as with SIGKILL."""

    def kill(_request: httpx.Request) -> None:
        raise Killed

    part = desk.reply(thread, "una vez")
    channels.during = kill
    stepped.sender.outbox.step()
    stepped.sender.outbox.lanes.wait_idle(10)
    channels.during = None
    assert states(desk, part) == [Delivery.SENDING]
    stepped.send()
    assert states(desk, part) == [Delivery.SENDING]
    stepped.sweep()
    stepped.send()
    assert (len(channels.calls), states(desk, part)) == (1, [Delivery.UNKNOWN])


def test_connection_that_never_came_about_is_tried_again_and_arrives_once(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.next = [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow")]
    part = desk.reply(thread, "al fin")
    for _ in range(3):
        stepped.send()
        desk.wait(seconds=10)
    assert (channels.accepted, states(desk, part)) == (["al fin"], [Delivery.SENT])


def test_window_that_shut_while_the_reply_waited_fails_it(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    desk.wait(days=6, hours=23)
    part = desk.reply(thread, "tarde")
    desk.wait(hours=2)
    stepped.send()
    assert channels.calls == []
    assert (desk.message(part).status, desk.message(part).failure) == (Delivery.FAILED, "window")


def test_reply_after_a_day_goes_out_with_the_human_agent_tag(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    desk.wait(hours=25)
    desk.reply(thread, "seguimos aquí")
    stepped.send()
    assert (channels.told()["messaging_type"], channels.told()["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_tag_that_is_not_granted_fails_the_reply_and_leaves_the_connector_alone(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    desk.wait(hours=25)
    channels.next = [meta_error(10)]
    part = desk.reply(thread, "tarde")
    stepped.send()
    assert desk.message(part).failure == "window:10"
    assert desk.sql("select state from tenant.connector") == "connected"


def test_suspended_client_gets_its_words_back_as_drafts(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    first = desk.reply(thread, "uno")
    desk.wait(seconds=1)
    second = desk.reply(thread, "dos")
    with desk.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    stepped.send()
    stepped.sweep()
    assert channels.calls == []
    assert desk.draft(thread) == "uno\n\ndos"
    assert [desk.message(part).failure for part in (first, second)] == ["suspended"] * 2
    assert desk.sql("select count(*) from tenant.outbox where done_at is null") == 0


def test_reply_that_waited_a_day_goes_back_before_what_the_agent_has_begun_since(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    part = desk.reply(thread, "de ayer")
    desk.wait(hours=24)
    with desk.installation.works.tenant(desk.client_id, desk.actor) as work:
        inbox.save_draft(work, thread, desk.agent_id, "de hoy")
    stepped.send()
    stepped.sweep()
    assert channels.calls == []
    assert (states(desk, part), desk.message(part).failure) == ([Delivery.CANCELLED], "expired")
    assert desk.draft(thread) == "de ayer\n\nde hoy"


def test_limit_of_a_bot_holds_all_its_conversations_for_as_long_as_it_says(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    bot, page = desk.connector(Channel.TELEGRAM), desk.connector()
    ana, beto = (desk.conversation(bot, Channel.TELEGRAM) for _ in range(2))
    channels.next = [telegram_error(429, "Too Many Requests: retry after 35", retry_after=35)]
    first = desk.reply(ana, "ana")
    stepped.send()
    late, other = desk.reply(beto, "beto"), desk.reply(desk.conversation(page), "página")
    desk.wait(seconds=34)
    stepped.send()
    assert channels.accepted == ["página"]
    assert states(desk, first, late, other) == [Delivery.QUEUED, Delivery.QUEUED, Delivery.SENT]
    desk.wait(seconds=10)
    stepped.send()
    assert sorted(channels.accepted) == ["ana", "beto", "página"]


def test_person_on_telegram_gets_a_burst_and_then_one_a_second(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    thread = desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM)
    for number in range(5):
        desk.reply(thread, f"{number}")
        desk.wait(milliseconds=2)
    stepped.send(6)
    assert channels.accepted == ["0", "1", "2"]
    desk.wait(seconds=1)
    stepped.send(2)
    assert channels.accepted == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "case",
    [
        (meta_error(100), "refused:100"),
        (meta_error(10, 2018278), "window:10/2018278"),
        (meta_error(9000001), "refused:9000001"),
    ],
)
def test_refusal_is_told_and_not_tried_again(
    desk: Desk,
    thread: UUID,
    channels: FakeChannels,
    stepped: Stepped,
    case: tuple[httpx.Response, str],
) -> None:
    refusal, failure = case
    channels.next = [refusal]
    part = desk.reply(thread, "no")
    stepped.send()
    desk.wait(hours=1)
    stepped.send()
    assert len(channels.calls) == 1
    assert (desk.message(part).status, desk.message(part).failure) == (Delivery.FAILED, failure)


def test_dead_token_stops_the_connector_and_its_replies_wait(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    channels.next = [meta_error(190, 463)]
    part = desk.reply(thread, "espera")
    stepped.send()
    desk.wait(hours=1)
    stepped.send(2)
    assert (len(channels.calls), states(desk, part)) == (1, [Delivery.QUEUED])
    assert desk.sql("select state || ':' || reason from tenant.connector") == "degraded:needs_reauth"


def test_breaker_stops_one_connector_and_one_probe_brings_it_back(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    down, up = desk.connector(), desk.connector()
    account = desk.sql("select account_id from tenant.connector where id = :id", id=down)
    channels.always = lambda request: httpx.ConnectError("down") if f"/{account}/" in str(request.url) else None
    for number in range(6):
        desk.reply(desk.conversation(down), f"caído {number}")
    stepped.send(3)
    asked = len(channels.calls)
    desk.reply(desk.conversation(up), "vivo")
    stepped.send(3)
    assert asked <= 6
    assert (channels.accepted, len(channels.calls)) == (["vivo"], asked + 1)
    assert desk.sql("select reason from tenant.connector where id = :id", id=down) == "provider_down"
    channels.always = None
    desk.wait(seconds=60)
    stepped.send()
    # One asks; where its answer is quick, the next may leave in the same step, never all of them at once.
    assert 2 <= len(channels.accepted) <= 3
    assert desk.sql("select state from tenant.connector where id = :id", id=down) == "connected"
    stepped.send(6)
    assert len(channels.accepted) == 7


def test_echo_that_is_faster_than_the_answer_makes_no_second_message(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    part = desk.reply(thread, "Hola")

    def echo(_request: httpx.Request) -> None:
        desk.outside(thread, "m_1", "Hola", Delivery.READ)

    channels.during = echo
    stepped.send()
    (message,) = desk.thread(thread)
    assert (message.id, message.external_id, message.status) == (part, "m_1", Delivery.READ)


def test_receipts_that_were_faster_than_the_answer_count(desk: Desk, channels: FakeChannels, stepped: Stepped) -> None:
    connector = desk.connector()
    named, marked, earlier = (desk.conversation(connector) for _ in range(3))
    keys, now = desk.installation.keys.of(desk.client_id), desk.installation.clock.now()

    def receive(_request: httpx.Request) -> None:
        desk.sql(
            "insert into tenant.tombstone (client_id, connector_id, external_key, status, at)"
            " values (:client, :connector, :key, 'delivered', :now) on conflict do nothing",
            client=desk.client_id, connector=connector, key=keys.key_of("message", "m_1"), now=now,
        )  # fmt: skip

    channels.during = receive
    first = desk.reply(named, "por nombre")
    stepped.send()
    channels.during = None
    for thread, until in (
        (marked, desk.installation.clock.now() + timedelta(seconds=1)),
        (earlier, desk.installation.clock.now() - timedelta(seconds=1)),
    ):
        desk.sql("update tenant.conversation set read_until = :until where id = :id", until=until, id=thread)
    second, third = desk.reply(marked, "por marca"), desk.reply(earlier, "de antes")
    stepped.send()
    assert states(desk, first, second, third) == [Delivery.DELIVERED, Delivery.READ, Delivery.SENT]


def test_disconnected_connector_gives_its_replies_back(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    part = desk.reply(thread, "uno")
    desk.sql("update tenant.connector set state = 'disconnecting', reason = 'requested'")
    stepped.send()
    stepped.sweep()
    assert (channels.calls, desk.message(part).failure, desk.draft(thread)) == ([], "disconnected", "uno")


def test_group_that_became_a_supergroup_is_written_to_under_its_new_id(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    thread = desk.conversation(desk.connector(Channel.TELEGRAM), Channel.TELEGRAM)
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    channels.next = [telegram_error(400, words, migrate_to_chat_id=-100123)]
    part = desk.reply(thread, "a todos")
    stepped.send(2)
    assert channels.told()["chat_id"] == "-100123"
    assert (states(desk, part), desk.message(part).external_id) == ([Delivery.SENT], "-100123:1")


def test_connector_of_an_app_that_is_not_configured_keeps_its_replies(
    desk: Desk, thread: UUID, channels: FakeChannels, stepped: Stepped
) -> None:
    desk.sql("update tenant.connector set app = 'otra'")
    part = desk.reply(thread, "espera")
    stepped.send(2)
    assert (channels.calls, states(desk, part)) == ([], [Delivery.QUEUED])
