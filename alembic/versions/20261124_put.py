"""When a reaction was last put on its message, also where it was taken away before the message came."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_put"
down_revision = "20261124_left"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reaction", sa.Column("put_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")


def downgrade() -> None:
    op.drop_column("reaction", "put_at", schema="tenant")
