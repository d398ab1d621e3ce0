"""Guards of money, notices, endings and documents; access that knows terminations and deletions; balances."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_lifecycle_objects"
down_revision: str | None = "20261122_lifecycle"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Times come as arguments, so no setting can travel past a guard (decisions.md, "Demo clock").
DEADLINE = """
create function app.mx_deadline(p_anchor timestamptz, p_days int) returns timestamptz language sql immutable
set search_path = pg_catalog as $$
  select ((p_anchor at time zone 'America/Mexico_City')::date + p_days + 1)::timestamp
    at time zone 'America/Mexico_City' $$;
"""

SUSPENSION_GUARD = """
alter table ledger.suspension drop constraint ck_suspension_nonpayment_needs_notice;
alter table ledger.suspension add constraint ck_suspension_nonpayment_needs_notice
  check (cause <> 'nonpayment' or (notice_id is not null and invoice_id is not null));
create or replace function app.suspension_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'suspension rows are history' using errcode = 'check_violation';
  end if;
  if tg_op = 'INSERT' then
    if new.cause = 'nonpayment' and not exists (
      select 1 from ledger.notice n
      join ledger.notice_invoice i on i.client_id = n.client_id and i.notice_id = n.id
      where n.id = new.notice_id and n.client_id = new.client_id and i.invoice_id = new.invoice_id
        and n.delivered_at is not null and new.opened_at >= app.mx_deadline(n.delivered_at, 2))
    then
      raise exception 'Terms 15.1: no notice of this invoice was delivered two calendar days ago'
        using errcode = 'check_violation';
    end if;
    return new;
  end if;
  if old.lifted_at is not null
     or (old.id, old.client_id, old.cause, old.subject_ref, old.opened_at, old.opened_by, old.reason,
         old.notice_id, old.invoice_id, old.scope, old.is_silent, old.allows_export)
        is distinct from (new.id, new.client_id, new.cause, new.subject_ref, new.opened_at, new.opened_by, new.reason,
         new.notice_id, new.invoice_id, new.scope, new.is_silent, new.allows_export)
  then
    raise exception 'only an open suspension can be lifted, once' using errcode = 'check_violation';
  end if;
  return new;
end $$;
drop trigger guard on ledger.suspension;
create trigger guard before insert or update or delete on ledger.suspension
  for each row execute function app.suspension_guard();
"""

GUARDS = """
create trigger append_only before update or delete on ledger.allocation
  for each row execute function app.append_only();
create trigger append_only before update or delete on ledger.notice_event
  for each row execute function app.append_only();
create trigger append_only before update or delete on ledger.notice_invoice
  for each row execute function app.append_only();

create function app.published_document_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.published_at is not null
     and (old.document, old.version, old.body_es, old.body_en, old.sha256_es, old.is_material, old.published_at)
       is distinct from (new.document, new.version, new.body_es, new.body_en, new.sha256_es, new.is_material,
         new.published_at)
  then
    raise exception 'a published document is immutable' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger immutable before update or delete on ledger.document_version
  for each row execute function app.published_document_guard();

create function app.termination_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'termination rows are history' using errcode = 'check_violation';
  end if;
  if new.ground = 'konectus_notice' and new.effected_at is not null and not exists (
    select 1 from ledger.notice n where n.client_id = new.client_id and n.id = new.notice_id
      and n.delivered_at is not null and new.effected_at >= app.mx_deadline(n.delivered_at, 30))
  then
    raise exception 'Terms 15.2: a termination by Konectus takes effect 30 days after its notice was delivered'
      using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard before insert or update or delete on ledger.termination
  for each row execute function app.termination_guard();

create function app.export_window_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'export windows are history' using errcode = 'check_violation';
  end if;
  if new.closes_at < app.mx_deadline(new.opened_at, 30) then
    raise exception 'Terms 15.3: an export window lasts 30 calendar days' using errcode = 'check_violation';
  end if;
  if tg_op = 'UPDATE' and (old.client_id, old.source, old.source_id, old.opened_at)
       is distinct from (new.client_id, new.source, new.source_id, new.opened_at)
     or tg_op = 'UPDATE' and new.closes_at < old.closes_at then
    raise exception 'an export window is only ever extended or closed' using errcode = 'check_violation';
  end if;
  if new.close_reason = 'elapsed' and new.closed_at < new.closes_at then
    raise exception 'this export window has not elapsed' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard before insert or update or delete on ledger.export_window
  for each row execute function app.export_window_guard();
"""

# The last line before something irrevocable (decisions.md, "Deletion guard").
DELETION_GUARD = """
create function app.deletion_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'deletion rows are history' using errcode = 'check_violation';
  end if;
  if new.started_at is not null and (tg_op = 'INSERT' or old.started_at is null) then
    perform 1 from ledger.client where id = new.client_id for update;
    if exists (select 1 from ledger.hold where client_id = new.client_id and released_at is null) then
      raise exception 'a hold forbids this deletion' using errcode = 'check_violation';
    end if;
    if exists (select 1 from ledger.export_window where client_id = new.client_id and closed_at is null) then
      raise exception 'Terms 15.3: an export window is still open' using errcode = 'check_violation';
    end if;
    if not exists (select 1 from ledger.export_window where client_id = new.client_id and id = new.window_id
                   and close_reason = 'elapsed' and closed_at <= new.started_at) then
      raise exception 'Terms 15.3: the window of this deletion has not elapsed' using errcode = 'check_violation';
    end if;
    if not exists (select 1 from ledger.client_access where client_id = new.client_id and block_inbox) then
      raise exception 'the Client uses the product again' using errcode = 'check_violation';
    end if;
    if new.started_at < new.second_at + interval '24 hours' then
      raise exception 'a deletion rests 24 hours after its second approval' using errcode = 'check_violation';
    end if;
  end if;
  if tg_op = 'UPDATE' and old.started_at is not null
     and (new.cancelled_at is not null or new.started_at is distinct from old.started_at) then
    raise exception 'this deletion has begun and cannot be taken back' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard before insert or update or delete on ledger.deletion
  for each row execute function app.deletion_guard();
"""

# The first columns stay as they were: programs of the release before read them by name.
ACCESS = """
create or replace view ledger.client_access with (security_invoker = true) as
select c.id as client_id,
       coalesce(bool_or(p.block_login), false) or d.deleting as block_login,
       coalesce(bool_or(p.block_inbox), false) or t.terminated or d.deleting as block_inbox,
       coalesce(bool_or(p.block_send), false) or t.terminated or d.deleting as block_send,
       coalesce(bool_or(p.block_ingest), false) or t.terminated or d.deleting as block_ingest,
       coalesce(bool_or(p.block_export and not s.allows_export), false) or d.deleting as block_export,
       coalesce(array_agg(s.cause order by s.opened_at) filter (where s.id is not null), '{}') as causes,
       t.terminated,
       d.deleting
from ledger.client c
left join ledger.suspension s on s.client_id = c.id and s.lifted_at is null
left join ledger.cause_policy p on p.cause = s.cause
cross join lateral (select exists (select 1 from ledger.termination e
  where e.client_id = c.id and e.effected_at is not null and e.reactivated_at is null) as terminated) t
cross join lateral (select exists (select 1 from ledger.deletion e
  where e.client_id = c.id and e.started_at is not null) as deleting) d
group by c.id, t.terminated, d.deleting;
drop view ops.client_access;
create view ops.client_access with (security_invoker = true) as select * from ledger.client_access;
create trigger accounts_changed after insert or update on ledger.termination
  for each statement execute function app.accounts_changed();
create trigger access_changed after insert or update on ledger.termination
  for each row execute function app.access_changed();
create trigger accounts_changed after insert or update on ledger.deletion
  for each statement execute function app.accounts_changed();
create trigger access_changed after insert or update on ledger.deletion
  for each row execute function app.access_changed();
"""

BALANCE = """
create view ledger.invoice_balance with (security_invoker = true) as
select i.id, i.client_id, i.number, i.status, i.due_at, i.total_cents, a.paid_cents,
       case when i.status = 'open' then i.total_cents - a.paid_cents else 0 end as balance_cents
from ledger.invoice i
cross join lateral (select coalesce(sum(l.amount_cents), 0)::bigint as paid_cents from ledger.allocation l
  where l.client_id = i.client_id and l.invoice_id = i.id) a;
"""

# What was suspended for non-payment stays so; the release before opens no other.
BEFORE_SUSPENSION_GUARD = """
alter table ledger.suspension drop constraint ck_suspension_nonpayment_needs_notice;
alter table ledger.suspension add constraint ck_suspension_nonpayment_needs_notice
  check (cause <> 'nonpayment') not valid;
create or replace function app.suspension_guard() returns trigger language plpgsql as $$
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
drop trigger guard on ledger.suspension;
create trigger guard before update or delete on ledger.suspension
  for each row execute function app.suspension_guard();
"""
BEFORE_ACCESS = """
drop view ops.client_access, platform.live_account, ledger.client_access;
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
create view ops.client_access with (security_invoker = true) as select * from ledger.client_access;
"""

# Access reads these tables from now on, with the reader's own rights, and programs of the release beside read it before
# the policies come: those of the registry take the place of these.
READ_BEFORE = """
grant select on ledger.{table} to konectus_app, konectus_staff, konectus_worker, konectus_operator;
alter table ledger.{table} enable row level security;
alter table ledger.{table} force row level security;
drop policy if exists konectus_app on ledger.{table};
create policy konectus_app on ledger.{table} for select to konectus_app
  using (client_id = nullif(current_setting('konectus.client_id', true), '')::uuid);
drop policy if exists konectus_staff on ledger.{table};
create policy konectus_staff on ledger.{table} for select to konectus_staff using (true);
drop policy if exists konectus_worker on ledger.{table};
create policy konectus_worker on ledger.{table} for select to konectus_worker using (true);
drop policy if exists konectus_operator on ledger.{table};
create policy konectus_operator on ledger.{table} for select to konectus_operator using (true);
"""
# A view made again has lost its grants.
READERS = """
grant select on ledger.client_access to konectus_app, konectus_staff, konectus_worker, konectus_operator;
grant select on platform.live_account to konectus_worker;
grant select on ops.client_access to konectus_operator;
"""


def upgrade() -> None:
    for table in ("termination", "deletion"):
        op.execute(READ_BEFORE.format(table=table))
    for block in (DEADLINE, SUSPENSION_GUARD, GUARDS, ACCESS, READERS, BALANCE, DELETION_GUARD):
        op.execute(block)


def downgrade() -> None:
    for table in ("deletion", "termination"):
        op.execute(f"drop trigger access_changed on ledger.{table}")
        op.execute(f"drop trigger accounts_changed on ledger.{table}")
    op.execute("drop view ledger.invoice_balance")
    for function in ("deletion", "export_window", "termination", "published_document"):
        op.execute(f"drop function app.{function}_guard cascade")
    for table in ("notice_invoice", "notice_event", "allocation"):
        op.execute(f"drop trigger append_only on ledger.{table}")
    op.execute(BEFORE_ACCESS)
    op.execute(READERS)
    op.execute(BEFORE_SUSPENSION_GUARD)
    op.execute("drop function app.mx_deadline")
