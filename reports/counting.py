"""The SQL that counts days into `ledger.usage_daily`, from metadata alone. Which days and when is in collect.py.

What it reads is bounded by the days asked for: messages were heard before (hearing.py), episodes are found by each of
their instants.
"""

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.deadlines import start_of
from konectus.store.models.figures import BINS, HOURS
from reports.hearing import LEGAL

FIRST_BIN = 15  # seconds; each further bin ends at twice the one before, the last one has no end


def _spell(instant: str) -> str:
    """The times conversations were open, by one of their instants; anew also those of before they were kept."""
    within = "{0} >= :first and {0} < :after".format
    return f"""
  select client_id, channel, opened_at, first_reply_at, closed_at, is_reopening from tenant.episode
  where {within(instant)}
  union all
  select v.client_id, v.channel, v.opened_at, v.first_reply_at, v.closed_at, false from tenant.conversation v
  where :anew and {within(f"v.{instant}")} and not exists (
    select from tenant.episode e where (e.client_id, e.conversation_id) = (v.client_id, v.id))"""  # noqa: S608 -- columns of ours


def _bins(array: str) -> str:
    return (
        f"array(select (select count(*) from unnest({array}) a where a = n)::int"  # noqa: S608 -- an expression of ours
        " from generate_series(0, :bins - 1) n order by n)"
    )


def _bin(until: str) -> str:
    seconds = f"extract(epoch from {until} - opened_at)"
    return f"least(:bins - 1, greatest(0, ceil(log(2, greatest({seconds}, 1) / :first_bin))))"


def _higher(name: str) -> str:
    return f"{name} = greatest(excluded.{name}, case when not :anew then u.{name} end)"


def _higher_each(name: str) -> str:
    return f"""{name} = array(
    select greatest(h.found, case when not :anew then h.was end)
    from unnest(excluded.{name}, u.{name}) with ordinality as h(found, was, place) order by h.place)"""  # noqa: S608 -- columns of ours


COUNTS = (
    "messages_in",
    "messages_out",
    "contacts_active",
    "contacts_new",
    "conversations_opened",
    "conversations_reopened",
    "conversations_closed",
    "sends_failed",
)
# What has happened has happened: an erasure takes messages away, but a day does not shrink, unless it is counted anew
# on purpose (`anew`).
STATEMENT = text(f"""
insert into ledger.usage_daily as u (
  client_id, day, channel, plan_code, {", ".join(COUNTS)}, first_response_hist, resolution_hist, hours_in, failures)
with said as (
  select client_id, day, channel,
    coalesce(sum(n) filter (where kind = 'in'), 0)::bigint as messages_in,
    coalesce(sum(n) filter (where kind = 'out'), 0)::bigint as messages_out,
    coalesce(sum(n) filter (where kind = 'failed'), 0)::bigint as sends_failed,
    count(distinct conversation_id) filter (where kind = 'in') as contacts_active
  from pg_temp.heard group by client_id, day, channel
), by_hour as (
  select client_id, day, channel, hour, sum(n) as n from pg_temp.heard where hour is not null
  group by client_id, day, channel, hour
), hour as (
  select client_id, day, channel, array(
    select coalesce((select b.n from unnest(array_agg(h.hour), array_agg(h.n)) b(hour, n) where b.hour = place), 0)::int
    from generate_series(0, :hours - 1) place order by place) as hours_in
  from by_hour h group by client_id, day, channel
), failed as (
  select client_id, day, channel, jsonb_object_agg(failure, n) as failures
  from (select client_id, day, channel, failure, sum(n) as n from pg_temp.heard where failure is not null
        group by client_id, day, channel, failure) f
  group by client_id, day, channel
), turn as (
  select client_id, channel, (opened_at at time zone :zone)::date as day,
         case when is_reopening then 'reopened' else 'new' end as kind, null::numeric as bin
  from ({_spell("opened_at")}) o
  union all
  select client_id, channel, (first_reply_at at time zone :zone)::date, 'answered', {_bin("first_reply_at")}
  from ({_spell("first_reply_at")}) o
  union all
  select client_id, channel, (closed_at at time zone :zone)::date, 'closed', {_bin("closed_at")}
  from ({_spell("closed_at")}) o
), turned as (
  select client_id, day, channel,
    count(*) filter (where kind in ('new', 'reopened')) as opened, count(*) filter (where kind = 'new') as new,
    count(*) filter (where kind = 'reopened') as reopened, count(*) filter (where kind = 'closed') as closed,
    array_agg(bin) filter (where kind = 'answered') as answers, array_agg(bin) filter (where kind = 'closed') as ends
  from turn where day = any(:days) group by client_id, day, channel
)
select client_id, day, channel, plan.plan_code,
  coalesce(messages_in, 0), coalesce(messages_out, 0), coalesce(contacts_active, 0), coalesce(t.new, 0),
  coalesce(opened, 0), coalesce(reopened, 0), coalesce(closed, 0), coalesce(sends_failed, 0),
  {_bins("t.answers")}, {_bins("t.ends")}, coalesce(hours_in, array_fill(0, array[:hours])), coalesce(failures, '{{}}')
from said full join turned t using (client_id, day, channel)
left join hour using (client_id, day, channel) left join failed using (client_id, day, channel)
-- The Plan of that day: the newest contract begun by then, else the first one.
join lateral (
  select v.plan_code from ledger.subscription s join ledger.plan_version v on v.id = s.plan_version_id
  where s.client_id = coalesce(said.client_id, t.client_id)
  order by s.started_at >= (coalesce(said.day, t.day) + 1)::timestamp at time zone :zone,
           abs(extract(epoch from s.started_at - coalesce(said.day, t.day)::timestamp at time zone :zone))
  limit 1
) plan on true
on conflict (client_id, day, channel) do update set
  plan_code = excluded.plan_code,
  {", ".join(map(_higher, COUNTS))},
  {", ".join(map(_higher_each, ("first_response_hist", "resolution_hist", "hours_in")))},
  failures = case when :anew then excluded.failures else (
    select coalesce(jsonb_object_agg(key, n), '{{}}') from (
      select key, max(value::bigint) as n
      from (select * from jsonb_each_text(excluded.failures) union all select * from jsonb_each_text(u.failures)) b
      group by key) both_of) end
""")  # noqa: S608 -- expressions of ours, no value of anybody


def asked(days: list[date], *, anew: bool) -> dict[str, object]:
    """The values of STATEMENT for these days, of which there is at least one."""
    first, last = min(days), max(days)
    return {
        "zone": LEGAL["zone"],
        "days": days,
        "anew": anew,
        "first": start_of(first),
        "after": start_of(last + timedelta(days=1)),
        "bins": BINS,
        "hours": HOURS,
        "first_bin": FIRST_BIN,
    }


def count(main: Session, days: list[date], *, anew: bool) -> int:
    """Count these days, whose messages were heard, of all Clients; how many rows were written.

    `anew`: replacing what stood there.
    """
    result = main.execute(STATEMENT, asked(days, anew=anew))
    return int(result.rowcount)  # type: ignore[attr-defined]  # an INSERT has one; the annotation is of any result
