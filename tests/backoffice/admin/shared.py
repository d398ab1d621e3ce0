"""One installation and one web process with the admin for a whole module, as tests/backoffice/shared.py has without."""

from collections.abc import Iterator

import pytest

from backoffice.admin import site
from backoffice.app import Beside
from konectus.services.installation import Installation
from tests.backoffice.conftest import Web
from tests.backoffice.shared import clock, installation, make
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "web"]


@pytest.fixture(scope="module")
def web(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Web]:
    found = Web(installation, make, clock, Beside(mounts=(site.mount,)))
    found.start()
    yield found
    found.stop()
