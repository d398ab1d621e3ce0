"""Proofs of authority, changes of the registered e-mail, and when data were confirmed. Generated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261123_own_data"
down_revision: str | None = "20261122_lifecycle_objects"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "authority_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "media_type in ('application/pdf', 'image/jpeg', 'image/png')",
            name=op.f("ck_authority_document_media_type"),
        ),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_authority_document_size_bytes")),
        sa.ForeignKeyConstraint(
            ["client_id", "user_id"],
            ["ledger.authorized_user.client_id", "ledger.authorized_user.id"],
            name=op.f("fk_authority_document_client_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_authority_document_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_document")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_authority_document_client_id_id")),
        schema="ledger",
    )
    op.create_index(
        op.f("ix_authority_document_client_id"), "authority_document", ["client_id"], unique=False, schema="ledger"
    )
    op.create_table(
        "email_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.Text(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("applied_at is null or confirmed_at is not null", name=op.f("ck_email_change_applied")),
        sa.CheckConstraint("new_email = lower(new_email)", name=op.f("ck_email_change_email_lower")),
        sa.CheckConstraint("num_nonnulls(confirmed_at, withdrawn_at) < 2", name=op.f("ck_email_change_one_end")),
        sa.ForeignKeyConstraint(
            ["client_id", "user_id"],
            ["ledger.authorized_user.client_id", "ledger.authorized_user.id"],
            name=op.f("fk_email_change_client_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_email_change_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_change")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_email_change_client_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_change_token_hash")),
        schema="ledger",
    )
    op.create_index(
        "uq_email_change_one_open",
        "email_change",
        ["client_id"],
        unique=True,
        schema="ledger",
        postgresql_where="applied_at is null and withdrawn_at is null",
    )
    op.create_table(
        "payment_event_other",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_payment_event_other_client_id")),
        sa.ForeignKeyConstraint(["event"], ["ledger.payment_event.id"], name=op.f("fk_payment_event_other_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event_other")),
        sa.UniqueConstraint("event", "body_sha256", name=op.f("uq_payment_event_other_event_body_sha256")),
        schema="ledger",
    )
    op.create_index(
        op.f("ix_payment_event_other_client_id"), "payment_event_other", ["client_id"], unique=False, schema="ledger"
    )
    op.add_column(
        "client", sa.Column("details_confirmed_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.add_column(
        "export_window", sa.Column("made_up_until", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.add_column("refund", sa.Column("payment_id", sa.Uuid(), nullable=True), schema="ledger")
    op.alter_column("refund", "invoice_id", existing_type=sa.UUID(), nullable=True, schema="ledger")
    op.alter_column("refund", "days_total", existing_type=sa.INTEGER(), nullable=True, schema="ledger")
    op.alter_column("refund", "days_unused", existing_type=sa.INTEGER(), nullable=True, schema="ledger")
    op.create_foreign_key(
        op.f("fk_refund_client_id_payment_id"),
        "refund",
        "payment",
        ["client_id", "payment_id"],
        ["client_id", "id"],
        source_schema="ledger",
        referent_schema="ledger",
        postgresql_not_valid=True,
    )
    op.drop_constraint(op.f("ck_staff_task_kind"), "staff_task", schema="ledger")
    op.create_check_constraint(
        op.f("ck_staff_task_kind"),
        "staff_task",
        "kind in ('notice_bounced', 'notice_undeliverable', 'authority_documents', 'authority_came', 'details_wanted', 'suspension_review', 'refund_due', 'deletion_due', 'export_failed', 'payment_unmatched', 'payment_unsettled', 'payment_twice', 'mail_complaint')",
        schema="ledger",
        postgresql_not_valid=True,
    )
    op.drop_constraint(op.f("ck_refund_days"), "refund", schema="ledger")
    op.create_check_constraint(
        op.f("ck_refund_days"),
        "refund",
        "(invoice_id is null and days_total is null and days_unused is null) or (days_total > 0 and days_unused between 0 and days_total)",
        schema="ledger",
        postgresql_not_valid=True,
    )
    op.create_check_constraint(
        op.f("ck_refund_one_source"),
        "refund",
        "num_nonnulls(invoice_id, payment_id) = 1",
        schema="ledger",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_staff_task_kind"), "staff_task", schema="ledger")
    op.execute(
        """alter table ledger.staff_task add constraint ck_staff_task_kind CHECK ((kind = ANY (ARRAY['notice_bounced'::text, 'notice_undeliverable'::text, 'authority_documents'::text, 'suspension_review'::text, 'refund_due'::text, 'deletion_due'::text, 'export_failed'::text, 'payment_unmatched'::text]))) not valid"""
    )
    op.drop_constraint(op.f("ck_refund_days"), "refund", schema="ledger")
    op.execute(
        """alter table ledger.refund add constraint ck_refund_days CHECK (((days_total > 0) AND ((days_unused >= 0) AND (days_unused <= days_total)))) not valid"""
    )
    op.drop_constraint(op.f("ck_refund_one_source"), "refund", schema="ledger")
    op.drop_constraint(op.f("fk_refund_client_id_payment_id"), "refund", schema="ledger", type_="foreignkey")
    op.alter_column("refund", "days_unused", existing_type=sa.INTEGER(), nullable=False, schema="ledger")
    op.alter_column("refund", "days_total", existing_type=sa.INTEGER(), nullable=False, schema="ledger")
    op.alter_column("refund", "invoice_id", existing_type=sa.UUID(), nullable=False, schema="ledger")
    op.drop_column("refund", "payment_id", schema="ledger")
    op.drop_column("export_window", "made_up_until", schema="ledger")
    op.drop_column("client", "details_confirmed_at", schema="ledger")
    op.drop_index(op.f("ix_payment_event_other_client_id"), table_name="payment_event_other", schema="ledger")
    op.drop_table("payment_event_other", schema="ledger")
    op.drop_index(
        "uq_email_change_one_open",
        table_name="email_change",
        schema="ledger",
        postgresql_where="applied_at is null and withdrawn_at is null",
    )
    op.drop_table("email_change", schema="ledger")
    op.drop_index(op.f("ix_authority_document_client_id"), table_name="authority_document", schema="ledger")
    op.drop_table("authority_document", schema="ledger")
