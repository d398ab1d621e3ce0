"""One release: a period computed under one snapshot of main, written in one transaction of `released`, for good.

Which period is due and what it may spend is in chronicle.py, how noise is made in anonymize.py.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.errors import Conflict
from konectus.figures import MONTH
from konectus.store.models.released import Gate, Release
from reports import capping, estimates, rows, sources
from reports.chronicle import Ceilings, Chronicle
from reports.estimates import Terms
from reports.periods import Period


class PeriodOpen(Conflict):
    """The period is not over, its three days of grace are not, or a month that it stands on is not released."""

    code = "period_open"


class PeriodPassed(Conflict):
    """A later period of that length is released already: a past one is never computed afterwards."""

    code = "period_passed"


class BudgetSpent(Conflict):
    """Nothing, or too little, is left of the privacy budget of the twelve months."""

    code = "privacy_budget_spent"


class NothingToTell(Conflict):
    """There are too few Clients for figures of that length, or its months laid nothing aside for it."""

    code = "nothing_to_tell"


@dataclass(frozen=True)
class Databases:
    """Both databases, as konectus_releaser, each in its own transaction."""

    main: Session
    released: Session


@dataclass(frozen=True)
class Outcome:
    """The release of a period, and whether this call made it."""

    release: Release
    built: bool


def build(period: Period, databases: Databases, given: Ceilings, now: datetime) -> Outcome:
    """Release the period, or return the release it has: whoever comes second changes nothing.

    Raises PeriodOpen, PeriodPassed, BudgetSpent or NothingToTell. The caller commits `released`.
    """
    if now < period.closes_at:
        raise PeriodOpen(f"{period} closes on {period.closes_at:%Y-%m-%d}; releases are made from then on")
    sources.open_snapshot(databases.main)
    databases.released.execute(select(Gate).with_for_update()).one()
    chronicle = Chronicle.read(databases.released)
    found = chronicle.of(period)
    if found is not None:
        return Outcome(found, built=False)
    newest = chronicle.newest(period.grain)
    if newest is not None and newest.first > period.first:
        raise PeriodPassed(f"{period} is past: {newest} is released")
    if not chronicle.is_ready(period):
        raise PeriodOpen(f"{period} stands on a month that is not released yet; release the months before it first")
    allotted = chronicle.allotment(period, given)
    if not allotted.rho:
        raise _refusal(period, given)
    step = capping.step(databases.released, chronicle, period)
    terms = Terms(period.grain, allotted.rung, float(allotted.rho), step)
    computed = estimates.compute(sources.read(databases.main, period, allotted.rung), terms)
    draft = rows.Draft(period, allotted.rung, allotted.rho, given.k, chronicle.last, now)
    return Outcome(rows.write(databases.released, draft, computed), built=True)


def _refusal(period: Period, given: Ceilings) -> Conflict:
    if period.grain == MONTH:
        return BudgetSpent(f"{period} would spend more than {given.rho_year} rho in twelve months")
    return NothingToTell(f"{period} is not told: too few Clients, or nothing of the privacy budget is left for it")
