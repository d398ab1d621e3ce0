"""Edits, withdrawals and reactions: applied whatever comes first, hours late, and in batches side by side."""

import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ingestion.worker.batch import Batch
from ingestion.worker.process import Worker
from konectus.domain.channels import Channel
from konectus.errors import Unavailable
from konectus.services.installation import Installation
from konectus.store.keystore import Keys
from konectus.store.roles import Role
from konectus.stream.postgres import claim
from tests.ingestion.harness import page, said
from tests.ingestion.stored import Stored, fingerprint, log, outcomes, readable, work
from tests.support.clock import ManualClock
from tests.support.factories import Factory

PAGE = "9001"
META = "meta:demo"
T0 = 1795107600393
PHOTO = {"type": "image", "payload": {"url": "https://cdn.example.test/secreto.jpg"}}


@pytest.fixture
def client(installation: Installation, make: Factory) -> Stored:
    """A Client with a connected Page."""
    made = make.client()
    make.connector(made.id, account_id=PAGE)
    return Stored(installation, made.id)


def edit(mid: str, words: str, number: int, *, at: int = T0 + 5000) -> dict[str, Any]:
    content = {"mid": mid, "text": words, "num_edit": number}
    return {"sender": {"id": "55"}, "recipient": {"id": PAGE}, "timestamp": at, "message_edit": content}


def unsent(mid: str, *, at: int = T0 + 9000) -> dict[str, Any]:
    content = {"mid": mid, "is_deleted": True}
    return {"sender": {"id": "55"}, "recipient": {"id": PAGE}, "timestamp": at, "message": content}


def reaction(mid: str, emoji: str | None, *, at: int = T0 + 7000) -> dict[str, Any]:
    content = {"mid": mid, "action": "react" if emoji else "unreact", "emoji": emoji}
    return {"sender": {"id": "55"}, "recipient": {"id": PAGE}, "timestamp": at, "reaction": content}


def handled(installation: Installation, *items: object) -> None:
    log(installation, META, page(PAGE, *items))
    work(installation)


def shown(client: Stored) -> list[str | None]:
    return [message["text"] for message in client.shown()]


@contextmanager
def uncommitted(installation: Installation, *items: object) -> Iterator[Session]:
    """A batch that has done everything but commit."""
    log(installation, META, page(PAGE, *items))
    with installation.database.session(Role.WORKER) as session:
        claimed = claim(session, installation.keys, 10)
        Batch(session, installation.keys, installation.clock.now(), claimed).handle()
        yield session


def test_edit_is_shown_and_its_history_kept(installation: Installation, client: Stored) -> None:
    handled(installation, said(PAGE, "m1", "uno"))
    handled(installation, edit("m1", "dos", 1), edit("m1", "tres", 2, at=T0 + 6000))
    assert shown(client) == ["tres"]
    assert client.texts() == ["uno"]
    assert [version["text"] for version in client.versions()] == ["dos", "tres"]
    assert client.messages()[0]["edited_at"].timestamp() * 1000 == T0 + 6000
    assert client.conversations()[0].unread == 1


def test_edit_that_comes_late_or_twice_does_not_take_the_newer_one_back(
    installation: Installation, client: Stored
) -> None:
    handled(installation, said(PAGE, "m1", "uno"), edit("m1", "tres", 2, at=T0 + 6000))
    before = client.messages()
    handled(installation, edit("m1", "dos", 1), edit("m1", "tres", 2, at=T0 + 6000))
    assert shown(client) == ["tres"]
    assert len(client.versions()) == 2
    assert client.messages() == before


@pytest.mark.parametrize("wait", [0, 5])
def test_what_comes_before_its_message_is_applied_when_that_comes(
    installation: Installation, client: Stored, clock: ManualClock, wait: int
) -> None:
    handled(installation, edit("m1", "editado", 1), unsent("m2"), reaction("m3", "❤"))
    assert client.conversations() == []
    clock.advance(hours=wait)
    log(installation, META, page(PAGE, *(said(PAGE, f"m{n}", f"texto {n}", at=T0 + n) for n in (1, 2, 3))))
    assert Worker(installation).step() == 1  # in the batch itself, not by the look back that comes after it
    first, second, third = client.shown()
    assert (first["text"], first["edited_at"] is not None) == ("editado", True)
    assert (second["text"], second["deleted_at"] is not None) == (None, True)
    assert third["reactions"] == ["❤"]
    assert client.rows("select * from tenant.tombstone where client_id = :client") == []
    assert client.conversations()[0].window_opened_by == "reaction"


def test_withdrawn_message_leaves_nothing_readable(installation: Installation, client: Stored) -> None:
    item = said(PAGE, "m1", "secreto uno")
    item["message"] |= {"attachments": [PHOTO], "referral": {"ref": "secreto tres"}}
    handled(installation, item, edit("m1", "secreto dos", 1))
    handled(installation, unsent("m1"))
    (message,) = client.shown()
    assert message["text"] is message["facts"] is message["edited_at"] is None
    assert message["deleted_at"].timestamp() * 1000 == T0 + 9000
    assert [(a["state"], a["name"], a["source"]) for a in client.attachments()] == [("withdrawn", "", "{}")]
    assert not [value for _, _, value in readable(installation) if "secreto" in value]


def test_withdrawn_message_stays_blank_whatever_comes_again(installation: Installation, client: Stored) -> None:
    items = [said(PAGE, "m1", "secreto"), edit("m1", "secreto dos", 1), unsent("m1")]
    handled(installation, *items)
    before = fingerprint(installation)
    handled(installation, *items[::-1])
    handled(installation, edit("m1", "secreto tres", 2, at=T0 + 20_000))
    assert fingerprint(installation) == before
    assert not [value for _, _, value in readable(installation) if "secreto" in value]


def test_file_of_a_withdrawn_message_waits_to_be_deleted(installation: Installation, client: Stored) -> None:
    item = said(PAGE, "m1")
    item["message"]["attachments"] = [PHOTO]
    handled(installation, item)
    with installation.database.session(Role.WORKER) as session:
        session.connection().exec_driver_sql("update tenant.attachment set state = 'stored', stored_at = '2026-11-01'")
    handled(installation, unsent("m1"))
    (row,) = client.rows("select state, stored_at from tenant.attachment where client_id = :client")
    assert (row.state, row.stored_at is not None) == ("withdrawn", True)


@pytest.mark.parametrize("first_to_commit", ["message", "withdrawal"])
def test_batches_side_by_side_miss_nothing_of_each_other(
    installation: Installation, client: Stored, first_to_commit: str
) -> None:
    handled(installation, said(PAGE, "m0", "antes"))
    message, other = [said(PAGE, "m1", "secreto", at=T0 + 1)], [unsent("m1"), edit("m2", "editado", 1)]
    message.append(said(PAGE, "m2", "original", at=T0 + 2))
    outer, inner = (other, message) if first_to_commit == "message" else (message, other)
    with uncommitted(installation, *outer), uncommitted(installation, *inner):
        pass
    work(installation)
    assert shown(client) == ["antes", None, "editado"]
    assert not [value for _, _, value in readable(installation) if "secreto" in value]


@pytest.mark.parametrize("first", ["edit", "withdrawal"])
def test_edit_and_withdrawal_at_once_leave_nothing_readable(
    installation: Installation, client: Stored, first: str
) -> None:
    handled(installation, said(PAGE, "m1", "secreto"))
    items = [edit("m1", "secreto dos", 1), unsent("m1")]
    one, other = items if first == "edit" else items[::-1]
    with uncommitted(installation, one):
        log(installation, META, page(PAGE, other))
        waiting = threading.Thread(target=work, args=(installation,))
        waiting.start()
        waiting.join(timeout=0.3)
        assert waiting.is_alive()
    waiting.join()
    assert not [value for _, _, value in readable(installation) if "secreto" in value]


@pytest.mark.parametrize("taken_first", [False, True])
@pytest.mark.parametrize("batches", [1, 2])
def test_a_reaction_taken_away_before_its_message_came_has_opened_the_window(
    installation: Installation, client: Stored, *, batches: int, taken_first: bool
) -> None:
    """Told again, with its message there, it opened a window that was shut before."""
    told = [reaction("m1", "❤"), reaction("m1", None, at=T0 + 8000)][:: -1 if taken_first else 1]
    for part in (told,) if batches == 1 else ([told[0]], [told[1]]):
        handled(installation, *part)
    handled(installation, said(PAGE, "m1"))
    before = client.conversations(), client.rows("select * from tenant.reaction where client_id = :client")
    assert before[0][0].window_opened_by == "reaction"
    assert before[0][0].window_opened_at.timestamp() * 1000 == T0 + 7000
    assert client.shown()[0]["reactions"] == []
    handled(installation, *told)
    assert (client.conversations(), client.rows("select * from tenant.reaction where client_id = :client")) == before


def test_a_reaction_that_the_release_before_kept_opens_the_window_too(
    installation: Installation, client: Stored
) -> None:
    handled(installation, reaction("m1", "❤"))
    with installation.database.session(Role.WORKER) as session:
        session.connection().exec_driver_sql("update tenant.reaction set put_at = null")
    handled(installation, said(PAGE, "m1"))
    assert client.conversations()[0].window_opened_by == "reaction"


def test_later_reaction_counts_and_one_that_is_taken_away_is_gone(installation: Installation, client: Stored) -> None:
    handled(installation, said(PAGE, "m1"), reaction("m1", "❤"), reaction("m1", "😢", at=T0 + 8000))
    assert client.shown()[0]["reactions"] == ["😢"]
    handled(installation, reaction("m1", "❤"), reaction("m1", None, at=T0 + 8500), reaction("m1", None, at=T0 + 100))
    assert client.shown()[0]["reactions"] == []
    handled(installation, reaction("m1", "😢", at=T0 + 8000))
    assert client.shown()[0]["reactions"] == []


def updates(*listed: dict[str, Any]) -> Sequence[bytes]:
    return [json.dumps({"update_id": 7000 + n, **told}).encode() for n, told in enumerate(listed)]


def test_of_two_changes_in_one_second_of_telegram_the_later_update_counts(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    bot = make.connector(client.id, channel=Channel.TELEGRAM)
    chat = {"id": -100, "type": "supergroup", "title": "Obra"}
    ana = {"id": 7, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": 5, "date": 1795107600, "chat": chat, "from": ana}

    def reacts(user: dict[str, Any], *emojis: str) -> dict[str, Any]:
        new = [{"type": "emoji", "emoji": emoji} for emoji in emojis]
        told = {"chat": chat, "message_id": 5, "user": user, "date": 1795107700, "old_reaction": []}
        return {"message_reaction": told | {"new_reaction": new}}

    bodies = updates(
        {"message": message | {"text": "uno"}},
        {"edited_message": message | {"text": "dos", "edit_date": 1795107650}},
        {"edited_message": message | {"text": "tres", "edit_date": 1795107650}},
        reacts(ana, "👍"),
        reacts(ana, "🔥"),
        reacts(ana | {"id": 8}, "👏"),
    )
    log(installation, f"telegram:{bot}", *bodies[::-1], *bodies)
    work(installation)
    (shown_once,) = Stored(installation, client.id).shown()
    assert shown_once["text"] == "tres"
    assert sorted(shown_once["reactions"]) == ["👏", "🔥"]


@pytest.mark.parametrize("edit_first", [False, True])
def test_captions_and_files_of_edits_are_kept(installation: Installation, make: Factory, *, edit_first: bool) -> None:
    client = make.client()
    bot = make.connector(client.id, channel=Channel.TELEGRAM)
    base = {"message_id": 5, "date": 1795107600, "chat": {"id": 7, "type": "private"}, "from": {"id": 7}}

    def photo(name: str) -> list[dict[str, Any]]:
        return [{"file_id": f"{name}-{len(name)}", "file_unique_id": name, "width": 90, "height": 90}]

    sent = {"message": base | {"caption": "una", "photo": photo("A")}}
    same = {"edited_message": base | {"edit_date": 1795107601, "caption": "otra", "photo": photo("A")}}
    other = {"edited_message": base | {"edit_date": 1795107602, "caption": "otra foto", "photo": photo("B")}}
    bodies = updates(sent, same, other)
    for body in bodies[::-1] if edit_first else bodies:
        log(installation, f"telegram:{bot}", body, body)
        work(installation)
    stored = Stored(installation, client.id)
    assert [message["text"] for message in stored.shown()] == ["otra foto"]
    names = [json.loads(a["source"])["facts"]["file_unique_id"] for a in stored.attachments()]
    assert (names, {a["state"] for a in stored.attachments()}) == (["A", "B"], {"pending"})


def test_hostile_edit_numbers_cost_nobody_anything(installation: Installation, client: Stored) -> None:
    handled(installation, said(PAGE, "m1", "uno"), edit("m1", "dos", 10**30), edit("m1", "tres", -(2**62)))
    assert {word for _, word, _ in outcomes(installation)} == {"stored", "applied"}
    assert shown(client)[0] in ("dos", "tres")


def test_workers_side_by_side_amend_as_one_would(installation: Installation, client: Stored) -> None:
    items: list[dict[str, Any]] = []
    for n in range(40):
        items += [said(PAGE, f"m{n}", f"texto {n}", person=str(n % 5), at=T0 + n)]
        items += [edit(f"m{n}", f"otro {n}", 1), edit(f"m{n}", f"último {n}", 2, at=T0 + 6000)] if n % 2 else []
        items += [unsent(f"m{n}")] if n % 3 == 0 else []
        items += [reaction(f"m{n}", "👍"), reaction(f"m{n}", "❤", at=T0 + 8000)] if n % 4 else []
    order = random.Random(7)  # noqa: S311 - an order, not a secret
    bodies = [page(PAGE, item) for item in (*items, *items)]
    order.shuffle(bodies)
    log(installation, META, *bodies)
    workers = [Worker(installation) for _ in range(2)]

    def run(worker: Worker) -> None:
        worker._bite = 5
        while worker.step():
            worker._bite = 5

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work(installation)
    texts = [None if n % 3 == 0 else f"último {n}" if n % 2 else f"texto {n}" for n in range(40)]
    assert shown(client) == texts
    assert [message["reactions"] for message in client.shown()] == [["❤"] if n % 4 else [] for n in range(40)]
    assert sum(row.unread for row in client.conversations()) == 40
    assert {word for _, word, _ in outcomes(installation)} == {"stored", "duplicate", "applied"}


def test_second_edit_of_the_same_second_is_told_and_indexed(installation: Installation, client: Stored) -> None:
    handled(installation, said(PAGE, "m1", "uno"))
    handled(installation, edit("m1", "dos", 1))
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("delete from tenant.search_pending"))
    handled(installation, edit("m1", "tres", 2))
    assert shown(client) == ["tres"]
    (waiting,) = client.rows("select message_ids from tenant.search_pending where client_id = :client")
    assert waiting.message_ids == [message["id"] for message in client.messages()]


def missed(installation: Installation, page_id: str) -> None:
    """An edit and a referral, and the message they wait for, in batches side by side: neither sees the other."""
    about = {"sender": {"id": "55"}, "recipient": {"id": page_id}, "timestamp": T0}
    items = (edit("m1", "editado", 1) | {"recipient": {"id": page_id}}, about | {"referral": {"ref": "promo"}})
    log(installation, META, page(page_id, *items))
    with installation.database.session(Role.WORKER) as session:
        claimed = claim(session, installation.keys, 10)
        Batch(session, installation.keys, installation.clock.now(), claimed).handle()
        log(installation, META, page(page_id, said(page_id, "m1", "uno")))
        assert Worker(installation).step() == 1


def is_edited(client: Stored) -> bool:
    return client.messages()[0]["edited_at"] is not None


def test_what_waits_of_a_client_without_keys_holds_nobody_up(
    installation: Installation, client: Stored, make: Factory
) -> None:
    other = make.client()
    make.connector(other.id, account_id="9002")
    for page_id in (PAGE, "9002"):
        missed(installation, page_id)
    for name in ("data", "index"):
        installation.keys.store.destroy(f"client-{client.client_id}-{name}")
    installation.keys.forget()
    Worker(installation).wake()
    assert is_edited(Stored(installation, other.id))


@dataclass
class Unmounted:
    """A key store that cannot be reached."""

    def read(self, name: str) -> bytes | None:
        raise Unavailable(f"{name} cannot be read")

    def add(self, name: str, wrapped: bytes) -> bytes:
        raise Unavailable(f"{name} cannot be written: {len(wrapped)}")

    def destroy(self, name: str) -> None:
        raise Unavailable(f"{name} cannot be destroyed")

    def bury(self, client_id: UUID, record: bytes) -> bytes:
        raise Unavailable(f"{client_id} cannot be written: {len(record)}")

    def buried(self, client_id: UUID) -> bytes | None:
        raise Unavailable(f"{client_id} cannot be read")

    def destroyed(self) -> frozenset[UUID]:
        raise Unavailable("the list cannot be read")


def test_worker_lives_on_where_what_waits_cannot_be_applied(installation: Installation, client: Stored) -> None:
    missed(installation, PAGE)
    worker = Worker(replace(installation, keys=Keys(Unmounted(), installation.keys.master)))
    worker._rest()
    assert not is_edited(client)
    assert client.rows("select worker from platform.heartbeat where process = 'worker'")
    Worker(installation)._rest()
    assert is_edited(client)
