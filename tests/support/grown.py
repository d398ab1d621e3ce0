"""A platform of more than 2,000 Clients whose months, quarters and weeks are released: every rung can be seen."""

from collections.abc import Iterator

import pytest

from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from reports import periods
from tests.support import told
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.figures import AFTER

NAMED = [f"2026-{month:02}" for month in range(3, 11)] + ["2026-Q2", "2026-Q3"] + [f"2026-W{n}" for n in range(36, 44)]


@pytest.fixture(scope="session")
def grown(templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Shared by all tests, so nobody may change it."""
    with installed(templates, endpoint, ManualClock(AFTER), tmp_path_factory.mktemp("grown")) as made:
        told.release(made, *sorted(NAMED, key=lambda one: periods.parse(one).closes_at))
        yield made
