"""Every event: versions, reactions, events of a conversation, what connectors and the log remember. Generated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_every_event"
down_revision: str | None = "20261122_objects"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


# What this release wrote and the one before does not know; the owner is bound by FORCE, so it is lifted for a moment.
UNKNOWN_BEFORE = (
    ("tenant.tombstone", "delete from tenant.tombstone where status is null"),
    ("tenant.attachment", "update tenant.attachment set state = 'no_bytes' where state = 'withdrawn'"),
    ("platform.connector_request", "delete from platform.connector_request where kind in ('refresh', 'reconcile')"),
)


def upgrade() -> None:
    op.create_table(
        "connector_pace",
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("tallies", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("is_probing", sa.Boolean(), nullable=False),
        sa.Column("usage", sa.Integer(), nullable=True),
        sa.Column("usage_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("connector_id", name=op.f("pk_connector_pace")),
        schema="platform",
    )
    op.create_index("ix_connector_pace_client_id", "connector_pace", ["client_id"], unique=False, schema="platform")
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("offers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("granted_by_hash", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("channel in ('messenger', 'instagram', 'telegram')", name=op.f("ck_consent_channel")),
        sa.CheckConstraint("state in ('asked', 'answered', 'offered', 'failed')", name=op.f("ck_consent_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_consent_state_hash")),
        schema="platform",
    )
    op.create_index("ix_consent_client_id", "consent", ["client_id"], unique=False, schema="platform")
    op.create_index(
        "ix_consent_due",
        "consent",
        ["not_before"],
        unique=False,
        schema="platform",
        postgresql_where="state = 'answered'",
    )
    op.create_table(
        "data_deletion_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("person_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connectors", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_deletion_request")),
        sa.UniqueConstraint(
            "app", "person_hash", "issued_at", name=op.f("uq_data_deletion_request_app_person_hash_issued_at")
        ),
        sa.UniqueConstraint("code", name=op.f("uq_data_deletion_request_code")),
        schema="platform",
    )
    op.create_table(
        "send_budget",
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('account', 'media', 'chat', 'questions')", name=op.f("ck_send_budget_kind")),
        sa.PrimaryKeyConstraint("scope_id", "kind", name=op.f("pk_send_budget")),
        schema="platform",
    )
    op.create_index("ix_send_budget_at", "send_budget", ["at"], unique=False, schema="platform")
    op.create_table(
        "contact_search",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("prefixes", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "contact_id", name=op.f("pk_contact_search")),
        schema="tenant",
    )
    op.create_index(
        "ix_contact_search_prefixes",
        "contact_search",
        ["prefixes"],
        unique=False,
        schema="tenant",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "message_search",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("words", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "at", "message_id", name=op.f("pk_message_search")),
        schema="tenant",
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "ix_message_search_words",
        "message_search",
        ["words"],
        unique=False,
        schema="tenant",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "search_pending",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("contact_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("older_than", sa.Uuid(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_search_pending")),
        schema="tenant",
    )
    op.create_table(
        "conversation_event",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("contact_key", sa.LargeBinary(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id", "connector_id"],
            ["tenant.connector.client_id", "tenant.connector.id"],
            name=op.f("fk_conversation_event_client_id_connector_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_conversation_event")),
        schema="tenant",
    )
    op.create_index(
        "ix_conversation_event_request",
        "conversation_event",
        ["client_id", "at"],
        unique=False,
        schema="tenant",
        postgresql_where="kind = 'message_request'",
    )
    op.create_index(
        "ix_conversation_event_thread",
        "conversation_event",
        ["client_id", "connector_id", "contact_key", "at"],
        unique=False,
        schema="tenant",
    )
    op.create_table(
        "message_version",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("external_key", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("attachments_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "connector_id"],
            ["tenant.connector.client_id", "tenant.connector.id"],
            name=op.f("fk_message_version_client_id_connector_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_message_version")),
        schema="tenant",
    )
    op.create_index(
        "ix_message_version_message",
        "message_version",
        ["client_id", "connector_id", "external_key"],
        unique=False,
        schema="tenant",
    )
    op.create_table(
        "reaction",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector_id", sa.Uuid(), nullable=False),
        sa.Column("external_key", sa.LargeBinary(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("emoji_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "connector_id"],
            ["tenant.connector.client_id", "tenant.connector.id"],
            name=op.f("fk_reaction_client_id_connector_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_reaction")),
        schema="tenant",
    )
    op.create_index(
        "ix_reaction_message", "reaction", ["client_id", "connector_id", "external_key"], unique=False, schema="tenant"
    )
    op.add_column("account", sa.Column("granted_by_hash", sa.LargeBinary(), nullable=True), schema="platform")
    op.add_column(
        "connector_request",
        sa.Column("progress", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="platform",
    )
    op.add_column("dead_letter", sa.Column("decided_by", sa.Text(), nullable=True), schema="platform")
    op.add_column("dead_letter", sa.Column("replayed_as", sa.BigInteger(), nullable=True), schema="platform")
    op.add_column(
        "webhook_event", sa.Column("replays", sa.Integer(), server_default="0", nullable=False), schema="platform"
    )
    op.add_column(
        "webhook_event", sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True), schema="platform"
    )
    op.create_index(
        "ix_webhook_item_aside",
        "webhook_item",
        ["received_at", "event_id", "item"],
        unique=False,
        schema="platform",
        postgresql_where="outcome in ('ignored', 'unknown', 'unroutable', 'dead')",
    )
    op.add_column("attachment", sa.Column("width", sa.Integer(), nullable=True), schema="tenant")
    op.add_column("attachment", sa.Column("height", sa.Integer(), nullable=True), schema="tenant")
    op.add_column("attachment", sa.Column("preview_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("connector", sa.Column("page_id", sa.Text(), nullable=True), schema="tenant")
    op.add_column(
        "connector", sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True), schema="tenant"
    )
    op.add_column("connector", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("connector", sa.Column("check_failure", sa.Text(), nullable=True), schema="tenant")
    op.add_column(
        "connector", sa.Column("reconciled_until", sa.DateTime(timezone=True), nullable=True), schema="tenant"
    )
    op.add_column("contact", sa.Column("kind", sa.Text(), server_default="person", nullable=False), schema="tenant")
    op.add_column("contact", sa.Column("unreachable", sa.Text(), nullable=True), schema="tenant")
    op.add_column("contact", sa.Column("unreachable_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column(
        "conversation", sa.Column("kind", sa.Text(), server_default="person", nullable=False), schema="tenant"
    )
    op.add_column("conversation", sa.Column("window_opened_by", sa.Text(), nullable=True), schema="tenant")
    op.add_column("conversation", sa.Column("business_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("conversation", sa.Column("owner_app", sa.Text(), nullable=True), schema="tenant")
    op.add_column("conversation", sa.Column("owner_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("message", sa.Column("facts_sealed", sa.LargeBinary(), nullable=True), schema="tenant")
    op.add_column("message", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("message", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column(
        "message",
        sa.Column(
            "stored_in", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        schema="tenant",
    )
    op.add_column("outbox", sa.Column("ask_after", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("outbox", sa.Column("asked", sa.Integer(), server_default="0", nullable=False), schema="tenant")
    op.add_column("tombstone", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("tombstone", sa.Column("delivered_until", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.add_column("tombstone", sa.Column("read_until", sa.DateTime(timezone=True), nullable=True), schema="tenant")
    op.alter_column("tombstone", "status", existing_type=sa.TEXT(), nullable=True, schema="tenant")
    op.drop_constraint(op.f("ck_connector_request_kind"), "connector_request", schema="platform")
    op.create_check_constraint(
        op.f("ck_connector_request_kind"),
        "connector_request",
        "kind in ('connect', 'disconnect', 'check', 'refresh', 'reconcile')",
        schema="platform",
        postgresql_not_valid=True,
    )
    op.execute("alter table platform.connector_request validate constraint ck_connector_request_kind")
    op.create_check_constraint(
        op.f("ck_contact_kind"),
        "contact",
        "kind in ('person', 'group', 'channel')",
        schema="tenant",
        postgresql_not_valid=True,
    )
    op.execute("alter table tenant.contact validate constraint ck_contact_kind")
    op.create_check_constraint(
        op.f("ck_conversation_kind"),
        "conversation",
        "kind in ('person', 'group', 'channel')",
        schema="tenant",
        postgresql_not_valid=True,
    )
    op.execute("alter table tenant.conversation validate constraint ck_conversation_kind")
    op.drop_constraint(op.f("ck_attachment_state"), "attachment", schema="tenant")
    op.create_check_constraint(
        op.f("ck_attachment_state"),
        "attachment",
        "state in ('pending', 'stored', 'link_only', 'no_bytes', 'failed', 'withdrawn')",
        schema="tenant",
        postgresql_not_valid=True,
    )
    op.execute("alter table tenant.attachment validate constraint ck_attachment_state")


def downgrade() -> None:
    for table, statement in UNKNOWN_BEFORE:
        op.execute(f"alter table {table} no force row level security")
        op.execute(statement)
        op.execute(f"alter table {table} force row level security")
    op.drop_constraint(op.f("ck_connector_request_kind"), "connector_request", schema="platform")
    op.execute(
        """alter table platform.connector_request add constraint ck_connector_request_kind CHECK ((kind = ANY (ARRAY['connect'::text, 'disconnect'::text, 'check'::text])))"""
    )
    op.drop_constraint(op.f("ck_contact_kind"), "contact", schema="tenant")
    op.drop_constraint(op.f("ck_conversation_kind"), "conversation", schema="tenant")
    op.drop_constraint(op.f("ck_attachment_state"), "attachment", schema="tenant")
    op.execute(
        """alter table tenant.attachment add constraint ck_attachment_state CHECK ((state = ANY (ARRAY['pending'::text, 'stored'::text, 'link_only'::text, 'no_bytes'::text, 'failed'::text])))"""
    )
    op.alter_column("tombstone", "status", existing_type=sa.TEXT(), nullable=False, schema="tenant")
    op.drop_column("tombstone", "read_until", schema="tenant")
    op.drop_column("tombstone", "delivered_until", schema="tenant")
    op.drop_column("tombstone", "withdrawn_at", schema="tenant")
    op.drop_column("outbox", "asked", schema="tenant")
    op.drop_column("outbox", "ask_after", schema="tenant")
    op.drop_column("message", "stored_in", schema="tenant")
    op.drop_column("message", "deleted_at", schema="tenant")
    op.drop_column("message", "edited_at", schema="tenant")
    op.drop_column("message", "facts_sealed", schema="tenant")
    op.drop_column("conversation", "owner_at", schema="tenant")
    op.drop_column("conversation", "owner_app", schema="tenant")
    op.drop_column("conversation", "business_at", schema="tenant")
    op.drop_column("conversation", "window_opened_by", schema="tenant")
    op.drop_column("conversation", "kind", schema="tenant")
    op.drop_column("contact", "unreachable_at", schema="tenant")
    op.drop_column("contact", "unreachable", schema="tenant")
    op.drop_column("contact", "kind", schema="tenant")
    op.drop_column("connector", "reconciled_until", schema="tenant")
    op.drop_column("connector", "check_failure", schema="tenant")
    op.drop_column("connector", "checked_at", schema="tenant")
    op.drop_column("connector", "token_expires_at", schema="tenant")
    op.drop_column("connector", "page_id", schema="tenant")
    op.drop_column("attachment", "preview_at", schema="tenant")
    op.drop_column("attachment", "height", schema="tenant")
    op.drop_column("attachment", "width", schema="tenant")
    op.drop_index(
        "ix_webhook_item_aside",
        table_name="webhook_item",
        schema="platform",
        postgresql_where="outcome in ('ignored', 'unknown', 'unroutable', 'dead')",
    )
    op.drop_column("webhook_event", "replayed_at", schema="platform")
    op.drop_column("webhook_event", "replays", schema="platform")
    op.drop_column("dead_letter", "replayed_as", schema="platform")
    op.drop_column("dead_letter", "decided_by", schema="platform")
    op.drop_column("connector_request", "progress", schema="platform")
    op.drop_column("account", "granted_by_hash", schema="platform")
    op.drop_index("ix_reaction_message", table_name="reaction", schema="tenant")
    op.drop_table("reaction", schema="tenant")
    op.drop_index("ix_message_version_message", table_name="message_version", schema="tenant")
    op.drop_table("message_version", schema="tenant")
    op.drop_index("ix_conversation_event_thread", table_name="conversation_event", schema="tenant")
    op.drop_index(
        "ix_conversation_event_request",
        table_name="conversation_event",
        schema="tenant",
        postgresql_where="kind = 'message_request'",
    )
    op.drop_table("conversation_event", schema="tenant")
    op.drop_table("search_pending", schema="tenant")
    op.drop_index(
        "ix_message_search_words",
        table_name="message_search",
        schema="tenant",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("message_search", schema="tenant")
    op.drop_index(
        "ix_contact_search_prefixes",
        table_name="contact_search",
        schema="tenant",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("contact_search", schema="tenant")
    op.drop_index("ix_send_budget_at", table_name="send_budget", schema="platform")
    op.drop_table("send_budget", schema="platform")
    op.drop_table("data_deletion_request", schema="platform")
    op.drop_index("ix_consent_due", table_name="consent", schema="platform", postgresql_where="state = 'answered'")
    op.drop_index("ix_consent_client_id", table_name="consent", schema="platform")
    op.drop_table("consent", schema="platform")
    op.drop_index("ix_connector_pace_client_id", table_name="connector_pace", schema="platform")
    op.drop_table("connector_pace", schema="platform")
