"""Reads for opening and lifting causes: what is owed with its notices, who comes into question. Money is `billing`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from konectus.domain.elapsed import Debt, InFlight, Told
from konectus.domain.money import PaymentStatus
from konectus.domain.notices import NoticeChannel, NoticeKind
from konectus.domain.plans import SubscriptionStatus
from konectus.domain.suspension import Cause
from konectus.store.models.clients import Subscription, Suspension
from konectus.store.models.notices import Notice, NoticeInvoice
from konectus.store.models.payments import Deferral, Payment
from konectus.store.queries import billing
from konectus.store.queries.billing import Owed

# Terms 15.1(a) names these two and no other: a pending payment, a declined charge.
THAT_START_A_CLOCK = (NoticeKind.PAYMENT_PENDING, NoticeKind.CHARGE_DECLINED)

# An invoice that was told of long enough ago and still has a balance; who reads it decides again with the whole rule.
_ELAPSED = """
  select 1 from ledger.invoice_balance b
  join ledger.notice_invoice l on l.client_id = b.client_id and l.invoice_id = b.id
  join ledger.notice n on n.client_id = l.client_id and n.id = l.notice_id
  where b.client_id = {client} and b.status = 'open' and b.balance_cents > 0
    and n.channel = 'email' and n.kind in ('payment_pending', 'charge_declined')
    and app.mx_deadline(n.delivered_at, :days) <= :now
    and (n.bounced_at is null or n.bounced_at >= app.mx_deadline(n.delivered_at, :days))
    and not exists (select 1 from ledger.deferral d where d.client_id = b.client_id
      and (d.invoice_id is null or d.invoice_id = b.id) and d.revoked_at is null and d.until > :now)
"""
_UNPAID = text(f"""
select x.client_id from ledger.client_access x
where x.client_id > :after and not x.terminated and not x.deleting and not 'nonpayment' = any(x.causes)
  and exists ({_ELAPSED.format(client="x.client_id")})
order by x.client_id limit :most
""")  # noqa: S608 no value from outside
_PAID = text(f"""
select s.client_id from ledger.suspension s
where s.client_id > :after and s.cause = 'nonpayment' and s.lifted_at is null
  and not exists ({_ELAPSED.format(client="s.client_id")})
order by s.client_id limit :most
""")  # noqa: S608 no value from outside
# Whoever was told first comes first; which of those clocks really run is decided by who reads it.
_SOONEST = text("""
with told as materialized (
  select i.client_id, i.id, min(n.delivered_at) as delivered_at from ledger.invoice i
  join ledger.notice_invoice l on l.client_id = i.client_id and l.invoice_id = i.id
  join ledger.notice n on n.client_id = l.client_id and n.id = l.notice_id
  where i.status = 'open' and n.channel = 'email' and n.kind in ('payment_pending', 'charge_declined')
    and app.mx_deadline(n.delivered_at, :days) <= :now
    and (n.bounced_at is null or n.bounced_at >= app.mx_deadline(n.delivered_at, :days))
    and not exists (select 1 from ledger.deferral d where d.client_id = i.client_id
      and (d.invoice_id is null or d.invoice_id = i.id) and d.revoked_at is null and d.until > :now)
  group by i.client_id, i.id)
select t.client_id from told t
join ledger.invoice_balance b on b.client_id = t.client_id and b.id = t.id and b.balance_cents > 0
where exists (select 1 from ledger.client_access x where x.client_id = t.client_id
  and not x.terminated and not x.deleting and not 'nonpayment' = any(x.causes))
group by t.client_id order by min(t.delivered_at), t.client_id limit :most
""")
NOBODY = UUID(int=0)
# Clients that a job looks at in one go.
STEP = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """Which Clients to look at: those after one of them, as things stand at an instant."""

    now: datetime
    days: int
    after: UUID = NOBODY
    most: int = STEP


def debts(session: Session, client_id: UUID) -> list[Debt[UUID]]:
    """What a Client owes, each invoice with the notices that list it and its deferral."""
    return debts_of(session, {client_id: billing.owed(session, client_id)})[client_id]


def debts_of(session: Session, owed: Mapping[UUID, Sequence[Owed]]) -> dict[UUID, list[Debt[UUID]]]:
    """The same of several Clients whose open invoices were read, in two statements."""
    indebted = [client_id for client_id, theirs in owed.items() if theirs]
    told = _told(session, indebted) if indebted else {}
    waits = _deferrals(session, indebted) if indebted else {}
    return {
        client_id: [_debt(one, told.get(one.invoice_id, []), waits.get(client_id, {})) for one in theirs]
        for client_id, theirs in owed.items()
    }


def _debt(one: Owed, told: list[Told[UUID]], waits: Mapping[UUID | None, datetime]) -> Debt[UUID]:
    return Debt(
        invoice=one.invoice_id,
        due_at=one.due_at,
        owed_since=one.owed_since,
        balance_cents=one.balance_cents,
        told=tuple(told),
        deferred_until=max((until for which, until in waits.items() if which in (None, one.invoice_id)), default=None),
    )


def _told(session: Session, client_ids: Sequence[UUID]) -> dict[UUID, list[Told[UUID]]]:
    rows = session.execute(
        select(NoticeInvoice.invoice_id, Notice.id, Notice.queued_at, Notice.delivered_at, Notice.bounced_at)
        .join(Notice, (Notice.client_id == NoticeInvoice.client_id) & (Notice.id == NoticeInvoice.notice_id))
        .where(
            NoticeInvoice.client_id.in_(client_ids),
            Notice.client_id.in_(client_ids),
            Notice.channel == NoticeChannel.EMAIL,
            Notice.kind.in_(THAT_START_A_CLOCK),
        )
        .order_by(Notice.delivered_at, Notice.id)
    )
    found: dict[UUID, list[Told[UUID]]] = {}
    for invoice_id, notice_id, queued_at, delivered_at, bounced_at in rows:
        found.setdefault(invoice_id, []).append(Told(notice_id, queued_at, delivered_at, bounced_at))
    return found


def _deferrals(session: Session, client_ids: Sequence[UUID]) -> dict[UUID, dict[UUID | None, datetime]]:
    """Until when we wait for each invoice, None standing for all of them; one that is over still moved the deadline."""
    rows = session.execute(
        select(Deferral.client_id, Deferral.invoice_id, func.max(Deferral.until))
        .where(Deferral.client_id.in_(client_ids), Deferral.revoked_at.is_(None))
        .group_by(Deferral.client_id, Deferral.invoice_id)
    )
    found: dict[UUID, dict[UUID | None, datetime]] = {}
    for client_id, invoice_id, until in rows:
        found.setdefault(client_id, {})[invoice_id] = until
    return found


def in_flight(session: Session, client_id: UUID) -> list[InFlight]:
    """Money that was paid by the provider's word and has not settled yet."""
    rows = session.execute(
        select(Payment.paid_at, Payment.amount_cents).where(
            Payment.client_id == client_id, Payment.status == PaymentStatus.PENDING, Payment.paid_at.is_not(None)
        )
    )
    return [InFlight(paid_at, cents) for paid_at, cents in rows if paid_at is not None]


def unpaid(session: Session, at: Moment) -> Sequence[UUID]:
    """Clients with access who may have to be suspended for non-payment."""
    return session.scalars(_UNPAID, _values(at)).all()


def soonest(session: Session, at: Moment) -> Sequence[UUID]:
    """The same Clients in the order in which their time runs out."""
    return session.scalars(_SOONEST, {"now": at.now, "days": at.days, "most": at.most}).all()


def paid(session: Session, at: Moment) -> Sequence[UUID]:
    """Clients suspended for non-payment who may owe nothing elapsed any more."""
    return session.scalars(_PAID, _values(at)).all()


def _values(at: Moment) -> dict[str, object]:
    return {"now": at.now, "days": at.days, "after": at.after, "most": at.most}


def is_contracted(session: Session, client_id: UUID) -> bool:
    """Whether there is a Subscription beyond its trial."""
    live = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
    statement = select(Subscription.id).where(Subscription.client_id == client_id, Subscription.status.in_(live))
    return session.scalar(statement) is not None


def open_of_cause(session: Session, client_id: UUID, cause: Cause) -> UUID | None:
    """The open Suspension of a cause that has one at most."""
    return session.scalar(
        select(Suspension.id).where(
            Suspension.client_id == client_id, Suspension.cause == cause, Suspension.lifted_at.is_(None)
        )
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deferral that is running or has run out."""

    id: UUID
    client_id: UUID
    invoice_id: UUID | None
    until: datetime
    reason: str
    granted_by: str
    granted_at: datetime


def deferrals(session: Session, client_id: UUID, now: datetime) -> list[Waiting]:
    """Those that are in force."""
    rows = session.scalars(
        select(Deferral)
        .where(Deferral.client_id == client_id, Deferral.revoked_at.is_(None), Deferral.until > now)
        .order_by(Deferral.until)
    )
    return [Waiting(d.id, d.client_id, d.invoice_id, d.until, d.reason, d.granted_by, d.granted_at) for d in rows]


def ended_deferrals(session: Session, since: datetime, now: datetime) -> Sequence[UUID]:
    """Whose deferrals ran out between two instants."""
    return session.scalars(
        select(Deferral.client_id)
        .where(Deferral.revoked_at.is_(None), Deferral.until > since, Deferral.until <= now)
        .order_by(Deferral.until)
    ).all()
