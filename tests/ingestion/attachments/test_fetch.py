"""Fetching from addresses that strangers wrote: public https alone, bounded in size and time, or a reason why not."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from ingestion.attachments.addresses import Addresses, is_public
from ingestion.attachments.fetch import Fetcher
from ingestion.attachments.refusals import Refused, Unreachable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.7"
NAMES = {
    "2130706433": ["127.0.0.1"],
    "cdn.example": [PUBLIC],
    "inside.example": [PRIVATE],
    "both.example": [PUBLIC, PRIVATE],
    "nobody.example": [],
}
LINK = "https://cdn.example/foto.png"


class Endless(httpx.SyncByteStream):
    """A body without an end."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield bytes(64 * 1024)


class Unread(httpx.SyncByteStream):
    """A body that must not be asked for."""

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("it was read")


def fetcher(answer: Callable[[httpx.Request], httpx.Response], **limits: float) -> Fetcher:
    known = Addresses(resolve=lambda host, _port: NAMES.get(host, [host]))
    caps = {"most_bytes": 1 << 20, "seconds": 30.0} | limits
    return Fetcher(httpx.MockTransport(answer), known, int(caps["most_bytes"]), caps["seconds"])


def refused(answer: Callable[[httpx.Request], httpx.Response], address: str = LINK) -> str:
    with pytest.raises(Refused) as refusal:
        fetcher(answer).fetch(address)
    return refusal.value.reason


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"{request.url} was asked")


def png(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=PNG)


def test_file_is_asked_for_at_the_address_that_was_checked_under_its_own_name() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return png(request)

    assert fetcher(answer).fetch(LINK) == PNG
    assert str(asked[0].url) == f"https://{PUBLIC}/foto.png"
    assert asked[0].headers["Host"] == "cdn.example"
    assert asked[0].extensions["sni_hostname"] == "cdn.example"


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.7/x",
        "https://inside.example/x",
        "https://both.example/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.7]/x",
        "https://[64:ff9b::a00:7]/x",
        "https://0.0.0.0/x",
        "https://100.64.0.1/x",
        "https://192.0.0.192/opc",
        "https://172.16.5.4/x",
        "https://192.168.1.1/x",
        "https://[fe80::1]/x",
        "https://[fd00:ec2::254]/latest/meta-data",
        "https://[::ffff:127.0.0.1]/x",
        "https://[64:ff9b:1::a00:7]/x",
        "https://[2002:a00:7::1]/x",
        "https://224.0.0.1/x",
        "https://2130706433/x",
    ],
)
def test_private_address_is_never_asked(address: str) -> None:
    assert refused(never, address) == "private_address"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://cdn.example/x", "not_https"),
        ("https://cdn.example:8443/x", "not_https"),
        ("http://127.0.0.1:8010/cdn/x", "not_https"),
        ("ftp://cdn.example/x", "bad_address"),
        ("file:///etc/passwd", "bad_address"),
        ("https://user:pass@cdn.example/x", "bad_address"),
        ("https://", "bad_address"),
        ("https://cdn.example:99999999/x", "not_https"),
    ],
)
def test_address_that_is_no_public_https_link_is_refused(address: str, reason: str) -> None:
    assert refused(never, address) == reason


def test_name_that_does_not_resolve_is_tried_again_later() -> None:
    with pytest.raises(Unreachable, match="unresolved"):
        fetcher(never).fetch("https://nobody.example/x")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("https://inside.example/x", "private_address"),
        ("http://169.254.169.254/", "not_https"),
        ("//10.0.0.7/x", "private_address"),
        ("https://cdn.example/again", "too_many_redirects"),
    ],
)
def test_redirect_is_checked_like_a_first_address(target: str, reason: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == PUBLIC
        return httpx.Response(302, headers={"Location": target})

    assert refused(answer) == reason


def test_redirect_to_another_public_place_is_followed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/foto.png":
            return httpx.Response(302, headers={"Location": "/otra.png"})
        return png(request)

    assert fetcher(answer).fetch(LINK) == PNG


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx.Response(404), "gone"),
        (httpx.Response(403), "gone"),
        (httpx.Response(200, content=b""), "empty"),
        (httpx.Response(200, content=bytes(2 << 20)), "too_large"),
        (httpx.Response(200, headers={"Content-Length": "99999999999"}, stream=Unread()), "too_large"),
        (httpx.Response(200, stream=Endless()), "too_large"),
        (httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Endless()), "encoded"),
    ],
    ids=["gone", "forbidden", "empty", "oversized", "announced", "endless", "packed"],
)
def test_answer_that_is_no_file_of_ours_is_refused(response: httpx.Response, reason: str) -> None:
    assert refused(lambda _request: response) == reason


def test_endless_drip_ends_with_its_time() -> None:
    with pytest.raises(Unreachable, match="too_slow"):
        fetcher(lambda _request: httpx.Response(200, stream=Endless()), most_bytes=1 << 40, seconds=0.05).fetch(LINK)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::6810:84e5", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)
