"""Opening and lifting Suspensions (Terms 15.1), with all that follows at once: sessions, connectors, queued sends."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, WrongStep
from konectus.domain.suspension import (
    POLICIES,
    AlreadyLifted,
    AlreadySuspended,
    Cause,
    require_by_hand,
    require_may_lift,
    require_reason,
)
from konectus.errors import NotFound
from konectus.services import connectors
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.clients import Client, Suspension
from konectus.store.queries import clients, outbox, people
from konectus.store.queries import connectors as read

NO_SUBJECT = "-"


class NoSuchClient(NotFound):
    code = "no_such_client"


@dataclass(frozen=True, slots=True)
class Effects:
    """What a Suspension does at the moment it opens; a preview is this, from the same code in a rehearsal."""

    suspension_id: UUID
    opened_at: datetime
    connectors: tuple[tuple[Channel, str], ...]
    people_signed_out: int
    sends_cancelled: int


@dataclass(frozen=True, slots=True)
class Lifted:
    """What a lift does: which causes still hold, and what the Client has to reconfigure."""

    still_open: tuple[Cause, ...]
    to_reconfigure: int


def suspend_by_hand(
    work: Work, client_id: UUID, cause: Cause, reason: str, *, subject_ref: str = NO_SUBJECT
) -> Effects:
    """A person of the staff suspends at once, without prior notice (Terms 15.1 b).

    Raises NoSuchClient, AlreadySuspended, NotByHand or ReasonTooShort.
    """
    require_by_hand(cause)
    return open_cause(work, client_id, cause, require_reason(reason), subject_ref=subject_ref)


def open_cause(work: Work, client_id: UUID, cause: Cause, reason: str, *, subject_ref: str = NO_SUBJECT) -> Effects:
    """Open a cause and carry out what it blocks, in this transaction. Raises NoSuchClient or AlreadySuspended."""
    locks.client(work.session, client_id)
    if clients.trade_name(work.session, client_id) is None:
        raise NoSuchClient
    found = clients.open_suspensions(work.session, client_id)
    if any((s.cause, s.subject_ref) == (cause, subject_ref) for s in found):
        raise AlreadySuspended(f"the Client is suspended for {cause} already", cause=cause)
    suspension = Suspension(
        id=work.new_id(),
        client_id=client_id,
        cause=cause,
        subject_ref=subject_ref,
        clause=POLICIES[cause].clause,
        opened_at=work.now,
        opened_by=f"{work.actor.kind}:{work.actor.id}",
        reason=reason,
    )
    work.session.add(suspension)
    work.session.flush()  # the access view has to see it
    effects = Effects(
        suspension_id=suspension.id,
        opened_at=work.now,
        connectors=_disconnect_all(work, client_id, reason),
        people_signed_out=people.end_sessions_of_client(work.session, client_id, work.now),
        sends_cancelled=outbox.cancel_queued(work.session, client_id, "suspended"),
    )
    signals.notify(work.session, signals.OUTBOX)
    after = {"cause": str(cause), "connectors": len(effects.connectors), "cancelled": effects.sends_cancelled}
    work.record("suspension.opened", ("suspension", suspension.id), Change(client_id, reason, {}, after))
    return effects


def lift_by_hand(work: Work, suspension_id: UUID, reason: str) -> Lifted:
    """A person of the staff lifts a manual cause. Connectors stay disconnected (Terms 2).

    Raises NotFound, AlreadyLifted, NotByHand, SecondPersonNeeded or ReasonTooShort.
    """
    text = require_reason(reason)
    suspension = work.session.get(Suspension, suspension_id, with_for_update=True)
    if suspension is None:
        raise NotFound
    cause = Cause(suspension.cause)
    require_may_lift(cause)
    if suspension.lifted_at is not None:
        raise AlreadyLifted("this Suspension is lifted already", lifted_at=suspension.lifted_at)
    locks.client(work.session, suspension.client_id)
    suspension.lifted_at = work.now
    suspension.lifted_by = f"{work.actor.kind}:{work.actor.id}"
    suspension.lift_reason = text
    work.session.flush()  # the access view has to see it
    still = clients.access(work.session, suspension.client_id).causes
    stopped = (ConnectorState.DISCONNECTING, ConnectorState.NEEDS_RECONFIGURATION)
    waiting = sum(row.state in stopped for row in read.of_client(work.session, suspension.client_id))
    change = Change(suspension.client_id, text, {"cause": str(cause)}, {"still_open": [str(c) for c in still]})
    work.record("suspension.lifted", ("suspension", suspension.id), change)
    return Lifted(still, waiting)


def suspend_ended_trial(work: Work, client_id: UUID) -> Effects | None:
    """Terms 14.2: the trial is over and nobody subscribed. Decides again in its own transaction; None if moot."""
    locks.client(work.session, client_id)
    if client_id not in clients.trial_ended(work.session, work.now, most=1, client_id=client_id):
        return None
    return open_cause(work, client_id, Cause.TRIAL_EXPIRED, "The free trial ended without a subscription")


def client_of(work: Work, client_id: UUID) -> Client:
    """The Client's own row. Raises NoSuchClient."""
    client = work.session.get(Client, client_id)
    if client is None:
        raise NoSuchClient
    return client


def _disconnect_all(work: Work, client_id: UUID, why: str) -> tuple[tuple[Channel, str], ...]:
    """Terms 2: during a Suspension, Connectors are disconnected and must be reconfigured."""
    ending = replace(connectors.SUSPENDED, why=why)
    stopped = []
    for row in read.of_client(work.session, client_id):
        if row.state not in (*LIVE, ConnectorState.PENDING_AUTH):
            continue
        try:
            connectors.disconnect(work, client_id, row.id, ending)
        except WrongStep:
            continue  # the sender settled it meanwhile; it holds the row lock no longer and is not live
        stopped.append((row.channel, row.name))
    return tuple(stopped)
