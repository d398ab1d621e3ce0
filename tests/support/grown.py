"""A platform of more than 2,000 Clients whose months, quarters and weeks are released: every rung can be seen.

Rollups are left out: what is written is computed from an invented world in memory, as the releaser would write it.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings
from konectus.store.cluster import Endpoint
from konectus.store.models.released import Release
from konectus.store.roles import Role, password
from reports import budget, estimates, periods, rows, worlds
from reports.estimates import Terms
from reports.periods import Period
from tests.support.clock import ManualClock
from tests.support.database import MASTER, MASTER_HEX, Templates
from tests.support.figures import AFTER, CEILINGS

CLIENTS = 2_600
RUNG = 2_000
MONTHS = [f"2026-{month:02}" for month in range(3, 11)]
QUARTERS = ["2026-Q2", "2026-Q3"]
WEEKS = [f"2026-W{week}" for week in range(36, 44)]


@pytest.fixture(scope="session")
def grown(templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Shared by all tests, so nobody may change it."""
    folder = tmp_path_factory.mktemp("grown")
    name = f"{folder.name}_{os.getpid()}"
    templates.copy(name)
    settings = Settings(
        data_dir=folder,
        database_url=endpoint.url(name),
        analyst_database_url=endpoint.url(f"{name}_released", Role.ANALYST, password(MASTER, Role.ANALYST)),
        master_key=MASTER_HEX,
        secret_key="a secret of the tests",
    )
    opened = open_installation(settings)
    release(opened)
    yield replace(opened, clock=ManualClock(AFTER))
    opened.close()
    templates.drop(name)


def release(installation: Installation) -> None:
    """Every period in the order in which they close."""
    wanted = sorted((periods.parse(one) for one in [*MONTHS, *QUARTERS, *WEEKS]), key=lambda one: one.closes_at)
    with installation.released.session(Role.RELEASER) as session:
        last: Release | None = None
        for place, period in enumerate(wanted):
            usage = worlds.usage(place, CLIENTS, period.grain, RUNG)
            rho = _rho(period)
            computed = estimates.compute(usage, Terms(period.grain, RUNG, float(rho)))
            last = rows.write(session, rows.Draft(period, RUNG, rho, 10, last, period.closes_at), computed)


def _rho(period: Period) -> Decimal:
    ceiling = Decimal(str(CEILINGS.rho))
    match period.grain:
        case "week":
            return budget.of_week(RUNG, ceiling)
        case "quarter":
            return budget.split(RUNG, ceiling).aside * len(period.months)
        case _:
            return budget.split(RUNG, ceiling).own
