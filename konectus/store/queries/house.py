"""Exact figures of the whole house beside messages: money and Clients by day, Connectors and seats now. Staff's alone.

Everything is bounded by days or by what is live; no message is counted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.deadlines import LEGAL_ZONE, start_of

# By legal day: what came, what went, in whole numbers or cents.
_BY_DAY = {
    "new_clients": (
        "select (created_at at time zone :zone)::date as day, count(*) as n from ledger.client"
        " where created_at >= :since and created_at < :until group by 1"
    ),
    "ended_clients": (
        "select (effected_at at time zone :zone)::date as day, count(*) as n from ledger.termination"
        " where effected_at >= :since and effected_at < :until and reactivated_at is null group by 1"
    ),
    "invoiced_cents": (
        "select (issued_at at time zone :zone)::date as day, sum(total_cents)::bigint as n from ledger.invoice"
        " where issued_at >= :since and issued_at < :until and status not in ('draft', 'void') group by 1"
    ),
    "paid_cents": (
        "select (paid_at at time zone :zone)::date as day, sum(amount_cents)::bigint as n from ledger.payment"
        " where paid_at >= :since and paid_at < :until and status = 'succeeded' group by 1"
    ),
}
CLIENTS, MONEY = ("new_clients", "ended_clients"), ("invoiced_cents", "paid_cents")
ByDay = Mapping[str, Mapping[date, int]]


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is due and has not come, now."""

    invoices: int
    cents: int


@dataclass(frozen=True, slots=True)
class Seats:
    """Seats under contracts in force, now; `contracts` are Clients that have one."""

    contracts: int
    contracted: int
    taken: int


@dataclass(frozen=True, slots=True)
class Links:
    """How many Connectors of a channel stand in a state, now."""

    channel: Channel
    state: ConnectorState
    count: int


def by_day(session: Session, names: tuple[str, ...], first: date, last: date) -> ByDay:
    """Each of these figures, day by day; a day without any is left out."""
    given = {"zone": LEGAL_ZONE.key, "since": start_of(first), "until": start_of(last + timedelta(days=1))}
    return {name: {row.day: int(row.n) for row in session.execute(text(_BY_DAY[name]), given)} for name in names}


def overdue(session: Session, now: object) -> Overdue:
    row = session.execute(
        text(
            "select count(*) as invoices, coalesce(sum(balance_cents), 0)::bigint as cents"
            " from ledger.invoice_balance where status = 'open' and due_at <= :now and balance_cents > 0"
        ),
        {"now": now},
    ).one()
    return Overdue(row.invoices, int(row.cents))


def seats(session: Session) -> Seats:
    row = session.execute(
        text(
            "select count(*) as contracts, coalesce(sum(s.seats), 0)::bigint as contracted,"
            " coalesce(sum(u.n), 0)::bigint as taken from ledger.subscription s"
            " left join (select client_id, count(*) as n from ledger.authorized_user where active group by client_id) u"
            " on u.client_id = s.client_id"
            " where s.status <> 'ended'"
        )
    ).one()
    return Seats(row.contracts, int(row.contracted), int(row.taken))


def links(session: Session) -> list[Links]:
    """Connectors that are not removed."""
    found = session.execute(
        text(
            "select channel, state, count(*) as n from tenant.connector where state <> 'removed'"
            " group by channel, state order by channel, state"
        )
    )
    return [Links(Channel(row.channel), ConnectorState(row.state), row.n) for row in found]
