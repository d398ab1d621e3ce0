"""A sender stepped by hand, against channels that say what a test wants or against the simulator."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from pydantic import SecretStr

from ingestion.sender.process import Sender
from konectus.services.installation import Installation
from konectus.settings import MetaApp
from tests.support.desk import Desk
from tests.support.factories import Factory
from tests.support.providers import FakeChannels, Simulator, running_simulator

APP = MetaApp(name="demo", id="1001", secrets=(SecretStr("s3cret"),), verify_token=SecretStr("v"))


@dataclass(frozen=True)
class Stepped:
    """A sender whose loops a test turns."""

    sender: Sender

    def send(self, rounds: int = 1) -> None:
        """Each round sends what is due at its start: of a conversation one part."""
        for _ in range(rounds):
            self.sender.outbox.step()
            assert self.sender.outbox.lanes.wait_idle(20)

    def sweep(self) -> None:
        self.sender.outbox.sweep()

    def request(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            self.sender.requests.step()
            assert self.sender.requests.lanes.wait_idle(30)

    def fetch(self) -> None:
        self.sender.media.step()
        assert self.sender.media.lanes.wait_idle(30)


@pytest.fixture
def installation(installation: Installation) -> Installation:
    return replace(installation, settings=installation.settings.model_copy(update={"meta_apps": (APP,)}))


@pytest.fixture
def desk(installation: Installation, make: Factory) -> Desk:
    return Desk.of(installation, make)


@pytest.fixture
def channels() -> FakeChannels:
    return FakeChannels()


@pytest.fixture
def stepped(installation: Installation, channels: FakeChannels) -> Iterator[Stepped]:
    """A sender whose channels are the fakes."""
    sender = Sender(installation, http=channels.http)
    yield Stepped(sender)
    sender.stop()


@pytest.fixture
def thread(desk: Desk) -> UUID:
    """A Messenger conversation whose person has just written."""
    return desk.conversation(desk.connector())


@pytest.fixture
def simulator(installation: Installation) -> Iterator[Simulator]:
    with running_simulator(installation.clock) as running:
        yield running


@pytest.fixture
def towards_simulator(installation: Installation, simulator: Simulator) -> Iterator[Stepped]:
    """A sender whose channels are the simulator's."""
    urls = {
        "meta_graph_url": f"{simulator.address}/graph",
        "telegram_api_url": f"{simulator.address}/telegram",
        "simulator_url": simulator.address,
        "public_url": "http://127.0.0.1:9",
    }
    settings = installation.settings.model_copy(update=urls)
    sender = Sender(replace(installation, settings=settings))
    yield Stepped(sender)
    sender.stop()
