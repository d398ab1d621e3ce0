"""Meta's own Python library against the simulator: token in the query, objects as JSON in a form, errors by code."""

import json
from pathlib import Path
from typing import Any

import pytest
from facebook_business.adobjects.iguser import IGUser  # type: ignore[import-untyped] # it has no types
from facebook_business.adobjects.page import Page  # type: ignore[import-untyped] # it has no types
from facebook_business.adobjects.unifiedthread import UnifiedThread  # type: ignore[import-untyped] # it has no types
from facebook_business.api import FacebookAdsApi  # type: ignore[import-untyped] # it has no types
from facebook_business.exceptions import FacebookRequestError  # type: ignore[import-untyped] # it has no types
from facebook_business.session import FacebookSession  # type: ignore[import-untyped] # it has no types

from tests.support.providers import Simulator

APP = {"app_id": "1001", "app_secret": "s3cret"}


def opened(simulator: Simulator, host: str, token: str, monkeypatch: pytest.MonkeyPatch, **app: str) -> FacebookAdsApi:
    """The library, pointed at one of the simulator's hosts in the way it offers itself."""
    monkeypatch.setattr(FacebookSession, "GRAPH", f"{simulator.address}/{host}")
    session = FacebookSession(access_token=token, **app)
    return FacebookAdsApi(session, api_version="v26.0")


@pytest.fixture
def graph(simulator: Simulator, page: Any, monkeypatch: pytest.MonkeyPatch) -> FacebookAdsApi:
    return opened(simulator, "graph", page["token"], monkeypatch, **APP)


def wrote(simulator: Simulator, account: Any, channel: str = "messenger") -> Any:
    return simulator.post("say", person="new", channel=channel, account=account["id"], text="¿Abren mañana?")


def received(simulator: Simulator, said: Any) -> list[Any]:
    found: list[Any] = simulator.get(f"persons/{said['person']}/received")["messages"]
    return found


def test_a_text_with_its_metadata_reaches_the_person(simulator: Simulator, page: Any, graph: FacebookAdsApi) -> None:
    said = wrote(simulator, page)
    message = {"text": "Sí, de 9 a 6", "metadata": "obx_1"}
    sent = Page(page["id"], api=graph).create_message(
        params={"recipient": {"id": said["person_id"]}, "messaging_type": "RESPONSE", "message": message}
    )

    got = received(simulator, said)
    assert [(m["text"], m["metadata"], m["message_id"]) for m in got] == [("Sí, de 9 a 6", "obx_1", sent["message_id"])]


def test_an_upload_is_sent_by_the_id_it_was_given(simulator: Simulator, page: Any, graph: FacebookAdsApi) -> None:
    said = wrote(simulator, page)
    image = {"type": "image", "payload": {"url": "https://example.test/a.png", "is_reusable": True}}
    kept = Page(page["id"], api=graph).create_message_attachment(params={"message": {"attachment": image}})
    again = {"type": "image", "payload": {"attachment_id": kept["attachment_id"]}}
    Page(page["id"], api=graph).create_message(
        params={"recipient": {"id": said["person_id"]}, "message": {"attachment": again}}
    )

    assert [a["url"] for m in received(simulator, said) for a in m["attachments"]] == ["https://example.test/a.png"]


def test_a_file_travels_as_multipart(simulator: Simulator, page: Any, graph: FacebookAdsApi, tmp_path: Path) -> None:
    said = wrote(simulator, page)
    (tmp_path / "recibo.pdf").write_bytes(b"%PDF-1.4 recibo")
    with (tmp_path / "recibo.pdf").open("rb") as file:
        graph.call(
            "POST",
            (page["id"], "messages"),
            params={
                "recipient": json.dumps({"id": said["person_id"]}),
                "message": json.dumps({"attachment": {"type": "file", "payload": {}}}),
            },
            files={"filedata": ("recibo.pdf", file, "application/pdf")},
        )

    assert [(a["name"], a["size"]) for m in received(simulator, said) for a in m["attachments"]] == [("recibo.pdf", 15)]


def test_subscribing_listing_and_leaving(simulator: Simulator, page: Any, graph: FacebookAdsApi) -> None:
    ours = Page(page["id"], api=graph)
    ours.create_subscribed_app(params={"subscribed_fields": ["messages", "message_echoes"]})
    listed = list(ours.get_subscribed_apps())
    ours.delete_subscribed_apps()

    assert [(app["id"], app["subscribed_fields"]) for app in listed] == [("1001", ["messages", "message_echoes"])]
    assert list(ours.get_subscribed_apps()) == []
    assert simulator.account("messenger", page["id"])["connected"] is False


def test_conversations_are_read_and_the_newest_twenty_in_full(
    simulator: Simulator, page: Any, graph: FacebookAdsApi
) -> None:
    where = {"channel": "messenger", "account": page["id"]}
    said = simulator.post("say", person="new", text="pregunta", burst=22, **where)
    listed = Page(page["id"], api=graph).get_conversations(
        params={"platform": UnifiedThread.Platform.messenger, "user_id": said["person_id"]}, fields=["id"]
    )
    conversation = next(iter(listed))["id"]
    told = graph.call("GET", (conversation,), params={"fields": "messages{id,created_time}"}).json()
    ids = [m["id"] for m in told["messages"]["data"]]
    newest = graph.call("GET", (ids[0],), params={"fields": "message,from,created_time"}).json()
    with pytest.raises(FacebookRequestError) as refused:
        graph.call("GET", (ids[20],), params={"fields": "message"})

    assert len(ids) == 22
    assert newest["message"] == "pregunta 22"
    assert newest["from"]["id"] == said["person_id"]
    assert refused.value.api_error_code() == 9000001


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ({"fault": "expired_token"}, (190, 463)),
        ({"fault": "rate_limited"}, (613, None)),
        ({"fault": "restricted"}, (10, 1893063)),
        ({"fault": "error", "code": 200, "subcode": 2534041, "status": 403}, (200, 2534041)),
        ({"fault": "error", "code": 2022}, (2022, None)),
    ],
)
def test_refusals_carry_the_codes_of_the_table(
    simulator: Simulator, page: Any, graph: FacebookAdsApi, fault: Any, codes: Any
) -> None:
    said = wrote(simulator, page)
    simulator.post("faults", channel="messenger", account=page["id"], method="messages", **fault)
    with pytest.raises(FacebookRequestError) as refused:
        Page(page["id"], api=graph).create_message(
            params={"recipient": {"id": said["person_id"]}, "message": {"text": "Hola"}}
        )

    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == codes
    assert refused.value.body()["error"]["fbtrace_id"]
    assert "x-business-use-case-usage" in {name.lower() for name in refused.value.http_headers()}
    assert received(simulator, said) == []


def test_a_thread_passed_on_is_closed_to_us_until_it_is_taken_back(
    simulator: Simulator, page: Any, graph: FacebookAdsApi
) -> None:
    said, ours = wrote(simulator, page), Page(page["id"], api=graph)
    send = {"recipient": {"id": said["person_id"]}, "message": {"text": "Sigo aquí"}}
    ours.create_pass_thread_control(params={"recipient": {"id": said["person_id"]}, "target_app_id": 263902037430900})
    owner = next(iter(ours.get_thread_owner(params={"recipient": said["person_id"]})))["thread_owner"]["app_id"]
    with pytest.raises(FacebookRequestError) as refused:
        ours.create_message(params=send)
    ours.create_take_thread_control(params={"recipient": {"id": said["person_id"]}})
    ours.create_message(params=send)

    assert owner == "263902037430900"
    assert refused.value.api_error_subcode() == 2018300
    assert [m["text"] for m in received(simulator, said)] == ["Sigo aquí"]


def test_a_proof_made_with_another_secret_is_refused(
    simulator: Simulator, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = opened(simulator, "graph", page["token"], monkeypatch, app_id="1001", app_secret="not ours")
    with pytest.raises(FacebookRequestError) as refused:
        Page(page["id"], api=wrong).api_get(fields=["name"])

    assert refused.value.api_error_code() == 100


def test_instagram_login_sends_with_the_accounts_own_token(
    simulator: Simulator, florist: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = wrote(simulator, florist, "instagram")
    api = opened(simulator, "instagram-graph", florist["token"], monkeypatch)
    IGUser(florist["id"], api=api).create_message(
        params={"recipient": {"id": said["person_id"]}, "message": {"text": "Con gusto"}}
    )
    with pytest.raises(FacebookRequestError) as refused:
        IGUser(florist["id"], api=api).create_message(
            params={"recipient": {"id": said["person_id"]}, "message": {"text": "ñ" * 501}}
        )

    assert [m["text"] for m in received(simulator, said)] == ["Con gusto"]
    assert refused.value.api_error_code() == 100


def test_a_token_dies_when_it_is_old(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    account = simulator.post("instagram-accounts", username="vivero.nube", name="Vivero Nube", app="demo")
    api = opened(simulator, "instagram-graph", account["token"], monkeypatch)
    where = {"channel": "instagram", "account": account["id"]}
    simulator.post("tokens/age", seconds=59 * 86400, **where)
    alive = IGUser(account["id"], api=api).api_get(fields=["username"])
    simulator.post("tokens/age", seconds=2 * 86400, **where)
    with pytest.raises(FacebookRequestError) as refused:
        IGUser(account["id"], api=api).api_get(fields=["username"])

    assert alive["username"] == "vivero.nube"
    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (190, 463)
