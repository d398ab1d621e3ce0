"""Releases queue at a row that analysts have no right to; a lock of the session's kind is anybody's to hold."""

from alembic import op

revision = "20261124_gate"
down_revision = "20261124_grains"
branch_labels = None
depends_on = None

UP = """
create table released.gate (
  id integer not null constraint pk_gate primary key,
  constraint ck_gate_one check (id = 1)
);
insert into released.gate values (1);
grant select, update on released.gate to konectus_releaser;
"""
DOWN = "drop table released.gate"

# As in 20261122_first_releases, but for where two writers wait, so that the second sees the row of the first.
_CEILING = """
create or replace function released.refuse_overspending() returns trigger language plpgsql
  set search_path = pg_catalog as $$
begin
  {wait};
  if exists (
    select from generate_series(0, 11) as back
    cross join lateral (select (new.period - make_interval(months => back))::date as first) as w
    where (select sum(l.rho) from released.ledger l
           where l.period >= w.first and l.period < w.first + interval '12 months') > 3.0
  ) then
    raise exception 'the privacy budget of twelve months would be overspent' using errcode = 'check_violation';
  end if;
  return null;
end $$
"""
AT_THE_GATE = "perform from released.gate for update"
BEFORE = "perform pg_advisory_xact_lock(hashtext('released.ledger'))"


def upgrade() -> None:
    op.execute(UP)
    op.execute(_CEILING.format(wait=AT_THE_GATE))


def downgrade() -> None:
    op.execute(_CEILING.format(wait=BEFORE))
    op.execute(DOWN)
