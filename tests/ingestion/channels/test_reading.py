"""Foreign JSON: what is decoded, what is decided about odd values, and that no shape makes a parser raise."""

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion import registry
from ingestion.channels.port import reading
from ingestion.channels.port.reading import Undecodable, decode
from ingestion.wire import Broken
from konectus.clock import monotonic

CORPUS = Path(__file__).parents[2] / "corpus"
HOSTILE: list[str] = [told["text"] for told in json.loads((CORPUS / "hostile.json").read_text())]
JUNK: list[Any] = [None, True, -1, 0, 1.5, 10**39, "", "x", "\x00", "\ud800", [], [[]], [None], {}, {"id": {}}, {"": 1}]
ODD_TIMES: list[object] = [None, True, "", "ayer", -1, 0, 10**30, "9" * 40, float("inf"), [], "9999-12-31"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"hola", "not JSON"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"a": \xff}', "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
    ],
)
def test_what_is_not_json_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(raw)
    assert refused.value.reason == reason


def test_number_of_100_kb_stays_text_and_costs_no_time() -> None:
    started = monotonic()
    value = decode(b'{"sender": {"id": ' + b"7" * 100_000 + b'}, "n": 12}')
    assert monotonic() - started < 0.05
    assert value == {"sender": {"id": "7" * 100_000}, "n": 12}
    assert reading.id_of("7" * 100_000) is None


def test_of_equal_keys_the_last_one_counts() -> None:
    assert decode(b'{"object": "page", "object": "instagram"}') == {"object": "instagram"}


def test_numbers_that_are_none_read_as_null() -> None:
    assert decode(b"[NaN, Infinity, -Infinity, 1e999]") == [None, None, None, None]


@pytest.mark.parametrize("text", [text for text in HOSTILE if text])
def test_hostile_text_is_kept_to_the_code_point(text: str) -> None:
    raw = json.dumps({"text": text}).encode()
    told = reading.mapping_of(decode(raw))["text"]
    kept = reading.text_of(told)
    assert kept is not None
    assert len(kept) == len(text)
    for ours, theirs in zip(kept, text, strict=True):
        assert ours == theirs or (ours == "\ufffd" and (theirs == "\x00" or "\ud800" <= theirs <= "\udfff"))
    kept.encode()


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        (1791481193393, datetime(2026, 10, 8, 17, 39, 53, 393000, UTC)),
        ("1791481193393", datetime(2026, 10, 8, 17, 39, 53, 393000, UTC)),
        (1792768991, datetime(2026, 10, 23, 15, 23, 11, 0, UTC)),
        ("2026-10-08T01:10:59+0000", datetime(2026, 10, 8, 1, 10, 59, 0, UTC)),
        ("2026-10-07T19:10:59.123456-06:00", datetime(2026, 10, 8, 1, 10, 59, 123000, UTC)),
        (1792768991.0, datetime(2026, 10, 23, 15, 23, 11, 0, UTC)),
        *[(odd, None) for odd in ODD_TIMES],
    ],
)
def test_times_come_in_many_forms(value: object, instant: datetime | None) -> None:
    assert reading.instant_of(value) == instant


def test_facts_are_cut_where_they_are_too_deep() -> None:
    deep: Any = "\x00"
    for _ in range(500):
        deep = {"in": deep}
    assert json.dumps(reading.facts_of(deep)).count("in") == reading.MAX_DEPTH


def bodies() -> Iterator[tuple[str, Any]]:
    for path in sorted(CORPUS.glob("*/*.json")):
        yield path.parent.name, decode(path.read_bytes())


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a body."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, inner in pairs:
        yield value, key
        yield from places(inner)


def test_no_value_in_any_place_makes_a_parser_raise() -> None:
    chance = random.Random(7)  # noqa: S311 - reproducible junk, no secret
    for channel, body in bodies():
        for number in range(len(list(places(body)))):
            broken = copy.deepcopy(body)
            container, key = list(places(broken))[number]
            container[key] = chance.choice(JUNK)
            for name in registry.ADAPTERS:
                items = registry.adapter(name).parse(broken, "7204418836")
                registry.adapter(name).accounts(broken)
                assert isinstance(items, tuple), channel


@pytest.mark.parametrize("name", sorted(registry.ADAPTERS))
@pytest.mark.parametrize("body", JUNK)
def test_body_that_is_no_body_yields_nothing_that_is_stored(name: str, body: object) -> None:
    assert all(getattr(item, "kind", "") in {"unknown", ""} for item in registry.adapter(name).parse(body, "1"))


def test_poisoned_item_loses_only_itself() -> None:
    item = {
        "sender": {"id": "5"},
        "recipient": {"id": "9"},
        "timestamp": 1791481193393,
        "message": {"mid": "m1", "text": "uno"},
    }
    poisoned = [
        None,
        7,
        {**item, "message": {"text": "sin id"}},
        {**item, "message": ["x"]},
        {"recipient": {"id": "9"}, "message": {"mid": {}}},
    ]
    body = {
        "object": "page",
        "entry": [{"id": "9", "messaging": [*poisoned, item, {**item, "message": {"mid": "m2"}}]}],
    }
    items = registry.adapter("messenger").parse(body)
    assert [type(read).__name__ for read in items] == ["Broken"] * 5 + ["Message"] * 2
    again = [registry.adapter("messenger").parse(read.raw) for read in items if isinstance(read, Broken)]
    assert [type(read[0]).__name__ for read in again] == ["Broken"] * 5
