"""LISTEN and NOTIFY: channel names, sending inside a transaction, and listening on a connection of its own.

NOTIFY takes a database-wide lock at commit: one per batch and Client, never one per message (engine.md 5).
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

LIVE = "konectus_live"
OUTBOX = "konectus_outbox"
INTAKE = "konectus_intake"
ACCOUNTS = "konectus_accounts"
ACCESS = "konectus_access"
# PostgreSQL refuses payloads of 8000 bytes and more.
_MOST_IDS = 200


def notify(session: Session, channel: str, payload: str = "") -> None:
    """Tell listeners, when this transaction commits."""
    session.execute(text("select pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload})


def notify_live(session: Session, client_id: UUID, conversation_ids: Iterable[UUID]) -> None:
    """Tell open inboxes which conversations of a Client changed. Ids only: content never leaves through here."""
    ids = sorted({str(i) for i in conversation_ids})
    for start in range(0, max(len(ids), 1), _MOST_IDS):
        notify(session, LIVE, f"{client_id} {','.join(ids[start : start + _MOST_IDS])}")


def read_live(payload: str) -> tuple[UUID, tuple[UUID, ...]]:
    """Client and conversations of a live payload."""
    client_id, _, listed = payload.partition(" ")
    return UUID(client_id), tuple(UUID(i) for i in listed.split(",") if i)


@asynccontextmanager
async def listening(conninfo: str, *channels: str) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    """A connection of its own that listens; iterate `conn.notifies()` on it."""
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        for channel in channels:
            await conn.execute(f"listen {channel}")
        yield conn
