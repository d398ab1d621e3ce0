"""Suspending for non-payment (Terms 15.1 a) from facts alone: the sweep, one Client, and who comes next.

When time has run out is `domain.elapsed`; what a Suspension does is `suspensions`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain.elapsed import clock_of, may_act, to_suspend
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.services.cause_notices import Unpaid
from konectus.services.installation import Installation
from konectus.services.suspensions import Effects, Ground
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import billing, causes, clients, readings

# As many as a page shows.
MOST_UPCOMING = 20


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A Client that will be suspended unless it pays: for which invoice, by which notice, from when on."""

    client_id: UUID
    invoice_id: UUID
    number: str
    balance_cents: int
    notice_id: UUID
    deadline: datetime


def suspend_nonpayment(installation: Installation, *, step: int = causes.STEP) -> int:
    """Job: suspend everybody whose time has run out, from the hour of the readings on; how many.

    It follows from facts, so missed runs, double runs and several schedulers change nothing.
    """
    with installation.works.system() as work:
        rules = readings.current(work.session)
        at = causes.Moment(work.now, rules.payment_notice_days, most=step)
    if not may_act(at.now, rules):
        return 0
    done = 0
    while True:
        with installation.works.system() as work:
            found = causes.unpaid(work.session, at)
        for client_id in found:
            with installation.works.system() as work:
                done += suspend_unpaid(work, client_id) is not None
        if len(found) < at.most:
            return done
        at = replace(at, after=found[-1])


def suspend_unpaid(work: Work, client_id: UUID) -> Effects | None:
    """Suspend one Client for the oldest invoice whose time has run out. None where there is no ground any more.

    Decides again under the Client's lock: a payment that was booked meanwhile wins. A contract that ended needs no
    Suspension, its access is closed.
    """
    locks.client(work.session, client_id)
    found = clients.access(work.session, client_id)
    if found.terminated or found.deleting or Cause.NONPAYMENT in found.causes:
        return None
    debts = causes.debts(work.session, client_id)
    clock = to_suspend(debts, causes.in_flight(work.session, client_id), work.now, readings.current(work.session))
    if clock is None:
        return None
    owed = billing.overdue(work.session, client_id, work.now)
    numbers = {one.invoice_id: one.number for one in owed}
    ground = Ground(
        notice_id=clock.notice,
        invoice_id=clock.invoice,
        unpaid=Unpaid(tuple(numbers.values()), sum(one.balance_cents for one in owed)),
    )
    reason = f"Invoice {numbers[clock.invoice]} was not paid within the days of its notice (Terms 15.1 a)"
    return suspensions.open_cause(work, client_id, Cause.NONPAYMENT, reason, ground)


def upcoming(session: Session, now: datetime, until: datetime, *, most: int = MOST_UPCOMING) -> list[Upcoming]:
    """Who is suspended between now and then if nobody pays, the earliest first; one row for each Client."""
    days = readings.current(session).payment_notice_days
    owed = billing.owed_of(session, causes.soonest(session, causes.Moment(until, days, most=most)))
    found = list[Upcoming]()
    for client_id, debts in causes.debts_of(session, owed).items():
        clocks = [clock for debt in debts if (clock := clock_of(debt, days)) is not None]
        first = min(clocks, key=lambda clock: clock.deadline, default=None)
        if first is None or first.deadline > until:
            continue
        number = {one.invoice_id: one.number for one in owed[client_id]}[first.invoice]
        found.append(Upcoming(client_id, first.invoice, number, first.balance_cents, first.notice, first.deadline))
    return sorted(found, key=lambda one: max(one.deadline, now))
