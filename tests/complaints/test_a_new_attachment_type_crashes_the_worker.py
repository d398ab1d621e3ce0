"""Complaint of users elsewhere: one attachment of a type nobody knew, and no message comes in any more."""

import json
from typing import Any

import pytest

from konectus.domain.channels import Channel
from konectus.services.installation import Installation
from tests.ingestion.harness import page, said
from tests.ingestion.stored import Stored, log, outcomes, work
from tests.support.factories import Factory

PAGE = "9001"
# As a channel may bring tomorrow: a new word, a new form, or nothing of what stands there today.
NEW: tuple[Any, ...] = (
    {"type": "hologram", "payload": {"url": "https://cdn.example/x.holo", "depth": 3}},
    {"type": "hologram", "payload": "https://cdn.example/x"},
    {"type": "hologram"},
    {"type": None, "payload": {"parts": [1, {"deep": []}]}},
    {"type": 7, "payload": []},
    {"payload": {"url": 12}},
    "a text where an object was",
    ["a", "list"],
    None,
)


@pytest.fixture
def client(installation: Installation, make: Factory) -> Stored:
    made = make.client()
    make.connector(made.id, account_id=PAGE)
    return Stored(installation, made.id)


def test_every_new_form_leaves_its_message_and_its_neighbours_stored(client: Stored) -> None:
    items = []
    for number, attachment in enumerate(NEW):
        item = said(PAGE, f"m{number}", f"mira {number}")
        item["message"]["attachments"] = [attachment]
        items.append(item)
    log(client.installation, "meta:demo", page(PAGE, *items, said(PAGE, "after", "después")))
    worker = work(client.installation)
    assert worker.step() == 0, "nothing is left, nothing is tried for ever"
    texts = {message["text"] for message in client.messages()}
    assert texts == {*(f"mira {number}" for number in range(len(NEW))), "después"}
    assert {outcome for _, outcome, _ in outcomes(client.installation)} == {"stored"}


def test_a_list_of_attachments_that_is_none_leaves_its_message(client: Stored) -> None:
    items = []
    for number, attachments in enumerate(({"type": "image"}, "image", 5, {}, [[[]]])):
        item = said(PAGE, f"m{number}", f"mira {number}")
        item["message"]["attachments"] = attachments
        items.append(item)
    log(client.installation, "meta:demo", page(PAGE, *items))
    work(client.installation)
    assert len(client.messages()) == len(items)


def test_content_telegram_has_yet_to_invent_is_a_message_with_a_placeholder(client: Stored, make: Factory) -> None:
    connector = make.connector(client.client_id, channel=Channel.TELEGRAM)
    person = {"id": 7, "is_bot": False, "first_name": "Ana"}
    chat = {"id": 7, "type": "private", "first_name": "Ana"}
    told: list[dict[str, Any]] = [
        {"hologram": {"file_id": "AAA", "depth": 3}},
        {"photo": "no list"},
        {"document": None},
        {"sticker": {"file_id": 5, "kind": []}},
        {"text": "después"},
    ]
    for number, content in enumerate(told):
        message = {"message_id": number, "date": 1795107600, "chat": chat, "from": person, **content}
        body = json.dumps({"update_id": number, "message": message}).encode()
        log(client.installation, f"telegram:{connector}", body)
    worker = work(client.installation)
    assert worker.step() == 0
    assert len(client.messages()) == len(told)
