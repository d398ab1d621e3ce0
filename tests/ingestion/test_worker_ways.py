"""What the worker asks of the database beyond its writes: plans on long connections, locks, and when it waits."""

import asyncio
import threading

import psycopg
from sqlalchemy import text

from ingestion.worker.process import Bell, Worker
from konectus.clock import monotonic
from konectus.services.installation import Installation
from konectus.store import locks
from konectus.store.queries import intake, usage
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append
from tests.ingestion.harness import page, said
from tests.ingestion.stored import Stored
from tests.support.factories import Factory

PAGE = "9001"
_CONTACTS = (
    "insert into tenant.contact (client_id, id, connector_id, external_key, external_id_sealed, first_seen_at, kind)"
    " select :client, gen_random_uuid(), :connector, cast(cast(n as text) as bytea), '', now(), 'person'"
    " from generate_series(1, 2000) n"
)
_CONVERSATIONS = (
    "insert into tenant.conversation (client_id, id, connector_id, contact_id, channel, kind, opened_at, last_at,"
    " status, unread) select client_id, gen_random_uuid(), connector_id, id, 'messenger', kind, now(), now(), 'open', 0"
    " from tenant.contact where client_id = :client"
)


def test_conversations_are_found_by_their_key_also_on_a_connection_that_planned_while_they_were_few(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    connector = make.connector(client.id)
    look = "select 1 from tenant.conversation where client_id = $1 and id = $2 for key share"
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("set local plan_cache_mode = force_generic_plan"))
        session.execute(text(f"prepare look (uuid, uuid) as {look}"))

        def plan() -> str:
            asked = text(f"explain execute look ('{client.id}', '{client.id}')")
            return "".join(session.execute(asked).scalars())

        assert "pk_conversation" not in plan(), "of an empty table any index will do"
        fill = {"client": client.id, "connector": connector}
        session.execute(text(_CONTACTS), fill)
        session.execute(text(_CONVERSATIONS), fill)
        intake.forget_plans(session)
        assert "pk_conversation" in plan()


def log(installation: Installation, *mids: str) -> None:
    """Messages to the Page into the log, as the doors write them."""

    async def write() -> None:
        address = installation.database.conninfo(Role.WORKER)
        now = installation.clock.now()
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as conn:
            await append(conn, installation.keys, [Arrival("meta:ours", now, page(PAGE, said(PAGE, m))) for m in mids])

    asyncio.run(write())


def waiting(installation: Installation) -> int:
    with installation.database.session(Role.WORKER) as session:
        return usage.unprocessed(session)


def test_messages_are_stored_while_the_index_of_their_client_is_being_changed(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    make.connector(client.id, account_id=PAGE)
    log(installation, "m1", "m2")
    with installation.database.session(Role.WORKER) as session:
        locks.search_index(session, client.id)
        working = threading.Thread(target=Worker(installation).step, daemon=True)
        working.start()
        working.join(5)
        assert waiting(installation) == 0
    working.join(5)


def test_worker_that_emptied_the_log_hears_at_once_of_what_comes_next(
    installation: Installation, make: Factory
) -> None:
    make.connector(make.client().id, account_id=PAGE)
    worker = Worker(installation)
    working = threading.Thread(target=worker.run, daemon=True)
    working.start()
    took = []
    for number in range(6):
        began = monotonic()
        log(installation, f"m{number}")
        while waiting(installation) and monotonic() - began < 5:
            pass
        took.append(monotonic() - began)
    worker.stop.set()
    working.join(5)
    assert sorted(took)[3] < 0.5, "the bell, not the second it waits at most"


def test_bell_that_begins_to_listen_sends_its_worker_to_look_first(installation: Installation) -> None:
    bell = Bell(installation.database.conninfo(Role.WORKER))
    began = monotonic()
    bell.wait(30, threading.Event())
    assert monotonic() - began < 10
    log(installation, "m1")
    bell.wait(30, threading.Event())
    bell.close()
    assert monotonic() - began < 10


def test_worker_process_ends_when_it_is_asked_to(installation: Installation, make: Factory) -> None:
    made = make.client()
    make.connector(made.id, account_id=PAGE)
    client, worker = Stored(installation, made.id), Worker(installation)
    thread = threading.Thread(target=worker.run)
    thread.start()
    log(installation, "m1")
    for _ in range(100):
        if client.messages():
            break
        threading.Event().wait(0.1)
    worker.stop.set()
    thread.join(timeout=15)
    assert not thread.is_alive()
    assert len(client.messages()) == 1
    assert client.rows("select process from platform.heartbeat")[0].process == "worker"
