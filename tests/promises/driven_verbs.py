"""Every verb of the command that changes something, driven in this process; the verbs that change nothing, with why."""

import contextlib
import io
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from konectus.cli.__main__ import main
from konectus.store.roles import Role
from tests.backoffice.admin.traffic import Item, Traffic
from tests.promises.driven import Scene
from tests.support.database import MASTER_HEX


@dataclass
class Terminal:
    """Somebody at a terminal of the machine."""

    scene: Scene
    folder: Path

    def __call__(self, *arguments: str) -> str:
        """What it printed; it ended well."""
        told, before = io.StringIO(), sys.argv
        sys.argv = ["konectus", *arguments]
        try:
            with contextlib.redirect_stdout(told), pytest.raises(SystemExit) as ended:
                main()
        finally:
            sys.argv = before
        assert not ended.value.code, (arguments, told.getvalue())
        return told.getvalue().strip()

    def token(self) -> str:
        """The file of a fresh bot's token."""
        bot = self.scene.bot()
        (self.folder / "token").write_text(bot["token"])
        return str(bot["id"])

    @contextmanager
    def sending(self) -> Iterator[None]:
        """A sender carries out what is asked meanwhile."""
        over = threading.Event()

        def run() -> None:
            while not over.wait(0.05):
                self.scene.bench.turn()

        sender = threading.Thread(target=run)
        sender.start()
        try:
            yield
        finally:
            over.set()
            sender.join(30)

    def connected(self) -> str:
        account, client_id = self.token(), self.scene.new()
        with self.sending():
            self("connector", "add", "--client", str(client_id), "--channel", "telegram", "--account", account,
                 "--secret-file", str(self.folder / "token"))  # fmt: skip
        found: Any = self.scene.sql("select id from tenant.connector where client_id = :c", c=client_id)
        return str(found)


def add_client(at: Terminal) -> None:
    at("client", "add", "--name", "Café Zamná", "--email", at.scene.email())


def token(at: Terminal) -> None:
    at.scene.secrets.add(at("client", "token", "--client", str(at.scene.client_id)))


def export(at: Terminal) -> None:
    at("client", "export", "--client", str(at.scene.client_id))


def add_user(at: Terminal) -> None:
    given = ("--role", "owner", "--email", at.scene.email(), "--name", "Ana")
    link = at("user", "add", "--client", str(at.scene.client_id), *given)
    at.scene.secrets.add(link.rpartition("/")[2])


def add_connector(at: Terminal) -> None:
    at.connected()


def reconnect(at: Terminal) -> None:
    connector = at.connected()
    with at.sending():
        at("connector", "reconnect", connector, "--secret-file", str(at.folder / "token"))


def remove(at: Terminal) -> None:
    connector = at.connected()
    with at.sending():
        at("connector", "remove", connector)


def replay(at: Terminal) -> None:
    traffic = Traffic(at.scene.installation)
    letter = traffic.died(traffic.came(Item("dead", error="x")), reason="x")
    with contextlib.suppress(AssertionError):  # what it reads again is no body of a channel, so the verb complains
        at("events", "replay", "--letter", str(letter), "--reason", "Versión nueva lee lo que faltaba")


VERBS: Mapping[str, tuple[frozenset[str], Callable[[Terminal], None]]] = {
    "client add": (frozenset({"client.registered"}), add_client),
    "client token": (frozenset({"api_token.added"}), token),
    "client export": (frozenset({"export.requested"}), export),
    "user add": (frozenset({"user.added"}), add_user),
    "connector add": (frozenset({"connector.connecting"}), add_connector),
    "connector reconnect": (frozenset({"connector.renewed"}), reconnect),
    "connector remove": (frozenset({"connector.disconnecting"}), remove),
    "events replay": (frozenset({"dead_letter.replay_asked"}), replay),
}
NO_CHANGE = {
    **dict.fromkeys(("up", "demo", "web", "worker", "sender", "scheduler"), "starts processes, which are driven apart"),
    **dict.fromkeys(("client list", "client delete-status", "connector list", "events show", "events list"), "reads"),
    **dict.fromkeys(
        ("connector check", "connector reconcile"), "asks the channel; what it finds out the sender writes"
    ),
    "sql": "reads, in a transaction that can write nothing",
    "bench": "on an installation of its own",
    "release": "writes released figures, which are nobody's",
    "migrate": "changes tables and no row of anybody's",
    "seed": "invents Clients for a demo, through the services",
    **dict.fromkeys(("clock advance", "clock live"), "moves the demo's clock; what the jobs do then, they write"),
}


@contextmanager
def terminal(scene: Scene, folder: Path) -> Iterator[Terminal]:
    settings = scene.installation.settings
    assert settings.database_url is not None
    scene.installation.released.conninfo(Role.RELEASER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KONECTUS_DATABASE_URL", settings.database_url.get_secret_value())
        patch.setenv("KONECTUS_DATA_DIR", str(settings.data_dir))
        patch.setenv("KONECTUS_MASTER_KEY", MASTER_HEX)
        yield Terminal(scene, folder)
