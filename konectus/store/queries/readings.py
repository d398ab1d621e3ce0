"""How the Terms are read today: the rows of `ledger.reading`."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.domain import readings
from konectus.domain.readings import Readings
from konectus.store.models.billing import Reading


def current(session: Session) -> Readings:
    """Every reading; the default where no row says otherwise."""
    return readings.from_rows({row.name: row.value for row in session.execute(select(Reading.name, Reading.value))})
