"""A log as a worker leaves it: bodies with what became of their items, and dead letters. Written directly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from konectus.ids import uuid7
from konectus.sealing import Place
from konectus.services.installation import Installation
from konectus.store.queries import letters
from konectus.store.queries.letters import ItemRow, NewLetter
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append_in

BODY = b'{"object":"page","entry":[{"secreto":"quiero el pastel de tres leches"}]}'


@dataclass(frozen=True)
class Item:
    """What became of one item."""

    outcome: str = "stored"
    account: str | None = None
    kind: str = "message"
    channel: str | None = "messenger"
    error: str | None = None


@dataclass(frozen=True)
class Traffic:
    installation: Installation

    def came(self, *items: Item, door: str = "meta:demo", at: datetime | None = None, took: float = 0.25) -> int:
        """A body with these items; without any it waits for a worker."""
        at = at or self.installation.clock.now()
        with self.installation.database.session(Role.WORKER) as session:
            (event,) = append_in(session, self.installation.keys, [Arrival(door, at, BODY)])
            if items:
                done = at + timedelta(seconds=took)
                values = {"done": done, "id": event}
                session.execute(text("update platform.webhook_event set processed_at = :done where id = :id"), values)
                letters.add_items(session, [_row(event, at, done, number, item) for number, item in enumerate(items)])
        return event

    def died(
        self, event: int, *, client_id: UUID | None = None, account: str | None = None, reason: str = "no text"
    ) -> UUID:
        """A dead letter of an item of this event."""
        now, keys = self.installation.clock.now(), self.installation.keys
        letter = uuid7(now)
        key = keys.of(client_id).data if client_id else keys.dead_letters()
        row = NewLetter(
            id=letter,
            client_id=client_id,
            event_id=event,
            item=0,
            door="meta:demo",
            channel="messenger",
            account=account,
            reason=reason,
            body_sealed=key.seal(BODY, Place(client_id, "dead_letter", "body_sealed", letter)),
            created_at=now,
        )
        with self.installation.database.session(Role.WORKER) as session:
            letters.add_letters(session, [row])
        return letter

    def ask(self, query: str, **values: object) -> Sequence[object]:
        with self.installation.database.session(Role.WORKER) as session:
            return session.execute(text(query), values).scalars().all()


def set_aside(installation: Installation) -> tuple[int, UUID]:
    """An event that was read, and a letter of it."""
    traffic = Traffic(installation)
    event = traffic.came(Item("dead", error="no text"))
    return event, traffic.died(event)


def _row(event: int, at: datetime, done: datetime, number: int, item: Item) -> ItemRow:
    return ItemRow(
        received_at=at,
        event_id=event,
        item=number,
        channel=item.channel,
        account=item.account,
        kind=item.kind,
        outcome=item.outcome,
        error=item.error,
        processed_at=done,
    )
