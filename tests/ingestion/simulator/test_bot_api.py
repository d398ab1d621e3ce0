"""The Bot API and its webhook as a program from outside meets them."""

from datetime import timedelta

import pytest

from tests.ingestion.simulator.receiver import Receiver, Sim, StillClock

pytestmark = pytest.mark.anyio


async def test_an_update_carries_the_secret_and_the_message(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    await sim.post("/sim/persons", name="Beto Nava", handle="betonava")
    said = await sim.say(bot, "¿A qué hora abren?", person="p1")

    [got] = receiver.got
    message = got.json["message"]
    assert got.path == "/webhooks/telegram/c1"
    assert got.headers["x-telegram-bot-api-secret-token"] == "hush"
    assert (str(message["message_id"]), message["text"]) == (said["message_id"], "¿A qué hora abren?")
    assert message["chat"] == {
        "id": int(said["person_id"]),
        "first_name": "Beto",
        "last_name": "Nava",
        "username": "betonava",
        "type": "private",
    }


async def test_a_stuck_update_blocks_its_own_chat_alone(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    receiver.next_answers = [500, 503]
    where = {"channel": "telegram", "account": bot["id"]}
    first = await sim.post("/sim/say", person="new", text="uno", **where)
    await sim.post("/sim/say", person=first["person"], text="dos", **where)
    await sim.post("/sim/say", person="new", text="otra persona", **where)
    await sim.settle()

    chat = int(first["person_id"])
    theirs = [got.json["message"]["text"] for got in receiver.got if got.json["message"]["chat"]["id"] == chat]
    ids = {got.json["update_id"] for got in receiver.got}
    assert theirs[-1] == "dos"
    assert set(theirs[:-1]) == {"uno"}
    assert len(ids) == 3


async def test_retry_after_of_the_webhook_is_obeyed(sim: Sim, receiver: Receiver, clock: StillClock) -> None:
    bot = await sim.bot()
    receiver.next_answers, receiver.retry_after = [503], "90"
    started = clock.at
    await sim.say(bot)

    assert len(receiver.got) == 2
    assert clock.at - started == timedelta(seconds=90)


async def test_updates_wait_a_day_for_a_webhook(sim: Sim, receiver: Receiver, clock: StillClock) -> None:
    bot = await sim.post("/sim/bots", username="lila_bot", name="Lila")
    await sim.say(bot, "vieja")
    clock.at += timedelta(hours=25)
    await sim.say(bot, "nueva")
    info = (await sim.bot_call(bot, "getWebhookInfo")).json()["result"]
    await sim.bot_call(bot, "setWebhook", url="http://127.0.0.1:8000/w")

    assert (info["url"], info["pending_update_count"]) == ("", 2)
    assert [got.json["message"]["text"] for got in receiver.got] == ["nueva"]


async def test_a_deleted_webhook_receives_nothing(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    await sim.bot_call(bot, "deleteWebhook")
    await sim.say(bot)

    assert receiver.got == []
    assert not (await sim.get("/sim/accounts", account=bot["id"]))["accounts"][0]["connected"]


async def test_only_allowed_updates_are_made(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot(allowed_updates=["message"])
    said = await sim.say(bot, "Hla")
    where = {"person": said["person"], "channel": "telegram", "account": bot["id"]}
    await sim.post("/sim/edit", **where, message_id=said["message_id"], text="Hola")
    await sim.settle()

    assert [set(got.json) - {"update_id"} for got in receiver.got] == [{"message"}]


async def test_an_edit_is_the_whole_message_with_its_date(sim: Sim, receiver: Receiver, clock: StillClock) -> None:
    bot = await sim.bot()
    said = await sim.say(bot, "Hla")
    clock.at += timedelta(seconds=8)
    where = {"person": said["person"], "channel": "telegram", "account": bot["id"]}
    await sim.post("/sim/edit", **where, message_id=said["message_id"], text="Hola")
    await sim.settle()

    before, after = receiver.got[0].json["message"], receiver.got[1].json["edited_message"]
    assert after == before | {"text": "Hola", "edit_date": before["date"] + 8}


async def test_the_person_receives_what_the_bot_sends(sim: Sim) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    reply = {"message_id": int(said["message_id"])}
    answer = await sim.bot_call(bot, "sendMessage", chat_id=said["person_id"], text="Con gusto", reply_parameters=reply)

    sent = answer.json()["result"]
    [got] = (await sim.get(f"/sim/persons/{said['person']}/received", count=1, wait=1))["messages"]
    assert (got["text"], got["message_id"], got["reply_to"]) == (
        "Con gusto",
        str(sent["message_id"]),
        said["message_id"],
    )
    assert sent["from"]["is_bot"]
    assert sent["reply_to_message"]["text"] == "Hola, ¿cuánto cuesta?"


async def test_refusals_are_worded_like_telegrams(sim: Sim) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    await sim.post("/sim/block", person=said["person"], channel="telegram", account=bot["id"])
    blocked = await sim.bot_call(bot, "sendMessage", chat_id=said["person_id"], text="Hola")
    unknown = await sim.bot_call(bot, "sendMessage", chat_id="1", text="Hola")
    other = await sim.bot_call({"token": "123456:" + "x" * 35}, "getMe")
    malformed = await sim.bot_call({"token": "nonsense"}, "getMe")
    nothing = await sim.bot_call(bot, "sendNothing")

    assert [(a.status_code, a.json()["description"]) for a in (blocked, unknown, other, malformed, nothing)] == [
        (403, "Forbidden: bot was blocked by the user"),
        (400, "Bad Request: chat not found"),
        (401, "Unauthorized"),
        (404, "Not Found"),
        (404, "Not Found: method not found"),
    ]


async def test_a_block_and_its_end_are_told(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    where = {"person": said["person"], "channel": "telegram", "account": bot["id"]}
    for blocked in (True, True, False):
        await sim.post("/sim/block", **where, blocked=blocked)
        await sim.settle()

    told = [got.json["my_chat_member"] for got in receiver.got[1:]]
    assert [member["new_chat_member"]["status"] for member in told] == ["kicked", "member"]


@pytest.mark.parametrize(("length", "status"), [(4096, 200), (4097, 400)])
async def test_a_text_has_at_most_4096_units(sim: Sim, length: int, status: int) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)

    assert (await sim.bot_call(bot, "sendMessage", chat_id=said["person_id"], text="x" * length)).status_code == status


async def test_a_flood_is_refused_with_the_seconds_to_wait(sim: Sim) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    await sim.post("/sim/faults", channel="telegram", account=bot["id"], fault="rate_limited", retry_after=7)
    answer = await sim.bot_call(bot, "sendMessage", chat_id=said["person_id"], text="Hola")

    assert answer.headers["Retry-After"] == "7"
    assert answer.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }


@pytest.mark.parametrize(
    ("kind", "key", "head"),
    [("image", "photo", b"\xff\xd8\xff"), ("voice", "voice", b"OggS"), ("file", "document", b"%PDF-")],
)
async def test_a_file_from_a_person_is_fetched_through_get_file(
    sim: Sim, receiver: Receiver, kind: str, key: str, head: bytes
) -> None:
    bot = await sim.bot()
    await sim.say(bot, "Mire", attachments=[{"type": kind}])
    sent = receiver.got[0].json["message"]
    largest = sent[key][-1] if key == "photo" else sent[key]
    told = (await sim.bot_call(bot, "getFile", file_id=largest["file_id"])).json()["result"]
    file = await sim.http.get(f"/telegram/file/bot{bot['token']}/{told['file_path']}")

    assert sent["caption"] == "Mire"
    assert file.content.startswith(head)
    assert len(file.content) == told["file_size"] == largest["file_size"]


async def test_several_photos_are_an_album_of_several_updates(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    await sim.say(bot, "Las dos", attachments=[{"type": "image"}, {"type": "image"}])

    messages = [got.json["message"] for got in receiver.got]
    assert len({message["media_group_id"] for message in messages}) == 1
    assert [message.get("caption") for message in messages] == ["Las dos", None]


async def test_a_photo_and_a_document_of_ours_arrive_with_their_bytes(sim: Sim) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    for kind, name in (("photo", "a.png"), ("document", "b.pdf")):
        data = {"chat_id": said["person_id"], "caption": "Aquí va"}
        path = f"/telegram/bot{bot['token']}/send{kind.title()}"
        answer = await sim.http.post(path, data=data, files={kind: (name, b"bytes of ours", "application/pdf")})
        assert answer.json()["ok"], answer.text

    received = (await sim.get("/sim/received"))["messages"]
    assert [(m["text"], m["attachments"][0]["size"]) for m in received] == [("Aquí va", 13), ("Aquí va", 13)]


async def test_a_pressed_button_is_a_callback_query(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    keyboard = {"inline_keyboard": [[{"text": "Sí, confirmo", "callback_data": "cita:si"}]]}
    sent = await sim.bot_call(bot, "sendMessage", chat_id=said["person_id"], text="¿Confirma?", reply_markup=keyboard)
    where = {"person": said["person"], "channel": "telegram", "account": bot["id"]}
    await sim.post("/sim/tap", **where, message_id=str(sent.json()["result"]["message_id"]), payload="cita:si")
    await sim.settle()

    tapped = receiver.got[-1].json["callback_query"]
    answered = await sim.bot_call(bot, "answerCallbackQuery", callback_query_id=tapped["id"])
    assert (tapped["data"], tapped["message"]["text"]) == ("cita:si", "¿Confirma?")
    assert answered.json() == {"ok": True, "result": True}


@pytest.mark.parametrize(
    ("words", "description"),
    [
        (
            {"url": "https://example.com/x"},
            "Bad Request: bad webhook: the simulator delivers to loopback addresses only",
        ),
        ({"url": "nothing"}, "Bad Request: invalid webhook URL specified"),
        ({"secret_token": "ñ"}, "Bad Request: secret token contains unallowed characters"),
        ({"secret_token": "x" * 257}, "Bad Request: secret token is too long"),
    ],
)
async def test_a_wrong_webhook_is_refused(sim: Sim, words: dict[str, str], description: str) -> None:
    bot = await sim.bot()
    answer = await sim.bot_call(bot, "setWebhook", **{"url": "http://127.0.0.1:8000/w", **words})

    assert (answer.status_code, answer.json()["description"]) == (400, description)


async def test_a_bot_changes_marks_and_takes_back_its_own_messages_alone(sim: Sim) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    chat = {"chat_id": said["person_id"]}
    sent = (await sim.bot_call(bot, "sendMessage", **chat, text="Va")).json()["result"]["message_id"]
    reaction = [{"type": "emoji", "emoji": "👍"}]
    calls = [
        await sim.bot_call(bot, "editMessageText", **chat, message_id=sent, text="Va, gracias"),
        await sim.bot_call(bot, "editMessageText", **chat, message_id=sent, text="Va, gracias"),
        await sim.bot_call(bot, "editMessageText", **chat, message_id=int(said["message_id"]), text="x"),
        await sim.bot_call(bot, "setMessageReaction", **chat, message_id=int(said["message_id"]), reaction=reaction),
        await sim.bot_call(bot, "setMessageReaction", **chat, message_id=99, reaction=reaction),
        await sim.bot_call(bot, "deleteMessage", **chat, message_id=sent),
        await sim.bot_call(bot, "sendChatAction", **chat, action="typing"),
        await sim.bot_call(bot, "sendChatAction", **chat, action="sleeping"),
    ]

    [told] = (await sim.get("/sim/received"))["messages"]
    assert [call.status_code for call in calls] == [200, 400, 400, 200, 400, 200, 200, 400]
    assert calls[1].json()["description"].startswith("Bad Request: message is not modified")
    assert told["text"] == "Va, gracias"
    assert told["edited_at"] <= told["deleted_at"]


@pytest.mark.parametrize(
    ("method", "words", "description"),
    [
        ("sendMessage", {"text": " "}, "Bad Request: message text is empty"),
        ("sendMessage", {"text": "x", "chat_id": ""}, "Bad Request: chat_id is empty"),
        (
            "sendMessage",
            {"text": "x", "reply_parameters": {"message_id": 99}},
            "Bad Request: message to be replied not found",
        ),
        ("sendPhoto", {}, "Bad Request: there is no photo in the request"),
        ("sendPhoto", {"photo": "unknown"}, "Bad Request: wrong file identifier/HTTP URL specified"),
        ("sendDocument", {"caption": "x" * 1025}, "Bad Request: message caption is too long"),
        ("getFile", {"file_id": "unknown"}, "Bad Request: invalid file_id"),
    ],
)
async def test_a_call_with_wrong_words_is_refused(
    sim: Sim, method: str, words: dict[str, object], description: str
) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    answer = await sim.bot_call(bot, method, **{"chat_id": said["person_id"], **words})

    assert answer.json()["description"] == description


async def test_a_lost_reply_is_forgiven_when_so_asked(sim: Sim) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    lost = {"message_id": 99, "allow_sending_without_reply": True}
    answer = await sim.bot_call(bot, "sendMessage", chat_id=said["person_id"], text="Va", reply_parameters=lost)

    assert "reply_to_message" not in answer.json()["result"]


async def test_a_file_is_sent_again_by_id_and_by_address(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    said = await sim.say(bot, "", attachments=[{"type": "file"}])
    file_id = receiver.got[0].json["message"]["document"]["file_id"]
    chat = {"chat_id": said["person_id"]}
    by_id = await sim.bot_call(bot, "sendDocument", **chat, document=file_id)
    by_url = await sim.bot_call(bot, "sendDocument", **chat, document="http://127.0.0.1:8000/media/a.pdf")

    assert by_id.json()["result"]["document"]["file_id"] == file_id
    assert by_url.json()["result"]["document"]["file_name"] == "a.pdf"


async def test_a_photo_over_ten_megabytes_is_too_large(sim: Sim) -> None:
    bot = await sim.bot()
    said = await sim.say(bot)
    data, files = {"chat_id": said["person_id"], "photo": "attach://f"}, {"f": ("a.png", b"x" * (10 * 1024 * 1024 + 1))}
    answer = await sim.http.post(f"/telegram/bot{bot['token']}/sendPhoto", data=data, files=files)

    assert (answer.status_code, answer.json()["description"]) == (413, "Request Entity Too Large")


async def test_updates_cannot_be_polled_while_a_webhook_is_set(sim: Sim) -> None:
    assert (await sim.bot_call(await sim.bot(), "getUpdates")).status_code == 409


async def test_a_person_who_never_wrote_cannot_be_written_to(sim: Sim, clock: StillClock) -> None:
    bot = await sim.bot()
    said = await sim.post("/sim/block", person="new", channel="telegram", account=bot["id"], blocked=False)
    answer = await sim.bot_call(bot, "sendMessage", chat_id=said["person_id"], text="Hola")

    assert answer.json()["description"] == "Forbidden: bot can't initiate conversation with a user"


async def test_the_chat_of_a_person_who_wrote_is_told_and_no_other(sim: Sim, clock: StillClock) -> None:
    bot = await sim.bot()
    await sim.post("/sim/persons", name="Beto Nava", handle="betonava")
    said = await sim.say(bot, person="p1")
    told = (await sim.bot_call(bot, "getChat", chat_id=said["person_id"])).json()["result"]
    silent = await sim.post("/sim/block", person="new", channel="telegram", account=bot["id"], blocked=False)
    refused = [await sim.bot_call(bot, "getChat", chat_id=number) for number in (silent["person_id"], "1")]

    assert (
        told.items()
        >= {
            "id": int(said["person_id"]),
            "type": "private",
            "first_name": "Beto",
            "last_name": "Nava",
            "username": "betonava",
        }.items()
    )
    assert [answer.status_code for answer in refused] == [400, 400]
    assert {answer.json()["description"] for answer in refused} == {"Bad Request: chat not found"}


async def test_webhook_info_tells_the_last_trouble(sim: Sim, receiver: Receiver, clock: StillClock) -> None:
    bot = await sim.bot(allowed_updates=["message"])
    receiver.next_answers = [502]
    await sim.say(bot)
    info = (await sim.bot_call(bot, "getWebhookInfo")).json()["result"]

    assert info["last_error_message"] == "Wrong response from the webhook: 502"
    assert (info["pending_update_count"], info["allowed_updates"]) == (0, ["message"])
    assert await _file_status(sim, bot, "documents/none.pdf") == 404
    assert await _file_status(sim, {"token": "1:x"}, "documents/none.pdf") == 404


async def _file_status(sim: Sim, bot: dict[str, str], path: str) -> int:
    return (await sim.http.get(f"/telegram/file/bot{bot['token']}/{path}")).status_code
