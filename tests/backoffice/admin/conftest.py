"""The admin as the staff meet it: the real server, guarded, with the admin mounted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import event

from backoffice.admin import site
from backoffice.app import Beside
from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import Factory


@dataclass
class Statements:
    """What the staff role asked of the database while it was counted."""

    asked: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.asked)


@pytest.fixture
def web(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Web]:
    found = Web(installation, make, clock, Beside(mounts=(site.mount,)))
    found.start()
    yield found
    found.stop()


@dataclass
class Counter:
    installation: Installation

    @contextmanager
    def counting(self) -> Iterator[Statements]:
        engine = self.installation.database.engine(Role.STAFF)
        found = Statements()

        def note(*given: Any) -> None:
            found.asked.append(given[2])

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def statements(installation: Installation) -> Counter:
    return Counter(installation)
