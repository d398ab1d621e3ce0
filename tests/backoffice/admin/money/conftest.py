"""One installation and one web process with the admin for each module of money commands."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from backoffice.admin import site
from backoffice.app import Beside
from konectus.domain.roles import StaffRole
from konectus.services.installation import Installation
from tests.backoffice import shared
from tests.backoffice.admin.books import Books
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

clock, installation, make = shared.clock, shared.installation, shared.make


@pytest.fixture(scope="module")
def web(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Web]:
    found = Web(installation, make, clock, Beside(mounts=(site.mount,)))
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def books(installation: Installation) -> Books:
    return Books(installation)


@pytest.fixture
def billing_person(web: Web) -> httpx.Client:
    """Of each test: the clock of the module moves on, and sessions end."""
    return web.staff_as(StaffRole.BILLING)


@pytest.fixture
def client_id(make: Factory) -> UUID:
    """Owes one period: 1,948.00 and its tax."""
    return make.client().id
