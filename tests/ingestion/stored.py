"""The worker in a test: bodies into the log, batches out of it, and what a Client's own keys then read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from ingestion.worker.process import Worker
from konectus.services.installation import Installation
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append


def log(installation: Installation, door: str, *bodies: bytes) -> None:
    """Put verified bodies of one door into the log."""
    log_all(installation, [(door, body) for body in bodies])


def log_all(installation: Installation, bodies: Sequence[tuple[str, bytes]]) -> None:
    """Put verified bodies of several doors into the log, as a group commit does."""
    arrivals = [Arrival(door, installation.clock.now(), body) for door, body in bodies]

    async def put() -> None:
        conninfo = installation.database.conninfo(Role.WORKER)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
            await append(conn, installation.keys, arrivals)

    asyncio.run(put())


def work(installation: Installation) -> Worker:
    """Handle everything that waits in the log."""
    worker = Worker(installation)
    while worker.step():
        pass
    worker.wake()
    return worker


@dataclass(frozen=True)
class Stored:
    """What a Client has, opened with its keys."""

    installation: Installation
    client_id: UUID

    def rows(self, sql: str) -> list[Any]:
        with self.installation.database.session(Role.WORKER) as session:
            return list(session.execute(text(sql), {"client": self.client_id}))

    def messages(self) -> list[dict[str, Any]]:
        """In the order of the thread."""
        keys = self.installation.keys.of(self.client_id)
        rows = self.rows("select * from tenant.message where client_id = :client order by occurred_at, id")
        return [
            {
                "external_id": keys.read(row.external_id_sealed, "message", "external_id_sealed", row.id),
                "text": keys.read(row.text_sealed, "message", "text_sealed", row.id) if row.text_sealed else None,
                **{name: getattr(row, name) for name in ("id", "direction", "author", "status", "kind", "occurred_at")},
                "connector_id": row.connector_id,
                "received_at": row.received_at,
            }
            for row in rows
        ]

    def texts(self) -> list[str | None]:
        return [message["text"] for message in self.messages()]

    def external_ids(self) -> list[str]:
        return [message["external_id"] for message in self.messages()]

    def statuses(self) -> list[str]:
        return [message["status"] for message in self.messages()]

    def conversations(self) -> list[Any]:
        return self.rows("select * from tenant.conversation where client_id = :client order by opened_at, id")

    def contacts(self) -> list[tuple[str, str]]:
        """(external id, name) of every End Contact."""
        keys = self.installation.keys.of(self.client_id)
        return sorted(
            (
                keys.read(row.external_id_sealed, "contact", "external_id_sealed", row.id),
                keys.read(row.name_sealed, "contact", "name_sealed", row.id),
            )
            for row in self.rows("select * from tenant.contact where client_id = :client")
        )

    def attachments(self) -> list[dict[str, Any]]:
        keys = self.installation.keys.of(self.client_id)
        rows = self.rows("select * from tenant.attachment where client_id = :client order by message_id, position")
        return [
            {
                "kind": row.kind,
                "state": row.state,
                "source": keys.read(row.source_sealed, "attachment", "source_sealed", row.id),
                "name": keys.read(row.name_sealed, "attachment", "name_sealed", row.id),
            }
            for row in rows
        ]


def outcomes(installation: Installation) -> list[tuple[str, str, str | None]]:
    """(kind, outcome, error) of every item, in order."""
    with installation.database.session(Role.WORKER) as session:
        rows = session.execute(text("select kind, outcome, error from platform.webhook_item order by event_id, item"))
        return [(row.kind, row.outcome, row.error) for row in rows]


def letters(installation: Installation, columns: Sequence[str] = ("reason",)) -> list[tuple[Any, ...]]:
    """Dead letters by these columns, in order."""
    with installation.database.session(Role.WORKER) as session:
        rows = session.execute(text(f"select {', '.join(columns)} from platform.dead_letter order by event_id, item"))
        return [tuple(row) for row in rows]
