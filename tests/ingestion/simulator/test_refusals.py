"""What the providers refuse, beyond windows and limits: wrong words, foreign tokens, unknown things."""

from typing import Any

import pytest

from tests.ingestion.simulator.receiver import APP_ID, Sim

pytestmark = pytest.mark.anyio

IMAGE = {"type": "image", "payload": {"url": "http://127.0.0.1:8000/x"}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message": {}}, (100, None)),
        ({"message": {"text": "x", "attachment": IMAGE}}, (100, None)),
        ({"message": {"attachment": {"type": "hologram", "payload": {}}}}, (100, None)),
        ({"message": {"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}}, (100, 2018074)),
        ({"message": {"text": "x", "metadata": "m" * 1001}}, (100, None)),
        ({"message": {"text": "x", "quick_replies": [{"title": "a"}] * 14}}, (100, None)),
        ({"reply_to": {"mid": "m_unknown"}}, (100, None)),
        ({"messaging_type": "SHOUT"}, (100, None)),
        ({"recipient": {}}, (100, None)),
        ({"sender_action": "dance"}, (100, None)),
        ({"sender_action": "react", "payload": {"message_id": "m_unknown", "reaction": "love"}}, (100, None)),
        ({"sender_action": "typing_on", "message": {"text": "x"}}, (100, 2018014)),
        ({"sender_action": "typing_on"}, None),
    ],
)
async def test_a_send_with_wrong_words_is_refused(sim: Sim, body: dict[str, Any], code: tuple[int, int] | None) -> None:
    page = await sim.page()
    said = await sim.say(page)
    answer = await sim.send(page, said["person_id"], **body)

    assert _code(answer.json()) == code
    assert (await sim.get("/sim/received"))["messages"] == []


async def test_a_large_upload_is_refused(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    form = {"recipient": f'{{"id":"{said["person_id"]}"}}', "message": '{"attachment":{"type":"image","payload":{}}}'}
    file = {"filedata": ("foto.png", b"x" * (8 * 1024 * 1024 + 1), "image/png")}
    params = {"access_token": page["token"]}

    answer = await sim.http.post("/graph/me/messages", data=form, files=file, params=params)
    assert _code(answer.json()) == (100, 2018109)


async def test_a_file_uploaded_beforehand_is_sent_by_its_id(sim: Sim) -> None:
    page = await sim.page()
    said = await sim.say(page)
    params, where = {"access_token": page["token"]}, f"/graph/v26.0/{page['id']}/message_attachments"
    kept = await sim.http.post(where, params=params, json={"message": {"attachment": IMAGE}})
    file = {"filedata": ("a.pdf", b"%PDF-1.4", "application/pdf")}
    form = {"message": '{"attachment":{"type":"file","payload":{"is_reusable":true}}}'}
    uploaded = await sim.http.post(where, params=params, data=form, files=file)
    nothing = await sim.http.post(where, params=params, json={"message": {"attachment": {"type": "image"}}})
    for answer in (kept, uploaded):
        attachment = {"type": "file", "payload": answer.json()}
        await sim.send(page, said["person_id"], message={"attachment": attachment})

    received = (await sim.get("/sim/received"))["messages"]
    assert [m["attachments"][0]["name"] for m in received] == ["x", "a.pdf"]
    assert _code(nothing.json()) == (100, None)


@pytest.mark.parametrize(
    ("method", "path", "params", "code"),
    [
        ("GET", "/graph/v26.0/me", {}, (104, None)),
        ("GET", "/graph/v26.0/me", {"access_token": "EAAwrong"}, (190, None)),
        ("GET", "/graph/v26.0/999", None, (100, 33)),
        ("GET", "/graph/v26.0/t_999", None, (100, 33)),
        ("GET", "/graph/v26.0/", None, (100, 33)),
        ("POST", "/graph/v26.0/999/messages", None, (100, 33)),
        ("POST", "/graph/v26.0/me/fly", None, (100, 33)),
        ("POST", "/graph/v26.0/me/subscribed_apps", {"subscribed_fields": "everything"}, (100, None)),
        ("POST", "/graph/v26.0/me/subscribed_apps", {"subscribed_fields": ""}, (100, None)),
        ("GET", "/graph/v26.0/me/accounts", {"access_token": "EAAwrong"}, (190, None)),
        ("GET", "/graph/v26.0/oauth/access_token", {"client_id": "0"}, (101, None)),
        ("GET", "/graph/v26.0/oauth/access_token", {"client_id": APP_ID, "client_secret": "no"}, (1, None)),
        ("GET", "/graph/v26.0/debug_token", {"access_token": "nobody", "input_token": "x"}, (190, None)),
    ],
)
async def test_a_call_that_names_nothing_or_nobody_is_refused(
    sim: Sim, method: str, path: str, params: dict[str, str] | None, code: tuple[int, int | None]
) -> None:
    page = await sim.page(subscribed=False)
    given = {"access_token": page["token"], **(params or {})} if params != {} else {}
    answer = await sim.http.request(method, path, params=given)

    assert answer.status_code >= 400
    assert _code(answer.json()) == code
    assert answer.json()["error"]["fbtrace_id"]


async def test_a_linked_instagram_account_has_no_subscription_of_its_own(sim: Sim) -> None:
    page = await sim.page()
    path = f"/graph/v26.0/{page['instagram']['id']}/subscribed_apps"

    assert _code((await sim.http.get(path, params={"access_token": page["token"]})).json()) == (100, 33)


async def test_a_dead_token_is_told_as_such(sim: Sim) -> None:
    page = await sim.page()
    await sim.post("/sim/tokens/expire", channel="instagram", account=page["instagram"]["id"])
    asked = {"input_token": page["token"], "access_token": f"{APP_ID}|s3cret"}
    dead = (await sim.http.get("/graph/debug_token", params=asked)).json()["data"]
    unknown = (await sim.http.get("/graph/debug_token", params={**asked, "input_token": "x"})).json()["data"]

    assert (dead["is_valid"], dead["error"]["subcode"], unknown["is_valid"]) == (False, 463, False)


async def test_somebody_who_says_no_comes_back_without_a_code(sim: Sim) -> None:
    words = {"client_id": APP_ID, "redirect_uri": "http://127.0.0.1:8000/back", "state": "s", "deny": "1"}
    back = (await sim.http.get("/login/v26.0/dialog/oauth", params=words)).headers["location"]
    stranger = await sim.http.get("/login/v26.0/dialog/oauth", params={**words, "client_id": "0"})
    nobody = await sim.http.get("/instagram-login/oauth/authorize", params={**words, "client_id": "2002", "deny": "0"})

    assert "error=access_denied" in back
    assert (stranger.status_code, nobody.status_code) == (400, 400)


async def test_a_code_is_good_once_and_for_its_own_flavour(sim: Sim) -> None:
    await sim.page()
    words = {"client_id": APP_ID, "redirect_uri": "http://127.0.0.1:8000/back", "state": "s"}
    back = (await sim.http.get("/login/dialog/oauth", params=words)).headers["location"]
    code = back.partition("code=")[2].partition("&")[0]
    form = {**words, "client_secret": "s3cret", "code": code}
    foreign = await sim.http.post("/instagram-api/oauth/access_token", data=form)
    wrong = await sim.http.post("/instagram-api/oauth/access_token", data={**form, "client_secret": "no"})

    assert (foreign.status_code, wrong.status_code) == (400, 400)
    assert foreign.json()["error_type"] == "OAuthException"


async def test_tokens_grow_old_and_are_lengthened(sim: Sim) -> None:
    page = await sim.page()
    words = {"client_id": APP_ID, "redirect_uri": "http://127.0.0.1:8000/back", "state": "s"}
    back = (await sim.http.get("/login/dialog/oauth", params=words)).headers["location"]
    given = {**words, "client_secret": "s3cret", "code": back.partition("code=")[2].partition("&")[0]}
    short = (await sim.http.get("/graph/oauth/access_token", params=given)).json()
    exchange = {**given, "grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}
    long = (await sim.http.get("/graph/oauth/access_token", params=exchange)).json()
    lost = (await sim.http.get("/graph/oauth/access_token", params={**exchange, "fb_exchange_token": "x"})).json()
    asked = {"input_token": short["access_token"], "access_token": page["token"]}
    told = (await sim.http.get("/graph/debug_token", params=asked)).json()["data"]
    await sim.post("/sim/clock", advance_seconds=61 * 86400)
    late = (await sim.http.get("/graph/me/accounts", params={"access_token": short["access_token"]})).json()

    assert (short["expires_in"], long["expires_in"]) == (3600, 60 * 86400)
    assert (told["type"], _code(lost), _code(late)) == ("USER", (190, None), (190, 463))


async def test_an_instagram_token_is_refreshed_from_its_second_day(sim: Sim) -> None:
    await sim.post("/sim/instagram-accounts", username="lila", name="Lila", app="ig")
    words = {"client_id": "2002", "redirect_uri": "http://127.0.0.1:8000/back", "state": "s"}
    back = (await sim.http.get("/instagram-login/oauth/authorize", params=words)).headers["location"]
    form = {**words, "client_secret": "y", "code": back.partition("code=")[2].partition("&")[0]}
    token = (await sim.http.post("/instagram-api/oauth/access_token", data=form)).json()["data"][0]["access_token"]
    params = {"access_token": token, "grant_type": "ig_refresh_token"}
    await sim.http.get("/instagram-graph/access_token", params=params)
    early = (await sim.http.get("/instagram-graph/refresh_access_token", params=params)).json()
    await sim.post("/sim/clock", advance_seconds=2 * 86400)
    later = (await sim.http.get("/instagram-graph/refresh_access_token", params=params)).json()

    assert _code(early) == (100, None)
    assert later["expires_in"] == 60 * 86400


async def test_a_page_tells_which_instagram_account_hangs_on_it(sim: Sim) -> None:
    page = await sim.page()
    params = {"access_token": page["token"], "fields": "name,instagram_business_account{id,username}"}
    told = (await sim.http.get("/graph/me", params=params)).json()
    linked = page["instagram"]["id"]
    asked = {"access_token": page["token"], "fields": "username"}
    theirs = (await sim.http.get(f"/graph/{linked}", params=asked)).json()

    assert told["instagram_business_account"] == {"id": linked, "username": "tallerlumbre", "name": "Taller Lumbre"}
    assert theirs == {"id": linked, "username": "tallerlumbre"}


async def test_conversations_of_both_objects_are_listed_apart(sim: Sim) -> None:
    page = await sim.page()
    on_page = [await sim.say(page, f"uno {n}") for n in range(3)]
    on_instagram = await sim.say(page["instagram"], "dos", attachments=[{"type": "image"}])
    params = {"access_token": page["token"], "fields": "participants", "limit": "2"}
    first = (await sim.http.get("/graph/me/conversations", params=params)).json()
    rest = (await sim.http.get("/graph/me/conversations", params={**params, **first["paging"]["cursors"]})).json()
    asked = {**params, "platform": "instagram", "user_id": on_instagram["person_id"]}
    [theirs] = (await sim.http.get("/graph/me/conversations", params=asked)).json()["data"]
    node = (await sim.http.get(f"/graph/{theirs['id']}", params={**params, "fields": "updated_time"})).json()
    [listed] = (await sim.http.get(f"/graph/{theirs['id']}/messages", params=params)).json()["data"]
    told = (await sim.http.get(f"/graph/{listed['id']}", params={**params, "fields": "attachments,message"})).json()
    profile = (await sim.http.get(f"/graph/{on_instagram['person_id']}", params=params | {"fields": "username"})).json()

    people = {p["id"] for c in first["data"] + rest["data"] for p in c["participants"]["data"]}
    assert people == {page["id"], *(said["person_id"] for said in on_page)}
    assert node["updated_time"].endswith("+0000")
    assert told["attachments"]["data"][0]["image_data"]["url"]
    assert set(profile) == {"id", "username"}


async def test_a_profile_is_closed_to_those_who_were_blocked(sim: Sim) -> None:
    page = await sim.page()
    codes = []
    for account in (page, page["instagram"]):
        said = await sim.say(account)
        await sim.post("/sim/block", person=said["person"], channel=account["channel"], account=account["id"])
        params = {"access_token": page["token"]}
        codes.append(_code((await sim.http.get(f"/graph/{said['person_id']}", params=params)).json()))

    assert codes == [(100, 2018218), (230, None)]


def _code(body: dict[str, Any]) -> tuple[int, int | None] | None:
    error = body.get("error")
    return (error["code"], error.get("error_subcode")) if error else None
