"""Groups of Telegram that became supergroups: what is written under the old id goes where the group lives on."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.orm import Session

from ingestion.worker.noting import MIGRATION, Note
from ingestion.worker.rows import Spoken
from konectus.domain.conversations import Party
from konectus.store.keystore import Keys
from konectus.store.queries import groups, thread_events
from konectus.store.queries.groups import Merged, Migration


def moved(session: Session, spoken: Sequence[Spoken]) -> Sequence[Spoken]:
    """The same messages, those of a group that has moved under its new chat."""
    of_groups = {s.contact: s for s in spoken if s.party is Party.GROUP}
    events = thread_events.events_of(session, of_groups, (MIGRATION,)) if of_groups else []
    new: dict[bytes, str] = {}
    for event in events:
        s = of_groups[event.client_id, event.connector_id, event.contact_key or b""]
        new[s.contact[2]] = str(event.facts(s.keys).get("to"))
    return [_under(s, new[s.contact[2]]) if s.contact[2] in new else s for s in spoken] if new else spoken


def _under(spoken: Spoken, chat: str) -> Spoken:
    return replace(spoken, person=chat, contact=(*spoken.contact[:2], spoken.keys.key_of("contact", chat)))


def migrate(session: Session, keys: Keys, notes: Sequence[Note]) -> list[tuple[UUID, Merged]]:
    """Rename the contacts of groups that have just moved; by Client, conversations that became one."""
    merged: list[tuple[UUID, Merged]] = []
    for note in notes:
        if note.kind == MIGRATION:
            migration = Migration(
                client_id=note.client_id,
                connector_id=note.connector_id,
                old=str(note.facts["from"]),
                new=str(note.facts["to"]),
            )
            if found := groups.rename(session, keys.of(note.client_id), migration):
                merged.append((note.client_id, found))
    return merged
