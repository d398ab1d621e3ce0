"""The times a conversation was open, kept by a trigger. What the daily figures count of them: the next revision."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261123_rollups"
down_revision: str | None = "20261123_readers"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A conversation of before this trigger gets its row when it next changes, so nothing is filled in under a lock.
KEEP = """
create function app.keep_episode() returns trigger language plpgsql as $$
begin
  insert into tenant.episode as e
    (client_id, conversation_id, opened_at, channel, is_reopening, first_reply_at, closed_at)
  values (new.client_id, new.id, new.opened_at, new.channel,
          tg_op = 'UPDATE' and new.opened_at is distinct from old.opened_at, new.first_reply_at, new.closed_at)
  on conflict (client_id, conversation_id, opened_at) do update
    set first_reply_at = excluded.first_reply_at, closed_at = excluded.closed_at;
  return null;
end $$;
create trigger keep_episode after insert on tenant.conversation for each row execute function app.keep_episode();
create trigger keep_episode_changed after update of opened_at, first_reply_at, closed_at on tenant.conversation
  for each row when (old.opened_at is distinct from new.opened_at
                     or old.first_reply_at is distinct from new.first_reply_at
                     or old.closed_at is distinct from new.closed_at)
  execute function app.keep_episode();
"""


def upgrade() -> None:
    op.create_table(
        "episode",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("is_reopening", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("first_reply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel in ('messenger', 'instagram', 'telegram')", name=op.f("ck_episode_channel")),
        sa.ForeignKeyConstraint(
            ["client_id", "conversation_id"],
            ["tenant.conversation.client_id", "tenant.conversation.id"],
            name=op.f("fk_episode_client_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("client_id", "conversation_id", "opened_at", name=op.f("pk_episode")),
        schema="tenant",
    )
    op.create_index("ix_episode_opened_at", "episode", ["opened_at"], unique=False, schema="tenant")
    for column in ("first_reply_at", "closed_at"):
        where = f"{column} is not null"
        op.create_index(f"ix_episode_{column}", "episode", [column], schema="tenant", postgresql_where=where)
    # Programs of the release before write conversations on; the registry's own grants come when all revisions are made.
    op.execute("grant select, insert, update on tenant.episode to konectus_app, konectus_worker")
    op.execute(KEEP)


def downgrade() -> None:
    op.execute("drop trigger keep_episode_changed on tenant.conversation")
    op.execute("drop trigger keep_episode on tenant.conversation")
    op.execute("drop function app.keep_episode")
    op.drop_table("episode", schema="tenant")
