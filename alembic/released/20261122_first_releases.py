"""The released database: releases, their cells and metrics, annotations, the ledger of the privacy budget."""

from alembic import op

revision = "20261122_first_releases"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table released.release (
  id uuid not null constraint pk_release primary key,
  number integer not null constraint uq_release_number unique,
  period date not null,
  grain text not null constraint ck_release_grain check (grain in ('week', 'month', 'quarter')),
  rung integer not null constraint ck_release_rung check (rung in (0, 20, 120, 600, 2000)),
  released_at timestamptz not null,
  rho numeric(10, 9) not null,
  delta double precision not null,
  epsilon double precision not null,
  caps jsonb not null,
  cells integer not null,
  clients double precision not null,
  clients_sigma double precision not null,
  code_version text not null,
  prev_sha256 text constraint uq_release_prev_sha256 unique,
  sha256 text not null constraint uq_release_sha256 unique,
  constraint uq_release_period_grain unique (period, grain),
  constraint ck_release_budget check (rho > 0 and epsilon > 0 and delta > 0 and delta < 1),
  constraint ck_release_chain check ((number = 1) = (prev_sha256 is null)),
  constraint ck_release_counts check (cells >= 0 and clients_sigma > 0)
);
create table released.metric (
  release_id uuid not null constraint fk_metric_release_id references released.release (id),
  key text not null,
  position integer not null,
  words_es text not null,
  words_en text not null,
  unit text not null,
  mechanism text not null constraint ck_metric_mechanism check (mechanism in ('presence', 'volume')),
  cap integer not null,
  first_rung integer not null,
  dims jsonb not null,
  constraint pk_metric primary key (release_id, key)
);
create table released.cell (
  release_id uuid not null constraint fk_cell_release_id references released.release (id),
  metric text not null,
  dim text not null,
  dim_value text not null,
  value double precision constraint ck_cell_value check (value > '-Infinity' and value < 'Infinity'),
  sigma double precision not null constraint ck_cell_sigma check (sigma > 0 and sigma < 'Infinity'),
  status text not null constraint ck_cell_status check (status in ('published', 'low_precision', 'few_clients')),
  unit text not null,
  constraint pk_cell primary key (release_id, metric, dim, dim_value),
  constraint ck_cell_hidden check ((status = 'published') = (value is not null))
);
create table released.annotation (
  id uuid not null constraint pk_annotation primary key,
  day date not null,
  words_es text not null,
  words_en text not null
);
create table released.ledger (
  release_id uuid not null constraint pk_ledger primary key
    constraint fk_ledger_release_id references released.release (id),
  period date not null,
  rho numeric(10, 9) not null constraint ck_ledger_rho check (rho > 0),
  spent_at timestamptz not null
);
create index ix_ledger_period on released.ledger (period);
"""

# A release is what it was: nothing of it changes, and nothing is added once its cells are all there.
IMMUTABLE = """
create function released.refuse_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception 'a release is immutable' using errcode = 'restrict_violation';
end $$;
create trigger immutable before update or delete or truncate on released.release
  for each statement execute function released.refuse_change();
create trigger immutable before update or delete or truncate on released.metric
  for each statement execute function released.refuse_change();
create trigger immutable before update or delete or truncate on released.cell
  for each statement execute function released.refuse_change();
create trigger immutable before update or delete or truncate on released.ledger
  for each statement execute function released.refuse_change();
create function released.refuse_more_cells() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if (select count(*) from released.cell c where c.release_id = new.release_id)
     > (select r.cells from released.release r where r.id = new.release_id) then
    raise exception 'the release has all its cells' using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger complete after insert on released.cell
  for each row execute function released.refuse_more_cells();
"""

# privacy.md 2.4: at most 3.0 rho in any 12 months. The lock lets two writers see each other's row.
CEILING = """
create function released.refuse_overspending() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  perform pg_advisory_xact_lock(hashtext('released.ledger'));
  if exists (
    select from generate_series(0, 11) as back
    cross join lateral (select (new.period - make_interval(months => back))::date as first) as w
    where (select sum(l.rho) from released.ledger l
           where l.period >= w.first and l.period < w.first + interval '12 months') > 3.0
  ) then
    raise exception 'the privacy budget of twelve months would be overspent' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger ceiling after insert on released.ledger
  for each row execute function released.refuse_overspending();
"""

GRANTS = """
do $$ begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to konectus_releaser, konectus_analyst', current_database());
end $$;
revoke all on schema public, released from public;
revoke all on all functions in schema released from public;
grant usage on schema released to konectus_releaser, konectus_analyst;
grant select, insert on released.release, released.metric, released.cell, released.ledger, released.annotation
  to konectus_releaser;
grant select on released.metric, released.cell, released.ledger, released.annotation to konectus_analyst;
-- All but the noisy number of Clients, which the ladder needs also where nothing may be published.
grant select (id, number, period, grain, rung, released_at, rho, delta, epsilon, caps, cells, code_version,
              prev_sha256, sha256) on released.release to konectus_analyst;
"""


def upgrade() -> None:
    op.execute("create schema if not exists released")
    for script in (TABLES, IMMUTABLE, CEILING, GRANTS):
        op.execute(script)


def downgrade() -> None:
    op.execute("drop schema released cascade")
