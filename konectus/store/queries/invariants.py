"""SQL of the invariants (lifecycle.md 4): each finds rows that contradict each other across tables. What a constraint
or a trigger holds is not asked here again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store.planes import Deletion, Plane
from konectus.store.registry import ENTRIES

# Of one invariant so many rows are counted and so many are named.
MOST, NAMED = 100, 5
_PROCESS = "invariants"


def _erased() -> str:
    """Verification looked at everything; this finds what came back, by a restore or a straggler."""
    purged = [e for e in ENTRIES if e.deletion is Deletion.PURGED and e.plane is not Plane.LEDGER]
    pieces = (
        f"select '{e.name} ' || d.id from gone d where exists ("  # noqa: S608 - names of our own tables
        f"select from {e.name} t where t.{e.client_column} = d.client_id)"
        for e in purged
    )
    gone = "with gone as (select id, client_id from ledger.deletion where rows_purged_at is not null) "
    return gone + " union all ".join(pieces)


# Code -> a query of the ids that contradict. What they may use: :now. Two days and thirty are those of Terms 15.1(a)
# and 16, as the guards of the database count them whatever the readings say later.
QUERIES: Mapping[str, str] = {
    "connector_without_access": """
        select c.id from tenant.connector c join ledger.client_access x on x.client_id = c.client_id
        where c.state in ('connected', 'degraded') and (x.block_ingest or x.block_send)""",
    "account_without_access": """
        select a.connector_id from platform.account a join ledger.client_access x on x.client_id = a.client_id
        where a.state in ('connected', 'degraded') and x.block_ingest""",
    "maps_disagree": """
        select c.id from platform.account a
        join tenant.connector c on c.client_id = a.client_id and c.id = a.connector_id
        where a.state <> c.state or a.channel <> c.channel""",
    "session_without_login": """
        select s.id from ledger.agent_session s join ledger.suspension u on u.client_id = s.client_id
        join ledger.cause_policy p on p.cause = u.cause
        where s.ended_at is null and s.expires_at > :now and u.lifted_at is null and p.block_login
          and s.created_at < u.opened_at""",
    "suspension_without_notice": """
        select s.id from ledger.suspension s where s.cause = 'nonpayment' and not exists (
          select from ledger.notice n join ledger.notice_invoice i
            on i.client_id = n.client_id and i.notice_id = n.id
          where n.client_id = s.client_id and n.id = s.notice_id and i.invoice_id = s.invoice_id
            and app.mx_deadline(n.delivered_at, 2) <= s.opened_at
            and (n.bounced_at is null or n.bounced_at >= app.mx_deadline(n.delivered_at, 2)))""",
    "suspension_without_debt": """
        select s.id from ledger.suspension s
        join ledger.invoice i on i.client_id = s.client_id and i.id = s.invoice_id
        where s.cause = 'nonpayment'
          and (i.due_at > s.opened_at or i.voided_at < s.opened_at or i.total_cents <= (
            select coalesce(sum(a.amount_cents), 0) from ledger.allocation a
            where a.client_id = i.client_id and a.invoice_id = i.id and a.at < s.opened_at))""",
    "suspension_despite_deferral": """
        select s.id from ledger.suspension s join ledger.deferral d on d.client_id = s.client_id
          and (d.invoice_id is null or d.invoice_id = s.invoice_id)
        where s.cause = 'nonpayment' and d.granted_at < s.opened_at and d.until > s.opened_at
          and (d.revoked_at is null or d.revoked_at > s.opened_at)""",
    "manual_cause_lifted_by_nobody": """
        select s.id from ledger.suspension s join ledger.cause_policy p on p.cause = s.cause
        where p.lift_rule like 'manual%' and s.lifted_by is not null and s.lifted_by not like 'staff:%'""",
    "message_during_suspension": """
        select m.id from ledger.suspension s join ledger.cause_policy p on p.cause = s.cause
        join tenant.message m on m.client_id = s.client_id
        where s.lifted_at is null and p.block_ingest and m.received_at > s.opened_at + interval '5 seconds'
          and (m.direction = 'in' or m.status in ('sent', 'delivered', 'read'))""",
    "connector_outlived_suspension": """
        select c.id from tenant.connector c join ledger.suspension s on s.client_id = c.client_id
        join ledger.cause_policy p on p.cause = s.cause
        where c.state in ('connected', 'degraded') and p.block_ingest and c.created_at < s.opened_at and not exists (
          select from tenant.connector_change h where h.client_id = c.client_id and h.connector_id = c.id
            and h.at >= s.opened_at and h.to_state not in ('connected', 'degraded'))
          and exists (select from tenant.connector_change h where h.client_id = c.client_id
            and h.connector_id = c.id and h.at < s.opened_at and h.to_state in ('connected', 'degraded'))""",
    "deletion_unlawful": """
        select d.id from ledger.deletion d where d.started_at is not null and (
          d.approved_by is null or d.second_by is null or d.approved_by = d.second_by
          or not exists (select from ledger.export_window w where w.client_id = d.client_id and w.id = d.window_id
            and w.close_reason = 'elapsed' and w.closed_at <= d.started_at)
          or exists (select from ledger.export_window w where w.client_id = d.client_id
            and w.opened_at <= d.started_at and (w.closed_at is null or w.closed_at > d.started_at))
          or exists (select from ledger.hold h where h.client_id = d.client_id
            and h.placed_at < d.started_at and (h.released_at is null or h.released_at > d.started_at)))""",
    "erased_but_here": _erased(),
    "invoice_overpaid": """
        select b.id from ledger.invoice_balance b where b.paid_cents not between 0 and b.total_cents""",
    "invoice_sum_differs": """
        select i.id from ledger.invoice i where i.status <> 'draft' and i.total_cents <> (
          select coalesce(sum(l.amount_cents), 0) from ledger.invoice_line l
          where l.client_id = i.client_id and l.invoice_id = i.id)""",
    "invoice_state_differs": """
        select b.id from ledger.invoice_balance b
        where b.status = 'paid' and b.paid_cents <> b.total_cents
           or b.status = 'open' and b.total_cents > 0 and b.paid_cents >= b.total_cents""",
    "payment_overspent": """
        select p.id from ledger.payment p cross join lateral (
          select coalesce(sum(a.amount_cents), 0) as spent from ledger.allocation a
          where a.client_id = p.client_id and a.payment_id = p.id) s
        where s.spent < 0 or s.spent > case when p.status = 'succeeded' then p.amount_cents else 0 end
        union all select p.id from (
          select client_id, payment_id, sum(amount_cents) as given from ledger.refund
          where payment_id is not null and status in ('approved', 'sent', 'settled') group by 1, 2) g
        join ledger.payment p on p.client_id = g.client_id and p.id = g.payment_id
        where p.status = 'succeeded' and p.amount_cents < g.given + (
          select coalesce(sum(a.amount_cents), 0) from ledger.allocation a
          where a.client_id = p.client_id and a.payment_id = p.id)""",
    "credit_overspent": """
        select c.id from ledger.credit_note c join (
          select client_id, credit_note_id, sum(amount_cents) as spent from ledger.allocation
          where credit_note_id is not null group by 1, 2) s on s.client_id = c.client_id and s.credit_note_id = c.id
        where s.spent not between 0 and c.amount_cents""",
    "refund_too_high": """
        select i.id from ledger.invoice i join (
          select client_id, invoice_id, sum(amount_cents) as given from ledger.refund
          where status <> 'failed' group by 1, 2) r on r.client_id = i.client_id and r.invoice_id = i.id
        where r.given > (select coalesce(sum(a.amount_cents), 0) from ledger.allocation a
          where a.client_id = i.client_id and a.invoice_id = i.id and a.payment_id is not null)""",
    "seats_exceeded": """
        select s.client_id from ledger.subscription s join (
          select client_id, count(*) as taken from ledger.authorized_user where active group by 1) u
          on u.client_id = s.client_id
        where s.status <> 'ended' and u.taken > s.seats""",
    "bound_too_early": """
        select d.document_version_id || ' ' || d.client_id from ledger.document_acceptance d
        join ledger.document_version v on v.id = d.document_version_id
        where v.is_material and d.outcome is distinct from 'accepted_click'
          and d.binds_from < app.mx_deadline(d.shown_at, 30)""",
    "window_missing": """
        select s.id from ledger.suspension s join ledger.cause_policy p on p.cause = s.cause
        where p.starts_window and s.lifted_at is null and not exists (
          select from ledger.export_window w where w.client_id = s.client_id and w.source_id = s.id)""",
    "subscription_outlived_termination": """
        select s.id from ledger.subscription s join ledger.termination t on t.client_id = s.client_id
        where s.status <> 'ended' and t.effected_at is not null and t.reactivated_at is null""",
    "window_cut_short": """
        select w.id from ledger.export_window w where w.close_reason = 'elapsed'
          and (w.closed_at < w.closes_at or w.closes_at < app.mx_deadline(w.opened_at, 30))""",
    "termination_too_early": """
        select t.id from ledger.termination t
        where t.ground = 'konectus_notice' and t.effected_at is not null and not exists (
          select from ledger.notice n where n.client_id = t.client_id and n.id = t.notice_id
            and app.mx_deadline(n.delivered_at, 30) <= t.effected_at
            and (n.bounced_at is null or n.bounced_at >= app.mx_deadline(n.delivered_at, 30)))""",
    "change_without_audit": """
        select found.id from (
          select id, client_id, 'suspension' as kind, 'suspension.opened' as action from ledger.suspension
          union all select id, client_id, 'suspension', 'suspension.lifted' from ledger.suspension
            where lifted_at is not null
          union all select id, client_id, 'termination', 'termination.announced' from ledger.termination
          union all select id, client_id, 'termination', 'termination.effective' from ledger.termination
            where effected_at is not null
          union all select id, client_id, 'hold', 'hold.placed' from ledger.hold
          union all select id, client_id, 'hold', 'hold.released' from ledger.hold where released_at is not null
          union all select id, client_id, 'deletion', 'deletion.requested' from ledger.deletion
          union all select id, client_id, 'deletion', 'deletion.started' from ledger.deletion
            where started_at is not null) found
        where not exists (select from ledger.audit_entry e where e.client_id = found.client_id
          and e.subject_kind = found.kind and e.subject_id = found.id::text and e.action = found.action)
        union all select p.id from ledger.payment p where p.recorded_at > :now - interval '35 days'
          and p.id::text not in (select e.subject_id from ledger.audit_entry e
            where e.subject_kind = 'payment' and e.at > :now - interval '36 days')""",
    "letter_with_body": """
        select l.id from platform.dead_letter l where l.decided_at is not null and octet_length(l.body_sealed) > 0""",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """How many rows contradict an invariant (MOST at most), and some of their ids."""

    count: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Last:
    """The latest look at all of them."""

    at: datetime
    broken: Mapping[str, Broken]


def broken(session: Session, code: str, now: datetime) -> Broken:
    """What contradicts one of them now."""
    statement = text(f"select found::text from ({QUERIES[code]} limit {MOST}) as rows(found)")  # noqa: S608 - our own
    found = [str(one) for one in session.execute(statement, {"now": now}).scalars()]
    return Broken(len(found), tuple(found[:NAMED]))


def keep(session: Session, worker: str, last: Last) -> None:
    """Keep what a look found, in the place of the one before."""
    told = {code: [one.count, list(one.samples)] for code, one in last.broken.items()}
    statement = text(
        "insert into platform.heartbeat (process, worker, at, counters) values (:process, :worker, :at, :told)"
        " on conflict (process, worker) do update set at = excluded.at, counters = excluded.counters"
    )
    session.execute(statement, {"process": _PROCESS, "worker": worker, "at": last.at, "told": Jsonb(told)})


def last(session: Session) -> Last | None:
    """The latest look that was kept, None before the first and a day after the last."""
    statement = text("select at, counters from platform.heartbeat where process = :process order by at desc limit 1")
    row = session.execute(statement, {"process": _PROCESS}).one_or_none()
    return None if row is None else Last(row.at, _read(row.counters))


def _read(told: Mapping[str, Any]) -> dict[str, Broken]:
    found: dict[str, Sequence[Any]] = dict(told)
    return {code: Broken(int(one[0]), tuple(map(str, one[1]))) for code, one in found.items()}
