"""The index of when messages were received covers a range of them as soon as it is full, not after a vacuum."""

from alembic import op

revision = "20261124_summarised"
down_revision = "20261123_client_daily"
branch_labels = None
depends_on = None

# What is not summarised yet is read by every slice of a day that is counted (reports/hearing.py).
UP = "alter index tenant.ix_message_received_at set (autosummarize = on)"
DOWN = "alter index tenant.ix_message_received_at reset (autosummarize)"


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
