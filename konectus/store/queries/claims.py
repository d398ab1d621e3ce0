"""What a claim is held against (Terms 14.2): fees paid in the twelve months before it, line by line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A payment that came, or a refund that was given back (below zero)."""

    kind: Literal["payment", "refund"]
    id: UUID
    reference: str
    at: datetime
    amount_cents: int


@dataclass(frozen=True, slots=True)
class FeesPaid:
    """Fees paid, not fees invoiced, after `since` and until `at`; the cap is never below zero."""

    since: datetime
    at: datetime
    lines: tuple[FeeLine, ...]

    @property
    def cap_cents(self) -> int:
        return max(sum(line.amount_cents for line in self.lines), 0)


_LINES = text("""
select 'payment' as kind, id, provider_ref as reference, paid_at as at, amount_cents from ledger.payment
where client_id = :client_id and status = 'succeeded' and paid_at > :since and paid_at <= :at
union all
select 'refund', id, coalesce(provider_ref, ''), decided_at, -amount_cents from ledger.refund
where client_id = :client_id and status in ('sent', 'settled') and decided_at > :since and decided_at <= :at
order by at, id
""")


def fees_paid(session: Session, client_id: UUID, at: datetime) -> FeesPaid:
    """The cap of Terms 14.2 at an instant, with what makes it up."""
    try:
        since = at.replace(year=at.year - 1)
    except ValueError:  # 29 February
        since = at.replace(year=at.year - 1, day=28)
    rows = session.execute(_LINES, {"client_id": client_id, "since": since, "at": at})
    lines = tuple(FeeLine(r.kind, r.id, r.reference, r.at, int(r.amount_cents)) for r in rows)
    return FeesPaid(since, at, lines)
