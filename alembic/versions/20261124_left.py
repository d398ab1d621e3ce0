"""When we were last thrown out of a group: a message of before that, which comes later, does not open it again."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_left"
down_revision = "20261124_summarised"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")


def downgrade() -> None:
    op.drop_column("conversation", "left_at", schema="tenant")
