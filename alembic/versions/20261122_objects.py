"""Functions, triggers and views of the main database: guards of history, sign-in, partitions, access, ops."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_objects"
down_revision: str | None = "20261122_tables"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

GUARDS = """
create function app.append_only() returns trigger language plpgsql as $$
begin raise exception 'append-only: %', tg_table_name using errcode = 'check_violation'; end $$;
create trigger append_only before update or delete on ledger.audit_entry
  for each row execute function app.append_only();

create function app.published_plan_guard() returns trigger language plpgsql as $$
begin
  if old.published_at is not null then
    raise exception 'a published plan version is immutable (Terms 2)' using errcode = 'check_violation';
  end if;
  return coalesce(new, old);
end $$;
create trigger immutable before update or delete on ledger.plan_version
  for each row execute function app.published_plan_guard();

create function app.suspension_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'suspension rows are history' using errcode = 'check_violation';
  end if;
  if old.lifted_at is not null
     or (old.id, old.client_id, old.cause, old.subject_ref, old.opened_at, old.opened_by, old.reason)
        is distinct from (new.id, new.client_id, new.cause, new.subject_ref, new.opened_at, new.opened_by, new.reason)
  then
    raise exception 'only an open suspension can be lifted, once' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard before update or delete on ledger.suspension
  for each row execute function app.suspension_guard();
"""

ACCESS = """
create view ledger.client_access with (security_invoker = true) as
select c.id as client_id,
       coalesce(bool_or(p.block_login), false) as block_login,
       coalesce(bool_or(p.block_inbox), false) as block_inbox,
       coalesce(bool_or(p.block_send), false) as block_send,
       coalesce(bool_or(p.block_ingest), false) as block_ingest,
       coalesce(bool_or(p.block_export), false) as block_export,
       coalesce(array_agg(s.cause order by s.opened_at) filter (where s.id is not null), '{}') as causes
from ledger.client c
left join ledger.suspension s on s.client_id = c.id and s.lifted_at is null
left join ledger.cause_policy p on p.cause = s.cause
group by c.id;

create view platform.live_account with (security_invoker = true) as
select a.channel, a.account_id, a.client_id, a.connector_id, a.webhook_secret_hash,
       (a.state in ('connected', 'degraded') and not a.paused and not x.block_ingest) as live
from platform.account a join ledger.client_access x on x.client_id = a.client_id;

create function app.accounts_changed() returns trigger language plpgsql as $$
begin perform pg_notify('konectus_accounts', ''); return null; end $$;
create trigger accounts_changed after insert or update or delete on platform.account
  for each statement execute function app.accounts_changed();
create trigger accounts_changed after insert or update on ledger.suspension
  for each statement execute function app.accounts_changed();
create function app.access_changed() returns trigger language plpgsql as $$
begin perform pg_notify('konectus_access', new.client_id::text); return null; end $$;
create trigger access_changed after insert or update on ledger.suspension
  for each row execute function app.access_changed();
"""

# The web role signs people in before their Client is known; these run as a role that owns nothing else.
SIGN_IN = """
create function app.user_by_email(p_email text)
returns table (client_id uuid, user_id uuid, name text, role text, password_hash text)
language sql stable security definer set search_path = pg_catalog as $$
  select u.client_id, u.id, u.name, u.role, u.password_hash
  from ledger.authorized_user u where u.email = p_email and u.active $$;
create function app.session_by_token(p_hash bytea)
returns table (client_id uuid, session_id uuid, user_id uuid, name text, email text, role text,
               created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = pg_catalog as $$
  select s.client_id, s.id, u.id, u.name, u.email, u.role, s.created_at, s.last_seen_at, s.expires_at
  from ledger.agent_session s join ledger.authorized_user u on u.client_id = s.client_id and u.id = s.user_id
  where s.token_hash = p_hash and s.ended_at is null and u.active $$;
create function app.api_token_by_hash(p_hash bytea) returns table (client_id uuid, token_id uuid, name text)
language sql stable security definer set search_path = pg_catalog as $$
  select t.client_id, t.id, t.name from ledger.api_token t where t.token_hash = p_hash and t.revoked_at is null $$;
create function app.use_link(p_hash bytea, p_now timestamptz) returns table (client_id uuid, user_id uuid)
language sql volatile security definer set search_path = pg_catalog as $$
  update ledger.one_time_link l set used_at = p_now from ledger.authorized_user u
  where l.token_hash = p_hash and l.used_at is null and l.expires_at > p_now and u.id = l.user_id and u.active
  returning u.client_id, u.id $$;
create policy konectus_auth on ledger.authorized_user for select to konectus_auth using (true);
create policy konectus_auth on ledger.agent_session for select to konectus_auth using (true);
create policy konectus_auth on ledger.api_token for select to konectus_auth using (true);
create policy konectus_auth on ledger.one_time_link for all to konectus_auth using (true) with check (true);
grant usage, create on schema app to konectus_auth;
grant usage on schema ledger to konectus_auth;
grant select on ledger.authorized_user, ledger.agent_session, ledger.api_token to konectus_auth;
grant select, update on ledger.one_time_link to konectus_auth;
"""
FUNCTIONS = (
    "user_by_email(text)",
    "session_by_token(bytea)",
    "api_token_by_hash(bytea)",
    "use_link(bytea, timestamptz)",
)

# The worker has no DDL; days come and go through this. A day without a partition falls into the default one.
PARTITIONS = """
create table platform.webhook_event_p_default partition of platform.webhook_event default;
create table platform.webhook_item_p_default partition of platform.webhook_item default;
create function platform.keep_partitions(p_today date, p_keep int, p_ahead int) returns setof date
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' as $$
declare parent text; d date; leaf record; begin
  foreach parent in array array['webhook_event', 'webhook_item'] loop
    for i in 0 .. p_ahead loop
      d := p_today + i;
      if to_regclass(format('platform.%I', parent || '_p' || to_char(d, 'YYYYMMDD'))) is null then
        begin
          execute format('create table platform.%I partition of platform.%I for values from (%L) to (%L)',
            parent || '_p' || to_char(d, 'YYYYMMDD'), parent, d::timestamp at time zone 'UTC',
            (d + 1)::timestamp at time zone 'UTC');
        exception when check_violation then
          null; -- rows of that day lie in the default partition already and stay there
        end;
      end if;
    end loop;
  end loop;
  for leaf in select c.relname, to_date(right(c.relname, 8), 'YYYYMMDD') as day from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'platform' and c.relkind = 'r' and c.relname ~ '^webhook_(event|item)_p[0-9]{8}$' loop
    if leaf.day < p_today - p_keep then
      execute format('drop table platform.%I', leaf.relname);
      if leaf.relname like 'webhook_event%' then return next leaf.day; end if;
    end if;
  end loop;
  return query with gone as (
      delete from platform.webhook_event_p_default e
      where e.received_at < (p_today - p_keep)::timestamp at time zone 'UTC' returning e.key_day)
    select distinct key_day from gone;
  delete from platform.webhook_item_p_default i where i.received_at < (p_today - p_keep)::timestamp at time zone 'UTC';
end $$;
revoke all on function platform.keep_partitions(date, int, int) from public;
grant execute on function platform.keep_partitions(date, int, int) to konectus_worker;
"""

OPS = """
create view ops.webhook_event with (security_invoker = true) as
select event_id as id, item, channel, account, received_at, processed_at, outcome, error from platform.webhook_item;
create view ops.message with (security_invoker = true) as
select id, client_id, connector_id, conversation_id, direction, kind, status, occurred_at from tenant.message;
create view ops.conversation with (security_invoker = true) as
select id, client_id, connector_id, status from tenant.conversation;
create view ops.contact with (security_invoker = true) as select id, client_id, connector_id from tenant.contact;
create view ops.connector with (security_invoker = true) as
select id, client_id, channel, state, reason, since from tenant.connector;
create view ops.job with (security_invoker = true) as select job, slot, finished_at, error from platform.job_slot;
create view ops.client_access with (security_invoker = true) as select * from ledger.client_access;
create function ops.backlog(p_now timestamptz) returns table (queue text, depth bigint, oldest_seconds double precision)
language sql stable set search_path = pg_catalog as $$
  select 'intake', count(*), coalesce(extract(epoch from p_now - min(received_at)), 0)
    from platform.webhook_event where processed_at is null
  union all select 'outbox', count(*), coalesce(extract(epoch from p_now - min(queued_at)), 0)
    from tenant.outbox where done_at is null
  union all select 'connector_request', count(*), coalesce(extract(epoch from p_now - min(requested_at)), 0)
    from platform.connector_request where state in ('queued', 'running')
  union all select 'dead_letter', count(*), coalesce(extract(epoch from p_now - min(created_at)), 0)
    from platform.dead_letter where decided_at is null $$;
create view ops.backlog with (security_invoker = true) as select * from ops.backlog(pg_catalog.clock_timestamp());
"""


def upgrade() -> None:
    for block in (GUARDS, ACCESS, SIGN_IN, PARTITIONS, OPS):
        op.execute(block)
    for function in FUNCTIONS:
        op.execute(f"revoke all on function app.{function} from public")
        op.execute(f"grant execute on function app.{function} to konectus_app")
        op.execute(f"alter function app.{function} owner to konectus_auth")
    op.execute("revoke create on schema app from konectus_auth")


def downgrade() -> None:
    op.execute("drop schema ops cascade")
    op.execute("create schema ops")
    op.execute("drop view platform.live_account, ledger.client_access")
    op.execute("drop function platform.keep_partitions")
    op.execute("drop table platform.webhook_event_p_default, platform.webhook_item_p_default")
    for table in ("authorized_user", "agent_session", "api_token", "one_time_link"):
        op.execute(f"drop policy konectus_auth on ledger.{table}")
    for function in FUNCTIONS:
        op.execute(f"drop function app.{function}")
    op.execute("revoke all on all tables in schema ledger from konectus_auth")
    op.execute("revoke all on schema app, ledger from konectus_auth")
    op.execute("drop function app.append_only, app.published_plan_guard, app.suspension_guard cascade")
    op.execute("drop function app.accounts_changed, app.access_changed cascade")
