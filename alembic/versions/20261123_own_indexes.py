"""Indexes of books that may be long, made while others write. Generated."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261123_own_indexes"
down_revision: str | None = "20261123_own_data"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("alter table ledger.refund validate constraint fk_refund_client_id_payment_id")
        op.execute("alter table ledger.staff_task validate constraint ck_staff_task_kind")
        op.execute("alter table ledger.refund validate constraint ck_refund_days")
        op.execute("alter table ledger.refund validate constraint ck_refund_one_source")
        op.create_index(
            "ix_notice_failed",
            "notice",
            ["id"],
            unique=False,
            schema="ledger",
            postgresql_where="channel = 'email' and (bounced_at is not null or undeliverable_at is not null)",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_payment_pending",
            "payment",
            ["paid_at"],
            unique=False,
            schema="ledger",
            postgresql_where="status = 'pending' and paid_at is not null",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "uq_refund_one_of_payment",
            "refund",
            ["payment_id"],
            unique=True,
            schema="ledger",
            postgresql_where="payment_id is not null and status in ('proposed', 'approved', 'sent')",
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            "uq_refund_one_of_payment",
            table_name="refund",
            schema="ledger",
            postgresql_where="payment_id is not null and status in ('proposed', 'approved', 'sent')",
            postgresql_concurrently=True,
            if_exists=True,
        )
        op.drop_index(
            "ix_payment_pending",
            table_name="payment",
            schema="ledger",
            postgresql_where="status = 'pending' and paid_at is not null",
            postgresql_concurrently=True,
            if_exists=True,
        )
        op.drop_index(
            "ix_notice_failed",
            table_name="notice",
            schema="ledger",
            postgresql_where="channel = 'email' and (bounced_at is not null or undeliverable_at is not null)",
            postgresql_concurrently=True,
            if_exists=True,
        )
