"""What a Client's people have to know on every page, in one statement: Terms to accept, clocks that run, what is owed.

Only for showing and for the first acceptance: what suspends is decided in services.suspending, from its own facts.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.readings import Readings
from konectus.store.queries.notices import OWED_SINCE


@dataclass(frozen=True, slots=True)
class Standing:
    """`pauses_at`: the first instant at which a pending payment suspends; `exports_until`: when the last window closes.

    `window_stands`: it does not run now, because the export is blocked. `ends_at`: an end of contract that is to come.
    """

    must_accept: bool = False
    # Later Terms are in force than those that were accepted: going on using the product accepts them (Terms 16).
    has_new_terms: bool = False
    pauses_at: datetime | None = None
    owed_cents: int = 0
    exports_until: datetime | None = None
    window_stands: bool = False
    ends_at: datetime | None = None
    trial_ends_at: datetime | None = None


# Which notices start a clock is written down in lifecycle.md 2, #3 and #7: delivered, not bounced before the deadline,
# and queued after the invoice was last reopened.
_STANDING = text(f"""
with terms as (
  select v.id, v.version from ledger.document_version v where v.document = 'terms' and v.published_at is not null
    and v.withdrawn_at is null and v.effective_at <= :now),
owed as (
  select b.id, b.balance_cents, {OWED_SINCE} as since from ledger.invoice_balance b
  where b.client_id = :client_id and b.status = 'open' and b.balance_cents > 0),
days as (
  select coalesce((select r.value::text::int from ledger.reading r where r.name = 'payment_notice_days'),
                  :notice_days) as n),
clocks as (
  select o.id, min(app.mx_deadline(n.delivered_at, d.n)) as deadline
  from owed o cross join days d
  join ledger.notice_invoice l on l.client_id = :client_id and l.invoice_id = o.id
  join ledger.notice n on n.client_id = :client_id and n.id = l.notice_id
  where n.delivered_at is not null
    and (n.bounced_at is null or n.bounced_at >= app.mx_deadline(n.delivered_at, d.n))
    and n.queued_at >= o.since
  group by o.id)
select
  exists (select 1 from terms) and not exists (
    select 1 from ledger.document_acceptance a join ledger.document_version v on v.id = a.document_version_id
    where a.client_id = :client_id and v.document = 'terms'
      and a.outcome in ('accepted_click', 'accepted_by_use')) as must_accept,
  exists (select 1 from (select t.id from terms t order by t.version desc limit 1) newest where not exists (
    select 1 from ledger.document_acceptance a where a.client_id = :client_id
      and a.document_version_id = newest.id and a.outcome is not null)) as has_new_terms,
  (select min(greatest(c.deadline, (select max(f.until) from ledger.deferral f where f.client_id = :client_id
      and f.revoked_at is null and (f.invoice_id is null or f.invoice_id = c.id)))) from clocks c) as pauses_at,
  (select coalesce(sum(o.balance_cents), 0)::bigint from owed o) as owed_cents,
  w.exports_until, coalesce(w.window_stands, false) as window_stands,
  (select min(t.effective_at) from ledger.termination t where t.client_id = :client_id and t.withdrawn_at is null
    and t.effected_at is null and t.reactivated_at is null) as ends_at,
  (select s.trial_ends_at from ledger.subscription s
    where s.client_id = :client_id and s.status = 'trialing') as trial_ends_at
from (select max(x.closes_at) as exports_until, bool_or(x.paused_at is not null) as window_stands
      from ledger.export_window x where x.client_id = :client_id and x.closed_at is null) w
""")  # noqa: S608 -- made of constants
_NOTICE_DAYS = Readings().payment_notice_days


def of_client(session: Session, client_id: UUID, now: datetime) -> Standing:
    """One statement; every page of a Client's people asks it."""
    row = session.execute(_STANDING, {"client_id": client_id, "now": now, "notice_days": _NOTICE_DAYS}).one()
    return Standing(
        must_accept=row.must_accept,
        has_new_terms=row.has_new_terms and not row.must_accept,
        pauses_at=row.pauses_at,
        owed_cents=row.owed_cents,
        exports_until=row.exports_until,
        window_stands=row.window_stands,
        ends_at=row.ends_at,
        trial_ends_at=row.trial_ends_at,
    )
