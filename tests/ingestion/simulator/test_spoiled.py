"""Answers and files that a channel should never give, on demand, so that the product can be seen to bear them."""

import json
from typing import Any

import httpx
import pytest

from tests.ingestion.simulator.receiver import Sim, StillClock

pytestmark = pytest.mark.anyio


async def spoil(sim: Sim, channel: str, account: str, **fault: Any) -> None:
    await sim.post("/sim/faults", channel=channel, account=account, **fault)


@pytest.mark.parametrize(("fault", "status"), [("html", 502), ("garbage", 200), ("wrong_shape", 200), ("huge", 200)])
async def test_an_answer_that_is_none_comes_after_the_act(sim: Sim, fault: str, status: int) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await spoil(sim, "messenger", page["id"], fault=fault, method="messages")
    answer = await sim.send(page, said["person_id"])
    got = await sim.get(f"/sim/persons/{said['person']}/received")

    assert answer.status_code == status
    assert not is_answer(answer)
    assert [m["text"] for m in got["messages"]] == ["Con gusto"]


def is_answer(answer: httpx.Response) -> bool:
    try:
        return "message_id" in json.loads(answer.content)
    except ValueError:
        return False


async def test_any_error_of_the_tables_can_be_given(sim: Sim) -> None:
    page, bot = await sim.page(), await sim.bot()
    said, told = await sim.say(page), await sim.say(bot)
    await spoil(sim, "messenger", page["id"], fault="error", code=100, subcode=2018109, is_transient=True, status=413)
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    await spoil(sim, "telegram", bot["id"], fault="error", message=words, parameters={"migrate_to_chat_id": -1001})
    refused = await sim.send(page, said["person_id"])
    moved = await sim.bot_call(bot, "sendMessage", chat_id=told["person_id"], text="Hola")

    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["error_subcode"]) == (413, 100, 2018109)
    assert error["is_transient"] is True
    assert moved.json() == {
        "ok": False,
        "error_code": 400,
        "description": words,
        "parameters": {"migrate_to_chat_id": -1001},
    }


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
async def test_a_token_dies_of_what_it_is_told_to(sim: Sim, subcode: int) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/tokens/expire", channel="messenger", account=page["id"], subcode=subcode)
    error = (await sim.send(page, said["person_id"])).json()["error"]

    assert (error["code"], error["error_subcode"]) == (190, subcode)


async def test_usage_is_what_it_is_told_to_be(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/settings", usage_percent=97, regain_minutes=12)
    answer = await sim.send(page, said["person_id"])
    told = json.loads(answer.headers["x-business-use-case-usage"])[page["id"]][0]

    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 97
    assert (told["type"], told["estimated_time_to_regain_access"]) == ("messenger", 12)


async def test_limits_are_kept_when_asked_for(sim: Sim, clock: StillClock) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/settings", keep_limits=True)
    listing = {"access_token": page["token"]}
    reads = [await sim.http.get(f"/graph/{page['id']}/conversations", params=listing) for _ in range(3)]
    await sim.post("/sim/clock", advance_seconds=1)
    again = await sim.http.get(f"/graph/{page['id']}/conversations", params=listing)
    film = {"attachment": {"type": "video", "payload": {"url": "https://example.test/v.mp4"}}}
    films = [await send(sim, page, said, film) for _ in range(11)]

    assert [r.status_code for r in reads] == [200, 200, 400]
    assert reads[2].json()["error"]["code"] == 613
    assert again.status_code == 200
    assert [r.status_code for r in films] == [200] * 10 + [400]


async def send(sim: Sim, page: Any, said: Any, message: Any) -> httpx.Response:
    """Without waiting for echoes, which would let time pass."""
    body = {"recipient": {"id": said["person_id"]}, "message": message}
    return await sim.http.post(f"/graph/{page['id']}/messages", params={"access_token": page["token"]}, json=body)


async def media(sim: Sim, **fault: Any) -> httpx.Response:
    """The file of a photo, asked for while the file server misbehaves."""
    page = await sim.page()
    await sim.say(page, "", attachments=[{"type": "image"}])
    threads = (await sim.get("/sim/threads"))["threads"]
    url = threads[0]["messages"][0]["attachments"][0]["url"]
    await spoil(sim, "media", "*", **fault)
    return await sim.http.get(url)


@pytest.mark.parametrize(("fault", "status"), [("gone", 410), ("server_error", 500), ("html", 200), ("garbage", 200)])
async def test_a_file_that_is_none(sim: Sim, fault: str, status: int) -> None:
    answer = await media(sim, fault=fault)

    assert answer.status_code == status
    assert not answer.content.startswith(b"\xff\xd8")


async def test_a_file_that_is_elsewhere(sim: Sim) -> None:
    answer = await media(sim, fault="redirect", location="http://169.254.169.254/latest/")

    assert (answer.status_code, answer.headers["location"]) == (302, "http://169.254.169.254/latest/")


async def test_a_file_that_is_far_too_large(sim: Sim) -> None:
    answer = await media(sim, fault="huge")

    assert "content-length" not in answer.headers
    assert len(answer.content) >= 60 * 1024 * 1024
