"""The SQL that counts days into `ledger.client_daily`: what is a Client's and not a channel's. Metadata alone.

Channels' days are counted in counting.py; which messages are a day's is in hearing.py, which days in collect.py. Kept
as those are: a day that is counted again does not lose what is gone since, unless it is counted anew on purpose.
"""

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.deadlines import start_of
from konectus.store.models.figures import LOADS
from reports.hearing import LEGAL


def _event(kind: str, instant: str, source: str) -> str:
    return (
        f"select client_id, ({instant} at time zone :zone)::date as day, '{kind}' as kind from {source}"  # noqa: S608 -- names of ours
        f" where {instant} >= :first and {instant} < :after"
    )


# A contract that ended before its trial did is no trial that ended.
_TRIALS = "(select client_id, trial_ends_at from ledger.subscription where ended_at >= trial_ends_at is not false) s"
_EVENTS = " union all ".join(
    (
        _event("signed_up", "created_at", "(select id as client_id, created_at from ledger.client) c"),
        _event("trial_ended", "trial_ends_at", _TRIALS),
        _event("ended", "ended_at", "ledger.subscription"),
        _event("plan_changed", "applied_at", "ledger.subscription_change"),
        _event("suspended", "opened_at", "ledger.suspension"),
        _event("lifted", "lifted_at", "ledger.suspension"),
    )
)
_COUNT = text(f"""
insert into ledger.client_daily as u (client_id, day, plan_code, connectors, agents_by_load, events)
with day as (
  select d as day, (d + 1)::timestamp at time zone :zone as ends from unnest(cast(:days as date[])) d
), state as (
  -- What a Connector was when the day ended: since then unchanged, else the last change before it.
  select c.client_id, d.day, case when c.since < d.ends then c.state else (
    select k.to_state from tenant.connector_change k
    where (k.client_id, k.connector_id) = (c.client_id, c.id) and k.at < d.ends order by k.at desc, k.id desc limit 1
  ) end as state
  from day d join tenant.connector c on c.created_at < d.ends
), connected as (
  select client_id, day, jsonb_object_agg(state, n) as connectors
  from (select client_id, day, state, count(*) as n from state where state is not null group by client_id, day, state) s
  group by client_id, day
), load as (
  select client_id, day, width_bucket(count(distinct conversation_id) - 1, cast(:loads as bigint[])) as band
  from pg_temp.heard where author_id is not null group by client_id, day, author_id
), loaded as (
  select client_id, day, array(
    select count(*) filter (where band = place)::int from unnest(array_agg(load.band)) b(band),
    generate_series(0, :bands - 1) place group by place order by place) as agents
  from load group by client_id, day
), told as (
  select client_id, day, jsonb_object_agg(kind, n) as events from (
    select client_id, day, kind, count(*) as n from ({_EVENTS}) e where day = any(:days) group by client_id, day, kind
  ) e group by client_id, day
)
select client_id, day, plan.plan_code, coalesce(connectors, '{{}}'),
  coalesce(agents, array_fill(0, array[:bands])), coalesce(events, '{{}}')
from connected full join loaded using (client_id, day) full join told using (client_id, day)
-- The Plan of that day: the newest contract begun by then, else the first one.
join lateral (
  select v.plan_code from ledger.subscription s join ledger.plan_version v on v.id = s.plan_version_id
  where s.client_id = coalesce(connected.client_id, loaded.client_id, told.client_id)
  order by s.started_at >= (coalesce(connected.day, loaded.day, told.day) + 1)::timestamp at time zone :zone,
    abs(extract(epoch from s.started_at - coalesce(connected.day, loaded.day, told.day)::timestamp at time zone :zone))
  limit 1
) plan on true
on conflict (client_id, day) do update set
  plan_code = excluded.plan_code,
  connectors = case when :anew or excluded.connectors <> '{{}}' then excluded.connectors else u.connectors end,
  agents_by_load = case when :anew or (select sum(n) from unnest(excluded.agents_by_load) n)
    >= (select sum(n) from unnest(u.agents_by_load) n) then excluded.agents_by_load else u.agents_by_load end,
  events = case when :anew then excluded.events else u.events || excluded.events end
""")  # noqa: S608 -- expressions of ours, no value of anybody


def count(main: Session, days: list[date], *, anew: bool) -> int:
    """Count these days, whose messages were heard, of all Clients; how many rows were written.

    `anew`: replacing what stood there.
    """
    first, last = min(days), max(days)
    when = {
        "zone": LEGAL["zone"],
        "days": days,
        "anew": anew,
        "first": start_of(first),
        "after": start_of(last + timedelta(days=1)),
    }
    result = main.execute(_COUNT, when | {"loads": list(LOADS), "bands": len(LOADS) + 1})
    return int(result.rowcount)  # type: ignore[attr-defined]  # an INSERT has one; the annotation is of any result
