"""A remark of staff that was withdrawn goes from the charts too; everything else stays immutable."""

from alembic import op

revision = "20261123_remarks"
down_revision = "20261122_first_releases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant delete on released.annotation to konectus_releaser")


def downgrade() -> None:
    op.execute("revoke delete on released.annotation from konectus_releaser")
