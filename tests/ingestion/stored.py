"""The worker in a test: bodies into the log, batches out of it, and what a Client's own keys then read."""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Table, select, text

from ingestion.worker.process import Worker
from konectus.sealing import ClientKeys
from konectus.services.installation import Installation
from konectus.store.columns import is_sealed
from konectus.store.planes import Plane
from konectus.store.registry import ENTRIES
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
                "external_key": row.external_key,
                "conversation_id": row.conversation_id,
                "received_at": row.received_at,
                "edited_at": row.edited_at,
                "deleted_at": row.deleted_at,
                "facts": json.loads(keys.read(row.facts_sealed, "message", "facts_sealed", row.id) or "null"),
            }
            for row in rows
        ]

    def shown(self) -> list[dict[str, Any]]:
        """Messages as an agent reads them: the latest version's text, and the reactions in force."""
        versions, reactions = self._by_message(self.versions()), self._by_message(self.reactions())
        shown = []
        for message in self.messages():
            key = message["connector_id"], message["external_key"]
            latest = versions.get(key, [message])[-1]
            emojis = [reaction["emoji"] for reaction in reactions.get(key, ()) if reaction["emoji"]]
            shown.append(message | {"text": latest["text"], "reactions": emojis})
        return shown

    def versions(self) -> list[dict[str, Any]]:
        """Edits of all messages, of each the one that counts last."""
        keys = self.installation.keys.of(self.client_id)
        sql = "select * from tenant.message_version where client_id = :client order by at, number nulls first, id"
        return [
            {
                "key": (row.connector_id, row.external_key),
                "text": keys.read(row.text_sealed, "message_version", "text_sealed", row.id) or None,
                "attachments": keys.read(row.attachments_sealed, "message_version", "attachments_sealed", row.id),
            }
            for row in self.rows(sql)
        ]

    def reactions(self) -> list[dict[str, Any]]:
        keys = self.installation.keys.of(self.client_id)
        return [
            {
                "key": (row.connector_id, row.external_key),
                "emoji": keys.read(row.emoji_sealed, "reaction", "emoji_sealed", row.id) or None,
            }
            for row in self.rows("select * from tenant.reaction where client_id = :client order by at, id")
        ]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """(kind, facts) of what happened beside the messages, in order."""
        keys = self.installation.keys.of(self.client_id)
        return [
            (row.kind, json.loads(keys.read(row.facts_sealed, "conversation_event", "facts_sealed", row.id) or "{}"))
            for row in self.rows("select * from tenant.conversation_event where client_id = :client order by at, id")
        ]

    def _by_message(self, rows: Sequence[dict[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
        found: dict[Any, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(row["key"], []).append(row)
        return found

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


# What a second delivery may change: when something was handled, how often, and what follows from that alone.
_PROCESSING: dict[str, set[str] | None] = {
    "tombstone": {"at"},
    "connector": {"last_event_at", "checked_at"},
    "attachment": {"attempts", "not_before"},
    "outbox": {"attempts", "not_before", "asked", "ask_after"},
    # A list of what is to be done, emptied by the indexer.
    "search_pending": None,
}
TABLES = [e.table for e in ENTRIES if e.plane is Plane.TENANT and _PROCESSING.get(e.table.name, set()) is not None]


def opened(installation: Installation, table: Table) -> Iterator[dict[str, Any]]:
    """Every row of a tenant table by key, sealed columns opened with their Client's keys."""
    columns = list(table.columns)
    with installation.database.session(Role.WORKER) as session:
        rows = session.execute(select(*columns).order_by(*table.primary_key.columns)).mappings().all()
    for row in rows:
        keys = installation.keys.of(row["client_id"])
        yield {c.name: _opened(keys, table, c.name, row) if is_sealed(c) else row[c.name] for c in columns}


def _opened(keys: ClientKeys, table: Table, column: str, row: Any) -> bytes | None:
    sealed = row[column]
    place = row["id"] if "id" in row else row["conversation_id"]
    return None if sealed is None else keys.data.open(sealed, keys.place(table.name, column, place))


def fingerprint(installation: Installation) -> dict[str, str]:
    """A hash of each tenant table over all rows and columns but attempts and processing times; sealed values count by
    what they hold. The same before and after a replay: a day of traffic replayed changed nothing.
    """
    prints: dict[str, str] = {}
    for table in TABLES:
        left_out = _PROCESSING.get(table.name) or set()
        digest = hashlib.sha256()
        for row in opened(installation, table):
            digest.update(repr([(name, value) for name, value in row.items() if name not in left_out]).encode())
        prints[table.name] = digest.hexdigest()
    return prints


def readable(installation: Installation) -> Iterator[tuple[str, UUID | None, str]]:
    """(table, connector, value) of every text and every opened sealed value of all tenant tables. What must be gone is
    not among them.
    """
    places: dict[UUID, UUID] = {}
    tables = [entry.table for entry in ENTRIES if entry.plane is Plane.TENANT]
    for table in sorted(tables, key=lambda table: table.name != "message"):
        for row in opened(installation, table):
            if table.name == "message":
                places[row["id"]] = row["connector_id"]
            connector = row.get("connector_id") or places.get(row.get("message_id", row["client_id"]))
            for value in row.values():
                if isinstance(value, str | bytes):
                    yield table.name, connector, value if isinstance(value, str) else value.decode(errors="replace")
