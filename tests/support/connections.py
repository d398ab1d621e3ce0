"""A Client's connections in a test: accounts of the simulator, what the sender is asked, what is then known."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from ingestion.sender.calls import Calls, open_http
from ingestion.sender.connecting import Connecting
from ingestion.sender.requests import Requests
from konectus.domain.channels import Channel
from konectus.domain.conversations import Author, Delivery, Direction
from konectus.domain.signed_requests import grantor
from konectus.ids import uuid7
from konectus.services import connectors
from konectus.services.connectors import Granted, NewConnector
from konectus.services.installation import Installation, open_installation
from konectus.settings import MetaApp, Settings
from konectus.store.cluster import Endpoint
from konectus.store.models.inbox import Message
from konectus.store.roles import Role
from tests.ingestion.stored import Stored, work
from tests.support.clock import ManualClock
from tests.support.database import MASTER_HEX, Templates
from tests.support.desk import Desk
from tests.support.factories import Factory
from tests.support.providers import Simulator, running_simulator

PERSON = "900100200300"
PAGE_APP = MetaApp(
    name="demo", id="1001", secrets=(SecretStr("s3cret"), SecretStr("next")), verify_token=SecretStr("v")
)
LOGIN_APP = MetaApp(
    name="login", id="2002", secrets=(SecretStr("l0gin"),), verify_token=SecretStr("v"), flavour="instagram"
)
APPS = {"demo": PAGE_APP, "login": LOGIN_APP}


@dataclass(frozen=True)
class Bench:
    """One Client, its desk, the simulator and the requests of a sender turned by hand."""

    desk: Desk
    simulator: Simulator
    requests: Requests

    @property
    def installation(self) -> Installation:
        return self.desk.installation

    @property
    def stored(self) -> Stored:
        return Stored(self.installation, self.desk.client_id)

    def page(self, **given: Any) -> Any:
        words = {"name": "Taller Lumbre", "app": "demo", "instagram": {"username": "tallerlumbre"}} | given
        return self.simulator.post("pages", **words)

    def instagram(self, **given: Any) -> Any:
        words = {"username": "lumbre.mx", "name": "Lumbre", "app": "login"} | given
        return self.simulator.post("instagram-accounts", **words)

    def bot(self, **given: Any) -> Any:
        return self.simulator.post("bots", **{"username": "lumbre_bot", "name": "Lumbre"} | given)

    def connect(self, channel: Channel, account: Any, app: str = "demo", **granted: Any) -> UUID:
        """A Connector of this account as its owner left it: connected, granted by one person."""
        by = grantor(self.installation.keys.hashing(), APPS[app].id, PERSON)
        new = NewConnector(
            channel=channel,
            account_id=account["id"],
            secret=account["token"],
            app=None if channel is Channel.TELEGRAM else app,
            granted=Granted(**{"by": None if channel is Channel.TELEGRAM else by} | granted),
        )
        self.desk.wait(seconds=1)
        with self.installation.works.system() as unit:
            connector_id = connectors.connect(unit, self.desk.client_id, new)
        self.turn()
        assert self.state(connector_id) == ("connected", None)
        return connector_id

    def turn(self, rounds: int = 1) -> None:
        """Each round carries out what is due at its start."""
        for _ in range(rounds):
            self.requests.step()
            assert self.requests.lanes.wait_idle(30)

    def check(self, connector_id: UUID) -> None:
        self.desk.wait(seconds=1)
        with self.installation.works.system() as unit:
            connectors.check(unit, self.desk.client_id, connector_id)
        self.turn()

    def state(self, connector_id: UUID) -> tuple[object, object]:
        return self.of(connector_id, "state"), self.of(connector_id, "reason")

    def of(self, connector_id: UUID, column: str) -> Any:
        return self.desk.sql(f"select {column} from tenant.connector where id = :id", id=connector_id)

    def asked(self, connector_id: UUID, column: str = "kind || ' ' || state") -> list[Any]:
        """Everything asked of the channel for this Connector, oldest first."""
        rows = self.stored.rows(
            f"select {column} as told from platform.connector_request where connector_id = '{connector_id}'"
            " order by requested_at, id"
        )
        return [row.told for row in rows]

    def answers(self, connector_id: UUID) -> list[Any]:
        return self.asked(connector_id, "error")

    def history(self, connector_id: UUID) -> list[tuple[str, str | None]]:
        rows = self.stored.rows(
            "select to_state, reason from tenant.connector_change"
            f" where client_id = :client and connector_id = '{connector_id}' order by id"
        )
        return [(row.to_state, row.reason) for row in rows]

    def heard(self, thread: UUID) -> None:
        """A person wrote, as the worker leaves it."""
        now = self.installation.clock.now()
        connector_id = self.desk.sql("select connector_id from tenant.conversation where id = :id", id=thread)
        with self.installation.database.session(Role.WORKER) as session:
            session.add(
                Message(
                    client_id=self.desk.client_id,
                    id=uuid7(now),
                    connector_id=connector_id,
                    conversation_id=thread,
                    direction=Direction.IN,
                    author=Author.CONTACT,
                    kind="message",
                    external_key=uuid7(now).bytes,
                    occurred_at=now,
                    received_at=now,
                    status=Delivery.READ,
                )
            )
        self.desk.sql("update tenant.connector set last_event_at = :now where id = :id", now=now, id=connector_id)

    def worked(self) -> None:
        """The worker stores what waits in the log."""
        work(self.installation)


@dataclass(frozen=True)
class World:
    """An installation that the tests of a file share; each leaves no connector behind."""

    installation: Installation
    owner: str

    def forget(self) -> None:
        with psycopg.connect(self.owner, autocommit=True) as conn:
            conn.execute(
                "truncate tenant.connector, platform.account, platform.connector_request, platform.consent,"
                " platform.data_deletion_request, platform.webhook_event, platform.webhook_item,"
                " platform.dropped_count cascade"
            )


@pytest.fixture(scope="module")
def world(templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    name = f"world_{os.getpid()}_{folder.name}".lower()[:50]
    templates.copy(name)
    settings = Settings(
        environment="development",
        data_dir=folder / "data",
        database_url=endpoint.url(name),
        master_key=MASTER_HEX,
        secret_key="a secret of the tests",
        meta_apps=(PAGE_APP, LOGIN_APP),
    )
    opened = replace(open_installation(settings), clock=ManualClock())
    yield World(opened, endpoint.url(name).replace("+psycopg", ""))
    opened.close()
    templates.drop(name)


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    with running_simulator(world.installation.clock) as running:
        running.post("meta/apps", name="login", id="2002", secret="l0gin", verify_token="v", flavour="instagram")
        yield running


def towards(installation: Installation, simulator: Simulator) -> Installation:
    """The same installation whose channels are the simulator's."""
    address = simulator.address
    urls = {
        "meta_graph_url": f"{address}/graph",
        "meta_login_url": f"{address}/login",
        "instagram_graph_url": f"{address}/instagram-graph",
        "instagram_login_url": f"{address}/instagram-login",
        "instagram_api_url": f"{address}/instagram-api",
        "telegram_api_url": f"{address}/telegram",
        "simulator_url": address,
        "public_url": "http://127.0.0.1:9",
    }
    return replace(installation, settings=installation.settings.model_copy(update=urls))


def requests_of(installation: Installation, http: httpx.Client) -> Requests:
    made = Requests(
        installation.works,
        Connecting(installation.works, Calls(installation.settings, http)),
        lambda: None,
        Event(),
    )
    # The pause between calls to the Conversations API is kept by the walk, not by these tests.
    made.upkeep = replace(made.upkeep, gap=0.0)
    return made


@pytest.fixture
def bench(world: World, simulator: Simulator) -> Iterator[Bench]:
    there = towards(world.installation, simulator)
    http = open_http()
    made = Bench(Desk.of(there, Factory(there)), simulator, requests_of(there, http))
    yield made
    made.requests.lanes.close()
    http.close()
    world.forget()
