"""Waiting longer for an overdue amount: it moves the end of the clock of Terms 15.1(a) and waives nothing (18)."""

from datetime import date, timedelta
from uuid import UUID

from konectus.domain.deadlines import start_of
from konectus.domain.elapsed import may_act
from konectus.domain.suspension import require_reason
from konectus.errors import Conflict, Invalid, NotFound
from konectus.services import approvals, lifting, suspending
from konectus.services.installation import Installation
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.payments import Deferral
from konectus.store.queries import billing, causes, readings

# How far back the job looks for deferrals that ran out; what is older the hourly sweep has seen.
LOOK_BACK = timedelta(days=2)


class NothingToDefer(Conflict):
    code = "nothing_to_defer"


class DeferralPast(Invalid):
    """A deferral ends after today."""

    code = "deferral_past"


class NoSuchDeferral(NotFound):
    code = "no_such_deferral"


class DeferralOver(Conflict):
    code = "deferral_over"


def defer(work: Work, client_id: UUID, until_day: date, reason: str, *, invoice_id: UUID | None = None) -> UUID:
    """Wait for one invoice, or for all that is owed, until the end of a legal day. Lifts what no longer has a ground.

    Raises DeferralPast, NothingToDefer or ReasonTooShort.
    """
    text = require_reason(reason)
    until = start_of(until_day + timedelta(days=1))
    if until <= work.now:
        raise DeferralPast("wait until today at least", until_day=until_day.isoformat())
    locks.client(work.session, client_id)
    owed = {one.invoice_id for one in billing.owed(work.session, client_id)}
    if not owed or invoice_id not in {*owed, None}:
        raise NothingToDefer("there is nothing owed to wait for")
    made = Deferral(id=work.new_id(), client_id=client_id, invoice_id=invoice_id, until=until, until_day=until_day)
    made.reason, made.granted_by, made.granted_at = text, approvals.who(work), work.now
    work.session.add(made)
    work.session.flush()  # the clocks that are read next have to see it
    after = {"until": until.isoformat(), "invoice": str(invoice_id) if invoice_id else "all"}
    work.record("deferral.granted", ("deferral", made.id), Change(client_id, text, {}, after))
    lifting.after_deferral(work, client_id)
    return made.id


def revoke(work: Work, deferral_id: UUID, reason: str) -> None:
    """Wait no longer; the next sweep decides from the notices alone. Raises NoSuchDeferral, DeferralOver."""
    text = require_reason(reason)
    found = work.session.get(Deferral, deferral_id)
    if found is None:
        raise NoSuchDeferral
    locks.client(work.session, found.client_id)
    work.session.refresh(found, with_for_update=True)
    if found.revoked_at is not None or found.until <= work.now:
        raise DeferralOver("this deferral is over already")
    found.revoked_at = work.now
    before = {"until": found.until.isoformat()}
    work.record("deferral.revoked", ("deferral", found.id), Change(found.client_id, text, before, {"revoked": True}))


def deferral_end(installation: Installation) -> int:
    """Job: whoever was waited for and did not pay is suspended in minutes, not at the next hourly sweep; how many."""
    with installation.works.system() as work:
        if not may_act(work.now, readings.current(work.session)):
            return 0
        found = causes.ended_deferrals(work.session, work.now - LOOK_BACK, work.now)
    done = 0
    for client_id in dict.fromkeys(found):
        with installation.works.system() as work:
            done += suspending.suspend_unpaid(work, client_id) is not None
    return done
