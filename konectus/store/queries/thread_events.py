"""What happens in conversations and at accounts without being a message, each once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.sealing import ClientKeys
from konectus.store.arrays import columns
from konectus.store.queries.intake import Ref
from konectus.store.queries.sets import statement, unnested
from konectus.store.queries.tombstones import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    client_id: UUID
    id: UUID
    connector_id: UUID
    contact_key: bytes | None
    kind: str
    at: datetime
    received_at: datetime
    facts_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class EventRow:
    client_id: UUID
    id: UUID
    connector_id: UUID
    contact_key: bytes | None
    kind: str
    at: datetime
    received_at: datetime
    facts_sealed: bytes | None

    def facts(self, keys: ClientKeys) -> Mapping[str, Any]:
        told: Mapping[str, Any] = json.loads(
            keys.read(self.facts_sealed, "conversation_event", "facts_sealed", self.id) or "{}"
        )
        return told


_EVENT = (
    "select client_id, id, connector_id, contact_key, kind, at, received_at, facts_sealed"
    " from tenant.conversation_event"
)


def add_events(session: Session, rows: Sequence[NewEvent]) -> set[UUID]:
    """Add each once; the ids of those that were new."""
    source = unnested(
        "n",
        client_id="uuid",
        id="uuid",
        connector_id="uuid",
        contact_key="bytea",
        kind="text",
        at="timestamptz",
        received_at="timestamptz",
        facts_sealed="bytea",
    )
    found = session.execute(
        statement(
            "insert into tenant.conversation_event (client_id, id, connector_id, contact_key, kind, at, received_at,"
            " facts_sealed) select * from {n} on conflict (client_id, id) do nothing returning id",
            n=source,
        ),
        columns(sorted(rows, key=lambda r: (r.client_id.int, r.id.int))),
    )
    return set(found.scalars())


def events_of(session: Session, contacts: Iterable[Ref], kinds: Iterable[str]) -> list[EventRow]:
    """The events of these kinds of these contacts, oldest first."""
    rows = session.execute(
        statement(
            "{select} where (client_id, connector_id, contact_key) in (select * from {k})"
            " and kind = any(:kinds) order by at, id",
            select=_EVENT,
            k=unnested("k", client_id="uuid", connector_id="uuid", external_key="bytea"),
        ),
        listed(contacts) | {"kinds": list(kinds)},
    )
    return [EventRow(*row) for row in rows.all()]


def events_of_kind(
    session: Session, client_id: UUID, connector_id: UUID, kind: str, *, most: int | None = None
) -> list[EventRow]:
    """The events of one kind at a Connector, or the newest of them, oldest first."""
    rows = session.execute(
        text(
            _EVENT + " where client_id = :client and connector_id = :connector and kind = :kind"
            " order by at desc, id desc limit :most"
        ),
        {"client": client_id, "connector": connector_id, "kind": kind, "most": most},
    )
    return [EventRow(*row) for row in reversed(rows.all())]
