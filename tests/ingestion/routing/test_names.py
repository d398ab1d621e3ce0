"""What a door reads of a body names the same accounts as the whole body does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion import registry
from ingestion.channels.port.reading import Undecodable, decode
from ingestion.routing import names
from ingestion.routing.names import TooOdd, named

CORPUS = Path(__file__).parents[2] / "corpus"


def bodies(value: object) -> Iterator[object]:
    """Every body of Meta in a file of the corpus."""
    if isinstance(value, dict):
        if "object" in value and "entry" in value:
            yield value
        yield from bodies(list(value.values()))
    elif isinstance(value, list):
        for inner in value:
            yield from bodies(inner)


def test_every_body_of_the_corpus_names_what_it_names_as_a_whole() -> None:
    seen, looked_into = 0, 0
    for path in sorted(CORPUS.rglob("*.json")):
        for body in bodies(json.loads(path.read_bytes())):
            raw = json.dumps(body).encode()
            assert named(raw) == registry.named(registry.META, decode(raw)), path.name
            seen, looked_into = seen + 1, looked_into + _is_looked_into(raw)
    assert seen > 100
    assert looked_into > 0.95 * seen, "the shape is Meta's: hardly any needs the whole"


def _is_looked_into(raw: bytes) -> bool:
    try:
        names._read(raw)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "raw",
    [
        b'{"object": "page", "entry": {"id": "9", "messaging": {"sender": {"id": 1}, "recipient": {"id": "9"}}}}',
        b'{"object": "page", "entry": [{"id": 9, "messaging": [{"sender": {"id": 1}, "recipient": {"id": 9}}]}]}',
        b'{"object": "page", "entry": [{"id": "9", "messaging": [7, {"message": "x"}], "n": NaN}]}',
        b'{"object": "page", "entry": [{"id": "9", "n": 7e999, "changes": [{"field": "feed", "value": 7}]}]}',
        b'{"object": "user", "object": "page", "entry": [], "entry": [{"id": "9", "changes": [{"field": "x"}]}]}',
        b'\xef\xbb\xbf[{"object": "page", "entry": [{"id": "9", "changes": [{}]}]}]',
        b'{"object": "page", "entry": [{"id": "9", "n": %s, "changes": [{}]}]}' % (b"7" * 100_000),
        b'{"object": "page", "entry": [{"id": "9", "n": %s, "changes": [{}]}]}' % (b"[" * 500 + b"]" * 500),
    ],
)
def test_odd_body_names_the_same_account(raw: bytes) -> None:
    assert named(raw) == registry.named(registry.META, decode(raw)) == {("messenger", "9")}


@pytest.mark.parametrize("raw", [b"", b"hola", b"[" * 100_000, b"\xff", b'{"entry": ['])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(Undecodable):
        named(raw)


def test_big_body_of_another_shape_is_not_taken_apart() -> None:
    with pytest.raises(TooOdd):
        named(b'{"object": "page", "entry": [%s]}' % b",".join([b"[]"] * 100_000))
