"""Everything on Messenger and Instagram that is more than a text: shapes, subscriptions, other apps, batches."""

from typing import Any

import pytest

from tests.ingestion.simulator.receiver import PAGE_FIELDS, Receiver, Sim, StillClock

pytestmark = pytest.mark.anyio

ALL_FIELDS = (
    f"{PAGE_FIELDS},messaging_referrals,messaging_policy_enforcement,messaging_optins,messaging_handovers,standby,"
    "messaging_account_linking,messaging_customer_information,send_cart,response_feedback"
)
OTHER_APP = "263902037430900"


@pytest.fixture
async def page(sim: Sim) -> Any:
    """A Page whose every kind of event is subscribed to."""
    page = await sim.page(subscribed=False)
    given = {"access_token": page["token"], "subscribed_fields": ALL_FIELDS}
    assert (await sim.http.post(f"/graph/{page['id']}/subscribed_apps", params=given)).json() == {"success": True}
    return page


@pytest.mark.parametrize(
    ("act", "shape"),
    [
        ("reel", (["reel"], {"reel_video_id", "title", "url"})),
        ("post", (["post"], {"id", "title", "url"})),
        ("link", (["fallback"], {"title", "url"})),
        ("appointment", (["appointment_booking"], {"booking_id", "status", "start_time", "end_time", "timezone"})),
        ("template", (["template"], {"product"})),
        ("location", (["location"], {"coordinates"})),
        ("sticker", (["sticker"], {"url", "sticker_id"})),
    ],
)
async def test_what_people_attach_on_messenger(
    sim: Sim, page: Any, receiver: Receiver, act: str, shape: tuple[list[str], set[str]]
) -> None:
    await sim.say(page, "", attachments=[{"type": act}])

    listed = receiver.got[-1].item["message"]["attachments"]
    assert ([a["type"] for a in listed], set(listed[0]["payload"])) == shape


@pytest.mark.parametrize(
    ("act", "shape"),
    [
        ("ig_reel", (["ig_reel"], {"reel_video_id", "title", "url"})),
        ("ig_post", (["share", "ig_post"], {"ig_post_media_id", "title", "url"})),
        ("ig_story", (["ig_story"], {"story_media_id", "story_media_url"})),
        ("media", (["media"], {"url"})),
        ("story_mention", (["story_mention"], {"url"})),
    ],
)
async def test_what_people_attach_on_instagram(
    sim: Sim, page: Any, receiver: Receiver, act: str, shape: tuple[list[str], set[str]]
) -> None:
    await sim.say(page["instagram"], "", attachments=[{"type": act}])

    listed = receiver.got[-1].item["message"]["attachments"]
    assert ([a["type"] for a in listed], set(listed[-1]["payload"])) == shape


@pytest.mark.parametrize("act", ["ephemeral", "like_heart"])
async def test_what_has_nothing_to_fetch_has_no_payload(sim: Sim, page: Any, receiver: Receiver, act: str) -> None:
    await sim.say(page["instagram"], "", attachments=[{"type": act}])

    assert receiver.got[-1].item["message"]["attachments"] == [{"type": act}]


NOTICES = {
    "referral": ("referral", {"ref": "cartel-7", "source": "SHORTLINK", "type": "OPEN_THREAD"}),
    "optin": ("optin", {"type": "notification_messages", "payload": "novedades"}),
    "account_linking": ("account_linking", {"status": "linked", "authorization_code": "c0de"}),
    "customer_information": ("messaging_customer_information", {"screens": []}),
    "order": ("order", {"products": [{"id": "1", "name": "Silla", "quantity": 2}], "note": "Sin caja"}),
    "feedback": ("response_feedback", {"feedback": "Bad response", "mid": "m_1"}),
}


@pytest.mark.parametrize("kind", NOTICES)
async def test_a_notice_is_told_under_its_key(sim: Sim, page: Any, receiver: Receiver, kind: str) -> None:
    key, fact = NOTICES[kind]
    where = {"channel": "messenger", "account": page["id"]}
    done = await sim.post("/sim/notice", person="new", kind=kind, fact=fact, **where)
    await sim.settle()

    assert receiver.got[-1].item[key] == fact
    assert receiver.got[-1].item["sender"] == {"id": done["person_id"]}


async def test_what_is_not_subscribed_to_is_not_told(sim: Sim, receiver: Receiver) -> None:
    page = await sim.page()
    where = {"channel": "messenger", "account": page["id"]}
    done = await sim.post("/sim/notice", person="new", kind="order", fact={}, **where)

    assert done["deliveries"] == []
    assert receiver.got == []


async def test_a_link_into_a_known_thread_opens_the_window(sim: Sim, page: Any, clock: StillClock) -> None:
    said = await sim.say(page)
    where = {"channel": "messenger", "account": page["id"], "person": said["person"]}
    await sim.post("/sim/clock", advance_seconds=25 * 3600)
    late = await sim.send(page, said["person_id"])
    await sim.post("/sim/notice", kind="referral", fact=NOTICES["referral"][1], **where)
    open_again = await sim.send(page, said["person_id"])

    assert late.json()["error"]["error_subcode"] == 2018278
    assert open_again.status_code == 200


async def test_a_thread_of_another_app_comes_under_standby_and_takes_no_answer(
    sim: Sim, page: Any, receiver: Receiver
) -> None:
    said = await sim.say(page)
    where = {"channel": "messenger", "account": page["id"], "person": said["person"]}
    await sim.post("/sim/handover", action="pass", app_id=OTHER_APP, metadata="turno", **where)
    await sim.say(page, "¿Me atiende una persona?", person=said["person"])
    await sim.post("/sim/tap", payload="HABLAR", **where)
    await sim.settle()
    refused = await sim.send(page, said["person_id"])
    await sim.post("/sim/handover", action="take", app_id="1001", **where)
    await sim.say(page, "gracias", person=said["person"])
    passed, message, tapped, taken, after = (got.json["entry"][0] for got in receiver.got[1:])

    assert passed["messaging"][0]["pass_thread_control"]["new_owner_app_id"] == OTHER_APP
    assert message["standby"][0]["message"]["text"] == "¿Me atiende una persona?"
    assert set(tapped["standby"][0]["postback"]) == {"mid", "title"}
    assert refused.json()["error"]["error_subcode"] == 2018300
    assert taken["messaging"][0]["take_thread_control"]["previous_owner_app_id"] == OTHER_APP
    assert after["messaging"][0]["message"]["text"] == "gracias"


async def test_roles_requests_and_items_as_they_are(sim: Sim, page: Any, receiver: Receiver) -> None:
    where = {"channel": "messenger", "account": page["id"]}
    await sim.post("/sim/app-roles", roles={"1001": ["primary_receiver"]}, **where)
    await sim.post("/sim/handover", action="request", app_id=OTHER_APP, person="new", **where)
    odd = {"sender": {"id": "5"}, "recipient": {"id": page["id"]}, "timestamp": 1, "from_the_future": {"a": 1}}
    await sim.post("/sim/item", item=odd, **where)
    await sim.settle()
    roles, asked, future = receiver.items()

    assert roles["app_roles"] == {"1001": ["primary_receiver"]}
    assert "sender" not in roles
    assert asked["request_thread_control"]["requested_owner_app_id"] == OTHER_APP
    assert future == odd


async def test_the_owner_and_another_app_write_with_files(sim: Sim, page: Any, receiver: Receiver) -> None:
    said = await sim.say(page)
    where = {"channel": "messenger", "account": page["id"], "person": said["person"]}
    await sim.post("/sim/owner-says", text="Aquí está", attachments=[{"type": "image"}], **where)
    await sim.post("/sim/owner-says", text="Encuesta", app_id="99", **where)
    await sim.settle()
    by_hand, by_app = (got.item["message"] for got in receiver.got[1:])

    assert (by_hand["app_id"], by_hand["attachments"][0]["type"]) == (int(OTHER_APP), "image")
    assert (by_app["app_id"], by_app["text"]) == (99, "Encuesta")


async def test_a_message_from_an_ad_a_command_and_one_to_oneself(sim: Sim, page: Any, receiver: Receiver) -> None:
    ad = {"ref": "mesa", "ad_id": "127", "source": "ADS", "type": "OPEN_THREAD"}
    await sim.say(page, "¿Precio?", referral=ad)
    await sim.say(page, "/horario", native={"commands": [{"name": "horario"}]})
    await sim.say(page["instagram"], "comprar harina", native={"is_self": True})
    first, second, third = (got.item["message"] for got in receiver.got)

    assert first["referral"] == ad
    assert second["commands"] == [{"name": "horario"}]
    assert third["is_self"] is True


async def test_a_request_nobody_answers_for_a_month_is_no_longer_listed(sim: Sim, page: Any) -> None:
    await sim.say(page, is_request=True)
    listing = {"access_token": page["token"], "platform": "messenger"}
    before = (await sim.http.get(f"/graph/{page['id']}/conversations", params=listing)).json()["data"]
    await sim.post("/sim/clock", advance_seconds=31 * 86400)
    after = (await sim.http.get(f"/graph/{page['id']}/conversations", params=listing)).json()["data"]

    assert (len(before), len(after)) == (1, 0)


async def test_held_events_of_several_pages_come_in_one_signed_body(sim: Sim, receiver: Receiver) -> None:
    first = await sim.page(id="111")
    second = await sim.post("/sim/pages", name="Florería Lila", app="demo", id="222")
    given = {"access_token": second["token"], "subscribed_fields": PAGE_FIELDS}
    await sim.http.post("/graph/222/subscribed_apps", params=given)
    for account in ("111", "222"):
        await sim.post("/sim/hold", channel="messenger", account=account)
    for account in (first, second, first):
        await sim.say(account)
    made = await sim.post("/sim/merge", app="demo", size=10, together=True)
    await sim.settle()
    entries = receiver.got[0].json["entry"]

    assert (len(made["deliveries"]), len(receiver.got)) == (1, 1)
    assert [(e["id"], len(e["messaging"])) for e in entries] == [("111", 2), ("222", 1)]
    assert (await sim.post("/sim/release", channel="messenger", account="111"))["released"] == 0
