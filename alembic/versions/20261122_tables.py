"""Tables of the main database: ledger, tenant and platform planes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_tables"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("actor_kind <> 'staff' or length(reason) >= 10", name=op.f("ck_audit_entry_staff_reason")),
        sa.CheckConstraint(
            "actor_kind in ('staff', 'agent', 'system', 'provider')", name=op.f("ck_audit_entry_actor_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        schema="ledger",
    )
    op.create_index(op.f("ix_audit_entry_action"), "audit_entry", ["action"], unique=False, schema="ledger")
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False, schema="ledger")
    op.create_index("ix_audit_entry_client_id_id", "audit_entry", ["client_id", "id"], unique=False, schema="ledger")
    op.create_table(
        "cause_policy",
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("block_login", sa.Boolean(), nullable=False),
        sa.Column("block_inbox", sa.Boolean(), nullable=False),
        sa.Column("block_send", sa.Boolean(), nullable=False),
        sa.Column("block_ingest", sa.Boolean(), nullable=False),
        sa.Column("block_export", sa.Boolean(), nullable=False),
        sa.Column("block_renewal", sa.Boolean(), nullable=False),
        sa.Column("starts_window", sa.Boolean(), nullable=False),
        sa.Column("lift_rule", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "cause in ('nonpayment', 'trial_expired', 'aup', 'legal_order', 'security')",
            name=op.f("ck_cause_policy_cause"),
        ),
        sa.CheckConstraint(
            "lift_rule in ('automatic_on_payment', 'automatic_on_subscribe', 'manual', 'manual_two_person')",
            name=op.f("ck_cause_policy_lift_rule"),
        ),
        sa.PrimaryKeyConstraint("cause", name=op.f("pk_cause_policy")),
        schema="ledger",
    )
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("legal_name_lower", sa.Text(), nullable=False),
        sa.Column("trade_name", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("registered_email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("is_agency", sa.Boolean(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "authority in ('declared', 'requested', 'verified', 'rejected')", name=op.f("ck_client_authority")
        ),
        sa.CheckConstraint("kind in ('individual', 'entity')", name=op.f("ck_client_kind")),
        sa.CheckConstraint("language in ('es', 'en')", name=op.f("ck_client_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        schema="ledger",
    )
    op.create_index("ix_client_legal_name_lower", "client", ["legal_name_lower"], unique=False, schema="ledger")
    op.create_index(op.f("ix_client_registered_email"), "client", ["registered_email"], unique=False, schema="ledger")
    op.create_index(op.f("ix_client_tax_id"), "client", ["tax_id"], unique=False, schema="ledger")
    op.create_index(
        "ix_client_trade_name_lower", "client", [sa.literal_column("lower(trade_name)")], unique=False, schema="ledger"
    )
    op.create_table(
        "plan",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan")),
        schema="ledger",
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_failure")),
        schema="ledger",
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role in ('admin', 'support', 'billing', 'trust', 'legal', 'privacy', 'analyst')",
            name=op.f("ck_staff_role"),
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        schema="ledger",
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("webhook_secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("send_after", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel in ('messenger', 'instagram', 'telegram')", name=op.f("ck_account_channel")),
        sa.CheckConstraint(
            "state in ('pending_auth', 'connected', 'degraded', 'disconnecting', 'needs_reconfiguration', 'removed')",
            name=op.f("ck_account_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("connector_id", name=op.f("uq_account_connector_id")),
        schema="platform",
    )
    op.create_index("ix_account_client_id", "account", ["client_id"], unique=False, schema="platform")
    op.create_index(
        "uq_account_one_holder",
        "account",
        ["channel", "account_id"],
        unique=True,
        schema="platform",
        postgresql_where="state in ('pending_auth', 'connected', 'degraded', 'disconnecting')",
    )
    op.create_table(
        "collect_watermark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_collect_watermark")),
        schema="platform",
    )
    op.create_table(
        "connector_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("target_state", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('connect', 'disconnect', 'check')", name=op.f("ck_connector_request_kind")),
        sa.CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name=op.f("ck_connector_request_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector_request")),
        schema="platform",
    )
    op.create_index(
        "ix_connector_request_client_id",
        "connector_request",
        ["client_id", "connector_id"],
        unique=False,
        schema="platform",
    )
    op.create_index(
        "ix_connector_request_due",
        "connector_request",
        ["not_before"],
        unique=False,
        schema="platform",
        postgresql_where="state in ('queued', 'running')",
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
        schema="platform",
    )
    op.create_index(
        "ix_dead_letter_open",
        "dead_letter",
        ["created_at"],
        unique=False,
        schema="platform",
        postgresql_where="decided_at is null",
    )
    op.create_table(
        "dropped_count",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "channel", "connector", name=op.f("pk_dropped_count")),
        schema="platform",
    )
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("process", "worker", name=op.f("pk_heartbeat")),
        schema="platform",
    )
    op.create_table(
        "job_slot",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_job_slot")),
        schema="platform",
    )
    op.create_table(
        "webhook_event",
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("key_day", sa.Date(), nullable=False),
        sa.Column("nonce_id", sa.Uuid(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("received_at", "id", name=op.f("pk_webhook_event")),
        schema="platform",
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index(
        "ix_webhook_event_waiting",
        "webhook_event",
        ["id"],
        unique=False,
        schema="platform",
        postgresql_where="processed_at is null",
    )
    op.create_table(
        "webhook_item",
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("received_at", "event_id", "item", name=op.f("pk_webhook_item")),
        schema="platform",
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_table(
        "connector",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("webhook_secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel in ('messenger', 'instagram', 'telegram')", name=op.f("ck_connector_channel")),
        sa.CheckConstraint(
            "reason in ('needs_reauth', 'permission_lost', 'restricted', 'silent', 'provider_down', 'suspended', 'revoked', 'reauthorized_elsewhere', 'paused_by_staff', 'policy_block', 'requested')",
            name=op.f("ck_connector_reason"),
        ),
        sa.CheckConstraint(
            "state <> 'connected' or secret_sealed is not null", name=op.f("ck_connector_connected_has_secret")
        ),
        sa.CheckConstraint(
            "state in ('pending_auth', 'connected', 'degraded', 'disconnecting', 'needs_reconfiguration', 'removed')",
            name=op.f("ck_connector_state"),
        ),
        sa.CheckConstraint(
            "state not in ('needs_reconfiguration', 'removed') or secret_sealed is null",
            name=op.f("ck_connector_disconnected_has_none"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_connector")),
        schema="tenant",
    )
    op.create_index("ix_connector_account_id", "connector", ["account_id"], unique=False, schema="tenant")
    op.create_index(
        "ix_connector_name_lower", "connector", [sa.literal_column("lower(name)")], unique=False, schema="tenant"
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_api_token_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_api_token_client_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
        schema="ledger",
    )
    op.create_index(op.f("ix_api_token_client_id"), "api_token", ["client_id"], unique=False, schema="ledger")
    op.create_table(
        "authorized_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role in ('owner', 'supervisor', 'agent')", name=op.f("ck_authorized_user_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_authorized_user_email_lower")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_authorized_user_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorized_user")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_authorized_user_client_id_id")),
        sa.UniqueConstraint("email", name=op.f("uq_authorized_user_email")),
        schema="ledger",
    )
    op.create_index(
        op.f("ix_authorized_user_client_id"), "authorized_user", ["client_id"], unique=False, schema="ledger"
    )
    op.create_table(
        "plan_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("connectors", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("currency = 'MXN'", name=op.f("ck_plan_version_currency")),
        sa.CheckConstraint("interval in ('month', 'year')", name=op.f("ck_plan_version_interval")),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_plan_version_price_cents")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_plan_version_seats")),
        sa.ForeignKeyConstraint(["plan_code"], ["ledger.plan.code"], name=op.f("fk_plan_version_plan_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("plan_code", "version", name=op.f("uq_plan_version_plan_code_version")),
        schema="ledger",
    )
    op.create_table(
        "staff_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["ledger.staff.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_session_token_hash")),
        schema="ledger",
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"], unique=False, schema="ledger")
    op.create_table(
        "suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("cause <> 'nonpayment'", name=op.f("ck_suspension_nonpayment_needs_notice")),
        sa.CheckConstraint("(lifted_at is null) = (lifted_by is null)", name=op.f("ck_suspension_lifted")),
        sa.CheckConstraint("length(reason) >= 10", name=op.f("ck_suspension_reason")),
        sa.CheckConstraint("lifted_at is null or lifted_at >= opened_at", name=op.f("ck_suspension_order")),
        sa.ForeignKeyConstraint(["cause"], ["ledger.cause_policy.cause"], name=op.f("fk_suspension_cause")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_suspension_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_suspension_client_id_id")),
        schema="ledger",
    )
    op.create_index(
        "uq_suspension_one_open",
        "suspension",
        ["client_id", "cause", "subject_ref"],
        unique=True,
        schema="ledger",
        postgresql_where="lifted_at is null",
    )
    op.create_table(
        "usage_daily",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("plan_code", sa.Text(), nullable=False),
        sa.Column("messages_in", sa.BigInteger(), nullable=False),
        sa.Column("messages_out", sa.BigInteger(), nullable=False),
        sa.Column("contacts_active", sa.BigInteger(), nullable=False),
        sa.Column("conversations_opened", sa.BigInteger(), nullable=False),
        sa.Column("conversations_closed", sa.BigInteger(), nullable=False),
        sa.Column("sends_failed", sa.BigInteger(), nullable=False),
        sa.Column("first_response_hist", sa.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("channel in ('messenger', 'instagram', 'telegram')", name=op.f("ck_usage_daily_channel")),
        sa.CheckConstraint("cardinality(first_response_hist) = 17", name=op.f("ck_usage_daily_bins")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_usage_daily_client_id")),
        sa.PrimaryKeyConstraint("client_id", "day", "channel", name=op.f("pk_usage_daily")),
        schema="ledger",
    )
    op.create_index(op.f("ix_usage_daily_day"), "usage_daily", ["day"], unique=False, schema="ledger")
    op.create_table(
        "connector_change",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "connector_id"],
            ["tenant.connector.client_id", "tenant.connector.id"],
            name=op.f("fk_connector_change_client_id_connector_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_connector_change")),
        schema="tenant",
    )
    op.create_table(
        "contact",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("external_key", sa.LargeBinary(), nullable=False),
        sa.Column("external_id_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("handle_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id", "connector_id"],
            ["tenant.connector.client_id", "tenant.connector.id"],
            name=op.f("fk_contact_client_id_connector_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_contact")),
        sa.UniqueConstraint(
            "client_id", "connector_id", "external_key", name=op.f("uq_contact_client_id_connector_id_external_key")
        ),
        schema="tenant",
    )
    op.create_index(
        "ix_contact_nameless",
        "contact",
        ["client_id", "id"],
        unique=False,
        schema="tenant",
        postgresql_where="name_sealed is null and profile_asked_at is null",
    )
    op.create_table(
        "tombstone",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("external_key", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('received', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown', 'cancelled')",
            name=op.f("ck_tombstone_status"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "connector_id"],
            ["tenant.connector.client_id", "tenant.connector.id"],
            name=op.f("fk_tombstone_client_id_connector_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "connector_id", "external_key", name=op.f("pk_tombstone")),
        schema="tenant",
    )
    op.create_table(
        "agent_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id", "user_id"],
            ["ledger.authorized_user.client_id", "ledger.authorized_user.id"],
            name=op.f("fk_agent_session_client_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_session")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_agent_session_client_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_agent_session_token_hash")),
        schema="ledger",
    )
    op.create_index(
        "ix_agent_session_live",
        "agent_session",
        ["client_id"],
        unique=False,
        schema="ledger",
        postgresql_where="ended_at is null",
    )
    op.create_table(
        "one_time_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(user_id, staff_id) = 1", name=op.f("ck_one_time_link_one_person")),
        sa.ForeignKeyConstraint(["staff_id"], ["ledger.staff.id"], name=op.f("fk_one_time_link_staff_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ledger.authorized_user.id"], name=op.f("fk_one_time_link_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
        schema="ledger",
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("plan_version_id", sa.Uuid(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trial_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status <> 'ended' or (ended_at is not null and end_reason is not null)", name=op.f("ck_subscription_ended")
        ),
        sa.CheckConstraint("status <> 'trialing' or trial_ends_at is not null", name=op.f("ck_subscription_trial")),
        sa.CheckConstraint(
            "status in ('trialing', 'active', 'past_due', 'ended')", name=op.f("ck_subscription_status")
        ),
        sa.CheckConstraint("period_ends_at > period_starts_at", name=op.f("ck_subscription_period")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_subscription_seats")),
        sa.ForeignKeyConstraint(["client_id"], ["ledger.client.id"], name=op.f("fk_subscription_client_id")),
        sa.ForeignKeyConstraint(
            ["plan_version_id"], ["ledger.plan_version.id"], name=op.f("fk_subscription_plan_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_subscription_client_id_id")),
        schema="ledger",
    )
    op.create_index(
        "uq_subscription_one_live",
        "subscription",
        ["client_id"],
        unique=True,
        schema="ledger",
        postgresql_where="status <> 'ended'",
    )
    op.create_table(
        "conversation",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_reply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("delivered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel in ('messenger', 'instagram', 'telegram')", name=op.f("ck_conversation_channel")),
        sa.CheckConstraint("status in ('open', 'snoozed', 'closed')", name=op.f("ck_conversation_status")),
        sa.ForeignKeyConstraint(
            ["client_id", "connector_id"],
            ["tenant.connector.client_id", "tenant.connector.id"],
            name=op.f("fk_conversation_client_id_connector_id"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "contact_id"],
            ["tenant.contact.client_id", "tenant.contact.id"],
            name=op.f("fk_conversation_client_id_contact_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_conversation")),
        sa.UniqueConstraint(
            "client_id", "connector_id", "contact_id", name=op.f("uq_conversation_client_id_connector_id_contact_id")
        ),
        schema="tenant",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_conversation_list", "conversation", ["client_id", "status", "last_at", "id"], unique=False, schema="tenant"
    )
    op.create_table(
        "draft",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "conversation_id"],
            ["tenant.conversation.client_id", "tenant.conversation.id"],
            name=op.f("fk_draft_client_id_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "conversation_id", "user_id", name=op.f("pk_draft")),
        schema="tenant",
    )
    op.create_table(
        "message",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_key", sa.LargeBinary(), nullable=True),
        sa.Column("external_id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reply_to_key", sa.LargeBinary(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("reply_id", sa.Uuid(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.CheckConstraint("author in ('contact', 'agent', 'owner', 'program')", name=op.f("ck_message_author")),
        sa.CheckConstraint("direction in ('in', 'out')", name=op.f("ck_message_direction")),
        sa.CheckConstraint(
            "status in ('received', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown', 'cancelled')",
            name=op.f("ck_message_status"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "conversation_id"],
            ["tenant.conversation.client_id", "tenant.conversation.id"],
            name=op.f("fk_message_client_id_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "client_id", "connector_id", "external_key", name=op.f("uq_message_client_id_connector_id_external_key")
        ),
        schema="tenant",
    )
    op.create_index(
        "ix_message_received_at", "message", ["received_at"], unique=False, schema="tenant", postgresql_using="brin"
    )
    op.create_index(
        "ix_message_thread",
        "message",
        ["client_id", "conversation_id", "occurred_at", "id"],
        unique=False,
        schema="tenant",
    )
    op.create_table(
        "reply",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "conversation_id"],
            ["tenant.conversation.client_id", "tenant.conversation.id"],
            name=op.f("fk_reply_client_id_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_reply")),
        schema="tenant",
    )
    op.create_table(
        "attachment",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("source_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('image', 'audio', 'video', 'file', 'sticker', 'location', 'contact', 'share', 'story', 'unknown')",
            name=op.f("ck_attachment_kind"),
        ),
        sa.CheckConstraint(
            "state in ('pending', 'stored', 'link_only', 'no_bytes', 'failed')", name=op.f("ck_attachment_state")
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "message_id"],
            ["tenant.message.client_id", "tenant.message.id"],
            name=op.f("fk_attachment_client_id_message_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_attachment")),
        sa.UniqueConstraint(
            "client_id", "message_id", "position", name=op.f("uq_attachment_client_id_message_id_position")
        ),
        schema="tenant",
    )
    op.create_index(
        "ix_attachment_pending",
        "attachment",
        ["client_id", "id"],
        unique=False,
        schema="tenant",
        postgresql_where="state = 'pending'",
    )
    op.create_table(
        "outbox",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_person", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "id"], ["tenant.message.client_id", "tenant.message.id"], name=op.f("fk_outbox_client_id_id")
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_outbox")),
        schema="tenant",
    )
    op.create_index(
        "ix_outbox_conversation",
        "outbox",
        ["client_id", "conversation_id", "position"],
        unique=False,
        schema="tenant",
        postgresql_where="done_at is null",
    )
    op.create_index(
        "ix_outbox_due", "outbox", ["not_before"], unique=False, schema="tenant", postgresql_where="done_at is null"
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_due", table_name="outbox", schema="tenant", postgresql_where="done_at is null")
    op.drop_index("ix_outbox_conversation", table_name="outbox", schema="tenant", postgresql_where="done_at is null")
    op.drop_table("outbox", schema="tenant")
    op.drop_index(
        "ix_attachment_pending", table_name="attachment", schema="tenant", postgresql_where="state = 'pending'"
    )
    op.drop_table("attachment", schema="tenant")
    op.drop_table("reply", schema="tenant")
    op.drop_index("ix_message_thread", table_name="message", schema="tenant")
    op.drop_index("ix_message_received_at", table_name="message", schema="tenant", postgresql_using="brin")
    op.drop_table("message", schema="tenant")
    op.drop_table("draft", schema="tenant")
    op.drop_index("ix_conversation_list", table_name="conversation", schema="tenant")
    op.drop_table("conversation", schema="tenant")
    op.drop_index(
        "uq_subscription_one_live", table_name="subscription", schema="ledger", postgresql_where="status <> 'ended'"
    )
    op.drop_table("subscription", schema="ledger")
    op.drop_table("one_time_link", schema="ledger")
    op.drop_index(
        "ix_agent_session_live", table_name="agent_session", schema="ledger", postgresql_where="ended_at is null"
    )
    op.drop_table("agent_session", schema="ledger")
    op.drop_table("tombstone", schema="tenant")
    op.drop_index(
        "ix_contact_nameless",
        table_name="contact",
        schema="tenant",
        postgresql_where="name_sealed is null and profile_asked_at is null",
    )
    op.drop_table("contact", schema="tenant")
    op.drop_table("connector_change", schema="tenant")
    op.drop_index(op.f("ix_usage_daily_day"), table_name="usage_daily", schema="ledger")
    op.drop_table("usage_daily", schema="ledger")
    op.drop_index(
        "uq_suspension_one_open", table_name="suspension", schema="ledger", postgresql_where="lifted_at is null"
    )
    op.drop_table("suspension", schema="ledger")
    op.drop_index(op.f("ix_staff_session_staff_id"), table_name="staff_session", schema="ledger")
    op.drop_table("staff_session", schema="ledger")
    op.drop_table("plan_version", schema="ledger")
    op.drop_index(op.f("ix_authorized_user_client_id"), table_name="authorized_user", schema="ledger")
    op.drop_table("authorized_user", schema="ledger")
    op.drop_index(op.f("ix_api_token_client_id"), table_name="api_token", schema="ledger")
    op.drop_table("api_token", schema="ledger")
    op.drop_index("ix_connector_name_lower", table_name="connector", schema="tenant")
    op.drop_index("ix_connector_account_id", table_name="connector", schema="tenant")
    op.drop_table("connector", schema="tenant")
    op.drop_table("webhook_item", schema="platform")
    op.drop_index(
        "ix_webhook_event_waiting",
        table_name="webhook_event",
        schema="platform",
        postgresql_where="processed_at is null",
    )
    op.drop_table("webhook_event", schema="platform")
    op.drop_table("job_slot", schema="platform")
    op.drop_table("heartbeat", schema="platform")
    op.drop_table("dropped_count", schema="platform")
    op.drop_index(
        "ix_dead_letter_open", table_name="dead_letter", schema="platform", postgresql_where="decided_at is null"
    )
    op.drop_table("dead_letter", schema="platform")
    op.drop_index(
        "ix_connector_request_due",
        table_name="connector_request",
        schema="platform",
        postgresql_where="state in ('queued', 'running')",
    )
    op.drop_index("ix_connector_request_client_id", table_name="connector_request", schema="platform")
    op.drop_table("connector_request", schema="platform")
    op.drop_table("collect_watermark", schema="platform")
    op.drop_index(
        "uq_account_one_holder",
        table_name="account",
        schema="platform",
        postgresql_where="state in ('pending_auth', 'connected', 'degraded', 'disconnecting')",
    )
    op.drop_index("ix_account_client_id", table_name="account", schema="platform")
    op.drop_table("account", schema="platform")
    op.drop_table("staff", schema="ledger")
    op.drop_table("sign_in_failure", schema="ledger")
    op.drop_table("plan", schema="ledger")
    op.drop_index("ix_client_trade_name_lower", table_name="client", schema="ledger")
    op.drop_index(op.f("ix_client_tax_id"), table_name="client", schema="ledger")
    op.drop_index(op.f("ix_client_registered_email"), table_name="client", schema="ledger")
    op.drop_index("ix_client_legal_name_lower", table_name="client", schema="ledger")
    op.drop_table("client", schema="ledger")
    op.drop_table("cause_policy", schema="ledger")
    op.drop_index("ix_audit_entry_client_id_id", table_name="audit_entry", schema="ledger")
    op.drop_index(op.f("ix_audit_entry_at"), table_name="audit_entry", schema="ledger")
    op.drop_index(op.f("ix_audit_entry_action"), table_name="audit_entry", schema="ledger")
    op.drop_table("audit_entry", schema="ledger")
