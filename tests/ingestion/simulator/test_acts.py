"""What persons do beside writing, as it arrives at the webhook; and the control API's trouble."""

from typing import Any

import pytest

from tests.ingestion.simulator.receiver import Receiver, Sim

pytestmark = pytest.mark.anyio


def _where(said: Any) -> dict[str, str]:
    return {name: said[name] for name in ("person", "channel", "account")}


async def test_a_reaction_and_its_withdrawal_name_the_message(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    said = await sim.say(page)
    sent = (await sim.send(page, said["person_id"])).json()["message_id"]
    for remove in (False, True):
        await sim.post("/sim/react", **_where(said), message_id=sent, emoji="👍", remove=remove)
        await sim.settle()

    reactions = [item["reaction"] for item in receiver.items() if "reaction" in item]
    assert reactions == [
        {"mid": sent, "action": "react", "emoji": "👍", "reaction": "like"},
        {"mid": sent, "action": "unreact"},
    ]


async def test_telegram_keeps_private_reactions_to_itself_unless_so_set(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot(allowed_updates=["message", "message_reaction"])
    said = await sim.say(bot)
    await sim.post("/sim/react", **_where(said), message_id=said["message_id"], emoji="🔥")
    await sim.settle()
    silent = len(receiver.got)
    await sim.post("/sim/settings", telegram_private_reactions=True)
    await sim.post("/sim/react", **_where(said), message_id=said["message_id"], emoji="👍")
    await sim.settle()

    reaction = receiver.got[-1].json["message_reaction"]
    assert silent == 1
    assert (reaction["old_reaction"], reaction["new_reaction"]) == (
        [{"type": "emoji", "emoji": "🔥"}],
        [{"type": "emoji", "emoji": "👍"}],
    )


async def test_an_edit_counts_up(sim: Sim, receiver: Receiver) -> None:
    said = await sim.say(await sim.page(), "Hla")
    for text in ("Holaa", "Hola"):
        await sim.post("/sim/edit", **_where(said), message_id=said["message_id"], text=text)
        await sim.settle()

    edits = [item["message_edit"] for item in receiver.items()[1:]]
    assert [(edit["text"], edit["num_edit"]) for edit in edits] == [("Holaa", 1), ("Hola", 2)]


async def test_a_tap_is_a_quick_reply_or_a_postback(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    start = await sim.post("/sim/tap", person="new", channel="messenger", account=page["id"], payload="GET_STARTED")
    reply = {"content_type": "text", "title": "Sí", "payload": "si"}
    asked = await sim.send(page, start["person_id"], message={"text": "¿Confirma?", "quick_replies": [reply]})
    await sim.post("/sim/tap", **_where(start), message_id=asked.json()["message_id"], payload="si")
    await sim.settle()

    first, last = receiver.items()[0], receiver.items()[-1]
    assert (first["postback"]["payload"], first["postback"]["mid"]) == ("GET_STARTED", start["message_id"])
    assert (last["message"]["text"], last["message"]["quick_reply"]) == ("Sí", {"payload": "si"})


async def test_start_is_the_first_tap_on_telegram(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    await sim.post("/sim/tap", person="new", channel="telegram", account=bot["id"], payload="")
    await sim.settle()

    message = receiver.got[0].json["message"]
    assert message["text"] == "/start"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_places_and_cards_are_no_files(sim: Sim, receiver: Receiver) -> None:
    page, bot = await sim.page(), await sim.bot()
    await sim.say(page, "", attachments=[{"type": "location", "lat": 0.0, "long": -99.5}])
    await sim.say(bot, "", attachments=[{"type": "location"}])
    await sim.say(bot, "", attachments=[{"type": "contact", "name": "Taxi Rocío"}])

    place = receiver.got[0].item["message"]["attachments"][0]["payload"]["coordinates"]
    pin, card = receiver.got[1].json["message"]["location"], receiver.got[2].json["message"]["contact"]
    assert place == {"lat": 0.0, "long": -99.5}
    assert 19 < pin["latitude"] < 20
    assert card["first_name"] == "Taxi Rocío"


@pytest.mark.parametrize(
    ("kind", "on_page", "on_instagram"),
    [("sticker", "sticker", "image"), ("share", "fallback", "share"), ("audio", "audio", "audio")],
)
async def test_types_are_named_as_each_object_names_them(
    sim: Sim, receiver: Receiver, kind: str, on_page: str, on_instagram: str
) -> None:
    page = await sim.page()
    for account in (page, page["instagram"]):
        await sim.say(account, "", attachments=[{"type": kind, "name": "mi archivo"}])

    types = [item["message"]["attachments"][0]["type"] for item in receiver.items()]
    assert types == [on_page, on_instagram]


async def test_instagram_has_hearts_vanishing_photos_and_things_it_hides(sim: Sim, receiver: Receiver) -> None:
    linked = (await sim.page())["instagram"]
    for kind in ("like_heart", "ephemeral", "unsupported"):
        await sim.say(linked, "", attachments=[{"type": kind}])

    heart, vanishing, hidden = (item["message"] for item in receiver.items())
    assert (heart["attachments"], vanishing["attachments"]) == ([{"type": "like_heart"}], [{"type": "ephemeral"}])
    assert hidden["is_unsupported"] is True


async def test_an_address_elsewhere_is_passed_on_untouched(sim: Sim, receiver: Receiver) -> None:
    url = "http://169.254.169.254/latest"
    await sim.say(await sim.page(), "", attachments=[{"type": "image", "url": url}])

    assert receiver.items()[0]["message"]["attachments"][0]["payload"]["url"] == url


async def test_a_policy_event_names_no_sender(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page(subscribed=False)
    fields = {"access_token": page["token"], "subscribed_fields": "messaging_policy_enforcement"}
    await sim.http.post(f"/graph/{page['id']}/subscribed_apps", params=fields)
    await sim.post("/sim/policy", account=page["id"], action="block", reason="spam")
    await sim.settle()

    [item] = receiver.items()
    assert item["policy_enforcement"] == {"action": "block", "reason": "spam"}
    assert "sender" not in item


async def test_nobody_changes_what_somebody_else_wrote(sim: Sim) -> None:
    page, bot = await sim.page(), await sim.bot()
    said = await sim.say(page)
    sent = (await sim.send(page, said["person_id"])).json()["message_id"]
    words = {**_where(said), "text": "x"}
    foreign = await sim.http.post("/sim/edit", json={**words, "message_id": sent})
    unknown = await sim.http.post("/sim/edit", json={**words, "message_id": "m_0"})
    on_bot = await sim.say(bot)
    by_hand = await sim.http.post("/sim/owner-says", json={**_where(on_bot), "text": "x"})

    assert [answer.status_code for answer in (foreign, unknown, by_hand)] == [409, 404, 409]


async def test_reading_nothing_new_tells_nobody(sim: Sim, receiver: Receiver) -> None:
    page, bot = await sim.page(), await sim.bot()
    on_page, on_bot = await sim.say(page), await sim.say(bot)
    await sim.bot_call(bot, "sendMessage", chat_id=on_bot["person_id"], text="Va")
    answers = [await sim.post("/sim/read", **_where(said)) for said in (on_page, on_bot)]
    [message] = (await sim.get("/sim/received", channel="telegram"))["messages"]

    assert [answer["deliveries"] for answer in answers] == [[], []]
    assert message["read_at"] is not None
    assert len(receiver.got) == 2


async def test_faults_are_listed_ended_and_limited_to_their_method(sim: Sim) -> None:
    bot = await sim.bot()
    where = {"channel": "telegram", "account": bot["id"]}
    first = await sim.post("/sim/faults", **where, fault="expired_token", times=None, method="sendMessage")
    second = await sim.post("/sim/faults", **where, fault="transient", times=2)
    said = await sim.say(bot)
    call = {"chat_id": said["person_id"], "text": "Hola"}
    statuses = [
        (await sim.bot_call(bot, "getMe")).status_code,
        (await sim.bot_call(bot, "sendMessage", **call)).status_code,
    ]
    listed = (await sim.get("/sim/faults"))["faults"]
    await sim.http.delete(f"/sim/faults/{second['id']}")
    gone = await sim.http.delete("/sim/faults/f9")
    await sim.http.delete("/sim/faults")
    statuses.append((await sim.bot_call(bot, "sendMessage", **call)).status_code)
    calls = (await sim.get("/sim/calls", method="sendMessage"))["calls"]

    assert statuses == [500, 401, 200]
    assert [fault["id"] for fault in listed] == [first["id"], second["id"]]
    assert gone.status_code == 404
    assert [call["status"] for call in calls] == [401, 200]


async def test_a_send_whose_echo_never_comes(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    said = await sim.say(page)
    await sim.post("/sim/faults", channel="messenger", account=page["id"], fault="no_echo")
    await sim.send(page, said["person_id"])

    assert receiver.kinds() == ["message"]
    assert len((await sim.get("/sim/received"))["messages"]) == 1


async def test_raw_updates_carry_the_secret_as_asked(sim: Sim, receiver: Receiver) -> None:
    bot = await sim.bot()
    for secret in ("valid", "wrong", "none"):
        await sim.post("/sim/raw", bot=bot["id"], body={"update_id": 1}, secret=secret)
    await sim.bot_call(bot, "deleteWebhook", drop_pending_updates=True)
    without = await sim.http.post("/sim/raw", json={"bot": bot["id"], "body": {}})

    secrets = [got.headers.get("x-telegram-bot-api-secret-token") for got in receiver.got]
    assert (secrets[0], secrets[1] == secrets[0], secrets[2]) == ("hush", False, None)
    assert without.status_code == 409


async def test_what_was_never_delivered_cannot_be_repeated(sim: Sim) -> None:
    page = await sim.page()
    await sim.post("/sim/hold", channel="messenger", account=page["id"])
    said = await sim.post("/sim/say", person="new", channel="messenger", account=page["id"], text="x")
    answers = [
        await sim.http.post(f"/sim/deliveries/{name}/redeliver", json={}) for name in (said["deliveries"][0], "d99")
    ]
    shuffled = await sim.post("/sim/release", channel="messenger", account=page["id"], order="shuffle")
    await sim.settle()
    one_by_one = await sim.post(f"/sim/deliveries/{said['deliveries'][0]}/redeliver", times=2)

    assert [answer.status_code for answer in answers] == [409, 404]
    assert (shuffled, one_by_one) == ({"released": 1}, {"answers": [200, 200]})


async def test_a_linked_account_cannot_be_registered_a_second_time_on_its_own(sim: Sim) -> None:
    linked = (await sim.page())["instagram"]
    words = {"username": "x", "name": "x", "app": "ig", "id": linked["id"]}

    assert (await sim.http.post("/sim/instagram-accounts", json=words)).status_code == 409
