"""POST /webhooks/payments: signed or refused, booked once, or set aside with one clear line and a task."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make"]

SECRET = "a secret between us and the provider"
MOST = 4096


@dataclass(frozen=True)
class Provider:
    """Whoever tells us of payments, from outside."""

    http: httpx.Client

    def send(self, body: bytes, *, secret: str = SECRET, **headers: str) -> httpx.Response:
        signature = "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
        named = {"x-konectus-signature": signature, "content-type": "application/json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post("/webhooks/payments", content=body, headers=named)

    def tell(self, event_id: str, kind: str = "payment.succeeded", **payment: Any) -> str:
        """What became of an event."""
        payment = {"reference": f"ord-{event_id}", "method": "card", "currency": "MXN"} | payment
        body = {"id": event_id, "type": kind, "provider": "conekta", "payment": payment}
        answer = self.send(json.dumps(body).encode())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["outcome"])


@pytest.fixture(scope="module")
def web(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Web]:
    settings = installation.settings.model_copy(
        update={"payment_webhook_secret": SecretStr(SECRET), "max_webhook_bytes": MOST}
    )
    found = Web(replace(installation, settings=settings), make, clock)
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def provider(web: Web) -> Iterator[Provider]:
    with httpx.Client(base_url=web.url, timeout=20) as http:
        yield Provider(http)


@pytest.fixture
def books(installation: Installation, clock: ManualClock) -> Books:
    return Books(installation, clock)


def tasks_of(installation: Installation, event_id: str) -> tuple[str, int]:
    """The outcome that was kept of an event, and how many open tasks ask for a look."""
    with installation.database.session(Role.WORKER) as session:
        row = session.execute(
            text(
                "select e.outcome, count(t.id) from ledger.payment_event e"
                " left join ledger.staff_task t on t.subject_ref = e.id::text and t.closed_at is null"
                " where e.event_id = :id group by e.id"
            ),
            {"id": event_id},
        ).one()
    return str(row[0]), int(row[1])


def test_signed_payment_pays_what_is_due(provider: Provider, books: Books) -> None:
    client_id = books.client()
    outcome = provider.tell("paid-1", client_id=str(client_id), amount_cents=116_000, paid_at="2026-11-19T17:00:00Z")
    assert outcome == "booked"
    assert books.owed(client_id) == []
    assert tasks_of(books.installation, "paid-1") == ("booked", 0)


def test_client_is_found_by_the_number_of_an_invoice(provider: Provider, books: Books) -> None:
    client_id = books.client()
    number = books.invoices(client_id)[0].number
    assert provider.tell("by-number", invoice=number, amount_cents=16_000, method="oxxo") == "booked"
    assert books.balances(client_id) == [100_000]


def test_same_event_is_booked_once_also_when_it_comes_four_times_at_once(provider: Provider, books: Books) -> None:
    client_id = books.client()

    def tell(_: int) -> str:
        return provider.tell("twin", client_id=str(client_id), amount_cents=16_000)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(tell, range(4))) == ["booked", "duplicate", "duplicate", "duplicate"]
    assert books.balances(client_id) == [100_000]


def test_known_reference_in_a_new_event_is_a_duplicate_that_needs_nobody(provider: Provider, books: Books) -> None:
    client_id = books.client()
    for event_id, outcome in (("first", "booked"), ("second", "duplicate")):
        told = provider.tell(event_id, client_id=str(client_id), amount_cents=5, reference="same-payment")
        assert told == outcome
    assert tasks_of(books.installation, "second") == ("duplicate", 0)


def others_of(installation: Installation, event_id: str) -> list[Any]:
    """Amounts of the other bodies that came under an event's id."""
    with installation.database.session(Role.WORKER) as session:
        statement = text(
            "select o.raw->'payment'->'amount_cents' from ledger.payment_event_other o"
            " join ledger.payment_event e on e.id = o.event where e.event_id = :id order by o.id"
        )
        return list(session.scalars(statement, {"id": event_id}))


def test_another_body_under_a_known_event_id_changes_nothing_and_is_kept_for_a_person(
    provider: Provider, books: Books
) -> None:
    client_id = books.client()
    payment: dict[str, Any] = {"client_id": str(client_id), "reference": "card-12"}
    assert provider.tell("reused", amount_cents=16_000, **payment) == "booked"
    for cents, outcome in ((16_000, "duplicate"), (116_000, "differs"), (116_000, "differs"), (9, "differs")):
        assert provider.tell("reused", amount_cents=cents, **payment) == outcome
    assert books.balances(client_id) == [100_000]
    assert sorted(others_of(books.installation, "reused")) == [9, 116_000]
    assert tasks_of(books.installation, "reused") == ("booked", 1)


def test_same_event_written_in_another_order_is_the_same_event(provider: Provider, books: Books) -> None:
    client_id = str(books.client())
    payment = {"client_id": client_id, "amount_cents": 7, "currency": "MXN", "reference": "order"}
    event = {"id": "order", "type": "payment.succeeded", "provider": "conekta", "payment": payment}
    bodies = (event, dict(reversed(event.items())) | {"payment": dict(reversed(payment.items()))})
    assert [provider.send(json.dumps(one).encode()).json()["outcome"] for one in bodies] == ["booked", "duplicate"]
    assert others_of(books.installation, "order") == []


def test_two_bodies_under_one_id_at_once_are_booked_once(provider: Provider, books: Books) -> None:
    client_id = books.client()

    def tell(cents: int) -> str:
        return provider.tell("race", client_id=str(client_id), amount_cents=cents, reference="race")

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(tell, (1_000, 2_000))) == ["booked", "differs"]
    assert len(others_of(books.installation, "race")) == 1


def test_payment_of_an_erased_client_is_booked_against_its_debt(provider: Provider, books: Books) -> None:
    client_id = books.client()
    books.erased(client_id)
    assert provider.tell("after", client_id=str(client_id), amount_cents=116_000) == "booked"
    assert books.owed(client_id) == []


def test_reference_of_another_clients_payment_is_set_aside_with_both_named(provider: Provider, books: Books) -> None:
    one, other = books.client(), books.client()
    assert provider.tell("mine", client_id=str(one), amount_cents=16_000, reference="shared") == "booked"
    assert provider.tell("yours", client_id=str(other), amount_cents=16_000, reference="shared") == "duplicate"
    assert tasks_of(books.installation, "yours") == ("duplicate", 1)
    assert books.balances(other) == [116_000]


@pytest.mark.parametrize(
    ("event_id", "payment", "outcome"),
    [
        ("negative", {"amount_cents": -5}, "bad_amount"),
        ("zero", {"amount_cents": 0}, "bad_amount"),
        ("fraction", {"amount_cents": 12.5}, "bad_amount"),
        ("words", {"amount_cents": "116000"}, "bad_amount"),
        ("absent", {}, "bad_amount"),
        ("endless", {"amount_cents": 10**300}, "bad_amount"),
        ("a hundred million and a cent", {"amount_cents": 100_000_000_01}, "bad_amount"),
        ("true", {"amount_cents": True}, "bad_amount"),
        ("small letters", {"amount_cents": 500, "currency": "mxn"}, "foreign_currency"),
        ("dollars", {"amount_cents": 500, "currency": "USD"}, "foreign_currency"),
        ("no currency", {"amount_cents": 500, "currency": None}, "foreign_currency"),
        ("nobody", {"amount_cents": 500, "client_id": str(UUID(int=7))}, "unknown_client"),
        ("no name", {"amount_cents": 500, "client_id": None}, "unknown_client"),
        ("no reference", {"amount_cents": 500, "reference": ""}, "unknown_payment"),
        ("long reference", {"amount_cents": 500, "reference": "x" * 500}, "unknown_payment"),
    ],
)
def test_event_that_cannot_be_booked_is_set_aside_for_a_person(
    provider: Provider, books: Books, event_id: str, payment: dict[str, Any], outcome: str
) -> None:
    client_id = books.client()
    assert provider.tell(event_id, **({"client_id": str(client_id)} | payment)) == outcome
    assert tasks_of(books.installation, event_id) == (outcome, 1)
    assert books.balances(client_id) == [116_000]


def test_kind_nobody_knows_is_kept_and_answered_200(provider: Provider, books: Books) -> None:
    assert provider.tell("refund?", "payment.refund_requested") == "unknown_kind"
    assert tasks_of(books.installation, "refund?") == ("unknown_kind", 1)


def test_reversal_reopens_the_invoice_and_one_of_an_unknown_payment_is_set_aside(
    provider: Provider, books: Books
) -> None:
    client_id = books.client()
    provider.tell("before", client_id=str(client_id), amount_cents=116_000, reference="card-9")
    assert provider.tell("back", "payment.reversed", reference="card-9") == "booked"
    assert books.balances(client_id) == [116_000]
    assert provider.tell("back again", "payment.reversed", reference="card-9") == "duplicate"
    assert provider.tell("what?", "payment.reversed", reference="never-seen") == "unknown_payment"
    assert tasks_of(books.installation, "what?") == ("unknown_payment", 1)


def test_declined_charge_is_told_and_a_late_success_of_it_pays(provider: Provider, books: Books) -> None:
    client_id = books.client()
    payment: dict[str, Any] = {"client_id": str(client_id), "amount_cents": 116_000, "reference": "card-7"}
    assert provider.tell("no", "payment.failed", failure="insufficient_funds", **payment) == "booked"
    assert books.balances(client_id) == [116_000]
    assert provider.tell("yes", **payment) == "booked"
    assert provider.tell("late no", "payment.failed", **payment) == "duplicate"
    assert books.owed(client_id) == []


def test_paid_at_is_the_providers_word_and_never_in_the_future(provider: Provider, books: Books) -> None:
    client_id = books.client()
    for event_id, paid_at in (("then", "2026-11-17T05:59:59-06:00"), ("ahead", "2031-01-01T00:00:00Z"), ("bad", "x")):
        provider.tell(event_id, client_id=str(client_id), amount_cents=10, paid_at=paid_at)
    with books.installation.database.session(Role.WORKER) as session:
        statement = text("select paid_at::text from ledger.payment where client_id = :c order by paid_at")
        found = list(session.scalars(statement, {"c": client_id}))
        now = session.execute(text("select cast(:now as timestamptz)::text"), {"now": books.clock.now()}).scalar_one()
    assert found == ["2026-11-17 11:59:59+00", now, now]


def test_wrong_or_missing_signature_is_401_and_keeps_nothing(provider: Provider, books: Books) -> None:
    body = json.dumps({"id": "forged", "type": "payment.succeeded"}).encode()
    answers = [
        provider.send(body, secret="another"),
        provider.send(body, x_konectus_signature=""),
        provider.send(body, x_konectus_signature="sha256="),
        provider.send(body, x_konectus_signature="sha1=00"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401]
    with books.installation.database.session(Role.WORKER) as session:
        assert session.scalar(text("select count(*) from ledger.payment_event where event_id = 'forged'")) == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"not json", b"[1]", b'"text"', b"\xff\xfe", b"[" * 2000, b'{"id": 1' + b"0" * 4000 + b"}"[:0]]
)
def test_what_is_no_json_object_is_400(provider: Provider, body: bytes) -> None:
    assert provider.send(body).status_code == 400


def test_long_and_encoded_bodies_are_refused(provider: Provider) -> None:
    assert provider.send(b"x" * (MOST + 1)).status_code == 413
    assert provider.send(b"{}", content_encoding="gzip").status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"id": "nul \\u0000", "type": "\\ud800", "payment": {"amount_cents": 1e999, "x\\u0000": NaN}}',
        b'{"id": 7, "type": ["payment.succeeded"], "provider": "by_hand", "payment": {"method": ["card"]}}',
        b'{"id": "' + b"y" * 300 + b'", "type": "payment.succeeded", "payment": [1]}',
    ],
)
def test_odd_json_is_answered_200_and_set_aside(provider: Provider, body: bytes) -> None:
    answer = provider.send(body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] in {"unknown_kind", "unknown_client"}


def test_without_a_secret_nobody_can_sign(installation: Installation, make: Factory, clock: ManualClock) -> None:
    found = Web(installation, make, clock)
    found.start()
    try:
        with httpx.Client(base_url=found.url) as http:
            assert Provider(http).send(b"{}", secret="").status_code == 401
    finally:
        found.stop()
