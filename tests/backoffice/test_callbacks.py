"""Withdrawn consents of Meta: signed forms, what becomes of Connectors, and the page where a person follows it."""

import base64
import hashlib
import hmac
import json
import socket
from typing import Any
from uuid import UUID

import httpx
import pytest

from konectus.domain.channels import Channel
from tests.backoffice.account.conftest import House, bench, house, simulator, world
from tests.support.connections import PERSON

__all__ = ["bench", "house", "simulator", "world"]

FORM = {"content-type": "application/x-www-form-urlencoded"}


def signed(by: str = "s3cret", **told: Any) -> str:
    facts = {"user_id": PERSON, "algorithm": "HMAC-SHA256", "issued_at": 1795370000} | told
    payload = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
    mac = hmac.digest(by.encode(), payload.encode(), hashlib.sha256)
    return f"{base64.urlsafe_b64encode(mac).decode().rstrip('=')}.{payload}"


def call(house: House, purpose: str, signed_request: str, app: str = "demo") -> httpx.Response:
    """As Meta calls: no cookie, no origin."""
    data = {"signed_request": signed_request}
    return httpx.post(f"{house.web.url}/webhooks/meta/{app}/{purpose}", data=data)


def connected(house: House) -> UUID:
    return house.bench.connect(Channel.MESSENGER, house.bench.page())


@pytest.mark.parametrize("secret", ["s3cret", "next"])
def test_deauthorised_connectors_stop_at_once_and_lose_their_token(house: House, secret: str) -> None:
    connector = connected(house)
    assert call(house, "deauthorize", signed(secret)).status_code == 200
    assert house.bench.state(connector) == ("needs_reconfiguration", "revoked")
    assert house.bench.of(connector, "secret_sealed") is None
    assert call(house, "deauthorize", signed(secret)).status_code == 200
    word = "taken" if secret == "s3cret" else "taken_by_secret_2"
    counted = house.web.app.state.counters.snapshot()
    assert counted[f'konectus_intake_events_total{{channel="meta_forms",outcome="{word}"}}'] == 2


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a.b",
        signed("wrong"),
        signed(algorithm="HMAC-SHA1"),
        signed(user_id=None),
        signed(user_id=True),
        "Ñ." + "á" * 50,
        signed()[:-2],
    ],
)
def test_form_that_meta_did_not_sign_for_a_person_is_refused_and_changes_nothing(house: House, given: str) -> None:
    connector = connected(house)
    for purpose in ("deauthorize", "data-deletion"):
        assert call(house, purpose, given).status_code == 401
    assert house.bench.state(connector) == ("connected", None)
    assert house.bench.desk.sql("select count(*) from platform.data_deletion_request") == 0


def test_same_person_of_another_app_is_another_person(house: House) -> None:
    connector = connected(house)
    assert call(house, "deauthorize", signed("l0gin"), app="login").status_code == 200
    assert house.bench.state(connector) == ("connected", None)
    assert call(house, "deauthorize", signed(), app="nobody").status_code == 404


def test_form_that_is_too_long_is_not_read_to_its_end(house: House) -> None:
    url = f"{house.web.url}/webhooks/meta/demo/deauthorize"
    assert httpx.post(url, content=b"x" * (65 * 1024), headers=FORM).status_code == 413
    told = FORM | {"transfer-encoding": "chunked"}
    assert httpx.post(url, content=iter([b"x" * 1024] * 70), headers=told).status_code == 413
    assert httpx.post(url, content=b"&".join(b"a=1" for _ in range(9000)), headers=FORM).status_code == 401
    host, port = house.web.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"POST /webhooks/meta/demo/deauthorize HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n")
        assert b" 413 " in raw.recv(200)


def test_deletion_is_followed_from_the_call_to_its_end(house: House) -> None:
    bench, connector = house.bench, connected(house)
    page = bench.simulator.get("accounts", channel="messenger")["accounts"][0]
    bench.desk.wait(seconds=1)
    said = call(house, "data-deletion", signed()).json()
    assert said["confirmation_code"].isalnum()
    path = f"/deletion/{said['confirmation_code']}"
    assert said["url"].endswith(path)
    someone = house.web.browser()
    assert "En curso" in someone.get(path).text
    bench.turn()
    assert bench.state(connector) == ("needs_reconfiguration", "revoked")
    assert bench.simulator.account("messenger", page["id"])["connected"] is False
    done = someone.get(path).text
    assert "Hecho" in done
    assert "se cortaron" in done
    assert bench.desk.sql("select granted_by_hash from platform.account") is None
    english = house.web.browser(accept_language="en").get(path).text
    assert "were cut and their keys destroyed" in english


def test_call_that_meta_repeats_has_one_code(house: House) -> None:
    connected(house)
    first = call(house, "data-deletion", signed()).json()
    assert call(house, "data-deletion", signed()).json() == first
    later = call(house, "data-deletion", signed(issued_at=1795379999)).json()
    assert later["confirmation_code"] != first["confirmation_code"]


def test_person_of_whom_nothing_is_held_hears_so(house: House) -> None:
    said = call(house, "data-deletion", signed(user_id="42")).json()
    shown = house.web.browser().get(f"/deletion/{said['confirmation_code']}").text
    assert "no guardaba nada" in shown


def test_code_that_nobody_has_is_not_there(house: House) -> None:
    assert house.web.browser().get("/deletion/abc123").status_code == 404


def test_nothing_else_under_the_doors_prefix_is_a_page(house: House) -> None:
    assert httpx.post(f"{house.web.url}/webhooks/meta/demo/other", data={"a": "b"}).status_code == 404
