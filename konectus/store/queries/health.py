"""What an operator's eye falls on: backlogs, connector states, long transactions. No content, no names."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

MISSING_SINCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Entries that wait in a queue and the age of the oldest in seconds."""

    queue: str
    depth: int
    oldest_seconds: float


def backlogs(session: Session, now: datetime) -> list[Backlog]:
    """By queue; ages are told by the caller's clock, which in the demo runs ahead of the server's."""
    query = text("select queue, depth, oldest_seconds from ops.backlog(:now) order by queue")
    rows = session.execute(query, {"now": now})
    return [Backlog(row.queue, row.depth, float(row.oldest_seconds or 0)) for row in rows]


def connector_states(session: Session) -> dict[tuple[str, str], int]:
    """How many Connectors stand in each state, by channel and state."""
    rows = session.execute(text("select channel, state, count(*) as n from ops.connector group by channel, state"))
    return {(row.channel, row.state): row.n for row in rows}


def last_seen(session: Session) -> dict[str, datetime]:
    """By kind of process, when one of it last said that it is alive."""
    rows = session.execute(text("select process, max(at) as at from platform.heartbeat group by process"))
    return {row.process: row.at for row in rows}


def oldest_transaction(session: Session) -> datetime | None:
    """Since when, by the server's clock, the oldest other transaction of this session's role is open.

    A role sees no times of others.
    """
    found: datetime | None = session.scalar(
        text(
            "select min(xact_start) from pg_stat_activity where usename = current_user"
            " and datname = current_database() and pid <> pg_backend_pid()"
        )
    )
    return found


def messages_missing(session: Session, now: datetime) -> int:
    """Messages that reconciliation found at a channel and not here, in the last seven days."""
    found = session.scalar(
        text(
            "select coalesce(sum((progress->>'missing')::bigint), 0) from platform.connector_request"
            " where kind = 'reconcile' and requested_at > :since"
        ),
        {"since": now - MISSING_SINCE},
    )
    return int(found or 0)
