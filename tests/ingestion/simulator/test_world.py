"""Seeds, persons, files, players, and the state that a test may look at."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingestion.simulator.app import create_app
from ingestion.simulator.mint import Mint
from ingestion.simulator.players import parted
from ingestion.simulator.scripts_es import FILLINGS, SCRIPTS
from ingestion.simulator.state import Message
from ingestion.simulator.tuning import Options
from konectus.errors import Invalid
from tests.ingestion.simulator.receiver import APP_ID, APP_SECRET, Receiver, Sim, StillClock

pytestmark = pytest.mark.anyio

MARKS = {"", "foto", "archivo", "voz", "sticker", "ubicación", "historia", "reacción", "corrige", "borra"}


async def _story(clock: StillClock, seed: int) -> list[Any]:
    """The state after the same acts in a fresh simulator."""
    app = create_app(Options(seed=seed), clock, transport=httpx.ASGITransport(Receiver()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8010") as http:
        sim = Sim(http)
        await sim.post("/sim/meta/apps", name="demo", id=APP_ID, secret=APP_SECRET)
        page, bot = await sim.page(), await sim.bot()
        for account in (page, page["instagram"], bot):
            await sim.say(account, attachments=[{"type": "image"}])
        state = await sim.get("/sim/state")
    return [state["accounts"], state["persons"], state["threads"], [d["body_base64"] for d in state["deliveries"]]]


async def test_the_same_seed_makes_the_same_world_and_another_makes_another(clock: StillClock) -> None:
    once, again, other = [await _story(clock, seed) for seed in (5, 5, 6)]

    assert once == again
    assert all(mine != theirs for mine, theirs in zip(once, other, strict=True))


async def test_ids_are_shaped_like_the_channels(sim: Sim) -> None:
    page, bot = await sim.page(), await sim.bot()
    on_page, on_instagram, on_bot = [await sim.say(account) for account in (page, page["instagram"], bot)]

    assert on_page["message_id"].startswith("m_")
    assert on_instagram["message_id"].startswith("aWdf")
    assert on_bot["message_id"].isdigit()
    assert all(said["person_id"].isdigit() for said in (on_page, on_instagram, on_bot))
    assert page["instagram"]["id"].startswith("17841")
    assert bot["token"].startswith(f"{bot['id']}:")


async def test_a_person_has_another_id_on_every_page(sim: Sim) -> None:
    pages = [await sim.page(), await sim.post("/sim/pages", name="Otra", app="demo")]
    said = [await sim.say(page, person="new" if index == 0 else "p1") for index, page in enumerate(pages)]
    told = await sim.get("/sim/persons/p1")

    assert len({one["person_id"] for one in said}) == 2
    assert set(told["ids"].values()) == {one["person_id"] for one in said}


async def test_persons_have_mexican_names_and_handles(sim: Sim) -> None:
    persons = (await sim.post("/sim/persons", count=50))["persons"]

    assert len({person["name"] for person in persons}) > 45
    assert any("á" in person["name"] or "é" in person["name"] for person in persons)
    assert all(person["handle"].isascii() and person["handle"] for person in persons)


@pytest.mark.parametrize(
    ("kind", "head"), [("image", b"\xff\xd8\xff"), ("sticker", b"\x89PNG"), ("file", b"%PDF-"), ("voice", b"OggS")]
)
async def test_a_file_from_a_person_is_behind_its_address(sim: Sim, receiver: Receiver, kind: str, head: bytes) -> None:
    await sim.say(await sim.page(), "", attachments=[{"type": kind}])
    [attachment] = receiver.items()[0]["message"]["attachments"]

    assert (await sim.http.get(attachment["payload"]["url"])).content.startswith(head)


async def test_a_video_is_a_film_and_unknown_types_of_a_channel_are_refused(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    await sim.say(bot, "", attachments=[{"type": "video"}])
    film = receiver.got[0].json["message"]["video"]
    told = (await sim.bot_call(bot, "getFile", file_id=film["file_id"])).json()["result"]
    file = await sim.http.get(f"/telegram/file/bot{bot['token']}/{told['file_path']}")
    words = {"person": "new", "channel": "telegram", "account": bot["id"], "attachments": [{"type": "like_heart"}]}
    refused = await sim.http.post("/sim/say", json=words)

    assert file.content[4:8] == b"ftyp"
    assert (film["width"], film["mime_type"]) == (128, "video/mp4")
    assert (refused.status_code, refused.json()["detail"]) == (400, "nobody can attach like_heart on telegram")


async def test_given_bytes_are_served_as_they_are(sim: Sim, receiver: Receiver) -> None:
    content = base64.b64encode(b"MZ not a picture").decode()
    given = {"type": "image", "content_base64": content, "name": "../x.exe", "media_type": "image/png"}
    await sim.say(await sim.page(), "", attachments=[given])
    url = receiver.items()[0]["message"]["attachments"][0]["payload"]["url"]
    served = await sim.http.get(url)

    assert (served.content, served.headers["content-type"]) == (b"MZ not a picture", "image/png")


async def test_our_file_server_fails_when_told_to(sim: Sim, receiver: Receiver) -> None:
    await sim.say(await sim.page(), "", attachments=[{"type": "image"}])
    url = receiver.items()[0]["message"]["attachments"][0]["payload"]["url"]
    await sim.post("/sim/faults", channel="media", fault="gone", times=1)

    assert [(await sim.http.get(url)).status_code for _ in range(2)] == [410, 200]


async def test_a_story_reply_names_the_story(sim: Sim, receiver: Receiver) -> None:
    await sim.say((await sim.page())["instagram"], "¿Precio?", story=True)

    assert set(receiver.items()[0]["message"]["reply_to"]["story"]) == {"id", "url"}


async def test_an_owner_who_types_by_hand_comes_back_as_an_echo_of_another_app(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    said = await sim.say(page)
    where = {"person": said["person"], "channel": "messenger", "account": page["id"]}
    await sim.post("/sim/owner-says", **where, text="Ya salió su pedido")
    await sim.settle()

    echo = receiver.items()[1]["message"]
    assert (echo["is_echo"], echo["text"]) == (True, "Ya salió su pedido")
    assert str(echo["app_id"]) != APP_ID


async def test_a_sent_file_is_fetched_when_so_set(clock: StillClock) -> None:
    async def ours(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/png")]})
        await send({"type": "http.response.body", "body": b"our file"})

    app = create_app(Options(fetch_media=True), clock, transport=httpx.ASGITransport(ours))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8010") as http:
        sim = Sim(http)
        await sim.post("/sim/meta/apps", name="demo", id=APP_ID, secret=APP_SECRET)
        page = await sim.page()
        said = await sim.say(page)
        for host in ("127.0.0.1:8000", "example.test"):
            attachment = {"type": "image", "payload": {"url": f"http://{host}/media/x"}}
            answer = await sim.send(page, said["person_id"], message={"attachment": attachment})
        bot = await sim.bot()
        chat = {"chat_id": (await sim.say(bot))["person_id"]}
        await sim.bot_call(bot, "sendDocument", **chat, document="http://127.0.0.1:8000/media/x")
        outside = await sim.bot_call(bot, "sendDocument", **chat, document="http://example.test/media/x")
        message, document = (await sim.get("/sim/received"))["messages"]

    assert document["attachments"][0]["sha256"] == message["attachments"][0]["sha256"]
    assert outside.json()["description"] == "Bad Request: failed to get HTTP URL content"
    assert message["attachments"][0]["sha256"] == hashlib.sha256(b"our file").hexdigest()
    assert answer.json()["error"]["error_subcode"] == 2018008


@pytest.mark.parametrize(
    ("path", "words", "status"),
    [
        ("/sim/say", {"person": "p9", "channel": "messenger", "account": "1", "text": "x"}, 404),
        ("/sim/pages", {"name": "x", "app": "nobody"}, 404),
        ("/sim/pages", {"name": "x", "app": "demo", "colour": "red"}, 422),
        ("/sim/meta/apps", {"name": "x", "id": "1", "secret": "s", "webhook_url": "https://example.com/"}, 422),
        ("/sim/clock", {"advance_seconds": -1}, 400),
        ("/sim/raw", {"body": {}}, 400),
        ("/sim/faults", {"channel": "messenger", "fault": "plague"}, 422),
    ],
)
async def test_the_control_api_refuses_what_makes_no_sense(
    sim: Sim, path: str, words: dict[str, Any], status: int
) -> None:
    answer = await sim.http.post(path, json=words)

    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_a_saved_world_is_taken_up_where_it_was_left(clock: StillClock, tmp_path: Path) -> None:
    subscribed, texts, ids = [], [], set()
    for person in ("new", "p1"):
        options = Options(state_file=tmp_path / "world")
        app = create_app(options, clock, transport=httpx.ASGITransport(Receiver()))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8010") as http,
        ):
            sim = Sim(http)
            await sim.post("/sim/meta/apps", name="demo", id=APP_ID, secret=APP_SECRET)
            page = await sim.page(subscribed=person == "new")
            subscribed.append(list(page["subscribed"]))
            ids.add((await sim.say(page, person=person))["message_id"])
            texts.append(len((await sim.get("/sim/threads"))["threads"][0]["messages"]))

    assert (subscribed, texts, len(ids)) == ([[], [APP_ID]], [1, 2], 2)
    with pytest.raises(Invalid, match="no folder"):
        create_app(Options(state_file=tmp_path / "nowhere" / "world"), clock)


async def test_what_can_be_set_and_seen_is_told(sim: Sim) -> None:
    assert await sim.get("/sim/healthz") == {"ok": True}
    assert (await sim.get("/sim/settings"))["read_after"] is None
    await sim.post("/sim/persons", name="Ana", handle="ana")
    assert (await sim.get("/sim/persons"))["persons"] == [
        {"person": "p1", "name": "Ana", "handle": "ana", "language": "es"}
    ]
    assert (await sim.http.get("/cdn/none.png")).status_code == 404


async def test_players_converse_with_whoever_answers(clock: StillClock, receiver: Receiver) -> None:
    app = create_app(Options(seed=3), clock, transport=httpx.ASGITransport(receiver))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8010") as http:
        sim = Sim(http)
        await sim.post("/sim/meta/apps", name="demo", id=APP_ID, secret=APP_SECRET)
        page = await sim.page(business="taller")
        await sim.post("/sim/players/start", per_minute=300, persons=2, pace=0.004)
        await _until(lambda: _answer_all(sim, page, finished=2))
        stopped = await sim.post("/sim/players/stop")
        threads = (await sim.get("/sim/threads", channel="messenger"))["threads"]
        before = len(receiver.got)
        await asyncio.sleep(0.1)

    directions = [message["direction"] for thread in threads for message in thread["messages"]]
    assert stopped["running"] is False
    assert len(threads) <= 2
    assert directions.count("in") >= 6
    assert {"message", "echo", "delivery", "read"} <= set(receiver.kinds())
    assert len(receiver.got) == before


async def _answer_all(sim: Sim, page: Any, *, finished: int) -> bool:
    for thread in (await sim.get("/sim/threads", channel="messenger"))["threads"]:
        if thread["messages"] and thread["messages"][-1]["direction"] == "in":
            await sim.send(page, thread["person_id"])
    return bool((await sim.get("/sim/players"))["finished"] >= finished)


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await done():  # noqa: ASYNC110 reason: the players are asked over HTTP
            await asyncio.sleep(0.01)


def test_every_line_of_every_script_can_be_played() -> None:
    words = {"nombre": "Ana", **{name: options[0] for name, options in FILLINGS.items()}}
    lines = [line for scripts in SCRIPTS.values() for script in scripts for turn in script for line in turn]
    spoken = [parted(variant.strip().format(**words)) for line in lines for variant in line.split("|")]

    assert {mark for mark, _, _ in spoken} <= MARKS
    assert all(text or given or mark in MARKS - {""} for mark, given, text in spoken)


@pytest.mark.parametrize("channel", ["messenger", "instagram", "telegram"])
@pytest.mark.parametrize("business", sorted(SCRIPTS))
async def test_every_script_can_be_played_to_its_end_on_every_channel(
    clock: StillClock, business: str, channel: str
) -> None:
    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    app = create_app(Options(), clock, transport=httpx.ASGITransport(Receiver()), sleep=sleep)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8010") as http:
        sim = Sim(http)
        await sim.post("/sim/meta/apps", name="demo", id=APP_ID, secret=APP_SECRET)
        page, bot = await sim.page(business=business), await sim.bot(business=business)
        account = {"messenger": page, "instagram": page["instagram"], "telegram": bot}[channel]
        stage, players = app.state.stage, app.state.players
        for number, script in enumerate(SCRIPTS[business]):
            thread = stage.world.thread(stage.world.account(channel, account["id"]), stage.world.invent_person())
            answer = thread.add(Message("1", "out", clock.now(), "Con gusto"))
            play = asyncio.create_task(players.perform(thread, script, (number,)))
            while not play.done():
                players.hear(thread, answer)
                await asyncio.sleep(0)
            assert play.result() is None
            assert thread.messages
            await asyncio.sleep(0)
    assert players.told()["finished"] == len(SCRIPTS[business])


def test_choices_do_not_depend_on_the_order_in_which_they_are_made() -> None:
    forth, back = Mint(4), Mint(4)

    assert [forth.text(8, n) for n in range(5)] == [back.text(8, n) for n in reversed(range(5))][::-1]
    assert sorted(forth.shuffled("abcdef", "x")) == list("abcdef")
