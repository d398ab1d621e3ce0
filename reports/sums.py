"""The SQL of a release: exact sums per legal entity over a period, from metadata alone.

What becomes of them is in sources.py.
"""

from sqlalchemy import text

from konectus.store.models.figures import BINS, HOURS

# All accounts of one legal entity are one Client to protect. The two generic keys stand for anybody: they join nobody.
# Numbers agree between the queries of one snapshot.
_ENTITY = """
entity as (
  select c.id as client_id, c.created_at, c.region, c.industry,
         dense_rank() over (order by
           case when c.tax_id in ('', 'XAXX010101000', 'XEXX010101000') or c.tax_id is null then c.id::text
                else 'tax ' || upper(c.tax_id) end)::int as number
  from ledger.client c
)"""
_IN_PERIOD = "from ledger.usage_daily u join entity e using (client_id) where u.day >= :first and u.day < :after"

# A row per entity and channel; its Plan is the last one that the period saw it with.
VOLUMES = text(f"""
with {_ENTITY}, used as (
  select e.number, u.channel, u.day, u.plan_code, u.messages_in, u.messages_out, u.contacts_active,
         u.conversations_opened, u.conversations_reopened, u.sends_failed
  {_IN_PERIOD}
), latest as (
  select number, (array_agg(plan_code order by day desc, plan_code))[1] as plan_code from used group by number
)
select number, channel, l.plan_code, sum(messages_in)::bigint as received, sum(messages_out)::bigint as sent,
       sum(contacts_active)::bigint as contacts, sum(conversations_opened)::bigint as opened,
       sum(conversations_reopened)::bigint as reopened, sum(sends_failed)::bigint as failed
from used join latest l using (number) group by number, channel, l.plan_code
""")  # noqa: S608 -- expressions of ours
# What an entity is: by its oldest account, and since when.
ENTITIES = text(f"""
with {_ENTITY}
select distinct on (number) number, region, industry,
       (created_at at time zone :zone)::date as since
from entity order by number, created_at, client_id
""")  # noqa: S608 -- expressions of ours
# Messages in by weekday (1 = Monday) and hour.
PROFILES = text(f"""
with {_ENTITY}
select e.number, extract(isodow from u.day)::int as weekday,
       {", ".join(f"sum(u.hours_in[{hour + 1}])::bigint" for hour in range(HOURS))}
{_IN_PERIOD} group by e.number, weekday
""")  # noqa: S608 -- expressions of ours
DURATIONS = text(f"""
with {_ENTITY}
select e.number,
       {", ".join(f"sum(u.first_response_hist[{place + 1}])::bigint" for place in range(BINS))},
       {", ".join(f"sum(u.resolution_hist[{place + 1}])::bigint" for place in range(BINS))}
{_IN_PERIOD} group by e.number
""")
ACTIVE = text(f"""
with {_ENTITY}
select distinct e.number {_IN_PERIOD} and u.messages_in + u.messages_out > 0
""")
# Every Plan there is, used or not: the key space is public and does not depend on the Clients.
PLANS = text("""
select p.code, p.name from ledger.plan p
left join ledger.plan_version v on v.plan_code = p.code
group by p.code, p.name order by min(v.price_cents) nulls last, p.code
""")
FIRST_DAY = text("select min(day) from ledger.usage_daily")
