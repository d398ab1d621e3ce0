"""One release: a month computed under one snapshot of main, written in one transaction of `released`, for good.

`python -m reports.release build|list|verify`. What is published is in metrics.py, how noise is made in anonymize.py.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from konectus.errors import Conflict
from konectus.services.installation import Installation
from konectus.store.models.released import LedgerEntry, Release
from konectus.store.roles import Role
from reports import anonymize, chain, console, estimates, metrics, rows, sources
from reports.periods import Month, last_closed
from reports.rows import MONTH


class PeriodOpen(Conflict):
    """The month is not over, or its three days of grace are not."""

    code = "period_open"


class PeriodPassed(Conflict):
    """A later month is released already: a past period is never computed afterwards."""

    code = "period_passed"


class BudgetSpent(Conflict):
    code = "privacy_budget_spent"


class BrokenChain(Conflict):
    code = "broken_chain"


@dataclass(frozen=True)
class Budget:
    """Ceilings of the settings on top of the sheet's: rho of a month, rho of twelve, Clients in a cell."""

    rho: float
    rho_year: float
    k: int


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


def run(installation: Installation) -> list[Outcome]:
    """One run of the job: every month that waits, oldest first, each in transactions of its own."""
    now = installation.clock.now()
    with _databases(installation) as databases:
        waiting = pending(databases, now)
    return [release(installation, month) for month in waiting]


def release(installation: Installation, month: Month) -> Outcome:
    """`build` with the installation's databases, settings and clock, committed."""
    settings = installation.settings
    budget = Budget(settings.privacy_rho, settings.privacy_rho_year, settings.privacy_k)
    with _databases(installation) as databases:
        return build(month, databases, budget, installation.clock.now())


def build(month: Month, databases: Databases, budget: Budget, now: datetime) -> Outcome:
    """Release the month, or return the release it has: whoever comes second changes nothing.

    Raises PeriodOpen, PeriodPassed or BudgetSpent. The caller commits `released`.
    """
    if now < month.closes_at:
        raise PeriodOpen(f"{month} closes on {month.closes_at:%Y-%m-%d}; releases are made from then on")
    sources.open_snapshot(databases.main)
    databases.released.execute(text("select pg_advisory_xact_lock(hashtext('released.release'))"))
    found = databases.released.scalar(select(Release).where(Release.period == month.first, Release.grain == MONTH))
    if found is not None:
        return Outcome(found, built=False)
    last = _last(databases.released)
    if last is not None and last.period > month.first:
        raise PeriodPassed(f"{month} is past: {last.period:%Y-%m} is released")
    rung = anonymize.ladder(last.clients, last.rung) if last else 0
    rho = min(metrics.RHO[rung], Decimal(str(budget.rho)))
    _refuse_overspending(databases.released, month, rho, budget)
    computed = estimates.compute(sources.read(databases.main, month), rung, float(rho))
    draft = rows.Draft(month, rung, rho, budget.k, last, now)
    return Outcome(rows.write(databases.released, draft, computed), built=True)


def pending(databases: Databases, now: datetime) -> list[Month]:
    """The closed months that wait for their release, oldest first; on a new installation from its first rollup on."""
    last = _last(databases.released)
    if last is not None:
        month = Month(last.period).next()
    else:
        day = sources.first_day(databases.main)
        if day is None:
            return []
        month = Month.of(day)
    newest, waiting = last_closed(now), []
    while month <= newest:
        waiting.append(month)
        month = month.next()
    return waiting


def _last(released: Session) -> Release | None:
    return released.scalar(select(Release).where(Release.grain == MONTH).order_by(Release.number.desc()).limit(1))


def _refuse_overspending(released: Session, month: Month, rho: Decimal, budget: Budget) -> None:
    """The trigger holds the ceiling of the sheet; this one holds the setting, which may be lower."""
    since = month.first.replace(year=month.first.year - 1)
    query = select(func.coalesce(func.sum(LedgerEntry.rho), 0)).where(LedgerEntry.period > since)
    if Decimal(released.scalar(query) or 0) + rho > Decimal(str(budget.rho_year)):
        raise BudgetSpent(f"{month} would spend more than {budget.rho_year} rho in twelve months")


@contextmanager
def _databases(installation: Installation) -> Iterator[Databases]:
    with (
        installation.database.session(Role.RELEASER) as main,
        installation.released.session(Role.RELEASER) as released,
    ):
        yield Databases(main, released)


def _listed(installation: Installation) -> Iterator[str]:
    with installation.released.session(Role.RELEASER) as released:
        for made in released.scalars(select(Release).order_by(Release.number)):
            figures = f"rung {made.rung:>4}  cells {made.cells:>3}  rho {made.rho:.2f}"
            yield f"{Month(made.period)}  {figures}  {made.sha256[:12]}"


def _verified(installation: Installation) -> Iterator[str]:
    with installation.released.session(Role.RELEASER) as released:
        wrong = chain.broken(released)
        count = released.scalar(select(func.count()).select_from(Release))
    if wrong:
        raise BrokenChain("; ".join(wrong))
    yield f"{count} releases, each is what it was"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m reports.release", description="Anonymous monthly figures.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("build", help="release a closed month, or all that wait").add_argument(
        "--period", metavar="2026-10"
    )
    verbs.add_parser("list", help="releases made so far")
    verbs.add_parser("verify", help="check the hash chain and the ledger")
    given = parser.parse_args(arguments)

    def build_asked(installation: Installation) -> Iterator[str]:
        made = [release(installation, Month.parse(given.period))] if given.period else run(installation)
        yield from (f"{Month(o.release.period)}  {'released' if o.built else 'was released before'}" for o in made)
        if not made:
            yield "no month waits for its release"

    return console.run({"build": build_asked, "list": _listed, "verify": _verified}[given.verb])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
