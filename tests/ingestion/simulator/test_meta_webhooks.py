"""What Meta's webhooks look like from outside: signature, gating, order, retries, redelivery."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest

from tests.ingestion.simulator.receiver import APP_ID, APP_SECRET, Receiver, Sim, StillClock

pytestmark = pytest.mark.anyio


async def test_a_message_is_signed_over_the_escaped_bytes_that_travel(sim: Sim, receiver: Receiver) -> None:
    said = await sim.say(await sim.page(), "¿Mañana? 🌮")

    [got] = receiver.got
    right = hmac.new(APP_SECRET.encode(), got.body, hashlib.sha256).hexdigest()
    assert got.path == "/webhooks/meta/demo"
    assert got.headers["x-hub-signature-256"] == f"sha256={right}"
    assert b"\\u00bfMa\\u00f1ana? \\ud83c\\udf2e" in got.body
    assert got.item["message"] == {"mid": said["message_id"], "text": "¿Mañana? 🌮"}
    assert got.item["sender"] == {"id": said["person_id"]}


async def test_nothing_is_delivered_before_the_page_is_subscribed(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page(subscribed=False)
    said = await sim.say(page)

    assert said["deliveries"] == []
    assert receiver.got == []
    assert not (await sim.get("/sim/accounts", account=page["id"]))["accounts"][0]["connected"]


async def test_only_subscribed_fields_are_delivered(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page(subscribed=False)
    params = {"access_token": page["token"], "subscribed_fields": "messages"}
    await sim.http.post(f"/graph/{page['id']}/subscribed_apps", params=params)
    said = await sim.say(page)
    await sim.send(page, said["person_id"])

    assert receiver.kinds() == ["message"]


async def test_leaving_disconnects_page_and_linked_instagram(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    where, params = f"/graph/v26.0/{page['id']}/subscribed_apps", {"access_token": page["token"]}
    listed = (await sim.http.get(where, params=params)).json()
    await sim.http.delete(where, params=params)
    await sim.say(page)
    await sim.say(page["instagram"])

    assert [app["id"] for app in listed["data"]] == [APP_ID]
    assert [a["connected"] for a in (await sim.get("/sim/accounts"))["accounts"]] == [False, False]
    assert receiver.got == []


async def test_instagram_sends_edits_only_under_instagram_login(sim: Sim, receiver: Receiver) -> None:
    linked = (await sim.page())["instagram"]
    login = await sim.post("/sim/instagram-accounts", username="lila", name="Florería Lila", app="ig")
    await sim.http.post(
        f"/instagram-graph/v26.0/{login['id']}/subscribed_apps",
        params={"access_token": login["token"], "subscribed_fields": "messages"},
    )
    for account in (linked, login):
        said = await sim.say(account, "Holaa")
        where = {"person": said["person"], "channel": "instagram", "account": account["id"]}
        await sim.post("/sim/edit", **where, message_id=said["message_id"], text="Hola")
        await sim.settle()

    assert [(got.path, kind) for got, kind in zip(receiver.got, receiver.kinds(), strict=True)] == [
        ("/webhooks/meta/demo", "message"),
        ("/webhooks/meta/ig", "message"),
        ("/webhooks/meta/ig", "message_edit"),
    ]


async def test_an_unsent_message_is_announced_by_instagram_alone(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    for account in (page, page["instagram"]):
        said = await sim.say(account)
        where = {"person": said["person"], "channel": account["channel"], "account": account["id"]}
        await sim.post("/sim/unsend", **where, message_id=said["message_id"])
        await sim.settle()

    assert [got.json["object"] for got in receiver.got] == ["page", "instagram", "instagram"]
    assert receiver.items()[-1]["message"] == {"mid": said["message_id"], "is_deleted": True}


async def test_a_failed_delivery_is_tried_again_and_later_ones_overtake_it(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    receiver.next_answers = [500]
    first = await sim.post("/sim/say", person="new", channel="messenger", account=page["id"], text="uno")
    await sim.post("/sim/say", person=first["person"], channel="messenger", account=page["id"], text="dos")
    await sim.settle()

    assert sorted(item["message"]["text"] for item in receiver.items()) == ["dos", "uno", "uno"]
    assert receiver.got[0].body == next(g.body for g in receiver.got[1:] if g.item["message"]["text"] == "uno")
    [delivery, _] = (await sim.get("/sim/deliveries", channel="messenger"))["deliveries"]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 200]


async def test_an_hour_without_a_good_answer_unsubscribes_the_app(
    sim: Sim, receiver: Receiver, clock: StillClock
) -> None:
    page = await sim.page()
    receiver.always = 503
    started = clock.at
    await sim.say(page)

    assert clock.at - started >= timedelta(hours=1)
    assert not (await sim.get("/sim/accounts", account=page["id"]))["accounts"][0]["connected"]
    assert [d["state"] for d in (await sim.get("/sim/deliveries"))["deliveries"]] == ["dropped"]


async def test_redelivery_repeats_the_very_bytes_at_once(sim: Sim, receiver: Receiver) -> None:
    said = await sim.say(await sim.page(), "¿Ya está listo?")
    answers = await sim.post(f"/sim/deliveries/{said['deliveries'][0]}/redeliver", times=3, at_once=True)

    assert answers == {"answers": [200, 200, 200]}
    assert len(receiver.got) == 4
    assert {(got.body, got.headers["x-hub-signature-256"]) for got in receiver.got} == {
        (receiver.got[0].body, receiver.got[0].headers["x-hub-signature-256"])
    }


async def test_held_deliveries_come_in_the_order_that_was_asked_for(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    where = {"channel": "messenger", "account": page["id"]}
    await sim.post("/sim/hold", **where)
    first = await sim.post("/sim/say", person="new", text="uno", **where)
    for text in ("dos", "tres"):
        await sim.post("/sim/say", person=first["person"], text=text, **where)
    assert receiver.got == []
    assert await sim.post("/sim/release", **where, order="reverse") == {"released": 3}
    await sim.settle()

    assert [item["message"]["text"] for item in receiver.items()] == ["tres", "dos", "uno"]


@pytest.mark.parametrize(("signature", "is_signed"), [("valid", True), ("wrong", True), ("none", False)])
async def test_raw_bytes_travel_signed_as_asked(
    sim: Sim, receiver: Receiver, signature: str, *, is_signed: bool
) -> None:
    answer = await sim.post("/sim/raw", app="demo", body_base64="bm90IGpzb24=", signature=signature)

    [got] = receiver.got
    right = "sha256=" + hmac.new(APP_SECRET.encode(), b"not json", hashlib.sha256).hexdigest()
    assert (answer["status"], got.body) == (200, b"not json")
    assert ("x-hub-signature-256" in got.headers) is is_signed
    assert (got.headers.get("x-hub-signature-256") == right) is (signature == "valid")


async def test_the_subscription_check_sends_a_challenge_and_reads_it_back(sim: Sim) -> None:
    assert await sim.post("/sim/meta/apps/demo/verify") == {"status": 200, "echoed": True}


async def test_deauthorise_carries_a_request_signed_with_the_app_secret(sim: Sim, receiver: Receiver) -> None:
    answer = await sim.post("/sim/meta/apps/demo/deauthorize", user_id="42")

    [got] = receiver.got
    signature, _, payload = got.body.decode().removeprefix("signed_request=").partition(".")
    right = hmac.new(APP_SECRET.encode(), payload.encode(), hashlib.sha256).digest()
    assert answer["status"] == 200
    assert got.path == "/webhooks/meta/demo/deauthorize"
    assert signature == base64.urlsafe_b64encode(right).decode().rstrip("=")
