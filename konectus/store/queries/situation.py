"""Why a Client's service is paused, as its own page tells it: each open cause with its proof and its clock."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.suspension import Cause


@dataclass(frozen=True, slots=True)
class OpenCause:
    """One open Suspension. For non-payment: the invoice and the notice whose time ran out; `closes_at`: its window."""

    cause: Cause
    clause: str
    opened_at: datetime
    invoice_number: str | None
    owed_cents: int
    told_at: datetime | None
    told_to: str | None
    window_opened_at: datetime | None
    closes_at: datetime | None
    window_stands: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A contract that has ended, and the window that followed."""

    effected_at: datetime
    by_client: bool
    window_opened_at: datetime | None
    closes_at: datetime | None
    window_stands: bool


_OPEN = text("""
select s.cause, s.clause, s.opened_at, b.number, coalesce(b.balance_cents, 0) as owed_cents,
       n.delivered_at, n.recipient, w.opened_at as window_opened_at, w.closes_at,
       coalesce(w.paused_at is not null, false) as stands
from ledger.suspension s
left join ledger.notice n on n.client_id = s.client_id and n.id = s.notice_id
left join ledger.invoice_balance b on b.client_id = s.client_id and b.id = s.invoice_id
left join ledger.export_window w on w.client_id = s.client_id and w.source_id = s.id and w.closed_at is null
where s.client_id = :client_id and s.lifted_at is null and not s.is_silent
order by s.opened_at, s.id
""")
_ENDED = text("""
select t.effected_at, t.by_whom = 'client' as by_client, w.opened_at, w.closes_at, w.paused_at is not null as stands
from ledger.termination t
left join ledger.export_window w on w.client_id = t.client_id and w.source_id = t.id and w.closed_at is null
where t.client_id = :client_id and t.effected_at is not null and t.reactivated_at is null
""")


def open_causes(session: Session, client_id: UUID) -> list[OpenCause]:
    """Every cause that is open, the oldest first; of one under a gag nothing is told."""
    return [
        OpenCause(
            cause=Cause(row.cause),
            clause=row.clause,
            opened_at=row.opened_at,
            invoice_number=row.number,
            owed_cents=int(row.owed_cents),
            told_at=row.delivered_at,
            told_to=row.recipient,
            window_opened_at=row.window_opened_at,
            closes_at=row.closes_at,
            window_stands=row.stands,
        )
        for row in session.execute(_OPEN, {"client_id": client_id})
    ]


def ended(session: Session, client_id: UUID) -> Ended | None:
    """The end of the contract that holds, or None."""
    row = session.execute(_ENDED, {"client_id": client_id}).first()
    if row is None:
        return None
    return Ended(row.effected_at, row.by_client, row.opened_at, row.closes_at, bool(row.stands))
