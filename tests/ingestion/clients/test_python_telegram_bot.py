"""python-telegram-bot against the simulator: a second program of others, which fetches its updates itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import telegram
from telegram.error import Conflict, Forbidden, InvalidToken
from telegram.warnings import PTBUserWarning

from tests.support.providers import Simulator

pytestmark = [
    pytest.mark.anyio,
    # It warns of every server that is not api.telegram.org, which is what this is about.
    pytest.mark.filterwarnings(f"ignore::{PTBUserWarning.__module__}.{PTBUserWarning.__qualname__}"),
]


def bot_at(simulator: Simulator, token: str) -> telegram.Bot:
    base = f"{simulator.address}/telegram"
    return telegram.Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot")


@pytest.fixture
async def ptb(simulator: Simulator, bot: Any) -> AsyncIterator[telegram.Bot]:
    async with bot_at(simulator, bot["token"]) as opened:
        yield opened


async def act(simulator: Simulator, bot: Any, path: str, **words: Any) -> Any:
    where = {"channel": "telegram", "account": bot["id"]}
    return await asyncio.to_thread(simulator.post, path, **{**where, **words})


async def test_updates_are_fetched_in_order_and_confirmed_by_the_offset(
    simulator: Simulator, bot: Any, ptb: telegram.Bot
) -> None:
    for text in ("uno", "dos", "tres"):
        await act(simulator, bot, "say", person="new", text=text)
    first = await ptb.get_updates(limit=2)
    rest = await ptb.get_updates(offset=first[-1].update_id + 1)
    again = await ptb.get_updates(offset=rest[-1].update_id + 1)

    assert [u.message.text for u in (*first, *rest) if u.message] == ["uno", "dos", "tres"]
    assert first[0].update_id < first[1].update_id < rest[0].update_id
    assert again == ()


async def test_a_long_poll_ends_when_something_comes(simulator: Simulator, bot: Any, ptb: telegram.Bot) -> None:
    waiting = asyncio.create_task(ptb.get_updates(timeout=20))
    await asyncio.sleep(0.2)
    await act(simulator, bot, "say", person="new", text="ya")
    found = await asyncio.wait_for(waiting, 5)

    assert [u.message.text for u in found if u.message] == ["ya"]


async def test_two_pollers_and_a_webhook_are_conflicts(simulator: Simulator, bot: Any, ptb: telegram.Bot) -> None:
    async with bot_at(simulator, bot["token"]) as twin:
        first = asyncio.create_task(ptb.get_updates(timeout=20))
        await asyncio.sleep(0.2)
        second = asyncio.create_task(twin.get_updates(timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates"):
            await first
        await ptb.set_webhook("http://127.0.0.1:9/hook")
        with pytest.raises(Conflict, match="setWebhook"):
            await second
        with pytest.raises(Conflict, match="webhook is active"):
            await ptb.get_updates()
        assert await ptb.delete_webhook()


async def test_what_it_says_reaches_the_person_and_comes_back_as_it_was(
    simulator: Simulator, bot: Any, ptb: telegram.Bot
) -> None:
    said = await act(simulator, bot, "say", person="new", text="hola")
    sent = await ptb.send_message(said["person_id"], "Con gusto", reply_to_message_id=int(said["message_id"]))
    await ptb.send_document(said["person_id"], b"%PDF-1.4", filename="recibo.pdf", caption="Su recibo")
    await ptb.send_location(said["person_id"], latitude=19.43, longitude=-99.13)
    album = [telegram.InputMediaDocument(b"a", filename="a.txt"), telegram.InputMediaDocument(b"bb", filename="b.txt")]
    both = await ptb.send_media_group(said["person_id"], album)
    got = (await asyncio.to_thread(simulator.get, f"persons/{said['person']}/received"))["messages"]

    assert (sent.text, sent.message_id) == ("Con gusto", int(got[0]["message_id"]))
    assert [m["text"] for m in got] == ["Con gusto", "Su recibo", "", "", ""]
    assert [[(a["type"], a["name"]) for a in m["attachments"]] for m in got] == [
        [],
        [("document", "recibo.pdf")],
        [("location", "")],
        [("document", "a.txt")],
        [("document", "b.txt")],
    ]
    assert both[0].media_group_id == both[1].media_group_id


async def test_blocked_unknown_and_revoked_are_told_apart(simulator: Simulator, bot: Any, ptb: telegram.Bot) -> None:
    said = await act(simulator, bot, "say", person="new", text="hola")
    await act(simulator, bot, "block", person=said["person"])
    with pytest.raises(Forbidden, match="blocked by the user"):
        await ptb.send_message(said["person_id"], "¿Sigue ahí?")
    with pytest.raises(telegram.error.BadRequest, match="Chat not found"):
        await ptb.send_message(12345, "¿Hola?")
    await act(simulator, bot, "tokens/expire")
    with pytest.raises(InvalidToken):
        await ptb.get_me()
