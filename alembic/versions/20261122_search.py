"""Search: months of the index, the functions that read it as a role of their own, and what was here before it."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_search"
down_revision: str | None = "20261122_every_event"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Nobody has DDL at run time; months are made through this. What fits no month falls into the default one, and a month
# whose rows lie there already stays there. Catch-up asks for old months, so that they are not one piece.
PARTITIONS = """
create table tenant.message_search_p_default partition of tenant.message_search default;
create function tenant.keep_search_partitions(p_first date, p_last date) returns void
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' as $$
declare
  month date := greatest(date_trunc('month', p_first)::date, date '2015-01-01');
  leaf text;
begin
  while month <= p_last loop
    leaf := 'message_search_p' || to_char(month, 'YYYYMMDD');
    if to_regclass(format('tenant.%I', leaf)) is null then
      begin
        execute format('create table tenant.%I partition of tenant.message_search for values from (%L) to (%L)',
          leaf, month::timestamp at time zone 'UTC', (month + interval '1 month')::timestamp at time zone 'UTC');
      exception when check_violation then
        null;
      end;
    end if;
    month := (month + interval '1 month')::date;
  end loop;
end $$;
revoke all on function tenant.keep_search_partitions(date, date) from public;
grant execute on function tenant.keep_search_partitions(date, date) to konectus_worker;
select tenant.keep_search_partitions(today - 31, (today + interval '3 months')::date)
from (select (clock_timestamp() at time zone 'UTC')::date as today) clock;
"""

# Under row-level security `@>` cannot use the index, for it is not leakproof. These run as a role that sees every row
# and ask for the Client themselves. A plan made without the words would take one path for rare and frequent ones
# alike; a plan over all months would sort all of them: month by month, newest first, until the page is full.
FUNCTIONS = """
create function app.search_messages(p_words bigint[], p_before timestamptz, p_before_id uuid, p_limit int)
returns table (message_id uuid, conversation_id uuid, at timestamptz)
language plpgsql stable security definer rows 50
set search_path = pg_catalog set plan_cache_mode = force_custom_plan set jit = off as $$
#variable_conflict use_column
declare
  v_client constant uuid := nullif(current_setting('konectus.client_id', true), '')::uuid;
  v_before constant timestamptz := coalesce(p_before, 'infinity');
  v_before_id constant uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_left int := least(p_limit, 200);
  -- Not what is left: for one or two rows more the planner would walk the month by time, for it takes a word it does
  -- not know to be more frequent than it is (9 ms and more where the index of words takes 0.04).
  v_page constant int := greatest(v_left, 50);
  v_months timestamptz[];
  v_from timestamptz;
  v_to timestamptz := 'infinity';
begin
  if v_client is null or coalesce(cardinality(p_words), 0) = 0 or v_left <= 0 then
    return;
  end if;
  -- The months ahead are empty and go with the newest; the last step is what is older than every month.
  select array_agg(m.month order by m.month desc) into v_months
  from (select to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC' as month
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'tenant.message_search'::regclass and c.relname ~ '_p[0-9]{8}$'
        order by 1 desc offset 3) m;
  foreach v_from in array v_months || '-infinity'::timestamptz loop
    if v_from <= v_before then
      for message_id, conversation_id, at in
        select s.message_id, s.conversation_id, s.at from tenant.message_search s
        where s.client_id = v_client and s.words @> p_words
          and s.at >= v_from and s.at < v_to and s.at <= v_before
          and (s.at, s.message_id) < (v_before, v_before_id)
        order by s.at desc, s.message_id desc limit v_page
      loop
        return next;
        v_left := v_left - 1;
        if v_left = 0 then
          return;
        end if;
      end loop;
    end if;
    v_to := v_from;
  end loop;
end $$;
create function app.search_contacts(p_prefixes bigint[], p_limit int) returns setof uuid
language plpgsql stable security definer rows 50
set search_path = pg_catalog set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_client constant uuid := nullif(current_setting('konectus.client_id', true), '')::uuid;
begin
  if v_client is null or coalesce(cardinality(p_prefixes), 0) = 0 then
    return;
  end if;
  return query
    select s.contact_id from tenant.contact_search s
    where s.client_id = v_client and s.prefixes @> p_prefixes
    order by s.contact_id desc limit least(p_limit, 200);
end $$;
"""
SIGNATURES = ("search_messages(bigint[], timestamptz, uuid, int)", "search_contacts(bigint[], int)")
TABLES = ("message_search", "contact_search")

# The indexer walks a Client's messages from there, when it has nothing newer to do: at once, and a day later again, for
# what processes of the release before, which queue nothing, store while they are replaced.
CATCH_UP = """
alter table ledger.client no force row level security;
alter table tenant.search_pending no force row level security;
insert into tenant.search_pending (client_id, id, message_ids, older_than, queued_at)
select id, gen_random_uuid(), '{}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', clock_timestamp() + later
from ledger.client, unnest(array[interval '0', interval '1 day']) as later;
alter table ledger.client force row level security;
alter table tenant.search_pending force row level security;
"""


def upgrade() -> None:
    op.execute(PARTITIONS)
    op.execute("grant usage, create on schema app to konectus_search")
    op.execute("grant usage on schema tenant to konectus_search")
    for table in TABLES:
        op.execute(f"create policy konectus_search on tenant.{table} for select to konectus_search using (true)")
        op.execute(f"grant select on tenant.{table} to konectus_search")
    op.execute(FUNCTIONS)
    for signature in SIGNATURES:
        op.execute(f"revoke all on function app.{signature} from public")
        op.execute(f"grant execute on function app.{signature} to konectus_app")
        op.execute(f"alter function app.{signature} owner to konectus_search")
    op.execute("revoke create on schema app from konectus_search")
    op.execute(CATCH_UP)


def downgrade() -> None:
    op.execute("delete from tenant.search_pending where older_than is not null")
    for signature in SIGNATURES:
        op.execute(f"drop function app.{signature}")
    for table in TABLES:
        op.execute(f"drop policy konectus_search on tenant.{table}")
    op.execute(f"revoke all on {', '.join(f'tenant.{table}' for table in TABLES)} from konectus_search")
    op.execute("revoke all on schema app, tenant from konectus_search")
    op.execute("drop function tenant.keep_search_partitions")
    op.execute(
        "do $$ declare leaf regclass; begin"
        " for leaf in select inhrelid::regclass from pg_inherits where inhparent = 'tenant.message_search'::regclass"
        " loop execute format('drop table %s', leaf); end loop; end $$"
    )
