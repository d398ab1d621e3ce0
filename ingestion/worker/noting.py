"""What happens in a thread or at an account without being a message: kept once, as events; what each one changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.wire import Json, Signal
from ingestion.worker.gathered import Gathered, Told
from ingestion.worker.movements import Movement
from ingestion.worker.outcomes import DUPLICATE
from konectus.domain.windows import Opener
from konectus.store.keystore import Keys
from konectus.store.queries import thread_events
from konectus.store.queries.intake import SOME_APP, Reach, Ref
from konectus.store.queries.thread_events import EventRow, NewEvent

MIGRATION = "migration"
# These change a contact or a conversation, also one that comes later.
EFFECTIVE = frozenset({"referral", "optin", "handover", "bot_membership"})
_NOBODY_BUT_US = ""
_OUT = frozenset({"left", "kicked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An event that is new here. `contact` None: it is about the whole account."""

    client_id: UUID
    connector_id: UUID
    contact: Ref | None
    kind: str
    at: datetime
    received_at: datetime
    facts: Mapping[str, Json] = field(repr=False)

    @property
    def moved_at(self) -> datetime:
        """When it moves its conversation: no later than it came in."""
        return min(self.at, self.received_at)


def add(session: Session, gathered: Gathered) -> list[Note]:
    """Keep the events of a batch; those that were new. The others are marked as repeated."""
    rows: dict[UUID, tuple[NewEvent, Note]] = {}
    for told in gathered.noted:
        row, note = _event(told)
        if row.id in rows:
            gathered.outcomes[told.piece.key] = DUPLICATE
        rows.setdefault(row.id, (row, note))
    added = thread_events.add_events(session, [row for row, _ in rows.values()]) if rows else set()
    for told in gathered.noted:
        if _event_id(told) not in added:
            gathered.outcomes[told.piece.key] = DUPLICATE
    return [note for row, note in rows.values() if row.id in added]


def recall(session: Session, keys: Keys, contacts: Sequence[Ref]) -> list[Note]:
    """Earlier events of people whose contact has come only now."""
    rows = thread_events.events_of(session, contacts, EFFECTIVE) if contacts else []
    return [_recalled(row, keys) for row in rows]


def _recalled(row: EventRow, keys: Keys) -> Note:
    return Note(
        client_id=row.client_id,
        connector_id=row.connector_id,
        contact=(row.client_id, row.connector_id, row.contact_key or b""),
        kind=row.kind,
        at=row.at,
        received_at=row.received_at,
        facts=row.facts(keys.of(row.client_id)),
    )


def _event(told: Told[Signal]) -> tuple[NewEvent, Note]:
    kind, contact, facts = _what(told)
    client_id, connector_id, row = told.holder.client_id, told.holder.connector_id, _event_id(told)
    note = Note(
        client_id=client_id,
        connector_id=connector_id,
        contact=contact,
        kind=kind,
        at=told.at,
        received_at=told.piece.event.received_at,
        facts=facts,
    )
    sealed = told.keys.seal_text(json.dumps(facts), "conversation_event", "facts_sealed", row) if facts else None
    event = NewEvent(
        client_id=client_id,
        id=row,
        connector_id=connector_id,
        contact_key=contact[2] if contact else _guest(told),
        kind=kind,
        at=note.at,
        received_at=note.received_at,
        facts_sealed=sealed,
    )
    return event, note


def _event_id(told: Told[Signal]) -> UUID:
    """A redelivery makes the same id: kind, person, time and content."""
    kind, contact, facts = _what(told)
    person = contact[2].hex() if contact else ""
    said = json.dumps(facts, sort_keys=True)
    return UUID(bytes=told.keys.key_of("event", str(told.holder.connector_id), kind, person, told.when, said))


def _what(told: Told[Signal]) -> tuple[str, Ref | None, Mapping[str, Json]]:
    """Kind, person and facts. Both sides of a group's migration say the same, of the old chat."""
    signal, contact = told.event, told.contact
    moved_to, moved_from = signal.facts.get("migrate_to"), signal.facts.get("migrate_from")
    old, new = (signal.facts.get("chat"), moved_to) if moved_to else (moved_from, signal.facts.get("chat"))
    if signal.kind == "service" and (moved_to or moved_from) and old and new:
        key = told.keys.key_of("contact", str(old))
        return MIGRATION, (told.holder.client_id, told.holder.connector_id, key), {"from": old, "to": new}
    named = {"id": signal.external_id} if signal.external_id else {}
    return signal.kind, contact, {**signal.facts, **named}


def _guest(told: Told[Signal]) -> bytes | None:
    """A person known by `user_ref` alone hangs on that, not on the account."""
    guest = told.event.facts.get("user_ref")
    return told.keys.key_of("user_ref", str(guest)) if guest else None


def move(movement: Movement, note: Note, own_apps: frozenset[str]) -> None:
    """What an event does to its conversation."""
    if note.kind == "referral":
        movement.opened(note.moved_at, Opener.REFERRAL)
    elif note.kind == "optin" and _object(note, "optin").get("type") is None:
        # Leave to send notifications is no leave to write (channels.md 2.2).
        movement.opened(note.moved_at, Opener.OPTIN)
    elif note.kind == "handover" and (owner := _owner(_object(note, "handover"), own_apps)) is not None:
        movement.owned(note.at, owner)
    elif note.kind == "bot_membership" and "chat" in note.facts and note.facts.get("status") in _OUT:
        movement.closed(note.moved_at)


def _owner(told: Mapping[str, Json], own_apps: frozenset[str]) -> str | None:
    """Who holds the thread now; None where that is not told."""
    change, new, previous = told.get("change"), told.get("new_owner_app_id"), told.get("previous_owner_app_id")
    if change == "request":
        return None
    if new:
        return _NOBODY_BUT_US if new in own_apps else str(new)
    return SOME_APP if previous in own_apps else None


def reach(note: Note, contact_id: UUID) -> Reach | None:
    """Blocked or unblocked; of a group, out of it or in again."""
    if note.kind != "bot_membership":
        return None
    word = ("gone" if "chat" in note.facts else "blocked") if note.facts.get("status") in _OUT else None
    return Reach(client_id=note.client_id, id=contact_id, unreachable=word, at=note.at)


def _object(note: Note, name: str) -> Mapping[str, Json]:
    found = note.facts.get(name)
    return found if isinstance(found, dict) else {}
