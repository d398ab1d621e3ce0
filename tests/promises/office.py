"""An installation whose agents answer: real processes on the demo's clock, the simulator, a tap on the line between.

Everything secret about it is invented for the run, so that a search of what was written can tell it from all else.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.services.installation import Installation, open_installation
from konectus.store.queries import connectors, threads
from konectus.store.queries.connectors import ConnectorRow
from konectus.store.queries.thread_rows import MessageRow
from konectus.store.roles import Role
from tests.promises.wiretap import targets
from tests.support.factories import Factory
from tests.support.processes import Site, answers, free_port, until

COOKIE = "__Host-konectus-agent"
APP_ID = "1001"
_PAGE = 500
_accounts = count(8_300_000_001)


@dataclass(frozen=True)
class Account:
    """A Page, Instagram account or bot of a Client."""

    client_id: UUID
    connector_id: UUID
    channel: Channel
    id: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Chat:
    """Somebody who has written to an account; `person` is the simulator's name of them."""

    account: Account
    person: str
    conversation_id: UUID


@dataclass(frozen=True)
class Secrets:
    """What nobody but the installation may know."""

    master_key: str = field(default_factory=lambda: secrets.token_hex(32))
    secret_key: str = field(default_factory=lambda: f"firma-{secrets.token_hex(16)}")
    old_app: str = field(default_factory=lambda: secrets.token_hex(16))
    new_app: str = field(default_factory=lambda: secrets.token_hex(16))
    verify_token: str = field(default_factory=lambda: f"verifica-{secrets.token_hex(12)}")
    metrics_token: str = field(default_factory=lambda: f"mide-{secrets.token_hex(12)}")


@dataclass
class Office:
    """The processes, a door beside them for the test, and what the test may do from outside."""

    site: Site
    installation: Installation
    secrets: Secrets
    variables: dict[str, str]

    @property
    def make(self) -> Factory:
        return Factory(self.installation)

    def asked(self) -> list[bytes]:
        """The targets of every request to a channel."""
        return targets(self.site.folder / "asked")

    def accounts(self, client_id: UUID, *channels: Channel) -> list[Account]:
        """New accounts of that Client, connected by the sender as an owner's would be."""
        found = [self._account(client_id, channel) for channel in channels]

        def connected() -> bool:
            return all(row.state is ConnectorState.CONNECTED for row in self.connectors(client_id))

        until(connected, seconds=30, what=self.told)
        return found

    def connectors(self, client_id: UUID) -> list[ConnectorRow]:
        with self.installation.database.session(Role.WORKER) as session:
            return list(connectors.of_client(session, client_id))

    def connector(self, account: Account) -> ConnectorRow:
        return next(row for row in self.connectors(account.client_id) if row.id == account.connector_id)

    def chats(self, account: Account, number: int, *, words: str = "hola", name: str = "Persona") -> list[Chat]:
        """New people who write to the account; each has a conversation when this returns."""
        persons = [self.site.sim("persons", {"name": f"{name} {n}"})["persons"][0]["person"] for n in range(number)]
        said = {person: self.say(account, person, f"{words} {person} {account.id}") for person in persons}
        known: dict[str, UUID] = {}

        def all_known() -> bool:
            known.update({row.text: row.conversation_id for row in self.messages(account.client_id)})
            return set(said.values()) <= set(known)

        until(all_known, seconds=30, what=self.told)
        return [Chat(account, person, known[text]) for person, text in said.items()]

    def say(self, account: Account, person: str, text: str) -> str:
        self.site.sim("say", {"person": person, "channel": account.channel, "account": account.id, "text": text})
        return text

    def messages(self, client_id: UUID) -> list[MessageRow]:
        """Everything the Client holds, as its own role reads it."""
        keys, found, after = self.installation.keys.of(client_id), list[MessageRow](), None
        while True:
            with self.installation.database.session(Role.APP, client_id) as session:
                rows = threads.messages_after(session, keys, after, connector_id=None, limit=_PAGE)
            found += rows
            if len(rows) < _PAGE:
                return found
            after = rows[-1].id

    def received(self, account: Account) -> list[dict[str, Any]]:
        """What people really got from that account, in the order in which they got it."""
        found: list[dict[str, Any]] = self.site.sim("received", channel=account.channel, account=account.id)["messages"]
        return found

    def trouble(self, account: Account, kind: str, times: int | None = 1, **more: float | str) -> None:
        """The channel misbehaves at the next sends of that account; until `peace` where `times` is None."""
        wanted = {"channel": account.channel, "account": account.id, "fault": kind, "times": times}
        method = "sendMessage" if account.channel is Channel.TELEGRAM else "messages"
        self.site.sim("faults", wanted | {"method": method} | more)

    def peace(self) -> None:
        """No trouble any more."""
        assert httpx.delete(f"{self.site.simulator}/sim/faults").is_success

    def advance(self, **step: float) -> None:
        """Time passes for every process: `konectus clock advance`."""
        options = [word for name, value in step.items() for word in (f"--{name}", f"{value:g}")]
        command = [sys.executable, "-m", "konectus.cli", "clock", "advance", *options]
        subprocess.run(command, env=self.site.environ, check=True, capture_output=True)

    def restart(self, **changed: str) -> None:
        """Stop `konectus up` in order and start it with other settings; its log so far is kept beside."""
        self.stop()
        self.variables.update(changed)
        self.site.start()

    def stop(self) -> None:
        parent = self.site.parent
        parent.terminate()
        assert parent.wait(30) == 0, self.told()
        log = self.site.folder / "up.log"
        kept = len(list(self.site.folder.glob("up.*.log")))
        log.rename(log.with_name(f"up.{kept}.log"))
        self.site.forget_ended()

    def logged(self) -> str:
        """Everything that `konectus up` and its processes have said."""
        logs = sorted(self.site.folder.glob("up*.log"))
        return "".join(log.read_text(errors="replace") for log in logs)

    def told(self) -> str:
        return self.site.log("up.log")

    def _account(self, client_id: UUID, channel: Channel) -> Account:
        account = str(next(_accounts))
        if channel is Channel.TELEGRAM:
            token = f"{account}:AA{secrets.token_hex(17)[:33]}"
            self.site.sim("bots", {"username": f"b{account}_bot", "name": "Taller", "token": token})
        else:
            token = f"EAA{secrets.token_hex(30)}"
            is_linked = channel is Channel.INSTAGRAM
            page: dict[str, Any] = {"name": "Taller", "app": "demo", "token": token}
            page["id"] = f"9{account}" if is_linked else account
            if is_linked:
                page["instagram"] = {"username": f"u{account}", "id": account}
            self.site.sim("pages", page)
        new = self.make.connector(client_id, channel=channel, account_id=account, secret=token, connected=False)
        return Account(client_id, new, channel, account, token)


def apps(known: Secrets, *signing: str) -> str:
    """KONECTUS_META_APPS with these secrets, the one for calls first."""
    app = {"name": "demo", "id": APP_ID, "secrets": list(signing), "verify_token": known.verify_token}
    return json.dumps([app])


@contextmanager
def opened(folder: Path) -> Iterator[Office]:
    """Everything started: a Meta secret is being rotated, the simulator and the product share the demo's clock."""
    known = Secrets()
    variables = {
        "MASTER_KEY": known.master_key,
        "SECRET_KEY": known.secret_key,
        "METRICS_TOKEN": known.metrics_token,
        "META_APPS": apps(known, known.new_app, known.old_app),
    }
    site, tap = Site(folder, extra=variables), free_port()
    line = f"http://127.0.0.1:{tap}"
    hosts = {"META_GRAPH": "graph", "META_LOGIN": "login", "INSTAGRAM_GRAPH": "instagram-graph"}
    hosts |= {"INSTAGRAM_API": "instagram-api", "INSTAGRAM_LOGIN": "instagram-login", "TELEGRAM_API": "telegram"}
    variables.update({f"{name}_URL": f"{line}/{path}" for name, path in hosts.items()})
    try:
        site.data_dir.mkdir(mode=0o700)
        _simulator(site, tap)
        app = {"name": "demo", "id": APP_ID, "secret": known.new_app, "verify_token": known.verify_token}
        site.sim("meta/apps", app)
        site.start()
        installation = open_installation(site.settings())
        try:
            yield Office(site, installation, known, variables)
        finally:
            installation.close()
    finally:
        site.stop()


def _simulator(site: Site, tap: int) -> None:
    clock = str(site.data_dir / "clock")
    at = ("--port", str(site.simulator_port), "--webhooks", site.url, "--seed", "11")
    site.spawn("-m", "ingestion.simulator", *at, "--clock-file", clock, log="simulator.log")
    tapped = (str(tap), str(site.simulator_port), str(site.folder / "asked"))
    site.spawn("-m", "tests.promises.wiretap", *tapped, log="tap.log")
    until(lambda: answers(f"http://127.0.0.1:{tap}/sim/healthz"), seconds=30, what="simulator and tap answer")
