"""One installation and one web process with the admin for the commands of endings; two people of Legal."""

from collections.abc import Iterator

import httpx
import pytest

from backoffice.admin import site
from backoffice.app import Beside
from konectus.domain.roles import StaffRole
from konectus.services.installation import Installation
from tests.backoffice import shared
from tests.backoffice.conftest import Web
from tests.konectus.services.endings import Ends, Erases
from tests.support.clock import ManualClock
from tests.support.factories import Factory

clock, installation, make = shared.clock, shared.installation, shared.make


@pytest.fixture(scope="module")
def web(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Web]:
    found = Web(installation, make, clock, Beside(mounts=(site.mount,)))
    found.start()
    yield found
    found.stop()


@pytest.fixture
def legal(web: Web) -> httpx.Client:
    """Of each test: the clock of the module moves on, and sessions end."""
    return web.staff_as(StaffRole.LEGAL)


@pytest.fixture
def other(web: Web) -> httpx.Client:
    """Another person of Legal."""
    return web.staff_as(StaffRole.LEGAL)


@pytest.fixture
def ends(installation: Installation, make: Factory) -> Ends:
    return Ends(installation, make)


@pytest.fixture
def it(ends: Ends, clock: ManualClock) -> Erases:
    return Erases(ends, clock)
