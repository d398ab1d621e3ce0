"""Quantiles and ratios: cells with an interval of their own, metrics with a definition."""

from alembic import op

revision = "20261124_grains"
down_revision = "20261123_remarks"
branch_labels = None
depends_on = None

# What was released before keeps nulls here, and its hash.
UP = """
alter table released.cell add column low double precision, add column high double precision,
  add constraint ck_cell_interval check (
    (low is null) = (high is null) and low <= high and low > '-Infinity' and high < 'Infinity'
    and (low is null or value is not null));
alter table released.metric add column definition_es text, add column definition_en text,
  drop constraint ck_metric_mechanism,
  add constraint ck_metric_mechanism check (mechanism in ('presence', 'volume', 'histogram', 'quantile', 'ratio'));
"""
DOWN = """
alter table released.metric drop constraint ck_metric_mechanism,
  add constraint ck_metric_mechanism check (mechanism in ('presence', 'volume')),
  drop column definition_es, drop column definition_en;
alter table released.cell drop constraint ck_cell_interval, drop column low, drop column high;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
