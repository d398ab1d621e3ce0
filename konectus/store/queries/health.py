"""What an operator's eye falls on: backlogs and connector states, from the ops views. No content, no Client's name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


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
