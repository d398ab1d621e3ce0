"""The doors behind a real server and over a database whose connections break."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from sqlalchemy import text

from ingestion.doors import DoorProtocol, StandAlone
from ingestion.routing import bodies
from konectus.clock import monotonic
from konectus.listening import listen
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from tests.ingestion.harness import APP, META, SECRETS, VERIFY, Door, at_the_doors, count, page, said, signed
from tests.ingestion.stored import Stored, work
from tests.support.cluster import connect
from tests.support.factories import Factory

PAGE = "9001"


@pytest.fixture
def address(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The doors alone under uvicorn, from the environment, as in production."""
    settings = installation.settings
    assert settings.database_url is not None
    assert settings.master_key is not None
    monkeypatch.setenv("KONECTUS_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("KONECTUS_MASTER_KEY", settings.master_key.get_secret_value())
    monkeypatch.setenv("KONECTUS_DATA_DIR", str(settings.data_dir))
    app = {"name": APP.name, "id": APP.id, "secrets": list(SECRETS), "verify_token": VERIFY}
    monkeypatch.setenv("KONECTUS_META_APPS", httpx.Response(200, json=[app]).text)
    config = uvicorn.Config(StandAlone(), port=0, http=DoorProtocol, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    listener = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        listener.close()
        assert not thread.is_alive()


def test_event_over_a_real_server_ends_in_the_store(installation: Installation, make: Factory, address: str) -> None:
    client = make.client()
    make.connector(client.id, account_id=PAGE)
    body = page(PAGE, said(PAGE, "m1", "¿Abren hoy? 🙂"))
    with httpx.Client() as http:
        assert http.post(address + META, content=body, headers=signed(body)).status_code == 200
        assert http.post(address + META, content=body).status_code == 401
        big = http.post(address + META, content=b"x" * (5 << 20), headers=signed(b"x"))
        assert (big.status_code, http.get(address + "/").status_code) == (413, 404)
        challenge = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "42"}
        assert http.get(address + META, params=challenge).text == "42"
    work(installation)
    assert Stored(installation, client.id).texts() == ["¿Abren hoy? 🙂"]


def test_header_that_never_ends_is_cut_off(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "DEADLINE", 0.5)
    host, port = address.removeprefix("http://").split(":")
    began = monotonic()
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"POST /webhooks/meta/demo HTTP/1.1\r\nHost: x\r\n")
        assert line.recv(1) == b""
    assert 0.4 < monotonic() - began < 5


def test_doors_recover_by_themselves_when_every_connection_breaks(
    installation: Installation, make: Factory, superuser: Endpoint
) -> None:
    client = make.client()
    make.connector(client.id, account_id=PAGE)
    name = str(installation.database.engine(Role.WORKER).url.database)

    def cut() -> None:
        with connect(superuser, name) as conn, contextlib.suppress(Exception):
            # Of this database alone: the server is shared with other tests.
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where usename = 'konectus_worker' and datname = current_database()"
            )

    async def scenario(door: Door) -> list[str]:
        taken: list[str] = []
        for number in range(30):
            if number % 10 == 5:
                await asyncio.to_thread(cut)
            if await door.meta(page(PAGE, said(PAGE, f"m{number}"))) == 200:
                taken.append(f"m{number}")
            await asyncio.sleep(0.02)
        return taken

    taken = at_the_doors(installation, scenario)
    assert {"m0", "m29"} <= set(taken)
    assert len(taken) >= 20
    with installation.database.session(Role.WORKER) as session:
        assert session.execute(text("select count(*) from platform.webhook_event")).scalar_one() >= len(taken)
    work(installation)
    assert set(taken) <= set(Stored(installation, client.id).external_ids())
    assert count(installation, "platform.dead_letter") == 0
