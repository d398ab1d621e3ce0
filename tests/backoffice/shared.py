"""One installation and one web process for a whole module, whose tests each bring a Client of their own.

For modules that stop nothing and break nothing: they import these fixtures in place of those of every test.
"""

from collections.abc import Iterator

import pytest

from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "talk", "web"]


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.fixture(scope="module")
def make(installation: Installation) -> Factory:
    return Factory(installation)


@pytest.fixture(scope="module")
def web(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Web]:
    found = Web(installation, make, clock)
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def talk(installation: Installation, make: Factory, clock: ManualClock) -> Talk:
    return Talk(installation, make, clock)
