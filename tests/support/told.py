"""Releases of an invented platform, written as the releaser would: every length and rung without Clients to count."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from konectus.services.installation import Installation
from konectus.store.models.released import Release
from konectus.store.roles import Role
from reports import estimates, periods, rows, worlds
from reports.estimates import Terms
from reports.periods import Period

RHO = Decimal("0.1")


def release(installation: Installation, *named: str, clients: int = 2_600, rung: int = 2_000) -> None:
    """Those periods after all there are, in the order given, each at its closing."""
    with installation.released.session(Role.RELEASER) as session:
        last = session.scalar(select(Release).order_by(Release.number.desc()).limit(1))
        for place, period in enumerate(periods.parse(one) for one in named):
            usage = worlds.usage(place, clients, period.grain, rung)
            computed = estimates.compute(usage, Terms(period.grain, rung, float(RHO)))
            draft = rows.Draft(period, rung, RHO, 10, last, _closed(period, place))
            last = rows.write(session, draft, computed)


def _closed(period: Period, place: int) -> datetime:
    return period.closes_at + timedelta(seconds=place)
