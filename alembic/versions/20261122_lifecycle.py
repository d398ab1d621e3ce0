"""Money, notices, endings of contracts, documents, tasks. Generated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_lifecycle"
down_revision: str | None = "20261122_indexes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "document_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body_es", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=True),
        sa.Column("sha256_es", sa.LargeBinary(), nullable=False),
        sa.Column("is_material", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("document in ('terms', 'privacy', 'dpa')", name=op.f("ck_document_version_document")),
        sa.CheckConstraint(
            "published_at is null or effective_at is not null", name=op.f("ck_document_version_effective")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_version")),
        sa.UniqueConstraint("document", "version", name=op.f("uq_document_version_document_version")),
        schema="ledger",
    )
    op.create_table(
        "number_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_number_series")),
        schema="ledger",
    )
    op.create_table(
        "reading",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reading")),
        schema="ledger",
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("command", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('requested', 'approved', 'rejected', 'expired', 'void', 'used')", name=op.f("ck_approval_state")
        ),
        sa.CheckConstraint("decided_by is null or decided_by <> requested_by", name=op.f("ck_approval_two_persons")),
        sa.CheckConstraint("length(reason) >= 10", name=op.f("ck_approval_reason")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_approval_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        schema="ledger",
    )
    op.create_index("ix_approval_client_id", "approval", ["client_id"], unique=False, schema="ledger")
    op.create_index(
        "uq_approval_one_open",
        "approval",
        ["action", "subject_id"],
        unique=True,
        schema="ledger",
        postgresql_where="state in ('requested')",
    )
    op.create_table(
        "export_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("downloaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('requested', 'building', 'ready', 'failed', 'expired')", name=op.f("ck_export_job_state")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_export_job_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_export_job_client_id_id")),
        schema="ledger",
    )
    op.create_index(op.f("ix_export_job_client_id"), "export_job", ["client_id"], unique=False, schema="ledger")
    op.create_index("ix_export_job_state", "export_job", ["state"], unique=False, schema="ledger")
    op.create_index(
        "uq_export_job_one_running",
        "export_job",
        ["client_id"],
        unique=True,
        schema="ledger",
        postgresql_where="state in ('requested', 'building')",
    )
    op.create_table(
        "export_window",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended_reason", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "close_reason in ('elapsed', 'paid', 'reactivated')", name=op.f("ck_export_window_close_reason")
        ),
        sa.CheckConstraint(
            "source in ('termination', 'nonpayment', 'trial_expired')", name=op.f("ck_export_window_source")
        ),
        sa.CheckConstraint("(closed_at is null) = (close_reason is null)", name=op.f("ck_export_window_closed")),
        sa.CheckConstraint("closes_at > opened_at", name=op.f("ck_export_window_order")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_export_window_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_window")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_export_window_client_id_id")),
        sa.UniqueConstraint("source_id", name=op.f("uq_export_window_source_id")),
        schema="ledger",
    )
    op.create_index(
        "ix_export_window_open",
        "export_window",
        ["client_id"],
        unique=False,
        schema="ledger",
        postgresql_where="closed_at is null",
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('legal', 'dispute', 'incident', 'authority', 'export_running', 'data_request')",
            name=op.f("ck_hold_kind"),
        ),
        sa.CheckConstraint("(released_at is null) = (released_by is null)", name=op.f("ck_hold_released")),
        sa.CheckConstraint("length(reason) >= 10", name=op.f("ck_hold_reason")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_hold_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_hold_client_id_id")),
        schema="ledger",
    )
    op.create_index(
        "ix_hold_in_force", "hold", ["client_id"], unique=False, schema="ledger", postgresql_where="released_at is null"
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undeliverable_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_message_id", sa.Text(), nullable=True),
        sa.CheckConstraint("channel in ('email', 'in_app')", name=op.f("ck_notice_channel")),
        sa.CheckConstraint(
            "kind in ('invoice_issued', 'payment_pending', 'charge_declined', 'payment_received', 'payment_reversed', 'credit_note', 'refund', 'suspended', 'reactivated', 'trial_ending', 'export_window', 'export_ready', 'cancelled', 'termination_withdrawn', 'termination_notice', 'terminated', 'deleted', 'documents_requested', 'email_changed', 'terms_changed')",
            name=op.f("ck_notice_kind"),
        ),
        sa.CheckConstraint("language in ('es', 'en')", name=op.f("ck_notice_language")),
        sa.CheckConstraint(
            "delivered_at is null or sent_at is null or delivered_at >= sent_at", name=op.f("ck_notice_order")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_notice_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_notice_client_id_id")),
        sa.UniqueConstraint(
            "client_id",
            "kind",
            "subject_ref",
            "channel",
            "seq",
            name=op.f("uq_notice_client_id_kind_subject_ref_channel_seq"),
        ),
        sa.UniqueConstraint("provider_message_id", name=op.f("uq_notice_provider_message_id")),
        schema="ledger",
    )
    op.create_index(
        "ix_notice_client_id_queued_at", "notice", ["client_id", "queued_at"], unique=False, schema="ledger"
    )
    op.create_index(
        "ix_notice_to_send",
        "notice",
        ["not_before"],
        unique=False,
        schema="ledger",
        postgresql_where="channel = 'email' and sent_at is null and undeliverable_at is null",
    )
    op.create_index(
        "ix_notice_unproven",
        "notice",
        ["sent_at"],
        unique=False,
        schema="ledger",
        postgresql_where="channel = 'email' and delivered_at is null and bounced_at is null and undeliverable_at is null",
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("currency = 'MXN'", name=op.f("ck_payment_currency")),
        sa.CheckConstraint("method in ('spei', 'oxxo', 'card')", name=op.f("ck_payment_method")),
        sa.CheckConstraint("status in ('pending', 'succeeded', 'failed', 'reversed')", name=op.f("ck_payment_status")),
        sa.CheckConstraint(
            "status not in ('succeeded', 'reversed') or paid_at is not null", name=op.f("ck_payment_paid")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_amount_cents")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_payment_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_payment_client_id_id")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_payment_provider_provider_ref")),
        schema="ledger",
    )
    op.create_index(
        "ix_payment_client_id_recorded_at", "payment", ["client_id", "recorded_at"], unique=False, schema="ledger"
    )
    op.create_table(
        "payment_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "outcome in ('booked', 'duplicate', 'unknown_client', 'foreign_currency', 'bad_amount', 'unknown_payment', 'unknown_kind')",
            name=op.f("ck_payment_event_outcome"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_payment_event_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_payment_event_provider_event_id")),
        schema="ledger",
    )
    op.create_index("ix_payment_event_client_id", "payment_event", ["client_id"], unique=False, schema="ledger")
    op.create_table(
        "staff_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('notice_bounced', 'notice_undeliverable', 'authority_documents', 'suspension_review', 'refund_due', 'deletion_due', 'export_failed', 'payment_unmatched')",
            name=op.f("ck_staff_task_kind"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_staff_task_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_task")),
        schema="ledger",
    )
    op.create_index("ix_staff_task_client_id", "staff_task", ["client_id"], unique=False, schema="ledger")
    op.create_index(
        "uq_staff_task_one_open",
        "staff_task",
        ["kind", "subject_ref"],
        unique=True,
        schema="ledger",
        postgresql_where="closed_at is null",
    )
    op.create_table(
        "deletion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("eligible_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("export_done", sa.Boolean(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_by", sa.Text(), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows_purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("files_purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("residual_gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("certificate", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "approved_by is null or second_by is null or approved_by <> second_by", name=op.f("ck_deletion_two_persons")
        ),
        sa.CheckConstraint(
            "certified_at is null or (verified_at is not null and certificate is not null)",
            name=op.f("ck_deletion_certified"),
        ),
        sa.CheckConstraint(
            "key_destroyed_at is null or started_at is not null", name=op.f("ck_deletion_key_after_start")
        ),
        sa.CheckConstraint("second_by is null or approved_by is not null", name=op.f("ck_deletion_in_order")),
        sa.CheckConstraint(
            "started_at is null or (second_at is not null and cancelled_at is null and started_at >= eligible_at)",
            name=op.f("ck_deletion_started"),
        ),
        sa.CheckConstraint("verified_at is null or key_destroyed_at is not null", name=op.f("ck_deletion_verified")),
        sa.ForeignKeyConstraint(
            ["client_id", "window_id"],
            ["ledger.export_window.client_id", "ledger.export_window.id"],
            name=op.f("fk_deletion_client_id_window_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_deletion_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_deletion_client_id_id")),
        schema="ledger",
    )
    op.create_index(
        "uq_deletion_one_live",
        "deletion",
        ["client_id"],
        unique=True,
        schema="ledger",
        postgresql_where="cancelled_at is null",
    )
    op.create_table(
        "document_acceptance",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("document_version_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("binds_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("language in ('es', 'en')", name=op.f("ck_document_acceptance_language")),
        sa.CheckConstraint(
            "outcome in ('accepted_click', 'accepted_by_use', 'rejected')", name=op.f("ck_document_acceptance_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "user_id"],
            ["ledger.authorized_user.client_id", "ledger.authorized_user.id"],
            name=op.f("fk_document_acceptance_client_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_document_acceptance_client_id")),
        sa.ForeignKeyConstraint(
            ["document_version_id"],
            ["ledger.document_version.id"],
            name=op.f("fk_document_acceptance_document_version_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "document_version_id", name=op.f("pk_document_acceptance")),
        schema="ledger",
    )
    op.create_table(
        "notice_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider_event_id", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "kind in ('accepted', 'deferred', 'delivered', 'soft_bounce', 'hard_bounce', 'complaint', 'shown', 'acknowledged')",
            name=op.f("ck_notice_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "notice_id"],
            ["ledger.notice.client_id", "ledger.notice.id"],
            name=op.f("fk_notice_event_client_id_notice_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_event")),
        sa.UniqueConstraint("provider_event_id", name=op.f("uq_notice_event_provider_event_id")),
        schema="ledger",
    )
    op.create_index(
        "ix_notice_event_client_id_notice_id", "notice_event", ["client_id", "notice_id"], unique=False, schema="ledger"
    )
    op.create_table(
        "termination",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notified_by", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("reactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("second_by", sa.Text(), nullable=True),
        sa.Column("refund_due", sa.Boolean(), nullable=False),
        sa.CheckConstraint("by_whom in ('client', 'konectus')", name=op.f("ck_termination_by_whom")),
        sa.CheckConstraint("ground <> 'konectus_notice' or notice_id is not null", name=op.f("ck_termination_notice")),
        sa.CheckConstraint(
            "ground <> 'material_breach' or (approved_by is not null and second_by is not null and approved_by <> second_by)",
            name=op.f("ck_termination_two_persons"),
        ),
        sa.CheckConstraint(
            "ground in ('client_cancel', 'terms_rejected', 'assignment_competitor', 'konectus_notice', 'material_breach')",
            name=op.f("ck_termination_ground"),
        ),
        sa.CheckConstraint(
            "ground not in ('terms_rejected', 'assignment_competitor') or refund_due",
            name=op.f("ck_termination_refund"),
        ),
        sa.CheckConstraint("effected_at is null or effected_at >= effective_at", name=op.f("ck_termination_effected")),
        sa.CheckConstraint(
            "reactivated_at is null or effected_at is not null", name=op.f("ck_termination_reactivated")
        ),
        sa.CheckConstraint("withdrawn_at is null or effected_at is null", name=op.f("ck_termination_withdrawn_before")),
        sa.ForeignKeyConstraint(
            ["client_id", "notice_id"],
            ["ledger.notice.client_id", "ledger.notice.id"],
            name=op.f("fk_termination_client_id_notice_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_termination_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_termination")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_termination_client_id_id")),
        schema="ledger",
    )
    op.create_index(
        "uq_termination_one_live",
        "termination",
        ["client_id"],
        unique=True,
        schema="ledger",
        postgresql_where="withdrawn_at is null and reactivated_at is null",
    )
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("period_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("billed_to", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fiscal_ref", sa.Text(), nullable=True),
        sa.CheckConstraint("currency = 'MXN'", name=op.f("ck_invoice_currency")),
        sa.CheckConstraint("kind in ('period', 'change', 'other')", name=op.f("ck_invoice_kind")),
        sa.CheckConstraint(
            "status = 'draft' or (number is not null and issued_at is not null and due_at is not null)",
            name=op.f("ck_invoice_issued"),
        ),
        sa.CheckConstraint(
            "status in ('draft', 'open', 'paid', 'void', 'written_off')", name=op.f("ck_invoice_status")
        ),
        sa.CheckConstraint("period_ends_at > period_starts_at", name=op.f("ck_invoice_period")),
        sa.CheckConstraint("total_cents >= 0", name=op.f("ck_invoice_total_cents")),
        sa.ForeignKeyConstraint(
            ["client_id", "subscription_id"],
            ["ledger.subscription.client_id", "ledger.subscription.id"],
            name=op.f("fk_invoice_client_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_invoice_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_invoice_client_id_id")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
        schema="ledger",
    )
    op.create_index(
        "ix_invoice_client_id_issued_at", "invoice", ["client_id", "issued_at"], unique=False, schema="ledger"
    )
    op.create_index(
        "ix_invoice_open", "invoice", ["due_at"], unique=False, schema="ledger", postgresql_where="status = 'open'"
    )
    op.create_index(
        "uq_invoice_one_per_period",
        "invoice",
        ["subscription_id", "period_starts_at"],
        unique=True,
        schema="ledger",
        postgresql_where="kind = 'period' and status <> 'void'",
    )
    op.create_table(
        "subscription_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("to_plan_version_id", sa.Uuid(), nullable=True),
        sa.Column("to_seats", sa.Integer(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("applies_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.CheckConstraint("num_nonnulls(applied_at, cancelled_at) < 2", name=op.f("ck_subscription_change_one_end")),
        sa.CheckConstraint("to_seats is null or to_seats > 0", name=op.f("ck_subscription_change_seats")),
        sa.ForeignKeyConstraint(
            ["client_id", "subscription_id"],
            ["ledger.subscription.client_id", "ledger.subscription.id"],
            name=op.f("fk_subscription_change_client_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_subscription_change_client_id")),
        sa.ForeignKeyConstraint(
            ["to_plan_version_id"], ["ledger.plan_version.id"], name=op.f("fk_subscription_change_to_plan_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_change")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_subscription_change_client_id_id")),
        schema="ledger",
    )
    op.create_index(
        "uq_subscription_change_one_pending",
        "subscription_change",
        ["subscription_id"],
        unique=True,
        schema="ledger",
        postgresql_where="applied_at is null and cancelled_at is null",
    )
    op.create_table(
        "credit_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason in ('proration', 'goodwill', 'correction')", name=op.f("ck_credit_note_reason")),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_credit_note_amount_cents")),
        sa.ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["ledger.invoice.client_id", "ledger.invoice.id"],
            name=op.f("fk_credit_note_client_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_credit_note_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_credit_note_client_id_id")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_note_number")),
        schema="ledger",
    )
    op.create_index(op.f("ix_credit_note_client_id"), "credit_note", ["client_id"], unique=False, schema="ledger")
    op.create_table(
        "deferral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(reason) >= 10", name=op.f("ck_deferral_reason")),
        sa.CheckConstraint("until > granted_at", name=op.f("ck_deferral_until")),
        sa.ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["ledger.invoice.client_id", "ledger.invoice.id"],
            name=op.f("fk_deferral_client_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_deferral_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferral")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_deferral_client_id_id")),
        schema="ledger",
    )
    op.create_index(op.f("ix_deferral_client_id"), "deferral", ["client_id"], unique=False, schema="ledger")
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "kind in ('plan', 'seats', 'proration_debit', 'proration_credit', 'tax', 'other')",
            name=op.f("ck_invoice_line_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["ledger.invoice.client_id", "ledger.invoice.id"],
            name=op.f("fk_invoice_line_client_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_invoice_line_client_id_id")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_line_invoice_id_position")),
        schema="ledger",
    )
    op.create_table(
        "notice_invoice",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance_cents > 0", name=op.f("ck_notice_invoice_balance_cents")),
        sa.ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["ledger.invoice.client_id", "ledger.invoice.id"],
            name=op.f("fk_notice_invoice_client_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "notice_id"],
            ["ledger.notice.client_id", "ledger.notice.id"],
            name=op.f("fk_notice_invoice_client_id_notice_id"),
        ),
        sa.PrimaryKeyConstraint("notice_id", "invoice_id", name=op.f("pk_notice_invoice")),
        schema="ledger",
    )
    op.create_index("ix_notice_invoice_invoice_id", "notice_invoice", ["invoice_id"], unique=False, schema="ledger")
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("termination_id", sa.Uuid(), nullable=True),
        sa.Column("days_total", sa.Integer(), nullable=False),
        sa.Column("days_unused", sa.Integer(), nullable=False),
        sa.Column("base_paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status in ('proposed', 'approved', 'sent', 'settled', 'failed')", name=op.f("ck_refund_status")
        ),
        sa.CheckConstraint("amount_cents between 0 and base_paid_cents", name=op.f("ck_refund_amount_cents")),
        sa.CheckConstraint("days_total > 0 and days_unused between 0 and days_total", name=op.f("ck_refund_days")),
        sa.ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["ledger.invoice.client_id", "ledger.invoice.id"],
            name=op.f("fk_refund_client_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "termination_id"],
            ["ledger.termination.client_id", "ledger.termination.id"],
            name=op.f("fk_refund_client_id_termination_id"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_refund_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_refund_client_id_id")),
        sa.UniqueConstraint("invoice_id", "termination_id", name=op.f("uq_refund_invoice_id_termination_id")),
        sa.UniqueConstraint("provider_ref", name=op.f("uq_refund_provider_ref")),
        schema="ledger",
    )
    op.create_index(op.f("ix_refund_client_id"), "refund", ["client_id"], unique=False, schema="ledger")
    op.create_table(
        "allocation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("credit_note_id", sa.Uuid(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_allocation_amount_cents")),
        sa.CheckConstraint("num_nonnulls(payment_id, credit_note_id) = 1", name=op.f("ck_allocation_one_source")),
        sa.ForeignKeyConstraint(
            ["client_id", "credit_note_id"],
            ["ledger.credit_note.client_id", "ledger.credit_note.id"],
            name=op.f("fk_allocation_client_id_credit_note_id"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["ledger.invoice.client_id", "ledger.invoice.id"],
            name=op.f("fk_allocation_client_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "payment_id"],
            ["ledger.payment.client_id", "ledger.payment.id"],
            name=op.f("fk_allocation_client_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        schema="ledger",
    )
    op.create_index(
        "ix_allocation_client_id_invoice_id", "allocation", ["client_id", "invoice_id"], unique=False, schema="ledger"
    )
    op.create_index("ix_allocation_payment_id", "allocation", ["payment_id"], unique=False, schema="ledger")
    op.add_column("authorized_user", sa.Column("relation", sa.Text(), nullable=True), schema="ledger")
    op.add_column(
        "authorized_user", sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.add_column("plan_version", sa.Column("extra_seat_cents", sa.BigInteger(), nullable=True), schema="ledger")
    op.add_column("plan_version", sa.Column("page_html", sa.Text(), nullable=True), schema="ledger")
    op.add_column("plan_version", sa.Column("page_sha256", sa.LargeBinary(), nullable=True), schema="ledger")
    op.add_column("subscription", sa.Column("anchor_day", sa.Integer(), nullable=True), schema="ledger")
    op.add_column("suspension", sa.Column("notice_id", sa.Uuid(), nullable=True), schema="ledger")
    op.add_column("suspension", sa.Column("invoice_id", sa.Uuid(), nullable=True), schema="ledger")
    op.add_column("suspension", sa.Column("scope", sa.Text(), nullable=True), schema="ledger")
    op.add_column(
        "suspension",
        sa.Column("is_silent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "suspension",
        sa.Column("allows_export", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="ledger",
    )
    op.create_foreign_key(
        op.f("fk_suspension_client_id_notice_id"),
        "suspension",
        "notice",
        ["client_id", "notice_id"],
        ["client_id", "id"],
        source_schema="ledger",
        referent_schema="ledger",
    )
    op.create_foreign_key(
        op.f("fk_suspension_client_id_invoice_id"),
        "suspension",
        "invoice",
        ["client_id", "invoice_id"],
        ["client_id", "id"],
        source_schema="ledger",
        referent_schema="ledger",
    )
    op.create_check_constraint(
        op.f("ck_authorized_user_relation"),
        "authorized_user",
        "relation in ('employee', 'contractor', 'agent')",
        schema="ledger",
        postgresql_not_valid=True,
    )
    op.execute("alter table ledger.authorized_user validate constraint ck_authorized_user_relation")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_authorized_user_relation"), "authorized_user", schema="ledger")
    op.drop_constraint(op.f("fk_suspension_client_id_invoice_id"), "suspension", schema="ledger", type_="foreignkey")
    op.drop_constraint(op.f("fk_suspension_client_id_notice_id"), "suspension", schema="ledger", type_="foreignkey")
    op.drop_column("suspension", "allows_export", schema="ledger")
    op.drop_column("suspension", "is_silent", schema="ledger")
    op.drop_column("suspension", "scope", schema="ledger")
    op.drop_column("suspension", "invoice_id", schema="ledger")
    op.drop_column("suspension", "notice_id", schema="ledger")
    op.drop_column("subscription", "anchor_day", schema="ledger")
    op.drop_column("plan_version", "page_sha256", schema="ledger")
    op.drop_column("plan_version", "page_html", schema="ledger")
    op.drop_column("plan_version", "extra_seat_cents", schema="ledger")
    op.drop_column("authorized_user", "invited_at", schema="ledger")
    op.drop_column("authorized_user", "relation", schema="ledger")
    op.drop_index("ix_allocation_payment_id", table_name="allocation", schema="ledger")
    op.drop_index("ix_allocation_client_id_invoice_id", table_name="allocation", schema="ledger")
    op.drop_table("allocation", schema="ledger")
    op.drop_index(op.f("ix_refund_client_id"), table_name="refund", schema="ledger")
    op.drop_table("refund", schema="ledger")
    op.drop_index("ix_notice_invoice_invoice_id", table_name="notice_invoice", schema="ledger")
    op.drop_table("notice_invoice", schema="ledger")
    op.drop_table("invoice_line", schema="ledger")
    op.drop_index(op.f("ix_deferral_client_id"), table_name="deferral", schema="ledger")
    op.drop_table("deferral", schema="ledger")
    op.drop_index(op.f("ix_credit_note_client_id"), table_name="credit_note", schema="ledger")
    op.drop_table("credit_note", schema="ledger")
    op.drop_index(
        "uq_subscription_change_one_pending",
        table_name="subscription_change",
        schema="ledger",
        postgresql_where="applied_at is null and cancelled_at is null",
    )
    op.drop_table("subscription_change", schema="ledger")
    op.drop_index(
        "uq_invoice_one_per_period",
        table_name="invoice",
        schema="ledger",
        postgresql_where="kind = 'period' and status <> 'void'",
    )
    op.drop_index("ix_invoice_open", table_name="invoice", schema="ledger", postgresql_where="status = 'open'")
    op.drop_index("ix_invoice_client_id_issued_at", table_name="invoice", schema="ledger")
    op.drop_table("invoice", schema="ledger")
    op.drop_index(
        "uq_termination_one_live",
        table_name="termination",
        schema="ledger",
        postgresql_where="withdrawn_at is null and reactivated_at is null",
    )
    op.drop_table("termination", schema="ledger")
    op.drop_index("ix_notice_event_client_id_notice_id", table_name="notice_event", schema="ledger")
    op.drop_table("notice_event", schema="ledger")
    op.drop_table("document_acceptance", schema="ledger")
    op.drop_index(
        "uq_deletion_one_live", table_name="deletion", schema="ledger", postgresql_where="cancelled_at is null"
    )
    op.drop_table("deletion", schema="ledger")
    op.drop_index(
        "uq_staff_task_one_open", table_name="staff_task", schema="ledger", postgresql_where="closed_at is null"
    )
    op.drop_index("ix_staff_task_client_id", table_name="staff_task", schema="ledger")
    op.drop_table("staff_task", schema="ledger")
    op.drop_index("ix_payment_event_client_id", table_name="payment_event", schema="ledger")
    op.drop_table("payment_event", schema="ledger")
    op.drop_index("ix_payment_client_id_recorded_at", table_name="payment", schema="ledger")
    op.drop_table("payment", schema="ledger")
    op.drop_index(
        "ix_notice_unproven",
        table_name="notice",
        schema="ledger",
        postgresql_where="channel = 'email' and delivered_at is null and bounced_at is null and undeliverable_at is null",
    )
    op.drop_index(
        "ix_notice_to_send",
        table_name="notice",
        schema="ledger",
        postgresql_where="channel = 'email' and sent_at is null and undeliverable_at is null",
    )
    op.drop_index("ix_notice_client_id_queued_at", table_name="notice", schema="ledger")
    op.drop_table("notice", schema="ledger")
    op.drop_index("ix_hold_in_force", table_name="hold", schema="ledger", postgresql_where="released_at is null")
    op.drop_table("hold", schema="ledger")
    op.drop_index(
        "ix_export_window_open", table_name="export_window", schema="ledger", postgresql_where="closed_at is null"
    )
    op.drop_table("export_window", schema="ledger")
    op.drop_index(
        "uq_export_job_one_running",
        table_name="export_job",
        schema="ledger",
        postgresql_where="state in ('requested', 'building')",
    )
    op.drop_index("ix_export_job_state", table_name="export_job", schema="ledger")
    op.drop_index(op.f("ix_export_job_client_id"), table_name="export_job", schema="ledger")
    op.drop_table("export_job", schema="ledger")
    op.drop_index(
        "uq_approval_one_open", table_name="approval", schema="ledger", postgresql_where="state in ('requested')"
    )
    op.drop_index("ix_approval_client_id", table_name="approval", schema="ledger")
    op.drop_table("approval", schema="ledger")
    op.drop_table("reading", schema="ledger")
    op.drop_table("number_series", schema="ledger")
    op.drop_table("document_version", schema="ledger")
