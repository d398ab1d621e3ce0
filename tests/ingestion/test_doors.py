"""What the doors answer and what they leave in the log (promises P1 to P8, contract.md)."""

import asyncio
import gzip
import json
from time import process_time as process_seconds

import psycopg
import pytest
from sqlalchemy import text

from ingestion.doors import Doors, serves
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.services import connectors
from konectus.services.connectors import SUSPENDED
from konectus.services.installation import Installation
from konectus.store.roles import Role
from konectus.stream import grouping
from konectus.stream.postgres import claim
from tests.ingestion.harness import (
    META,
    SECRETS,
    VERIFY,
    Door,
    Headers,
    at_the_doors,
    count,
    dropped,
    page,
    pages,
    said,
    signed,
    update,
    webhook_secret,
    with_app,
)
from tests.support.factories import Factory

PAGE = "9001"
LOG = "platform.webhook_event"


@pytest.fixture
def client(make: Factory) -> object:
    """A Client with a connected Page."""
    made = make.client()
    make.connector(made.id, account_id=PAGE)
    return made


def bodies(installation: Installation) -> list[bytes]:
    with installation.database.session(Role.WORKER) as session:
        return [claimed.body for claimed in claim(session, installation.keys, 100)]


@pytest.mark.usefixtures("client")
def test_signed_event_of_a_live_page_is_in_the_log_when_it_is_answered(installation: Installation) -> None:
    body, later = page(PAGE, said(PAGE, "m1", "ñandú")), page(PAGE, said(PAGE, "m2"))

    async def scenario(door: Door) -> list[int]:
        old = await door.post(META, body, signed(body, SECRETS[0]))
        return [old, await door.post(META, later, signed(later, SECRETS[1]))]

    assert at_the_doors(installation, scenario) == [200, 200]
    assert bodies(installation) == [body, later]


@pytest.mark.usefixtures("client")
def test_wrongly_signed_event_is_refused_at_once_and_leaves_nothing(installation: Installation) -> None:
    body = page(PAGE, said(PAGE, "m1"))
    wrong: list[Headers] = [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256=" + "0" * 64},
        {"x-hub-signature": "sha1=" + "0" * 40},
        signed(body, "secret of nobody"),
        signed(b"another body"),
        {"x-hub-signature-256": "sha256=ñ"},
    ]

    async def scenario(door: Door) -> list[int]:
        return [await door.post(META, body, headers) for headers in wrong]

    began = monotonic()
    assert at_the_doors(installation, scenario) == [401] * len(wrong)
    assert monotonic() - began < 2
    assert count(installation, LOG) == 0
    assert dropped(installation) == {}


def test_bot_takes_its_own_secret_alone(installation: Installation, make: Factory) -> None:
    client = make.client()
    one, two = (make.connector(client.id, channel=Channel.TELEGRAM, account_id=n) for n in ("71", "72"))
    own, other = webhook_secret(installation, one), webhook_secret(installation, two)

    async def scenario(door: Door) -> list[int]:
        return [
            await door.telegram(one, update(1, "hola"), own),
            await door.telegram(one, update(2, "hola"), other),
            await door.telegram(one, update(3, "hola"), ""),
            await door.post(f"/webhooks/telegram/{one}", update(4, "hola")),
            await door.post("/webhooks/telegram/no-id", update(5, "hola"), {"x-telegram-bot-api-secret-token": own}),
            await door.telegram(client.id, update(6, "hola"), own),
        ]

    assert at_the_doors(installation, scenario) == [200, 401, 401, 401, 401, 401]
    assert bodies(installation) == [update(1, "hola")]


def test_update_before_the_accounts_were_read_is_never_refused(installation: Installation, make: Factory) -> None:
    bot = make.connector(make.client().id, channel=Channel.TELEGRAM)
    secret = webhook_secret(installation, bot)

    async def scenario() -> tuple[int, int]:
        doors = Doors(with_app(installation))
        assert installation.settings.database_url
        owner = installation.settings.database_url.get_secret_value().replace("+psycopg", "")
        with psycopg.connect(owner) as conn:
            conn.execute("lock table platform.live_account in access exclusive mode")
            await doors.start()
            unread = await Door(doors).telegram(bot, update(1, "hola"), secret)
        read = await Door(doors).telegram(bot, update(1, "hola"), secret)
        await doors.stop()
        return unread, read

    assert asyncio.run(scenario()) == (503, 200)
    assert bodies(installation) == [update(1, "hola")]


def test_late_update_of_a_suspended_bot_is_taken_counted_and_dropped(installation: Installation, make: Factory) -> None:
    client = make.client()
    bot = make.connector(client.id, channel=Channel.TELEGRAM)
    secret = webhook_secret(installation, bot)
    with installation.works.system() as work:
        connectors.disconnect(work, client.id, bot, SUSPENDED)
    with installation.works.system() as work:
        connectors.settle(work, client.id, bot, ConnectorState.NEEDS_RECONFIGURATION, "suspended")

    async def scenario(door: Door) -> list[int]:
        return [await door.telegram(bot, update(1, "hola"), secret), await door.telegram(bot, update(1, "hola"), "x")]

    assert at_the_doors(installation, scenario) == [200, 401]
    assert count(installation, LOG) == 0
    assert dropped(installation) == {("telegram", str(bot)): 1}


def test_event_of_an_unknown_page_is_taken_counted_and_dropped(installation: Installation) -> None:
    assert at_the_doors(installation, lambda door: door.meta(page("404", said("404", "m1")))) == 200
    assert count(installation, LOG) == 0
    assert dropped(installation) == {("unknown", "unknown"): 1}


@pytest.mark.usefixtures("client")
def test_body_with_one_live_page_among_others_is_logged(installation: Installation) -> None:
    body = pages({"404": [said("404", "m1")], PAGE: [said(PAGE, "m2")]})
    assert at_the_doors(installation, lambda door: door.meta(body)) == 200
    assert bodies(installation) == [body]


def test_page_that_was_just_connected_loses_nothing(installation: Installation, make: Factory) -> None:
    client = make.client()

    async def scenario(door: Door) -> int:
        await asyncio.to_thread(make.connector, client.id, account_id="777")
        return await door.meta(page("777", said("777", "m1")))

    assert at_the_doors(installation, scenario) == 200
    assert count(installation, LOG) == 1


def test_page_that_was_just_suspended_is_closed_within_a_second(installation: Installation, make: Factory) -> None:
    client = make.client()
    connector = make.connector(client.id, account_id="778")

    def suspend() -> None:
        with installation.works.system() as work:
            connectors.disconnect(work, client.id, connector, SUSPENDED)

    async def scenario(door: Door) -> int:
        await asyncio.to_thread(suspend)
        await asyncio.sleep(0.5)
        return await door.meta(page("778", said("778", "m1")))

    assert at_the_doors(installation, scenario) == 200
    assert count(installation, LOG) == 0
    assert dropped(installation) == {("messenger", str(connector)): 1}


def test_signed_body_that_is_not_json_is_taken_and_kept_for_a_decision(installation: Installation) -> None:
    junk = [b"hola", b"", b"[" * 100_000, b'{"object": "page"', b"\xff\xfe"]

    async def scenario(door: Door) -> list[int]:
        return [await door.meta(body) for body in junk]

    assert at_the_doors(installation, scenario) == [200] * len(junk)
    assert bodies(installation) == junk


def test_signed_body_that_names_nobody_is_taken_and_not_kept(installation: Installation) -> None:
    nobodys = [
        b"[]",
        b"7",
        b'"x"',
        b"null",
        b'{"object":"user","entry":[{}]}',
        b'{"object":"page"}',
        page("0", said("1", "m")),
    ]

    async def scenario(door: Door) -> list[int]:
        return [await door.meta(body) for body in nobodys]

    assert at_the_doors(installation, scenario) == [200] * len(nobodys)
    assert count(installation, LOG) == 0
    assert dropped(installation) == {("unknown", "unknown"): len(nobodys)}


@pytest.mark.usefixtures("client")
def test_unreadable_item_of_a_live_page_is_kept_for_a_decision(installation: Installation) -> None:
    assert at_the_doors(installation, lambda door: door.meta(page(PAGE, 7))) == 200
    assert count(installation, LOG) == 1


@pytest.mark.usefixtures("client")
def test_body_over_the_limit_is_refused_while_it_is_read(installation: Installation) -> None:
    limit = installation.settings.max_webhook_bytes
    pieces = [b"x" * 65536] * (limit // 65536 + 1)

    async def scenario(door: Door) -> list[int]:
        told = {"content-length": str(limit + 1), "x-hub-signature-256": "sha256=0"}
        untold = {"x-hub-signature-256": "sha256=0"}
        return [
            (await door.request("POST", META, chunks=[b"x"], headers=told))[0],
            (await door.request("POST", META, chunks=pieces, headers=untold))[0],
            (await door.request("POST", META, chunks=pieces, headers={**untold, "content-length": "9" * 30}))[0],
        ]

    assert at_the_doors(installation, scenario) == [413, 413, 413]
    assert count(installation, LOG) == 0


@pytest.mark.usefixtures("client")
def test_body_of_exactly_the_limit_is_taken_in_pieces(installation: Installation) -> None:
    limit = installation.settings.max_webhook_bytes
    shell = page(PAGE, said(PAGE, "m1", ""))
    body = page(PAGE, said(PAGE, "m1", "x" * (limit - len(shell))))
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]

    async def scenario(door: Door) -> int:
        return (await door.request("POST", META, chunks=pieces, headers=signed(body)))[0]

    assert at_the_doors(installation, scenario) == 200
    assert bodies(installation) == [body]


@pytest.mark.usefixtures("client")
def test_encoded_body_is_refused(installation: Installation) -> None:
    body = gzip.compress(page(PAGE, said(PAGE, "m1")))
    headers = {**signed(body), "content-encoding": "gzip"}
    assert at_the_doors(installation, lambda door: door.post(META, body, headers)) == 415
    assert count(installation, LOG) == 0


def test_subscription_check_echoes_digits_to_the_right_token(installation: Installation) -> None:
    asked = f"hub.mode=subscribe&hub.verify_token={VERIFY}"
    refused = [
        f"{asked}&hub.challenge=<script>",
        asked,
        f"hub.mode=unsubscribe&hub.verify_token={VERIFY}&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=other&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1",
        "",
    ]

    async def scenario(door: Door) -> list[tuple[int, bytes]]:
        queries = [f"{asked}&hub.challenge=1158201444", *refused]
        return [await door.request("GET", META, query=query) for query in queries]

    assert at_the_doors(installation, scenario) == [(200, b"1158201444"), *[(403, b"")] * len(refused)]


@pytest.mark.usefixtures("client")
def test_body_signed_with_the_second_secret_is_counted(installation: Installation) -> None:
    """During a rotation this tells when the old secret is no longer needed."""

    async def scenario(door: Door) -> dict[str, float]:
        await door.meta(page(PAGE, said(PAGE, "m1")), secret=0)
        await door.meta(page(PAGE, said(PAGE, "m2")), secret=1)
        return door.doors.counters.snapshot()

    counted = at_the_doors(installation, scenario)
    name = "konectus_intake_events_total"
    assert counted[f'{name}{{channel="meta",outcome="taken"}}'] == 2
    assert counted[f'{name}{{channel="meta",outcome="taken_by_secret_2"}}'] == 1
    assert f'{name}{{channel="meta",outcome="taken_by_secret_1"}}' not in counted


def test_forms_of_meta_and_other_paths_are_not_the_doors() -> None:
    paths = ("/webhooks/meta/ours", "/webhooks/telegram/x", "/webhooks/meta/ours/deauthorize", "/webhooks/payments/x")
    assert [serves({"type": "http", "path": path}) for path in paths] == [True, True, False, False]
    assert not serves({"type": "http", "path": "/webhooks/meta/ours/data-deletion"})


@pytest.mark.usefixtures("client")
def test_huge_number_burns_no_time(installation: Installation) -> None:
    """P7: an integer of 100 kB; Python would take seconds to read it."""
    body = page(PAGE, said(PAGE, "m1")).replace(b'"entry"', b'"n": %s, "entry"' % (b"7" * 100_000))

    async def scenario(door: Door) -> tuple[int, float]:
        began = process_seconds()
        return await door.meta(body), process_seconds() - began

    status, seconds = at_the_doors(installation, scenario)
    assert status == 200
    assert seconds < 0.05
    assert bodies(installation) == [body]


def test_other_apps_and_methods_find_nothing(installation: Installation) -> None:
    async def scenario(door: Door) -> list[int]:
        body = page(PAGE)
        return [
            await door.post("/webhooks/meta/other", body, signed(body)),
            (await door.request("GET", "/webhooks/meta/other", query=f"hub.verify_token={VERIFY}"))[0],
            (await door.request("PUT", META))[0],
            (await door.request("GET", "/webhooks/telegram/x"))[0],
        ]

    assert at_the_doors(installation, scenario) == [404, 403, 405, 405]


@pytest.mark.usefixtures("client")
def test_many_at_once_are_all_in_the_log(installation: Installation) -> None:
    wanted = [page(PAGE, said(PAGE, f"m{number}")) for number in range(300)]

    async def scenario(door: Door) -> list[int]:
        return await asyncio.gather(*(door.meta(body) for body in wanted))

    assert set(at_the_doors(installation, scenario)) == {200}
    with installation.database.session(Role.WORKER) as session:
        kept = [claimed.body for claimed in claim(session, installation.keys, 1000)]
    assert sorted(kept) == sorted(wanted)


@pytest.mark.usefixtures("client")
def test_while_the_log_is_locked_nothing_is_answered_as_taken(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "PATIENCE", 0.5)
    body = page(PAGE, said(PAGE, "m1"))

    async def scenario(door: Door) -> tuple[int, float, int]:
        with installation.database.session(Role.WORKER) as session:
            began = monotonic()
            session.execute(text("lock table platform.webhook_event in exclusive mode"))
            during, waited = await door.meta(body), monotonic() - began
        return during, waited, await door.meta(body)

    during, waited, after = at_the_doors(installation, scenario)
    assert (during, after) == (503, 200)
    assert waited < 5, "a channel gives up after five seconds"


@pytest.mark.usefixtures("client")
def test_more_than_may_wait_hear_a_clear_no(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "PATIENCE", 1.0)
    monkeypatch.setattr(grouping, "MOST_WAITING", 10)

    async def scenario(door: Door) -> list[int]:
        with installation.database.session(Role.WORKER) as session:
            session.execute(text("lock table platform.webhook_event in exclusive mode"))
            first = asyncio.create_task(door.meta(page(PAGE, said(PAGE, "m0"))))
            await asyncio.sleep(0.2)
            rest = await asyncio.gather(*(door.meta(page(PAGE, said(PAGE, f"m{n}"))) for n in range(1, 16)))
        return [await first, *rest]

    began = monotonic()
    answers = at_the_doors(installation, scenario)
    assert set(answers) == {503}
    assert monotonic() - began < 5


def test_without_a_database_the_doors_say_later(installation: Installation) -> None:
    body = page(PAGE, said(PAGE, "m1"))

    async def scenario(door: Door) -> tuple[int, int]:
        door.doors._log.conninfo = "host=/nowhere"
        door.doors._live._by_account.clear()
        door.doors._live.conninfo = "host=/nowhere"
        return await door.post(META, b"not json", signed(b"not json")), await door.post(META, body, {})

    assert at_the_doors(installation, scenario) == (503, 401)


def test_slow_sender_is_cut_off(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.routing.bodies.SLOW_AFTER", 0.05)
    monkeypatch.setattr("ingestion.routing.bodies.DEADLINE", 0.2)

    async def scenario(door: Door) -> int:
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            await asyncio.sleep(0.03)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        headers = [(b"x-hub-signature-256", b"sha256=0")]
        scope = {"type": "http", "method": "POST", "path": META, "query_string": b"", "headers": headers}
        await door.doors(scope, receive, send)  # type: ignore[arg-type]  # a plain dict is a mutable mapping
        return int(str(sent[0]["status"]))

    assert at_the_doors(installation, scenario) == 408


@pytest.mark.usefixtures("client")
def test_numbers_and_depth_beyond_reason_are_taken_at_once(installation: Installation) -> None:
    huge = json.dumps({"object": "page", "entry": [{"id": PAGE, "messaging": [said(PAGE, "m1")], "n": 0}]})
    body = huge.replace('"n": 0', f'"n": {"7" * 100_000}').encode()
    assert at_the_doors(installation, lambda door: door.meta(body)) == 200
    assert count(installation, LOG) == 1
