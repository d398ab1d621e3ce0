"""People of the channel simulator write to a Client; a test decides in which order and how often it is heard."""

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from ingestion.sender.process import Sender
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.services import connectors
from konectus.services.installation import Installation
from konectus.settings import MetaApp
from tests.ingestion.stored import Stored, log_all, work
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.providers import Simulator, running_simulator

_APPS = (
    MetaApp(name="demo", id="1001", secrets=(SecretStr("s3cret"),), verify_token=SecretStr("v")),
    MetaApp(
        name="lila",
        id="2002",
        secrets=(SecretStr("x"),),
        instagram_secrets=(SecretStr("y"),),
        verify_token=SecretStr("v"),
        flavour="instagram",
    ),
)
_FIELDS = (
    "messages,message_echoes,message_edits,message_deliveries,message_reads,message_reactions,messaging_postbacks,"
    "messaging_referrals"
)
_UPDATES = [
    "message", "edited_message", "callback_query", "my_chat_member", "message_reaction", "business_connection",
    "business_message", "edited_business_message", "deleted_business_messages", "channel_post", "edited_channel_post",
]  # fmt: skip

Order = Callable[[list[bytes]], Sequence[bytes]]


def as_told(bodies: list[bytes]) -> Sequence[bytes]:
    return bodies


@dataclass
class Line:
    """One account of the Client, and what the simulator still holds back for it."""

    channel: Channel
    account: str
    connector_id: UUID
    door: str
    heard: set[str] = field(default_factory=set)


@dataclass
class Relay:
    """The simulator's deliveries are held; `hear` hands them to the worker."""

    installation: Installation
    simulator: Simulator
    make: Factory
    client_id: UUID
    sender: Sender

    @property
    def stored(self) -> Stored:
        return Stored(self.installation, self.client_id)

    def line(self, channel: Channel) -> Line:
        """A new account of that channel, subscribed to everything, connected, its deliveries held."""
        register = {
            Channel.MESSENGER: self._page,
            Channel.INSTAGRAM: self._instagram,
            Channel.TELEGRAM: self._bot,
        }[channel]
        account, token = register()
        self.simulator.post("hold", channel=channel, account=account)
        app = {Channel.MESSENGER: "demo", Channel.INSTAGRAM: "lila"}.get(channel)
        new = connectors.NewConnector(channel=channel, account_id=account, secret=token, app=app, name=account)
        with self.installation.works.system() as begun:
            connector = connectors.connect(begun, self.client_id, new)
            begun.session.flush()  # settle reads it back
            connectors.settle(begun, self.client_id, connector, ConnectorState.CONNECTED)
        return Line(channel, account, connector, f"meta:{app}" if app else f"telegram:{connector}")

    def act(self, line: Line, path: str, **words: Any) -> Any:
        """What a person or an owner does, by the simulator's control API."""
        return self.simulator.post(path, channel=line.channel, account=line.account, **words)

    def hear(self, line: Line, order: Order = as_told, *, times: int = 1) -> int:
        """What was said since the last time, in that order, each so many times; then everything is handled."""
        bodies = order(self.bodies(line))
        log_all(self.installation, [(line.door, body) for body in bodies for _ in range(times)])
        work(self.installation)
        return len(bodies)

    def bodies(self, line: Line) -> list[bytes]:
        """The bytes of deliveries that were not heard yet."""
        self.simulator.post("settle")
        found = self.simulator.get("deliveries", channel=line.channel, account=line.account)["deliveries"]
        new = [delivery for delivery in found if delivery["id"] not in line.heard]
        line.heard |= {delivery["id"] for delivery in new}
        return [base64.b64decode(delivery["body_base64"]) for delivery in new]

    def received(self, person: str) -> list[Any]:
        """What really reached a person."""
        return list(self.simulator.get(f"persons/{person}/received")["messages"])

    def send(self, rounds: int = 1) -> None:
        """Each round sends what is due at its start: of a conversation one part."""
        for _ in range(rounds):
            self.sender.outbox.step()
            assert self.sender.outbox.lanes.wait_idle(20)

    def ask(self) -> None:
        """Ten minutes later the channel is asked for what became of sends that broke off."""
        assert isinstance(self.installation.clock, ManualClock)
        self.installation.clock.advance(minutes=10)
        while self.sender.asking.step():
            pass

    def _page(self) -> tuple[str, str]:
        page = self.simulator.post("pages", name="Taller Lumbre", app="demo", id=str(self._number()))
        self._subscribe("graph", page, _FIELDS)
        return page["id"], page["token"]

    def _instagram(self) -> tuple[str, str]:
        """Connected through Instagram Login: it tells edits too."""
        told = {"username": f"lila{self._number()}", "name": "Florería Lila", "app": "lila"}
        account = self.simulator.post("instagram-accounts", **told)
        self._subscribe("instagram-graph", account, "messages,message_reactions,messaging_seen")
        return account["id"], account["token"]

    def _bot(self) -> tuple[str, str]:
        bot = self.simulator.post("bots", username=f"lumbre{self._number()}_bot", name="Taller Lumbre")
        hook = {"url": "http://127.0.0.1:9/hook", "allowed_updates": _UPDATES}
        answer = httpx.post(f"{self.simulator.address}/telegram/bot{bot['token']}/setWebhook", json=hook)
        assert answer.json()["ok"], answer.text
        return bot["id"], bot["token"]

    def _subscribe(self, host: str, account: Any, fields: str) -> None:
        given = {"access_token": account["token"], "subscribed_fields": fields}
        url = f"{self.simulator.address}/{host}/{account['id']}/subscribed_apps"
        assert httpx.post(url, params=given).json() == {"success": True}

    def _number(self) -> int:
        return 100_000 + len(self.simulator.get("accounts")["accounts"])


@pytest.fixture
def relay(installation: Installation, make: Factory) -> Iterator["Relay"]:
    """A Client of its own, with the simulator beside it."""
    with relaying(installation, make) as opened:
        yield opened


@contextmanager
def relaying(installation: Installation, make: Factory) -> Iterator[Relay]:
    """A Client, the simulator, and a sender whose channels are the simulator's."""
    with running_simulator(installation.clock) as simulator:
        urls = {
            "meta_graph_url": f"{simulator.address}/graph",
            "instagram_graph_url": f"{simulator.address}/instagram-graph",
            "telegram_api_url": f"{simulator.address}/telegram",
            "simulator_url": simulator.address,
        }
        settings = installation.settings.model_copy(update={**urls, "meta_apps": _APPS})
        sender = Sender(replace(installation, settings=settings))
        told = {"name": "lila", "id": "2002", "secret": "x", "instagram_secret": "y", "flavour": "instagram"}
        simulator.post("meta/apps", **told)
        try:
            yield Relay(installation, simulator, make, make.client().id, sender)
        finally:
            sender.stop()
