"""Connecting and reconnecting from a terminal: where the token comes from, what waits for the sender, what is kept."""

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.suspension import Cause
from konectus.services import connectors, suspensions
from konectus.services.installation import Installation
from konectus.services.work import SYSTEM
from konectus.store.roles import Role
from tests.konectus.cli.conftest import Konectus
from tests.support.factories import STAFF, Factory

TOKEN = "4444:a-fresh-token"
OPEN = "select connector_id, client_id from platform.connector_request where kind = 'connect' and state = 'queued'"
DONE = "update platform.connector_request set state = 'done' where connector_id = :id and state = 'queued'"


@contextmanager
def accepting(installation: Installation) -> Iterator[None]:
    """A channel that takes every token, behind a sender that does what it is asked."""
    stopped = threading.Event()

    def settle() -> None:
        with installation.works.system(SYSTEM) as work:
            for connector_id, client_id in work.session.execute(text(OPEN)).all():
                connectors.settle(work, client_id, connector_id, ConnectorState.CONNECTED)
                work.session.execute(text(DONE), {"id": connector_id})

    def run() -> None:
        until = monotonic() + 60
        while not stopped.wait(0.05) and monotonic() < until:
            settle()

    sender = threading.Thread(target=run)
    sender.start()
    try:
        yield
    finally:
        stopped.set()
        sender.join(10)


def disconnected(installation: Installation, make: Factory) -> tuple[UUID, UUID]:
    """Client and bot after a suspension that was lifted."""
    client_id = make.client().id
    connector_id = make.connector(client_id, channel=Channel.TELEGRAM, account_id="4444")
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client_id, Cause.AUP, "Envíos masivos reportados")
    with installation.works.system(SYSTEM) as work:
        connectors.settle(work, client_id, connector_id, ConnectorState.NEEDS_RECONFIGURATION, "suspended")
        work.session.execute(text("update platform.connector_request set state = 'done'"))
    with installation.works.staff(STAFF) as work:
        found = work.session.execute(text("select id from ledger.suspension")).scalar_one()
        suspensions.lift_by_hand(work, found, "Se aclaró con el Cliente")
    return client_id, connector_id


def secret_of(installation: Installation, client_id: UUID, connector_id: UUID) -> str:
    with installation.database.session(Role.WORKER) as session:
        sealed = session.execute(
            text("select secret_sealed from tenant.connector where id = :id"), {"id": connector_id}
        ).scalar_one()
    return installation.keys.of(client_id).open_text(sealed, "connector", "secret_sealed", connector_id)


def test_bot_is_back_with_a_fresh_token_after_the_suspension_was_lifted(
    konectus: Konectus, installation: Installation, make: Factory, tmp_path: Path
) -> None:
    client_id, connector_id = disconnected(installation, make)
    file = tmp_path / "token.txt"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    with accepting(installation):
        told = konectus("connector", "reconnect", str(connector_id), "--secret-file", str(file))
        assert (told.code, told.out.strip(), told.err) == (0, "connected", "")
        assert secret_of(installation, client_id, connector_id) == TOKEN
        again = konectus("connector", "reconnect", str(connector_id), "--secret-file", str(file))
    assert (again.code, again.out.strip()) == (0, "connected"), "a live one takes another token, too"


def test_both_take_the_token_from_standard_input(
    konectus: Konectus, installation: Installation, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id, connector_id = disconnected(installation, make)
    new = ("--client", str(client_id), "--channel", "messenger", "--account", "777", "--app", "demo")
    with accepting(installation):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{TOKEN}\n"))
        back = konectus("connector", "reconnect", str(connector_id), "--secret-file", "-")
        monkeypatch.setattr(sys, "stdin", io.StringIO("una-ficha\n"))
        added = konectus("connector", "add", *new, "--secret-file", "-")
    assert (back.code, added.code) == (0, 0)
    assert secret_of(installation, client_id, connector_id) == TOKEN
    assert secret_of(installation, client_id, UUID(added.out.strip())) == "una-ficha"


@pytest.mark.parametrize("given", [(), ("--secret-file", "/nowhere/token.txt")])
def test_without_a_token_that_can_be_read_nothing_is_asked(
    konectus: Konectus, given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    told = konectus("connector", "reconnect", str(UUID(int=7)), *given)
    assert (told.code, told.out) == (2, "")


def test_unknown_connector_is_refused(konectus: Konectus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{TOKEN}\n"))
    told = konectus("connector", "reconnect", str(UUID(int=7)), "--secret-file", "-")
    assert (told.code, told.err.strip().startswith("no Connector has the id")) == (1, True)
