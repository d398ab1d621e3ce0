"""Every body of the corpus through the doors into a store: what is there at the end, once, again and in any order.

Each file and each sequence has connectors of its own, so one Client holds them all. Form calls: test_corpus_forms.
"""

import asyncio
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from konectus.domain.channels import Channel
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from tests.ingestion.harness import Door, at_the_doors, webhook_secret
from tests.ingestion.stored import Stored, fingerprint, letters, log_all, readable, work
from tests.support.cluster import connect
from tests.support.factories import Factory

CORPUS = Path(__file__).parents[1] / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expectations.json").read_text())
SEQUENCES: list[dict[str, Any]] = json.loads((CORPUS / "sequences.json").read_text())
# Where careful people differ. The bounded ones are held to the expectation, or to what we decided instead; the others
# are about single values (test_corpus skips them). docs/channels.md lists all decisions.
OPEN, UNBOUNDED = 229, 56
DECIDED = {
    "messenger/postback-by-guest-user-ref-only.json": 0,
    "telegram/group-anonymous-admin-forward.json": 1,
    "telegram/group-dice.json": 1,
    "telegram/group-forwarded-story.json": 1,
    "telegram/group-topic-reply-with-command.json": 1,
}
SEEDS_IN_A_HURRY = 4
_CONTENT = (
    "tenant.contact, tenant.conversation, tenant.message, tenant.attachment, tenant.tombstone, tenant.message_version,"
    " tenant.reaction, tenant.conversation_event, tenant.message_search, tenant.contact_search, tenant.search_pending,"
    " platform.webhook_event, platform.webhook_item, platform.dead_letter"
)


@dataclass(frozen=True)
class Case:
    """Files in an order, what must come out of them, and the connectors they belong to."""

    name: str
    files: Sequence[str]
    told: dict[str, Any]
    connectors: frozenset[UUID]
    bot: UUID | None

    @property
    def door(self) -> str:
        return f"telegram:{self.bot}" if self.bot else "meta:demo"

    @property
    def bodies(self) -> list[tuple[str, bytes]]:
        return [(self.door, (CORPUS / file).read_bytes()) for file in self.files]


def case(make: Factory, client_id: UUID, name: str, files: Sequence[str], told: dict[str, Any]) -> Case:
    """The bot of an update is told by the door, so each case can have a bot of its own."""
    channel = Channel(told["channel"])
    if channel is Channel.TELEGRAM:
        bot = make.connector(client_id, channel=channel)
        return Case(name, files, told, frozenset({bot}), bot)
    accounts = [told["account"], *told.get("more_accounts", ())]
    held = frozenset(make.connector(client_id, channel=channel, account_id=account) for account in accounts)
    return Case(name, files, told, held, None)


@pytest.fixture
def cases(installation: Installation, make: Factory) -> tuple[Stored, list[Case]]:
    client_id = make.client().id
    made = [
        case(make, client_id, name, [name], told)
        for name, told in sorted(EXPECTED.items())
        if told.get("transport") != "form"
    ]
    made += [case(make, client_id, told["name"], told["files"], told) for told in SEQUENCES]
    return Stored(installation, client_id), made


def through_the_doors(installation: Installation, made: Sequence[Case]) -> None:
    """Signed as the channels sign, every body answered 200; each step of a sequence stored before the next."""
    secrets = {one.bot: webhook_secret(installation, one.bot) for one in made if one.bot}

    async def deliver(door: Door, number: int) -> list[int]:
        due = [(one, (CORPUS / one.files[number]).read_bytes()) for one in made if number < len(one.files)]
        posts = [
            door.telegram(one.bot, body, secrets[one.bot]) if one.bot else door.meta(body, secret=number % 2)
            for one, body in due
        ]
        return await asyncio.gather(*posts)

    async def scenario(door: Door) -> None:
        for number in range(max(len(one.files) for one in made)):
            assert set(await deliver(door, number)) == {200}
            await asyncio.to_thread(work, installation)

    at_the_doors(installation, scenario)


def in_some_order(installation: Installation, made: Sequence[Case], seed: int) -> None:
    """Everything twice, shuffled together, in batches of any size."""
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    bodies = [body for one in made for body in one.bodies] * 2
    chance.shuffle(bodies)
    while bodies:
        size = chance.choice((1, 7, 60, 200))
        log_all(installation, bodies[:size])
        del bodies[:size]
        if chance.random() < 0.5:
            work(installation)
    work(installation)


def final_counts(stored: Stored) -> dict[str, dict[UUID, int]]:
    sql = "select connector_id, count(*) as n from tenant.{} where client_id = :client group by 1"
    return {
        f"{table}s": {row.connector_id: row.n for row in stored.rows(sql.format(table))}
        for table in ("contact", "conversation", "message")
    }


def miscounted(one: Case, counted: dict[str, dict[UUID, int]]) -> list[str]:
    wrong: list[str] = []
    expected = dict.fromkeys(one.told["final"], DECIDED[one.name]) if one.name in DECIDED else one.told["final"]
    for what, by_connector in counted.items():
        number = sum(by_connector.get(connector, 0) for connector in one.connectors)
        if number != expected[what]:
            wrong.append(f"{number} {what}, expected {expected[what]}")
    return wrong


def misread(one: Case, messages: Sequence[dict[str, Any]]) -> list[str]:
    """Texts that must be there, and messages as they must read at the end."""
    mine = [message for message in messages if message["connector_id"] in one.connectors]
    by_id = {message["external_id"]: message for message in mine}
    texts = [message["text"] for message in mine if message["text"]]
    wrong = [f"missing {text!r}" for text in one.told.get("texts", ()) if text not in texts]
    wrong += [f"lost {part!r}" for part in one.told.get("text_contains", ()) if not any(part in t for t in texts)]
    for final in one.told.get("final_messages", ()):
        message = by_id.get(final["external_id"])
        if message is None:
            wrong += [] if "final.messages" in one.told["open"] else [f"no {final['external_id']}"]
            continue
        ours = message | {
            "edited": message["edited_at"] is not None,
            "deleted": message["deleted_at"] is not None,
            "reaction": next(iter(message["reactions"]), None),
        }
        wrong += [f"{key} is {ours[key]!r}" for key, value in final.items() if ours[key] != value]
    return wrong


def wrongly_kept(stored: Stored, made: Sequence[Case]) -> list[str]:
    """What must not be readable and is, in whatever table; story media that somebody would fetch."""
    everything = list(readable(stored.installation))
    wrong = [
        f"{words!r} in {table}"
        for one in made
        for words in (*one.told.get("absent_text", ()), *one.told.get("absent_urls", ()))
        for table, connector, value in everything
        if words in value and (connector is None or connector in one.connectors)
    ]
    for key in ("never_store", "never_fetch"):
        addresses = {address for one in made for address in one.told.get(key, ())}
        fetched = [a for a in stored.attachments() if any(address in a["source"] for address in addresses)]
        wrong += [f"{a['source']} is {a['state']}" for a in fetched if a["state"] != "link_only"]
        wrong += [f"{a} is nowhere" for a in addresses if not any(a in value for _, _, value in everything)]
    return wrong


def differences(stored: Stored, made: Sequence[Case]) -> dict[str, list[str]]:
    messages, counted = stored.shown(), final_counts(stored)
    wrong = {one.name: found for one in made if (found := miscounted(one, counted) + misread(one, messages))}
    return wrong | ({"all": kept} if (kept := wrongly_kept(stored, made)) else {})


def test_store_ends_as_expected_after_each_body_and_stays_so(
    installation: Installation, cases: tuple[Stored, list[Case]]
) -> None:
    stored, made = cases
    through_the_doors(installation, made)
    assert differences(stored, made) == {}
    assert letters(installation) == []
    before = fingerprint(installation)
    through_the_doors(installation, made)
    assert fingerprint(installation) == before


def test_everything_in_any_order_ends_the_same(
    installation: Installation, superuser: Endpoint, cases: tuple[Stored, list[Case]]
) -> None:
    assert_in_orders(installation, superuser, cases, range(SEEDS_IN_A_HURRY))


@pytest.mark.load
def test_everything_in_twenty_orders_ends_the_same(
    installation: Installation, superuser: Endpoint, cases: tuple[Stored, list[Case]]
) -> None:
    assert_in_orders(installation, superuser, cases, range(20))


def assert_in_orders(
    installation: Installation, superuser: Endpoint, cases: tuple[Stored, list[Case]], seeds: Iterable[int]
) -> None:
    stored, made = cases
    for seed in seeds:
        in_some_order(installation, made, seed)
        assert differences(stored, made) == {}, f"seed {seed}"
        empty(installation, superuser)


def empty(installation: Installation, superuser: Endpoint) -> None:
    with connect(superuser, str(installation.database.engine(Role.WORKER).url.database)) as conn:
        conn.execute(f"truncate {_CONTENT} cascade".encode())


def test_skipped_paths_are_as_many_as_we_decided_on() -> None:
    """Whoever adds an open path says in docs/channels.md how we read it."""
    told = [*EXPECTED.values(), *SEQUENCES]
    paths = [(one, path) for one in told for path in one.get("open", ())]
    assert len(paths) == OPEN
    assert len([path for one, path in paths if path not in one.get("open_values", {})]) == UNBOUNDED
