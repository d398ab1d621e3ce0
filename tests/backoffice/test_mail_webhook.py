"""Delivery events at /webhooks/mail: signed or refused, counted once, and what a Client's clock makes of them."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from konectus.domain.notices import NoticeKind, NoticeState
from konectus.mail.letters import House
from konectus.services import notice_sending, notices
from konectus.services.installation import Installation
from konectus.services.notices import NewNotice
from konectus.store.cluster import Endpoint
from konectus.store.queries import notices as read
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, make, web
from tests.support.clock import START, ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory
from tests.support.mailbox import Debts

__all__ = ["clock", "make", "web"]

SECRET = "a secret of the mail provider"


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("hooked")) as made:
        given = made.settings.model_copy(update={"mail_webhook_secret": SecretStr(SECRET)})
        yield replace(made, settings=given)


@pytest.fixture
def notice(installation: Installation, make: Factory) -> UUID:
    """An e-mail that has left."""
    client = Debts(installation, make).client()
    new = NewNotice(NoticeKind.PAYMENT_REVERSED, "payment 1", {"amount_cents": 500})
    with installation.works.system() as work:
        made = notices.queue(work, client.id, new)
        assert made is not None
    with installation.works.system() as work:
        assert notice_sending.take(work, made, House("avisos@konectus.example")) is not None
    return made


def call(web: Web, body: bytes, signature: str | None = None) -> httpx.Response:
    given = signature or f"sha256={hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()}"
    return httpx.post(f"{web.url}/webhooks/mail", content=body, headers={"X-Konectus-Signature": given}, timeout=20)


def told(web: Web, *events: dict[str, Any]) -> dict[str, int]:
    answer = call(web, json.dumps({"events": events}).encode())
    assert answer.status_code == 200, answer.text
    counted: dict[str, int] = answer.json()
    return counted


def event(notice: UUID, kind: str, number: str = "1", **more: Any) -> dict[str, Any]:
    named = {"id": f"{notice}-{number}", "kind": kind, "message_id": f"<{notice}@konectus.example>"}
    return named | {"occurred_at": START.isoformat()} | more


def state(installation: Installation, notice: UUID) -> NoticeState:
    with installation.database.session(Role.STAFF) as session:
        found = read.by_id(session, notice)
    assert found is not None
    return found.state


def test_every_word_of_the_mail_system_is_taken_and_delivered_is_delivered(
    web: Web, installation: Installation, notice: UUID
) -> None:
    words = ("accepted", "deferred", "soft_bounce", "delivered", "complaint")
    events = [event(notice, kind, str(number)) for number, kind in enumerate(words)]
    assert told(web, *events) == {"applied": 5}
    assert told(web, *events) == {"duplicate": 5}
    assert state(installation, notice) is NoticeState.DELIVERED
    assert told(web, event(notice, "hard_bounce", "9")) == {"applied": 1}
    assert state(installation, notice) is NoticeState.BOUNCED
    with installation.database.session(Role.STAFF) as session:
        kept = read.events(session, notice)
    assert [str(one.kind) for one in kept] == [*words, "hard_bounce"]
    assert kept[3].raw == events[3]


def test_one_event_may_come_without_a_list_and_the_message_id_without_its_brackets(
    web: Web, installation: Installation, notice: UUID
) -> None:
    body = event(notice, "delivered", occurred_at=int(START.timestamp())) | {"message_id": f"{notice}@konectus.example"}
    assert call(web, json.dumps(body).encode()).json() == {"applied": 1}
    assert state(installation, notice) is NoticeState.DELIVERED


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "opened"},
        {"kind": "shown"},
        {"kind": None},
        {"id": ""},
        {"id": 7},
        {"id": "x" * 201},
        {"message_id": ["x"]},
        {"message_id": ""},
    ],
)
def test_what_is_not_understood_is_taken_and_changes_nothing(
    web: Web, installation: Installation, notice: UUID, more: dict[str, Any]
) -> None:
    assert told(web, event(notice, "delivered") | more) == {"not_understood": 1}
    assert state(installation, notice) is NoticeState.SENT


@pytest.mark.parametrize("at", [None, "yesterday", "2026-11-19T18:00:00", True, 10**30, "2026-11-19T12:00:00-06:00"])
def test_an_instant_that_cannot_be_read_counts_from_when_we_heard_of_it(
    web: Web, installation: Installation, notice: UUID, at: object
) -> None:
    assert told(web, event(notice, "delivered", occurred_at=at)) == {"applied": 1}
    with installation.database.session(Role.STAFF) as session:
        found = read.by_id(session, notice)
    assert found is not None
    assert found.delivered_at == START


def test_a_mail_of_nobody_here_is_taken_and_not_kept(web: Web) -> None:
    assert told(web, event(UUID(int=5), "delivered"), event(UUID(int=6), "hard_bounce")) == {"unknown": 2}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_signed_body_that_is_no_json_object_is_refused_in_a_line(web: Web, body: bytes) -> None:
    answer = call(web, body)
    assert (answer.status_code, answer.text.count("\n")) == (400, 0)


@pytest.mark.parametrize("signature", ["sha256=", "sha256=00", "x", f"sha256={'0' * 64}", f"sha1={'0' * 40}"])
def test_without_our_secret_nobody_tells_us_anything(
    web: Web, installation: Installation, notice: UUID, signature: str
) -> None:
    body = json.dumps(event(notice, "delivered")).encode()
    assert call(web, body, signature).status_code == 401
    assert state(installation, notice) is NoticeState.SENT
    right = f"sha256={hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()}"
    assert call(web, body + b" ", right).status_code == 401


def test_lists_of_anything_are_read_to_their_end(web: Web, notice: UUID) -> None:
    mixed: list[Any] = [None, 7, "x", [], event(notice, "delivered")]
    body = json.dumps({"events": mixed}).encode()
    assert call(web, body).json() == {"not_understood": 4, "applied": 1}
    assert call(web, b'{"events": 7}').json() == {"not_understood": 1}
