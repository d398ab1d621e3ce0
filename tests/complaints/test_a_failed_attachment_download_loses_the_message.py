"""Complaint of users elsewhere: where a file cannot be fetched, the message that brought it is gone."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from ingestion.attachments.addresses import Addresses
from ingestion.attachments.fetch import Fetcher
from ingestion.attachments.keeping import Keeping
from ingestion.attachments.refusals import Refused
from konectus.files.opening import open_files
from konectus.services.installation import Installation
from tests.ingestion.harness import page, said
from tests.ingestion.stored import Stored, log, work
from tests.support.clock import ManualClock
from tests.support.factories import Factory

PAGE = "9001"
PHOTO = {"type": "image", "payload": {"url": "https://cdn.example/foto.jpg"}}


def timeout(_request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow")


WAYS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "dead": lambda _request: httpx.Response(404),
    "broken": lambda _request: httpx.Response(500),
    "slow": timeout,
    "page": lambda _request: httpx.Response(200, text="<html>expired</html>"),
    "large": lambda _request: httpx.Response(200, headers={"Content-Length": "999999999"}),
    "inside": lambda _request: httpx.Response(302, headers={"Location": "https://10.0.0.7/x"}),
}
FAILURES = {
    "dead": "gone",
    "broken": "unreachable",
    "slow": "unreachable",
    "page": "wrong_type",
    "large": "too_large",
    "inside": "private_address",
}


@pytest.fixture
def client(installation: Installation, make: Factory) -> Stored:
    made = make.client()
    make.connector(made.id, account_id=PAGE)
    return Stored(installation, made.id)


def gone(*_of: object) -> str:
    raise Refused("gone")


@pytest.fixture
def keeping(installation: Installation) -> Iterator[Keeping]:
    """Fetches from a channel that answers in the way the address names."""
    known = Addresses(resolve=lambda host, _port: ["93.184.216.34" if host == "cdn.example" else host])
    fetcher = Fetcher(httpx.MockTransport(lambda request: WAYS[request.url.path[1:]](request)), known)
    found = Keeping(installation.works, open_files(installation.settings.data_dir), fetcher, gone, lambda: 0.5)
    yield found
    found.previews.close()


def test_the_message_stays_whole_and_its_file_says_what_became_of_it(
    client: Stored, keeping: Keeping, clock: ManualClock
) -> None:
    items = []
    for way in WAYS:
        item = said(PAGE, way, f"mira: {way}")
        item["message"]["attachments"] = [{"type": "image", "payload": {"url": f"https://cdn.example/{way}"}}]
        items.append(item)
    log(client.installation, "meta:demo", page(PAGE, *items))
    work(client.installation)
    for _ in range(8):
        for pending in keeping.claim(10):
            keeping.keep(pending)
        clock.advance(hours=2)
    assert {message["text"] for message in client.messages()} == {f"mira: {way}" for way in WAYS}
    rows = client.rows("select state, failure from tenant.attachment where client_id = :client")
    assert sorted(tuple(row) for row in rows) == sorted(("failed", failure) for failure in FAILURES.values())


def test_a_file_that_never_comes_does_not_hold_up_the_messages_after_it(client: Stored) -> None:
    first = said(PAGE, "m1", "uno")
    first["message"]["attachments"] = [PHOTO, {"type": "image", "payload": None}, {"type": "image"}]
    log(client.installation, "meta:demo", page(PAGE, first, said(PAGE, "m2", "dos")))
    work(client.installation)
    assert json.dumps([m["text"] for m in client.messages()]) == '["uno", "dos"]'
