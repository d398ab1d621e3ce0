"""Every body of the corpus through the worker into a store: what is there at the end, once and again.

Each file and each order of a sequence has connectors of its own, so one Client holds them all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from konectus.domain.channels import Channel
from konectus.services.installation import Installation
from tests.ingestion.stored import Stored, log_all, work
from tests.support.factories import Factory

CORPUS = Path(__file__).parents[1] / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expectations.json").read_text())
SEQUENCES: list[dict[str, Any]] = json.loads((CORPUS / "sequences.json").read_text())
# Edits, withdrawals and reactions are not applied to stored messages yet: the issue "Every event, in and out".
NOT_YET = {
    "instagram/message-then-edit.json",
    "instagram/message-then-unsent.json",
    "instagram/reaction-other-to-our-message.json",
    "instagram/unsent-before-its-message.json",
    "messenger/message-then-edit.json",
    "messenger/reaction-other-to-our-message.json",
    "business-day",
    "business-withdrawn-first",
    "edit-then-original",
}


@dataclass(frozen=True)
class Case:
    """Files in an order, what must come out of them, and the connectors they belong to."""

    name: str
    files: Sequence[str]
    told: dict[str, Any]
    connectors: frozenset[UUID]
    door: str

    def body(self, number: int) -> bytes:
        return (CORPUS / self.files[number]).read_bytes()


def case(make: Factory, client_id: UUID, name: str, files: Sequence[str], told: dict[str, Any]) -> Case:
    """The bot of an update is told by the door, so each case can have a bot of its own."""
    channel = Channel(told["channel"])
    if channel is Channel.TELEGRAM:
        bot = make.connector(client_id, channel=channel)
        return Case(name, files, told, frozenset({bot}), f"telegram:{bot}")
    accounts = [told["account"], *told.get("more_accounts", ())]
    held = frozenset(make.connector(client_id, channel=channel, account_id=account) for account in accounts)
    return Case(name, files, told, held, "meta:demo")


def cases(make: Factory, client_id: UUID) -> list[Case]:
    made = [
        case(make, client_id, name, [name], told)
        for name, told in sorted(EXPECTED.items())
        if told.get("transport") != "form"
    ]
    for told in SEQUENCES:
        orders = [told["files"]] if told["order"] == "as listed" else [told["files"], told["files"][::-1]]
        made += [case(make, client_id, told["name"], files, told) for files in orders]
    return made


def deliver_all(installation: Installation, made: Sequence[Case]) -> None:
    """The first file of all, then the second of all …, each step stored before the next."""
    for number in range(max(len(one.files) for one in made)):
        log_all(installation, [(one.door, one.body(number)) for one in made if number < len(one.files)])
        work(installation)


def differs(one: Case, counted: dict[str, dict[UUID, int]]) -> list[str]:
    wrong: list[str] = []
    for what, by_connector in counted.items():
        number = sum(by_connector.get(connector, 0) for connector in one.connectors)
        path, told = f"final.{what}", one.told
        is_open = path in told.get("open", ()) or "final" in told.get("open", ())
        allowed = told.get("open_values", {}).get(path) if is_open else [told["final"][what]]
        if allowed is not None and number not in allowed:
            wrong.append(f"{number} {what}, expected {allowed}")
    return wrong


def misread(one: Case, messages: Sequence[dict[str, Any]]) -> list[str]:
    """Texts that must be there or must not, and messages as they must read at the end."""
    mine = [message for message in messages if message["connector_id"] in one.connectors]
    by_id = {message["external_id"]: message for message in mine}
    texts = [message["text"] for message in mine if message["text"]]
    wrong = [f"missing {text!r}" for text in one.told.get("texts", ()) if text not in texts]
    wrong += [f"readable {text!r}" for text in one.told.get("absent_text", ()) if any(text in t for t in texts)]
    for final in one.told.get("final_messages", ()):
        message = by_id.get(final["external_id"], {})
        known = {key: final[key] for key in ("text", "direction", "status") if key in final}
        wrong += [f"{key} is {message.get(key)!r}" for key, value in known.items() if message.get(key) != value]
        wrong += [f"no {key}" for key in ("edited", "deleted", "reaction") if key in final]
    return wrong


def counts(stored: Stored) -> dict[str, dict[UUID, int]]:
    sql = "select connector_id, count(*) as n from tenant.{} where client_id = :client group by 1"
    return {
        f"{table}s": {row.connector_id: row.n for row in stored.rows(sql.format(table))}
        for table in ("contact", "conversation", "message")
    }


def test_store_ends_as_expected_after_each_body_and_stays_so(installation: Installation, make: Factory) -> None:
    stored = Stored(installation, make.client().id)
    made = cases(make, stored.client_id)
    deliver_all(installation, made)
    messages = stored.messages()
    counted = counts(stored)
    wrong = {one.name: found for one in made if (found := differs(one, counted) + misread(one, messages))}
    assert set(wrong) == NOT_YET, wrong
    deliver_all(installation, made)
    assert stored.messages() == messages
    assert counts(stored) == counted
