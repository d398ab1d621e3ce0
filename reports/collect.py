"""Daily rollups per Client from metadata alone, by a role without keys. `python -m reports.collect [--day D]`.

A day can be collected again at any time; a run without a day continues from the watermark.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.deadlines import LEGAL_ZONE, local_day, start_of
from konectus.services.installation import Installation
from konectus.store.models.figures import BINS
from konectus.store.roles import Role
from reports import console
from reports.periods import CLOSES_AFTER

WATERMARK = "usage_daily"
FIRST_BIN = 15  # seconds; each further bin ends at twice the one before, the last one has no end
# Transactions that were open when a run looked are seen by the next one.
OVERLAP = timedelta(hours=1)

# An event counts on the day it happened; once that day's month is closed, on the day it arrived (privacy.md 2.1).
# A channel's clock may run ahead of ours: nothing happens after it arrived.
_TOUCHED = text("""
select distinct case
  when m.received_at < (date_trunc('month', least(m.occurred_at, m.received_at) at time zone :zone)
                        + interval '1 month' + :grace) at time zone :zone
  then (least(m.occurred_at, m.received_at) at time zone :zone)::date
  else (m.received_at at time zone :zone)::date end
from tenant.message m where m.received_at >= :since
""")
# What has happened has happened: a reopening overwrites opened_at and an erasure takes messages away, but a day does
# not shrink, unless it is counted anew on purpose (`anew`).
_COUNT = text("""
insert into ledger.usage_daily as u (
  client_id, day, channel, plan_code, messages_in, messages_out, contacts_active,
  conversations_opened, conversations_closed, sends_failed, first_response_hist)
with message as (
  select m.client_id, m.conversation_id, m.direction, m.status, case
    when m.received_at < (date_trunc('month', least(m.occurred_at, m.received_at) at time zone :zone)
                          + interval '1 month' + :grace) at time zone :zone
    then (least(m.occurred_at, m.received_at) at time zone :zone)::date
    else (m.received_at at time zone :zone)::date end as day
  from tenant.message m where m.received_at >= :since
), event as (
  select m.client_id, m.day, c.channel, c.contact_id, null::numeric as seconds,
         case when m.direction = 'in' then 'in' when m.status = 'failed' then 'failed'
              when m.status in ('sent', 'delivered', 'read') then 'out' end as kind
  from message m join tenant.conversation c on (c.client_id, c.id) = (m.client_id, m.conversation_id)
  union all
  select client_id, (opened_at at time zone :zone)::date, channel, contact_id, null, 'opened' from tenant.conversation
  union all
  select client_id, (closed_at at time zone :zone)::date, channel, contact_id, null, 'closed' from tenant.conversation
  union all
  select client_id, (first_reply_at at time zone :zone)::date, channel, contact_id,
         extract(epoch from first_reply_at - opened_at), 'answered' from tenant.conversation
), counted as (
  select e.client_id, e.day, e.channel,
    count(*) filter (where e.kind = 'in') as messages_in, count(*) filter (where e.kind = 'out') as messages_out,
    count(distinct e.contact_id) filter (where e.kind = 'in') as contacts,
    count(*) filter (where e.kind = 'opened') as opened, count(*) filter (where e.kind = 'closed') as closed,
    count(*) filter (where e.kind = 'failed') as failed,
    array_agg(least(:bins - 1, greatest(0, ceil(log(2, greatest(e.seconds, 1) / :first_bin)))))
      filter (where e.kind = 'answered') as answers
  from event e where e.day = any(:days) and e.kind is not null
  group by e.client_id, e.day, e.channel
)
select e.client_id, e.day, e.channel, plan.plan_code, e.messages_in, e.messages_out, e.contacts, e.opened, e.closed,
  e.failed,
  array(
    select (select count(*) from unnest(e.answers) a where a = n)::int from generate_series(0, :bins - 1) n order by n)
from counted e
-- The Plan of that day: the newest contract begun by then, else the first one.
join lateral (
  select v.plan_code from ledger.subscription s join ledger.plan_version v on v.id = s.plan_version_id
  where s.client_id = e.client_id
  order by s.started_at >= (e.day + 1)::timestamp at time zone :zone,
           abs(extract(epoch from s.started_at - e.day::timestamp at time zone :zone))
  limit 1
) plan on true
on conflict (client_id, day, channel) do update set
  plan_code = excluded.plan_code,
  messages_in = greatest(excluded.messages_in, case when not :anew then u.messages_in end),
  messages_out = greatest(excluded.messages_out, case when not :anew then u.messages_out end),
  contacts_active = greatest(excluded.contacts_active, case when not :anew then u.contacts_active end),
  conversations_opened = greatest(excluded.conversations_opened, case when not :anew then u.conversations_opened end),
  conversations_closed = greatest(excluded.conversations_closed, case when not :anew then u.conversations_closed end),
  sends_failed = greatest(excluded.sends_failed, case when not :anew then u.sends_failed end),
  first_response_hist = array(
    select greatest(h.found, case when not :anew then h.was end)
    from unnest(excluded.first_response_hist, u.first_response_hist) with ordinality as h(found, was, place)
    order by h.place)
""")
_UNTIL = text("select until from platform.collect_watermark where name = :name for update")
_MOVE = text(
    "insert into platform.collect_watermark (name, until) values (:name, :until)"
    " on conflict (name) do update set until = greatest(collect_watermark.until, excluded.until)"
)
_LEGAL = {"zone": LEGAL_ZONE.key, "grace": CLOSES_AFTER}


def run(installation: Installation) -> int:
    """One run of the job: catch up, in one transaction; how many rows were written."""
    with installation.database.session(Role.RELEASER) as main:
        return catch_up(main, installation.clock.now())


def rebuild(main: Session, first: date, last: date) -> int:
    """Count these days anew, both included, replacing what stood there; how many rows were written."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return _write(main, days, anew=True)


def catch_up(main: Session, now: datetime) -> int:
    """Collect every day that changed since the last run and move the watermark; how many rows were written."""
    main.execute(text("select pg_advisory_xact_lock(hashtext('reports.collect'))"))
    until: datetime | None = main.execute(_UNTIL, {"name": WATERMARK}).scalar()
    since = until - OVERLAP if until else datetime.min.replace(year=1970, tzinfo=LEGAL_ZONE)
    days = set(main.execute(_TOUCHED, _LEGAL | {"since": since}).scalars())
    if until is not None:
        yesterday = local_day(until) - timedelta(days=1)
        days |= {yesterday + timedelta(days=n) for n in range((local_day(now) - yesterday).days + 1)}
    written = _write(main, sorted(days), anew=False)
    main.execute(_MOVE, {"name": WATERMARK, "until": now})
    return written


def _write(main: Session, days: list[date], *, anew: bool) -> int:
    if not days:
        return 0
    bins = {"bins": BINS, "first_bin": FIRST_BIN}
    when = {"days": days, "since": start_of(min(days)), "anew": anew}
    result = main.execute(_COUNT, _LEGAL | bins | when)
    return int(result.rowcount)  # type: ignore[attr-defined]  # an INSERT has one; the annotation is of any result


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m reports.collect", description="Daily rollups from metadata.")
    parser.add_argument("--day", type=date.fromisoformat, help="count this day anew, e.g. 2026-10-31")
    parser.add_argument("--until", type=date.fromisoformat, help="with --day: up to this day, included")
    given = parser.parse_args(arguments)
    if given.until and (given.day is None or given.until < given.day):
        parser.error("--until needs a --day that is not later")

    def collect(installation: Installation) -> Iterator[str]:
        if given.day is None:
            yield f"{run(installation)} rows collected"
            return
        with installation.database.session(Role.RELEASER) as session:
            rows = rebuild(session, given.day, given.until or given.day)
        yield f"{rows} rows counted anew"

    return console.run(collect)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
