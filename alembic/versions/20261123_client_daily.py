"""What the daily figures count of openings, hours and failures, and of a whole Client: Connectors, agents, contract."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261123_client_daily"
down_revision: str | None = "20261123_rollups"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BINS = "array[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"
HOURS = "array[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"


def upgrade() -> None:
    for name in ("contacts_new", "conversations_reopened"):
        op.add_column(
            "usage_daily", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False), schema="ledger"
        )
    for name, zeros in (("resolution_hist", BINS), ("hours_in", HOURS)):
        column = sa.Column(name, postgresql.ARRAY(sa.Integer()), server_default=sa.text(zeros), nullable=False)
        op.add_column("usage_daily", column, schema="ledger")
    failures = sa.Column("failures", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("usage_daily", failures, schema="ledger")
    op.create_table(
        "client_daily",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("plan_code", sa.Text(), nullable=False),
        sa.Column("connectors", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "agents_by_load",
            postgresql.ARRAY(sa.Integer()),
            server_default=sa.text("array[0, 0, 0, 0, 0]"),
            nullable=False,
        ),
        sa.Column("events", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("cardinality(agents_by_load) = 5", name=op.f("ck_client_daily_loads")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_client_daily_client_id")),
        sa.PrimaryKeyConstraint("client_id", "day", name=op.f("pk_client_daily")),
        schema="ledger",
    )
    op.create_index(op.f("ix_client_daily_day"), "client_daily", ["day"], unique=False, schema="ledger")


def downgrade() -> None:
    op.drop_table("client_daily", schema="ledger")
    for name in ("failures", "hours_in", "resolution_hist", "conversations_reopened", "contacts_new"):
        op.drop_column("usage_daily", name, schema="ledger")
