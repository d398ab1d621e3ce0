"""Running installations that the promises share: one that nobody kills, one whose agents answer."""

from collections.abc import Iterator

import pytest

from tests.promises.office import Office, opened
from tests.promises.running import Running, running


@pytest.fixture(scope="session")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Started once; each test registers Clients of its own."""
    with running(tmp_path_factory.mktemp("intake"), workers=2) as started:
        yield started


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One for the promises about sending and secrets, whose processes are killed and whose clock moves."""
    with opened(tmp_path_factory.mktemp("office")) as started:
        yield started
