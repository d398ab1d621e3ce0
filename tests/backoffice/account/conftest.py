"""The account's pages beside a simulator and the requests of a sender turned by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from konectus.domain.roles import UserRole
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.connections import Bench, bench, simulator, world
from tests.support.factories import Factory

__all__ = ["bench", "simulator", "world"]


@dataclass(frozen=True)
class House:
    """A Client's people in front of the web application, and their Client's bench."""

    bench: Bench
    web: Web

    def person(self, role: UserRole = UserRole.OWNER) -> httpx.Client:
        return self.web.agent_of(self.bench.desk.client_id, role=role)


@pytest.fixture
def house(bench: Bench) -> Iterator[House]:
    clock = bench.installation.clock
    assert isinstance(clock, ManualClock)
    web = Web(bench.installation, Factory(bench.installation), clock)
    web.start()
    yield House(bench, web)
    web.stop()
