"""What adapters ask the channels, and what they make of the answers."""

import logging
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
PNG = OutgoingFile(kind=AttachmentKind.IMAGE, name="plano.png", mime="image/png", content=b"\x89PNG")
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


@pytest.mark.parametrize(
    ("code", "subcode", "action"),
    [
        (190, None, Action.NEEDS_REAUTH),
        (102, 463, Action.NEEDS_REAUTH),
        (10, 458, Action.NEEDS_REAUTH),
        (10, None, Action.PERMISSION_LOST),
        (10, 987654, Action.PERMISSION_LOST),
        (200, 2534041, Action.PERMISSION_LOST),
        (299, None, Action.PERMISSION_LOST),
        (10, 1893063, Action.RESTRICTED),
        (10, 2018278, Action.WINDOW),
        (10, 2534022, Action.WINDOW),
        (100, None, Action.REFUSED),
        (100, 2018047, Action.REFUSED),
        (551, 1545041, Action.RECIPIENT_GONE),
        (100, 2018001, Action.RECIPIENT_GONE),
        (100, 2018300, Action.NOT_OWNER),
        (4242, None, Action.REFUSED),
    ],
)
def test_refusals_of_meta_become_what_we_do_about_them(code: int, subcode: int | None, action: Action) -> None:
    meta = Provider(status=400, body=meta_error(code, subcode))
    with pytest.raises(Permanent) as refused:
        MESSENGER.send_text(meta.http, META, OUT, "hola")
    assert refused.value.action is action
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


@pytest.mark.parametrize(
    ("status", "words", "action"),
    [
        (401, "Unauthorized", Action.NEEDS_REAUTH),
        (404, "Not Found", Action.NEEDS_REAUTH),
        (403, "Forbidden: bot was blocked by the user", Action.RECIPIENT_GONE),
        (403, "Forbidden: user is deactivated", Action.RECIPIENT_GONE),
        (400, "Bad Request: chat not found", Action.RECIPIENT_GONE),
        (400, "Bad Request: message is too long", Action.REFUSED),
        (409, "Conflict: terminated by other getUpdates request", Action.CONFLICT),
        (413, "Request Entity Too Large", Action.REFUSED),
    ],
)
def test_refusals_of_telegram_become_what_we_do_about_them(status: int, words: str, action: Action) -> None:
    api = Provider(status=status, body=telegram_error(status, words))
    with pytest.raises(Permanent) as refused:
        TELEGRAM.send_text(api.http, BOT, OUT, "hola")
    assert refused.value.action is action


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
