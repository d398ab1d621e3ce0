"""Sends through the Graph API as a program from outside makes them: answers, receipts, windows, limits, refusals."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest

from tests.ingestion.simulator.receiver import APP_ID, APP_SECRET, Receiver, Sim, StillClock

pytestmark = pytest.mark.anyio


async def test_the_person_receives_the_text_and_we_its_id(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    answer = await sim.send(page, said["person_id"], message={"text": "Cuesta $350", "metadata": "obx_1"})

    got = (await sim.get(f"/sim/persons/{said['person']}/received"))["messages"]
    assert answer.json() == {"recipient_id": said["person_id"], "message_id": got[0]["message_id"]}
    assert [(m["text"], m["metadata"]) for m in got] == [("Cuesta $350", "obx_1")]
    assert answer.headers["X-App-Usage"].startswith('{"call_count":')
    assert page["id"] in answer.headers["X-Business-Use-Case-Usage"]


async def test_messenger_returns_echo_then_delivery_then_read(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    said = await sim.say(page)
    sent = await sim.send(page, said["person_id"], message={"text": "Va", "metadata": "obx_1"})
    await sim.post("/sim/read", person=said["person"], channel="messenger", account=page["id"])
    await sim.settle()

    mid = sent.json()["message_id"]
    _, echo, delivery, read = receiver.items()
    assert receiver.kinds() == ["message", "echo", "delivery", "read"]
    assert echo["message"] == {"mid": mid, "is_echo": True, "text": "Va", "app_id": int(APP_ID), "metadata": "obx_1"}
    assert echo["sender"] == {"id": page["id"]}
    assert delivery["delivery"] == {"mids": [mid], "watermark": echo["timestamp"]}
    assert read["read"]["watermark"] >= echo["timestamp"]
    [told] = (await sim.get("/sim/received"))["messages"]
    assert told["at"] < told["delivered_at"] <= told["read_at"]


async def test_instagram_returns_an_echo_and_names_the_message_that_was_read(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    said = await sim.say(page["instagram"])
    await sim.post("/sim/settings", read_after=1.5)
    sent = await sim.send(page, said["person_id"])

    mid = sent.json()["message_id"]
    assert mid.startswith("aWdf")
    assert receiver.kinds() == ["message", "echo", "read"]
    assert receiver.items()[1]["message"] == {"mid": mid, "is_echo": True, "text": "Con gusto"}
    assert receiver.items()[2]["read"] == {"mid": mid}


@pytest.mark.parametrize(
    ("hours", "words", "refusal"),
    [
        (23, {}, None),
        (25, {}, (10, 2018278)),
        (25, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, None),
        (7 * 24 + 1, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, (10, 2018278)),
        (1, {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, (100, None)),
    ],
)
async def test_the_window_closes_and_only_a_human_may_write_for_a_week(
    sim: Sim, hours: int, words: dict[str, Any], refusal: tuple[int, int | None] | None
) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/clock", advance_seconds=hours * 3600)
    answer = await sim.send(page, said["person_id"], **words)

    assert _code(answer.json()) == refusal
    assert len((await sim.get("/sim/received"))["messages"]) == (refusal is None)


async def test_instagram_has_its_own_code_for_a_closed_window(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page["instagram"])
    await sim.post("/sim/clock", advance_seconds=25 * 3600)

    assert _code((await sim.send(page, said["person_id"])).json()) == (10, 2534022)


async def test_a_reaction_opens_the_window_again(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/clock", advance_seconds=25 * 3600)
    where = {"person": said["person"], "channel": "messenger", "account": page["id"]}
    await sim.post("/sim/react", **where, message_id=said["message_id"], emoji="😢")

    assert (await sim.send(page, said["person_id"])).status_code == 200


async def test_texts_are_limited_by_letters_on_messenger_and_by_bytes_on_instagram(sim: Sim) -> None:
    page = await sim.page()
    on_page, on_instagram = await sim.say(page), await sim.say(page["instagram"])
    answers = [
        await sim.send(page, said["person_id"], message={"text": text})
        for said, text in (
            (on_page, "ñ" * 2000),
            (on_page, "ñ" * 2001),
            (on_instagram, "ñ" * 500),
            (on_instagram, "ñ" * 501),
        )
    ]

    assert [_code(answer.json()) for answer in answers] == [None, (100, None), None, (100, None)]


@pytest.mark.parametrize("where", ["query", "form", "bearer"])
async def test_the_token_may_stand_in_query_form_or_header(sim: Sim, where: str) -> None:
    page = await sim.page()
    said = await sim.say(page)
    form = {"recipient": f'{{"id":"{said["person_id"]}"}}', "message": '{"text":"Sí"}'}
    token = {"access_token": page["token"]}
    answer = await sim.http.post(
        "/graph/me/messages",
        data=form | (token if where == "form" else {}),
        params=token if where == "query" else {},
        headers={"Authorization": f"Bearer {page['token']}"} if where == "bearer" else {},
    )

    assert answer.status_code == 200, answer.text


async def test_a_wrong_proof_is_refused_and_a_right_one_taken(sim: Sim) -> None:
    page = await sim.page()
    right = hmac.new(APP_SECRET.encode(), page["token"].encode(), hashlib.sha256).hexdigest()
    answers = [
        await sim.http.get("/graph/v26.0/me", params={"access_token": page["token"], "appsecret_proof": proof})
        for proof in (right, "0" * 64)
    ]

    assert answers[0].json() == {"id": page["id"], "name": "Taller Lumbre"}
    assert _code(answers[1].json()) == (100, None)


async def test_an_expired_token_is_refused_until_the_account_gets_a_new_one(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/tokens/expire", channel="messenger", account=page["id"])
    refused = await sim.send(page, said["person_id"])
    healed = await sim.page(id=page["id"], token="EAAnew")

    assert refused.status_code == 401
    assert _code(refused.json()) == (190, 463)
    assert (await sim.send(healed, said["person_id"])).status_code == 200
    assert _code((await sim.send(page, said["person_id"])).json()) == (190, None)


async def test_somebody_who_blocked_us_receives_nothing(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/block", person=said["person"], channel="messenger", account=page["id"])

    assert _code((await sim.send(page, said["person_id"])).json()) == (551, 1545041)
    assert (await sim.get("/sim/received"))["messages"] == []


async def test_a_stranger_cannot_be_written_to(sim: Sim) -> None:
    page = await sim.page()

    assert _code((await sim.send(page, "123")).json()) == (100, 2018001)


@pytest.mark.parametrize(
    ("fault", "refusal", "arrives"),
    [
        ("server_error", (1, None), False),
        ("rate_limited", (613, None), False),
        ("sent_anyway", (1, 1357046), True),
        ("slow", None, True),
    ],
)
async def test_a_fault_spoils_one_call_of_one_account(
    sim: Sim, fault: str, refusal: tuple[int, int | None] | None, *, arrives: bool
) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/faults", channel="messenger", account=page["id"], fault=fault, method="messages")
    spoilt = await sim.send(page, said["person_id"])
    received = (await sim.get("/sim/received"))["messages"]
    after = await sim.send(page, said["person_id"])

    assert _code(spoilt.json()) == refusal
    assert len(received) == arrives
    assert after.status_code == 200


async def test_files_by_upload_and_by_address_reach_the_person(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    form = {
        "recipient": f'{{"id":"{said["person_id"]}"}}',
        "message": '{"attachment":{"type":"image","payload":{"is_reusable":true}}}',
    }
    file = {"filedata": ("foto.png", b"png bytes", "image/png")}
    params = {"access_token": page["token"]}
    uploaded = (await sim.http.post("/graph/me/messages", data=form, files=file, params=params)).json()
    again = {"attachment": {"type": "image", "payload": {"attachment_id": uploaded["attachment_id"]}}}
    await sim.send(page, said["person_id"], message=again)
    by_url = {"attachment": {"type": "file", "payload": {"url": "http://127.0.0.1:8000/media/abc"}}}
    await sim.send(page, said["person_id"], message=by_url)

    received = (await sim.get("/sim/received"))["messages"]
    digest = hashlib.sha256(b"png bytes").hexdigest()
    assert [m["attachments"][0]["sha256"] for m in received] == [digest, digest, ""]
    assert received[2]["attachments"][0]["url"] == "http://127.0.0.1:8000/media/abc"


async def test_only_the_twenty_newest_messages_are_told_in_full(sim: Sim, clock: StillClock) -> None:
    page = await sim.page()
    first = await sim.say(page, "mensaje", burst=21)
    clock.at += timedelta(minutes=1)
    params = {
        "access_token": page["token"],
        "platform": "messenger",
        "fields": "participants,messages{id,created_time}",
    }
    [told] = (await sim.http.get(f"/graph/{page['id']}/conversations", params=params)).json()["data"]
    listed = [message["id"] for message in told["messages"]["data"]]
    params = {"access_token": page["token"], "fields": "message,from,created_time"}
    newest = (await sim.http.get(f"/graph/{listed[0]}", params=params)).json()
    oldest = (await sim.http.get(f"/graph/{listed[-1]}", params=params)).json()

    assert len(listed) == 21
    assert (newest["message"], newest["from"]["id"]) == ("mensaje 21", first["person_id"])
    assert _code(oldest) == (9000001, None)


async def test_a_profile_tells_the_name_after_the_person_wrote(sim: Sim) -> None:
    page = await sim.page()
    await sim.post("/sim/persons", name="Lupita Zúñiga")
    said = await sim.say(page, person="p1")
    params = {"access_token": page["token"], "fields": "name,first_name,last_name,profile_pic"}
    told = (await sim.http.get(f"/graph/v26.0/{said['person_id']}", params=params)).json()

    assert told["name"] == "Lupita Zúñiga"
    assert (told["first_name"], told["last_name"]) == ("Lupita", "Zúñiga")
    assert (await sim.http.get(told["profile_pic"])).content.startswith(b"\x89PNG")


async def test_facebook_login_ends_in_page_tokens(sim: Sim) -> None:
    page = await sim.page()
    words = {"client_id": APP_ID, "redirect_uri": "http://127.0.0.1:8000/connect/callback", "state": "s"}
    back = (await sim.http.get("/login/v26.0/dialog/oauth", params=words)).headers["location"]
    code = back.partition("code=")[2].partition("&")[0]
    given = {**words, "client_secret": APP_SECRET, "code": code}
    token = (await sim.http.get("/graph/v26.0/oauth/access_token", params=given)).json()["access_token"]
    pages = (await sim.http.get("/graph/v26.0/me/accounts", params={"access_token": token})).json()["data"]
    again = await sim.http.get("/graph/v26.0/oauth/access_token", params=given)
    asked = {"input_token": page["token"], "access_token": f"{APP_ID}|{APP_SECRET}"}
    known = (await sim.http.get("/graph/debug_token", params=asked)).json()["data"]

    assert back.startswith(words["redirect_uri"])
    assert [(p["id"], p["access_token"]) for p in pages] == [(page["id"], page["token"])]
    assert "MESSAGING" in pages[0]["tasks"]
    assert again.status_code == 400
    assert (known["is_valid"], known["profile_id"]) == (True, page["id"])


async def test_an_instagram_login_token_lives_an_hour_then_sixty_days(sim: Sim) -> None:
    account = await sim.post("/sim/instagram-accounts", username="lila", name="Lila", app="ig")
    words = {"client_id": "2002", "redirect_uri": "http://127.0.0.1:8000/connect/callback", "state": "s"}
    back = (await sim.http.get("/instagram-login/oauth/authorize", params=words)).headers["location"]
    code = back.partition("code=")[2].partition("&")[0]
    form = {**words, "client_secret": "y", "grant_type": "authorization_code", "code": code}
    short = (await sim.http.post("/instagram-api/oauth/access_token", data=form)).json()["data"][0]["access_token"]
    params = {"access_token": short, "grant_type": "ig_exchange_token"}
    long = (await sim.http.get("/instagram-graph/access_token", params=params)).json()
    asked = {"access_token": short, "fields": "user_id,username"}
    me = (await sim.http.get("/instagram-graph/v26.0/me", params=asked)).json()
    await sim.post("/sim/clock", advance_seconds=61 * 86400)
    dead = (await sim.http.get("/instagram-graph/v26.0/me", params=asked)).json()

    assert back.endswith("#_")
    assert long["expires_in"] == 60 * 86400
    assert (me["user_id"], me["username"]) == (account["id"], "lila")
    assert me["id"] != account["id"]
    assert _code(dead) == (190, 463)


def _code(body: dict[str, Any]) -> tuple[int, int | None] | None:
    error = body.get("error")
    return (error["code"], error.get("error_subcode")) if error else None
