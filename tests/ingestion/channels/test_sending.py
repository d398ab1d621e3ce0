"""What adapters ask the channels, and what they make of the answers."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from ingestion import registry
from ingestion.channels.meta.signatures import proof
from ingestion.channels.port.adapter import Access, Hook, Outgoing, OutgoingFile
from ingestion.channels.port.failures import Action, Permanent, Transient
from ingestion.wire import part_name, part_of
from konectus.domain.channels import AttachmentKind
from tests.ingestion.channels.provider import BOT, LOGIN, META, OUT, SECRET, TOKEN, Provider

MESSENGER, INSTAGRAM, TELEGRAM = (registry.adapter(name) for name in ("messenger", "instagram", "telegram"))
NEVER_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
PNG = OutgoingFile(
    kind=AttachmentKind.IMAGE, name="plano.png", mime="image/png", content=b"\x89PNG", width=40, height=30
)
LINK = OutgoingFile(kind=AttachmentKind.IMAGE, name="plano.png", mime="image/png", url="https://konectus.test/media/x")
LATE = Outgoing(recipient="55", part="obx_1", late=True, reply_to="m_7")


def meta_error(code: int, subcode: int | None = None, **more: object) -> dict[str, Any]:
    return {"error": {"message": "x", "code": code, "error_subcode": subcode, "fbtrace_id": "Tr4ce", **more}}


def telegram_error(code: int, words: str, **parameters: int) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": words, "parameters": parameters}


def test_messenger_text_carries_our_part_and_the_proof_of_the_secret() -> None:
    meta = Provider(body={"recipient_id": "55", "message_id": "m_1"})
    assert MESSENGER.send_text(meta.http, META, OUT, "hola ñ").external_id == "m_1"
    assert meta.last.url.copy_remove_param("appsecret_proof") == "https://graph.test/v26.0/9001/messages"
    assert meta.last.url.params["appsecret_proof"] == proof(SECRET, TOKEN)
    assert meta.last.headers["Authorization"] == f"Bearer {TOKEN}"
    assert meta.told() == {
        "recipient": {"id": "55"},
        "messaging_type": "RESPONSE",
        "message": {"text": "hola ñ", "metadata": "obx_1"},
    }


def test_late_reply_carries_the_human_agent_tag_and_the_message_it_answers() -> None:
    meta = Provider(body={"message_id": "m_1"})
    MESSENGER.send_text(meta.http, META, LATE, "hola")
    told = meta.told()
    assert (told["messaging_type"], told["tag"], told["reply_to"]) == ("MESSAGE_TAG", "HUMAN_AGENT", {"mid": "m_7"})


def test_messenger_file_goes_as_multipart_and_a_link_as_json() -> None:
    meta = Provider(body={"message_id": "m_1"})
    MESSENGER.send_file(meta.http, META, OUT, PNG)
    assert b'name="filedata"; filename="plano.png"' in meta.last.content
    assert b'{"attachment": {"type": "image", "payload": {}}' in meta.last.content
    MESSENGER.send_file(meta.http, META, OUT, LINK)
    assert meta.told()["message"]["attachment"] == {"type": "image", "payload": {"url": LINK.url}}


def test_instagram_speaks_through_the_page_or_through_its_login() -> None:
    meta = Provider(body={"message_id": "m_1"})
    INSTAGRAM.send_text(meta.http, META, OUT, "hola")
    assert meta.last.url.path == "/v26.0/me/messages"
    INSTAGRAM.send_text(meta.http, LOGIN, OUT, "hola")
    assert str(meta.last.url) == "https://ig.test/v26.0/1784/messages"
    INSTAGRAM.send_file(meta.http, LOGIN, OUT, LINK)
    assert meta.told()["message"] == {"attachments": {"type": "image", "payload": {"url": LINK.url}}}
    with pytest.raises(Permanent, match="needs an address"):
        INSTAGRAM.send_file(meta.http, LOGIN, OUT, PNG)


def test_telegram_text_file_and_reply() -> None:
    sent = {"ok": True, "result": {"message_id": 12, "date": 1791481193, "chat": {"id": 55}}}
    api = Provider(body=sent)
    answer = TELEGRAM.send_text(api.http, BOT, Outgoing(recipient="55", part="p", reply_to="55:11"), "hola")
    assert (answer.external_id, answer.at) == ("55:12", datetime(2026, 10, 8, 17, 39, 53, tzinfo=UTC))
    assert api.last.url.path == f"/bot{TOKEN}/sendMessage"
    assert api.told()["reply_parameters"] == {"message_id": 11, "allow_sending_without_reply": True}
    TELEGRAM.send_file(api.http, BOT, OUT, PNG)
    assert api.last.url.path.endswith("/sendPhoto")
    assert b'name="photo"; filename="plano.png"' in api.last.content
    TELEGRAM.send_file(api.http, BOT, OUT, LINK)
    assert api.told() == {"chat_id": "55", "photo": LINK.url}
    business = Outgoing(recipient="55", part="p", business_connection="bc")
    assert TELEGRAM.send_text(api.http, BOT, business, "hola").external_id == "bc:55:12"


@pytest.mark.parametrize(
    ("name", "access", "fits", "long"),
    [
        ("messenger", META, "🦙" * 2000, "🦙" * 2001),
        ("instagram", META, "ñ" * 500, "ñ" * 501),
        ("telegram", BOT, "🦙" * 2048, "🦙" * 2049),
    ],
)
def test_text_limit_counts_what_the_channel_counts(name: str, access: Access, fits: str, long: str) -> None:
    channel = Provider(body={"message_id": "m", "ok": True, "result": {"message_id": 1, "chat": {"id": 5}}})
    registry.adapter(name).send_text(channel.http, access, OUT, fits)
    for text in (long, ""):
        with pytest.raises(Permanent, match="text length"):
            registry.adapter(name).send_text(channel.http, access, OUT, text)
    assert len(channel.asked) == 1


def test_refusal_of_meta_carries_its_numbers_and_trace() -> None:
    meta = Provider(status=400, body=meta_error(10, 2018278))
    with pytest.raises(Permanent) as refused:
        MESSENGER.send_text(meta.http, META, OUT, "hola")
    assert (refused.value.action, refused.value.provider_code) == (Action.WINDOW, "10/2018278")
    assert "Tr4ce" in str(refused.value)


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80001, 80002, 80006])
def test_rate_limit_of_meta_waits_as_long_as_the_header_says(code: int) -> None:
    usage = '{"9001":[{"type":"messenger","estimated_time_to_regain_access":7}]}'
    meta = Provider(status=400, body=meta_error(code), headers={"X-Business-Use-Case-Usage": usage})
    with pytest.raises(Transient) as later:
        MESSENGER.send_text(meta.http, META, OUT, "hola")
    assert later.value.action is Action.RATE_LIMIT
    assert not later.value.maybe_accepted
    assert later.value.retry_after == timedelta(minutes=7)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, meta_error(1)),
        (500, meta_error(2)),
        (400, meta_error(1, 1357046)),
        (400, meta_error(4242, is_transient=True)),
        (502, b"<html>bad gateway</html>"),
        (200, {}),
        (200, b"not json"),
    ],
)
def test_trouble_of_meta_leaves_open_whether_the_message_went(status: int, body: object) -> None:
    meta = Provider(status=status, body=body)
    with pytest.raises(Transient) as unknown:
        MESSENGER.send_text(meta.http, META, OUT, "hola")
    assert unknown.value.maybe_accepted


def test_telegram_tells_when_to_come_back_and_where_the_chat_went() -> None:
    api = Provider(status=429, body=telegram_error(429, "Too Many Requests: retry after 35", retry_after=35))
    with pytest.raises(Transient) as later:
        TELEGRAM.send_text(api.http, BOT, OUT, "hola")
    assert (later.value.retry_after, later.value.maybe_accepted) == (timedelta(seconds=35), False)
    api.body = telegram_error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1005)
    with pytest.raises(Permanent) as moved:
        TELEGRAM.send_text(api.http, BOT, OUT, "hola")
    assert (moved.value.action, moved.value.new_recipient) == (Action.MIGRATED, "-1005")


@pytest.mark.parametrize("error", [*NEVER_WRITTEN, httpx.ReadTimeout, httpx.WriteError, httpx.RemoteProtocolError])
@pytest.mark.parametrize("name", ["messenger", "instagram", "telegram"])
def test_broken_line_says_whether_the_message_may_have_gone_and_nothing_secret(
    name: str, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = Provider(breaks=error)
    with pytest.raises(Transient) as broken:
        registry.adapter(name).send_text(channel.http, BOT if name == "telegram" else META, OUT, "hola")
    assert broken.value.maybe_accepted is (error not in NEVER_WRITTEN)
    assert broken.value.__suppress_context__
    assert TOKEN not in repr(broken.value) + str(broken.value) + repr(broken.value.facts) + caplog.text


@pytest.mark.parametrize("logger", ["httpx", "httpcore.http11", "httpcore.connection"])
def test_token_in_an_address_never_reaches_a_log(logger: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger)
    logging.getLogger(logger).info('HTTP Request: %s %s "%d"', "POST", f"https://tg.test/bot{TOKEN}/getMe", 200)
    TELEGRAM.send_text(Provider(body={"ok": True, "result": {"message_id": 1, "chat": {"id": 5}}}).http, BOT, OUT, "x")
    assert "getMe" in caplog.text
    assert TOKEN not in caplog.text


def test_access_shows_no_secret() -> None:
    assert TOKEN not in repr(META)
    assert SECRET not in repr(META)


def test_token_of_a_page_tells_page_and_linked_account() -> None:
    meta = Provider(
        body={"id": "9001", "name": "Taller", "instagram_business_account": {"id": "1784", "username": "t"}}
    )
    assert MESSENGER.profile(meta.http, META).account == "9001"
    found = INSTAGRAM.profile(meta.http, META)
    assert (found.account, found.name, found.handle) == ("1784", "t", "t")
    meta.body = {"user_id": "1785", "id": "33", "username": "lila", "name": "Florería Lila"}
    assert INSTAGRAM.profile(meta.http, LOGIN).account == "1785"
    meta.body = {"id": "9001", "name": "Taller"}
    with pytest.raises(Permanent):
        INSTAGRAM.profile(meta.http, META)


@pytest.mark.parametrize(
    ("file", "method"),
    [
        (PNG, "sendPhoto"),
        (replace(PNG, width=None), "sendDocument"),
        (replace(PNG, width=9000, height=2000), "sendDocument"),
        (replace(PNG, content=b"x" * (10 << 20) + b"x"), "sendDocument"),
        (replace(PNG, mime="image/gif"), "sendAnimation"),
        (replace(PNG, mime="image/webp"), "sendDocument"),
        (replace(PNG, kind=AttachmentKind.AUDIO, mime="audio/mpeg"), "sendAudio"),
        (replace(PNG, kind=AttachmentKind.AUDIO, mime="audio/ogg"), "sendVoice"),
        (replace(PNG, kind=AttachmentKind.AUDIO, mime="audio/x-wav"), "sendDocument"),
        (replace(PNG, kind=AttachmentKind.VIDEO, mime="video/mp4"), "sendVideo"),
        (replace(PNG, kind=AttachmentKind.VIDEO, mime="video/webm"), "sendDocument"),
        (replace(PNG, kind=AttachmentKind.FILE, mime="application/pdf"), "sendDocument"),
    ],
)
def test_telegram_gets_a_file_by_the_method_that_shows_it(file: OutgoingFile, method: str) -> None:
    api = Provider(body={"ok": True, "result": {"message_id": 12, "date": 1791481193, "chat": {"id": 55}}})
    TELEGRAM.send_file(api.http, BOT, OUT, file)
    assert api.last.url.path.endswith(f"/{method}")


@pytest.mark.parametrize(
    ("name", "access", "file"),
    [
        ("messenger", META, replace(PNG, content=b"x" * (8 << 20) + b"x")),
        ("messenger", META, replace(PNG, kind=AttachmentKind.FILE, content=b"x" * (25 << 20) + b"x")),
        ("instagram", META, replace(PNG, kind=AttachmentKind.FILE, mime="application/zip")),
        ("telegram", BOT, replace(PNG, content=b"x" * (50 << 20) + b"x")),
        ("messenger", META, replace(PNG, content=b"")),
    ],
)
def test_file_the_channel_would_refuse_is_not_sent(name: str, access: Access, file: OutgoingFile) -> None:
    channel = Provider()
    with pytest.raises(Permanent) as refused:
        registry.adapter(name).send_file(channel.http, access, OUT, file)
    assert refused.value.action is Action.MEDIA
    assert channel.asked == []


@pytest.mark.parametrize(
    ("name", "access", "node"),
    [("messenger", META, "9001"), ("instagram", META, "me"), ("instagram", LOGIN, "1784")],
)
def test_thread_is_taken_from_another_app(name: str, access: Access, node: str) -> None:
    meta = Provider(body={"success": True})
    registry.adapter(name).take_thread(meta.http, access, "55")
    assert meta.last.url.path == f"/v26.0/{node}/take_thread_control"
    assert meta.told() == {"recipient": {"id": "55"}}
    meta.body = {}
    with pytest.raises(Transient):
        registry.adapter(name).take_thread(meta.http, access, "55")


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ({}, None),
        ({"X-App-Usage": '{"call_count":68,"total_cputime":0,"total_time":28}'}, 68),
        ({"X-Business-Use-Case-Usage": '{"9001":[{"type":"pages","call_count":3},{"total_time":91}]}'}, 91),
        ({"X-App-Usage": '{"call_count":', "X-Business-Use-Case-Usage": "[1]"}, None),
        ({"X-App-Usage": '{"call_count":"many","total_time":[]}'}, None),
    ],
)
def test_allowance_that_is_used_is_told_with_the_answer(headers: dict[str, str], usage: int | None) -> None:
    meta = Provider(body={"message_id": "m_1"}, headers=headers)
    assert MESSENGER.send_text(meta.http, META, OUT, "hola").usage == usage


def test_bot_is_connected_checked_and_disconnected() -> None:
    api = Provider(
        body={"ok": True, "result": {"id": 7204418836, "is_bot": True, "first_name": "T", "username": "t_bot"}}
    )
    found = TELEGRAM.profile(api.http, BOT)
    assert (found.account, found.name, found.handle) == ("7204418836", "T", "t_bot")
    api.body = {"ok": True, "result": True}
    TELEGRAM.subscribe(api.http, BOT, Hook(url="https://konectus.test/webhooks/telegram/1", secret="s3"))
    told = api.told()
    assert (told["secret_token"], told["url"]) == ("s3", "https://konectus.test/webhooks/telegram/1")
    assert {"message", "callback_query", "my_chat_member"} <= set(told["allowed_updates"])
    TELEGRAM.unsubscribe(api.http, BOT)
    assert api.last.url.path.endswith("/deleteWebhook")
    api.body = {"ok": True, "result": {"url": "", "pending_update_count": 3, "last_error_message": "502"}}
    standing = TELEGRAM.check(api.http, BOT)
    assert (standing.subscribed, standing.pending, standing.last_error) == (False, 3, "502")


@pytest.mark.parametrize(
    ("name", "access", "node"),
    [("messenger", META, "9001"), ("instagram", META, "me"), ("instagram", LOGIN, "1784")],
)
def test_page_and_account_are_subscribed_checked_and_left(name: str, access: Access, node: str) -> None:
    meta, adapter = Provider(body={"success": True}), registry.adapter(name)
    adapter.subscribe(meta.http, access, Hook())
    assert meta.last.url.path == f"/v26.0/{node}/subscribed_apps"
    assert "messages" in meta.told()["subscribed_fields"].split(",")
    adapter.unsubscribe(meta.http, access)
    assert meta.last.method == "DELETE"
    meta.body = {"data": [{"id": "1001", "subscribed_fields": ["messages"]}]}
    assert adapter.check(meta.http, access).subscribed
    meta.body = {"data": []}
    assert not adapter.check(meta.http, access).subscribed


def test_file_of_telegram_has_an_address_and_those_of_meta_come_with_one() -> None:
    api = Provider(body={"ok": True, "result": {"file_id": "f", "file_path": "photos/1.jpg"}})
    assert TELEGRAM.media_url(api.http, BOT, "f") == f"https://tg.test/file/bot{TOKEN}/photos/1.jpg"
    api.body = telegram_error(400, "Bad Request: file is too big")
    with pytest.raises(Permanent):
        TELEGRAM.media_url(api.http, BOT, "f")
    with pytest.raises(Permanent):
        MESSENGER.media_url(api.http, META, "f")


def test_page_asks_for_the_same_fields_whichever_of_its_channels_is_connected() -> None:
    meta = Provider(body={"success": True})
    MESSENGER.subscribe(meta.http, META, Hook())
    first = meta.told()
    INSTAGRAM.subscribe(meta.http, META, Hook())
    assert meta.told() == first


def test_person_may_have_no_name() -> None:
    channel = Provider(body={"first_name": "Ana", "last_name": "Solís"})
    assert MESSENGER.person(channel.http, META, "55").name == "Ana Solís"
    channel.body = {}
    assert MESSENGER.person(channel.http, META, "55").name is None
    channel.body = {"name": "Ana", "username": "anasolis"}
    assert INSTAGRAM.person(channel.http, LOGIN, "55").handle == "anasolis"
    channel.body = {"ok": True, "result": {"id": 55, "first_name": "Ana"}}
    assert TELEGRAM.person(channel.http, BOT, "55").name == "Ana"


def test_part_is_known_again_by_its_name_and_nothing_else_is() -> None:
    part = UUID("01a1f4f7-2500-7b7d-a089-d00970595781")
    assert part_of(part_name(part)) == part
    for foreign in (None, "", "obx_01K9ZT4Q2V8M6H3C7D5R1NXE0B", "konectus:", "konectus:x", str(part)):
        assert part_of(foreign) is None
