"""A termination takes effect (Terms 15.3): access ends, the thirty days begin. Announcing one is terminations."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from konectus.domain import endings
from konectus.domain.connectors import LIVE, ConnectorState, WrongStep
from konectus.domain.endings import END_REASONS, Ground, WindowSource
from konectus.domain.notices import NoticeKind
from konectus.services import connectors, leftovers, notices, refunds, renewals, windows
from konectus.services.installation import Installation
from konectus.services.notices import NewNotice
from konectus.services.sweeps import sweep
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.endings import Termination
from konectus.store.queries import billing, clients, outbox, people, readings
from konectus.store.queries import connectors as accounts
from konectus.store.queries import terminations as read
from konectus.store.queries import windows as open_windows


def terminate_effective(installation: Installation) -> int:
    """Job: end every contract whose time has come; how many ended."""
    return sweep(installation, read.due, effect)


def effect(work: Work, termination_id: UUID) -> bool:
    """End a contract that is due: its Subscription, its Connectors, what waits to be sent; whether it ended now.

    What lifecycle 15.3 leaves stays: the owner signs in, pays and exports. Debts stay what they are.
    """
    found = _locked(work, termination_id)
    if not _is_live(found) or found.effective_at > work.now or not _notice_has_run(work, found):
        return False
    why = f"The contract ended: {found.ground}"
    found.effected_at = work.now
    work.session.flush()  # access has to be closed before connectors are
    client_id = found.client_id
    renewals.end(work, client_id, END_REASONS[Ground(found.ground)], reason=why)
    after = {
        "effected_at": work.now.isoformat(),
        "connectors": _disconnect_all(work, client_id, why),
        "signed_out": people.end_sessions_of_client(work.session, client_id, work.now),
        "cancelled": outbox.cancel_queued(work.session, client_id, "suspended"),
    }
    signals.notify(work.session, signals.OUTBOX)
    if not clients.access(work.session, client_id).deleting:  # what was erased cannot be taken along
        windows.open_window(work, client_id, WindowSource.TERMINATION, found.id)
    work.record("termination.effective", ("termination", found.id), Change(client_id, found.reason, {}, after))
    if found.refund_due:
        refunds.propose(work, found)
    leftovers.propose(work, client_id)
    _tell(work, found)
    return True


def _notice_has_run(work: Work, found: Termination) -> bool:
    """Terms 15.2: thirty full days since a notice of Konectus's was delivered; one that bounced does not run.

    The row takes the mail that was delivered and the day that follows from it.
    """
    if found.ground != Ground.KONECTUS_NOTICE:
        return True
    days = readings.current(work.session).termination_notice_days
    for mail in read.told(work.session, found.client_id, found.id):
        at = endings.runs_out(mail.delivered_at, mail.bounced_at, days)
        if at is not None:
            _move(work, found, mail.notice_id, max(at, found.effective_at))
            return found.effective_at <= work.now
    return False


def _move(work: Work, found: Termination, notice_id: UUID, at: datetime) -> None:
    if (found.notice_id, found.effective_at) == (notice_id, at):
        return
    before = {"effective_at": found.effective_at.isoformat()}
    found.notice_id, found.effective_at = notice_id, at
    change = Change(found.client_id, "Counted from delivery (Terms 15.2)", before, {"effective_at": at.isoformat()})
    work.record("termination.counted", ("termination", found.id), change)
    work.session.flush()  # the guard compares with it


def _disconnect_all(work: Work, client_id: UUID, why: str) -> int:
    """As at a Suspension: disconnected at the channel, to be reconfigured if the contract comes back (Terms 2)."""
    ending, stopped = replace(connectors.SUSPENDED, why=why), 0
    for row in accounts.of_client(work.session, client_id):
        if row.state not in (*LIVE, ConnectorState.PENDING_AUTH):
            continue
        try:
            connectors.disconnect(work, client_id, row.id, ending)
        except WrongStep:
            continue  # the sender settled it meanwhile
        stopped += 1
    return stopped


def _tell(work: Work, found: Termination) -> None:
    owed = billing.owed(work.session, found.client_id)
    closes = [row.closes_at for row in open_windows.open_of(work.session, found.client_id)]
    facts = {
        "effective_at": work.now.isoformat(),
        "closes_at": max(closes).isoformat() if closes else None,
        "owed_cents": sum(one.balance_cents for one in owed),
    }
    told = {name: value for name, value in facts.items() if value is not None}
    notices.queue(work, found.client_id, NewNotice(NoticeKind.TERMINATED, str(found.id), told))


def _is_live(found: Termination) -> bool:
    return found.effected_at is None and found.withdrawn_at is None and found.reactivated_at is None


def _locked(work: Work, termination_id: UUID) -> Termination:
    """The row under its Client's lock."""
    found = work.session.get_one(Termination, termination_id)
    locks.client(work.session, found.client_id)
    work.session.refresh(found, with_for_update=True)
    return found
