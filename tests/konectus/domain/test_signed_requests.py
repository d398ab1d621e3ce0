"""A signed_request of Meta: who signed, whom it names, and everything that is none."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from konectus.domain import signed_requests
from konectus.domain.signed_requests import SignedRequest, grantor


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def made(content: bytes, by: bytes = b"one") -> str:
    said = encoded(content)
    return f"{encoded(hmac.digest(by, said.encode(), hashlib.sha256))}.{said}"


def request(**told: Any) -> str:
    return made(json.dumps({"user_id": "55", "algorithm": "HMAC-SHA256", "issued_at": 1795370000} | told).encode())


def test_person_instant_and_secret_are_read() -> None:
    at = datetime.fromtimestamp(1795370000, UTC)
    assert signed_requests.opened(request(), [b"one", b"two"]) == SignedRequest("55", at, 0)
    assert signed_requests.opened(request(), [b"two", b"one"]) == SignedRequest("55", at, 1)
    assert signed_requests.opened(request(user_id=55, algorithm="hmac-sha256"), [b"one"]) == SignedRequest("55", at)


@pytest.mark.parametrize("issued", [None, True, "1795370000", 10**30, -1, 5_000_000_000, 1e9])
def test_instant_that_is_none_is_left_out(issued: object) -> None:
    assert signed_requests.opened(request(issued_at=issued), [b"one"]) == SignedRequest("55", None)


@pytest.mark.parametrize(
    "given",
    [
        "", ".", "a.b", "á.é", "\ud800.\ud800", request()[:-1], request().replace(".", ""),
        request(user_id=None), request(user_id=True), request(user_id=""), request(user_id={"id": 5}),
        request(algorithm="HMAC-SHA1"), request(algorithm=None),
        made(b"[]"), made(b"not json"), made(b"\xff"), made(b"[" * 100_000), made(b'{"user_id": ' + b"9" * 5000 + b"}"),
    ],
)  # fmt: skip
def test_what_is_no_request_of_a_person_is_refused(given: str) -> None:
    assert signed_requests.opened(given, [b"one"]) is None


def test_no_secret_and_an_empty_one_sign_nothing() -> None:
    assert signed_requests.opened(request(), []) is None
    assert signed_requests.opened(made(b"{}", b""), [b""]) is None


def test_person_is_known_by_the_app_and_the_id_together() -> None:
    assert grantor(b"key", "1", "23") != grantor(b"key", "12", "3")
    assert grantor(b"key", "1", "23") == grantor(b"key", "1", "23")
    assert len(grantor(b"key", "1", "\ud800")) == 32


def test_person_cannot_be_found_by_trying_numbers_without_the_key() -> None:
    assert grantor(b"key", "1", "23") not in (grantor(b"other", "1", "23"), hashlib.sha256(b"1\x0023").digest())
