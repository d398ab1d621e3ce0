"""The short way of reading Meta's plainest bodies says the same as the reader of all bodies, or nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ingestion import registry
from ingestion.channels.meta import plain
from ingestion.channels.port.reading import Undecodable, decode
from tests.support.traffic import Traffic
from tests.support.traffic_ledger import Place

CORPUS = Path(__file__).parents[2] / "corpus"
PAGE, PERSON, AT = "9001", "7001", 1_795_107_600_123


def of_the_corpus() -> Iterator[bytes]:
    for folder in ("messenger", "instagram", "telegram"):
        yield from (path.read_bytes() for path in sorted((CORPUS / folder).rglob("*.json")))


def of_the_traffic() -> Iterator[bytes]:
    end = datetime(2026, 11, 22, tzinfo=UTC)
    for channel in ("messenger", "instagram"):
        place = Place(UUID(int=1), UUID(int=2), channel, PAGE, "/webhooks/meta/demo")
        yield from (body.raw for body in Traffic([place], 7, end).bodies(1500))


def body(product: str = "page", *, entry: Any = PAGE, **item: Any) -> bytes:
    told = {
        "sender": {"id": PERSON},
        "recipient": {"id": PAGE},
        "timestamp": AT,
        "message": {"mid": "m1", "text": "Hola"},
    }
    return json.dumps({"object": product, "entry": [{"id": entry, "time": AT, "messaging": [told | item]}]}).encode()


def several(*mids: str) -> bytes:
    one = json.loads(body())["entry"][0]
    items = [one["messaging"][0] | {"message": {"mid": mid, "text": mid}} for mid in mids]
    return json.dumps({"object": "page", "entry": [one | {"messaging": items}]}).encode()


ODD = {
    "echo": body(message={"mid": "m1", "text": "Hola", "is_echo": True}),
    "entry of another Page": body(entry="9002"),
    "test entry": body(entry="0", recipient={"id": "0"}),
    "account writes to itself": body("instagram", sender={"id": PAGE}),
    "number as an id": body(sender={"id": 7001}),
    "id too long": body(sender={"id": "7" * 1025}),
    "no time": body(timestamp=None),
    "time of another century": body(timestamp=9_000_000_000_000),
    "time of forty digits": body(timestamp=10**39),
    "empty text": body(message={"mid": "m1", "text": ""}),
    "no id": body(message={"text": "Hola"}),
    "attachment": body(message={"mid": "m1", "text": "Hola", "attachments": []}),
    "NUL": body(message={"mid": "m1", "text": "a\0b"}),
    "half surrogate": body(message={"mid": "m1", "text": "a\ud83db"}),
    "same message twice": several("m1", "m2", "m1"),
    "two products": b"[" + body() + b"]",
    "byte order mark": b"\xef\xbb\xbf" + body(),
    "not UTF-8": body().replace(b"Hola", b"\xff"),
    "not JSON": body()[:-1],
}
PLAIN = {
    "Messenger": body(),
    "Instagram": body("instagram", entry="5"),
    "emoji": body(message={"mid": "m1", "text": "🌸 ñandú \n\t"}),
    "seconds": body(timestamp=1_795_107_600),
    "several": several("m1", "m2"),
    "key twice": body().replace(b'"text"', b'"text": "antes", "text"'),
    "nothing": b'{"object": "page", "entry": []}',
}


def at_length(raw: bytes) -> list[Any]:
    try:
        return registry.read(registry.META, decode(raw))
    except Undecodable:
        return []


@pytest.mark.parametrize("name", PLAIN)
def test_plain_body_is_read_the_short_way_and_says_the_same(name: str) -> None:
    assert plain.read(PLAIN[name]) == at_length(PLAIN[name])


@pytest.mark.parametrize("name", ODD)
def test_body_that_leaves_something_to_decide_is_not_read_the_short_way(name: str) -> None:
    assert plain.read(ODD[name]) is None


def test_every_body_of_corpus_and_traffic_is_read_alike_both_ways() -> None:
    short = 0
    for raw in (*of_the_corpus(), *of_the_traffic()):
        found = plain.read(raw)
        if found is not None:
            short += len(found)
            assert found == at_length(raw), raw
    assert short > 100, "the traffic holds plain messages"
