"""Conversations as metadata rows: what rollups are counted from. Sealed values are noise: none can be read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from konectus.domain.channels import Channel
from konectus.ids import token, uuid7
from konectus.sealing import token_hash
from konectus.services.installation import Installation
from konectus.store.models.inbox import Conversation, EndContact, Message
from konectus.store.roles import Role
from tests.support.factories import Factory

NOISE = b"\x00" * 40


@dataclass(frozen=True)
class Talk:
    """One conversation of one Client."""

    installation: Installation
    client_id: UUID
    connector_id: UUID
    conversation_id: UUID

    def message(
        self, at: datetime, *, received: datetime | None = None, direction: str = "in", status: str = "received"
    ) -> None:
        row = {
            "client_id": self.client_id,
            "id": uuid7(received or at),
            "connector_id": self.connector_id,
            "conversation_id": self.conversation_id,
            "direction": direction,
            "author": "contact" if direction == "in" else "agent",
            "kind": "message",
            "text_sealed": NOISE,
            "occurred_at": at,
            "received_at": received or at,
            "status": status,
        }
        with self.installation.database.session(Role.WORKER) as session:
            session.execute(insert(Message), row)


@dataclass(frozen=True)
class Talks:
    """Conversations of Clients made by the factory."""

    installation: Installation
    make: Factory

    def start(
        self,
        at: datetime,
        *,
        channel: Channel = Channel.MESSENGER,
        replied: datetime | None = None,
        closed: datetime | None = None,
    ) -> Talk:
        """A Client, its Connector and a conversation that began at this instant."""
        client_id = self.make.client().id
        connector_id = self.make.connector(client_id, channel=channel)
        own = {"client_id": client_id, "connector_id": connector_id}
        contact = own | {"id": uuid7(at), "external_key": token_hash(token())[:16], "external_id_sealed": NOISE}
        conversation_id = uuid7(at)
        talk = own | {
            "id": conversation_id,
            "contact_id": contact["id"],
            "channel": channel,
            "status": "closed" if closed else "open",
            "opened_at": at,
            "closed_at": closed,
            "first_reply_at": replied,
            "last_at": at,
            "unread": 0,
        }
        with self.installation.database.session(Role.WORKER) as session:
            session.execute(insert(EndContact), contact | {"first_seen_at": at})
            session.execute(insert(Conversation), talk)
        return Talk(self.installation, client_id, connector_id, conversation_id)


@pytest.fixture
def talks(installation: Installation, make: Factory) -> Talks:
    return Talks(installation, make)


def rollups(installation: Installation) -> list[dict[str, Any]]:
    """Every row of the rollups, by day and channel."""
    with installation.database.session(Role.RELEASER) as session:
        found = session.execute(text("select * from ledger.usage_daily order by day, channel")).mappings()
        return [dict(row) for row in found]
