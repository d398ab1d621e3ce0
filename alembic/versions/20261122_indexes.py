"""Indexes of tables that may be large, made while others write. Generated."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_indexes"
down_revision: str | None = "20261122_watch"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_attachment_withdrawn",
            "attachment",
            ["client_id", "id"],
            unique=False,
            schema="tenant",
            postgresql_where="state = 'withdrawn' and (stored_at is not null or preview_at is not null)",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_conversation_assignee",
            "conversation",
            ["client_id", "assignee_id", "last_at", "id"],
            unique=False,
            schema="tenant",
            postgresql_where="status = 'open'",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_conversation_groups",
            "conversation",
            ["client_id", "status", "last_at", "id"],
            unique=False,
            schema="tenant",
            postgresql_where="kind <> 'person'",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_message_stored",
            "message",
            ["client_id", "stored_in", "id"],
            unique=False,
            schema="tenant",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_outbox_asking",
            "outbox",
            ["ask_after"],
            unique=False,
            schema="tenant",
            postgresql_where="ask_after is not null",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_tombstone_at",
            "tombstone",
            ["at"],
            unique=False,
            schema="tenant",
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_tombstone_at", table_name="tombstone", schema="tenant", postgresql_concurrently=True, if_exists=True
        )
        op.drop_index(
            "ix_outbox_asking",
            table_name="outbox",
            schema="tenant",
            postgresql_where="ask_after is not null",
            postgresql_concurrently=True,
            if_exists=True,
        )
        op.drop_index(
            "ix_message_stored", table_name="message", schema="tenant", postgresql_concurrently=True, if_exists=True
        )
        op.drop_index(
            "ix_conversation_groups",
            table_name="conversation",
            schema="tenant",
            postgresql_where="kind <> 'person'",
            postgresql_concurrently=True,
            if_exists=True,
        )
        op.drop_index(
            "ix_conversation_assignee",
            table_name="conversation",
            schema="tenant",
            postgresql_where="status = 'open'",
            postgresql_concurrently=True,
            if_exists=True,
        )
        op.drop_index(
            "ix_attachment_withdrawn",
            table_name="attachment",
            schema="tenant",
            postgresql_where="state = 'withdrawn' and (stored_at is not null or preview_at is not null)",
            postgresql_concurrently=True,
            if_exists=True,
        )
