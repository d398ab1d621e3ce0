"""What the parsers read from every body of the corpus, held against `expectations.json`. No store here."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from ingestion import registry
from ingestion.channels.meta import signatures
from ingestion.channels.port.reading import decode
from ingestion.wire import Attachment, Broken, Duplicate, Event, Item, Signal, Unroutable

CORPUS = Path(__file__).parents[1] / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expectations.json").read_text())
# Files the parsers do not read as expected yet.
NOT_YET: frozenset[str] = frozenset()
NAMES = {"mime_type": "mime", "file_name": "name"}
FORMS = sorted(name for name, told in EXPECTED.items() if told.get("transport") == "form")
BODIES = [
    pytest.param(name, marks=[pytest.mark.xfail(strict=True)] if name in NOT_YET else [])
    for name in sorted(EXPECTED)
    if name not in FORMS
]


def read(name: str) -> tuple[list[Event], list[Item]]:
    """The items of a body that are events for connected accounts, and all others."""
    told = EXPECTED[name]
    live = {told["account"], *told.get("more_accounts", ()), None}
    items = registry.adapter(told["channel"]).parse(decode((CORPUS / name).read_bytes()), told["account"])
    events: list[Event] = [item for item in items if isinstance(item, Event) and item.account in live]
    return events, [item for item in items if item not in events]


def is_open(told: dict[str, Any], path: str) -> bool:
    return any(path == known or path.startswith((known + ".", known + "[")) for known in told["open"])


def value_of(item: Event, key: str) -> object:
    """What our event says where the expectation has this key."""
    if key in {"watermark", "occurred_at"}:
        at = getattr(item, key, None)
        return at and at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
    if key == "mids":
        return list(getattr(item, "external_ids", ()))
    if hasattr(item, key):
        return getattr(item, key)
    return item.facts.get(key)


def attachment_value(attachment: Attachment, key: str) -> object:
    own = NAMES.get(key, key)
    return getattr(attachment, own) if hasattr(attachment, own) else attachment.facts.get(key)


def assert_same(told: dict[str, Any], path: str, ours: object, theirs: object) -> None:
    if is_open(told, path):
        bounds = told.get("open_values", {}).get(path)
        assert bounds is None or ours in bounds, path
        return
    assert ours == theirs, path


def assert_attachments(told: dict[str, Any], path: str, ours: tuple[Attachment, ...], theirs: list[Any]) -> None:
    if is_open(told, path):
        return
    assert len(ours) == len(theirs), path
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        for key, value in other.items():
            assert_same(told, f"{path}[{number}].{key}", attachment_value(mine, key), value)


@pytest.mark.parametrize("name", BODIES)
def test_body_is_read_as_expected(name: str) -> None:
    told = EXPECTED[name]
    events, others = read(name)
    if is_open(told, "events"):
        return
    wanted = [event for i, event in enumerate(told["events"]) if not is_open(told, f"events[{i}]") or i < len(events)]
    assert [getattr(event, "kind", None) for event in events] == [event["kind"] for event in wanted]
    for number, (ours, theirs) in enumerate(zip(events, wanted, strict=True)):
        for key, value in theirs.items():
            path = f"events[{number}].{key}"
            if key == "attachments":
                assert_attachments(told, path, getattr(ours, key, ()), value)
            else:
                assert_same(told, path, value_of(ours, key), value)
    assert len([item for item in others if isinstance(item, Duplicate)]) == told.get("duplicates", 0)
    assert len([item for item in others if isinstance(item, Broken)]) == told.get("broken_items", 0)
    lost = len([item for item in others if not isinstance(item, Duplicate | Broken)])
    assert_same(told, "unroutable", lost, told.get("unroutable", 0))


@pytest.mark.parametrize("name", sorted(name for name, told in EXPECTED.items() if "text_contains" in told))
def test_text_with_a_bad_character_keeps_the_rest(name: str) -> None:
    text = str(value_of(read(name)[0][0], "text"))
    assert all(part in text for part in EXPECTED[name]["text_contains"])
    assert "\ufffd" in text
    assert not re.search("[\x00\ud800-\udfff]", text)


@pytest.mark.parametrize(
    "name", sorted(name for name, told in EXPECTED.items() if "never_fetch" in told or "never_store" in told)
)
def test_story_media_and_relative_addresses_are_kept_as_text_alone(name: str) -> None:
    told = EXPECTED[name]
    addresses = {*told.get("never_fetch", ()), *told.get("never_store", ())}
    attachments = [a for event in read(name)[0] for a in getattr(event, "attachments", ())]
    assert all(a.link_only for a in attachments if a.url in addresses)
    kept = {a.url for a in attachments} | {
        value_of(event, "story") and str(value_of(event, "story")) for event in read(name)[0]
    }
    assert all(any(address in str(place) for place in kept) for address in addresses)


@pytest.mark.parametrize("name", FORMS)
def test_signed_form_is_accepted_only_with_its_signature(name: str) -> None:
    told, call = EXPECTED[name], json.loads((CORPUS / name).read_text())
    form = parse_qs(call["body"])["signed_request"][0]
    payload = signatures.open_request(form, [call["app_secret"].encode()])
    assert (payload is not None) == told["accepted"]
    if payload is not None:
        event: Signal = signatures.withdrawal(told["purpose"], payload)
        for key, value in told["events"][0].items():
            if key not in ("account", "attachments", "reply_to"):
                assert value_of(event, key) == value


@pytest.mark.parametrize("name", BODIES)
def test_door_sees_every_account_that_the_parser_reads(name: str) -> None:
    told = EXPECTED[name]
    adapter, body = registry.adapter(told["channel"]), decode((CORPUS / name).read_bytes())
    read_accounts = {
        item.account
        for item in adapter.parse(body, told["account"])
        if item.account and not isinstance(item, Unroutable | Broken)
    }
    if told["channel"] != "telegram":
        assert adapter.accounts(body) == read_accounts
