"""Queues as operators see them: files and words to be indexed among them, and no age that a replay makes old."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_watch"
down_revision: str | None = "20261122_search"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A body that staff had read again waits since then, not since it came days ago; a file that is to be asked for later
# is not late.
BACKLOG = """
create or replace function ops.backlog(p_now timestamptz)
returns table (queue text, depth bigint, oldest_seconds double precision)
language sql stable set search_path = pg_catalog as $$
  select 'intake', count(*), coalesce(extract(epoch from p_now - min(greatest(received_at, replayed_at))), 0)
    from platform.webhook_event where processed_at is null
  union all select 'outbox', count(*), coalesce(extract(epoch from p_now - min(queued_at)), 0)
    from tenant.outbox where done_at is null
  union all select 'connector_request', count(*), coalesce(extract(epoch from p_now - min(requested_at)), 0)
    from platform.connector_request where state in ('queued', 'running')
  union all select 'dead_letter', count(*), coalesce(extract(epoch from p_now - min(created_at)), 0)
    from platform.dead_letter where decided_at is null
  union all select 'attachment', count(*), coalesce(extract(epoch from p_now - min(greatest(m.received_at, a.not_before))
      filter (where coalesce(a.not_before, m.received_at) <= p_now)), 0)
    from tenant.attachment a join tenant.message m on m.client_id = a.client_id and m.id = a.message_id
    where a.state = 'pending'
  union all select 'search_pending', coalesce(sum(cardinality(message_ids) + cardinality(contact_ids)), 0),
    coalesce(extract(epoch from p_now - min(queued_at)), 0)
    from tenant.search_pending where older_than is null $$;
"""
BEFORE = """
create or replace function ops.backlog(p_now timestamptz)
returns table (queue text, depth bigint, oldest_seconds double precision)
language sql stable set search_path = pg_catalog as $$
  select 'intake', count(*), coalesce(extract(epoch from p_now - min(received_at)), 0)
    from platform.webhook_event where processed_at is null
  union all select 'outbox', count(*), coalesce(extract(epoch from p_now - min(queued_at)), 0)
    from tenant.outbox where done_at is null
  union all select 'connector_request', count(*), coalesce(extract(epoch from p_now - min(requested_at)), 0)
    from platform.connector_request where state in ('queued', 'running')
  union all select 'dead_letter', count(*), coalesce(extract(epoch from p_now - min(created_at)), 0)
    from platform.dead_letter where decided_at is null $$;
"""


def upgrade() -> None:
    op.execute(BACKLOG)


def downgrade() -> None:
    op.execute(BEFORE)
