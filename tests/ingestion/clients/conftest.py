"""A simulator on a real port of this machine, with accounts that programs of others use as they use the channels."""

from collections.abc import Iterator
from typing import Any

import pytest

from konectus.clock import SystemClock
from tests.support.providers import Simulator, running_simulator

SUBSCRIBED = "messages,message_echoes,message_deliveries,message_reads,messaging_postbacks,messaging_handovers"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(SystemClock()) as running:
        yield running


@pytest.fixture(scope="module")
def page(simulator: Simulator) -> Any:
    return simulator.post("pages", name="Taller Lumbre", app="demo", instagram={"username": "tallerlumbre"})


@pytest.fixture(scope="module")
def florist(simulator: Simulator) -> Any:
    """An Instagram account connected through Instagram Login."""
    simulator.post("meta/apps", name="ig", id="2002", secret="x", instagram_secret="y", flavour="instagram")
    return simulator.post("instagram-accounts", username="floreria.lila", name="Florería Lila", app="ig")


@pytest.fixture
def bot(simulator: Simulator, request: pytest.FixtureRequest) -> Any:
    """A bot of its own for each test."""
    number = sum(map(ord, request.node.name))
    return simulator.post("bots", username=f"lumbre_{number}_bot", name="Taller Lumbre")
