"""Messages of a batch into the store: contacts, conversations, messages, attachments, each once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.wire import part_of
from ingestion.worker import rows
from ingestion.worker.outcomes import APPLIED, DUPLICATE, STORED, Outcomes
from ingestion.worker.rows import Spoken
from konectus.domain.conversations import Direction
from konectus.ids import uuid7
from konectus.store.queries import intake, receipts
from konectus.store.queries.intake import Thread
from konectus.store.queries.receipts import Naming, Part

Threads = dict[tuple[UUID, bytes], Thread]


@dataclass
class Talk:
    """What the messages of a batch did: added ones with their conversations, parts of ours that echoes named."""

    added: list[tuple[Spoken, UUID]] = field(default_factory=list)
    named: list[tuple[Spoken, Naming, Part]] = field(default_factory=list)
    outcomes: Outcomes = field(default_factory=dict)


def store(session: Session, spoken: Sequence[Spoken]) -> Talk:
    """Write what is new. Echoes of our own parts are set apart: they are applied when conversations are locked."""
    talk = Talk()
    others = _apart(session, spoken, talk)
    if others:
        _add(session, others, talk)
    return talk


def _apart(session: Session, spoken: Sequence[Spoken], talk: Talk) -> list[Spoken]:
    """Set echoes aside whose metadata names a part of the same connector; never matched by text."""
    wanted = {s.piece.key: part for s in spoken if (part := _part_of(s))}
    if not wanted:
        return list(spoken)
    clients = {s.piece.key: s.holder.client_id for s in spoken}
    known = receipts.parts(session, sorted({(clients[key], part) for key, part in wanted.items()}))
    others: list[Spoken] = []
    taken: set[UUID] = set()
    for s in spoken:
        name = wanted.get(s.piece.key)
        found = known.get(name) if name else None
        if name is None or found is None or found.connector_id != s.holder.connector_id:
            others.append(s)
            continue
        talk.outcomes[s.piece.key] = DUPLICATE if found.named or name in taken else APPLIED
        if not found.named and name not in taken:
            taken.add(name)
            talk.named.append((s, _naming(s, name), found))
    return others


def _part_of(spoken: Spoken) -> UUID | None:
    return part_of(spoken.message.metadata) if spoken.message.direction is Direction.OUT else None


def _naming(spoken: Spoken, part: UUID) -> Naming:
    client_id, _, external_key = spoken.key
    return Naming(
        client_id=client_id,
        id=part,
        external_key=external_key,
        external_id_sealed=spoken.keys.seal_text(spoken.external_id, "message", "external_id_sealed", part),
        at=spoken.piece.event.received_at,
    )


def _add(session: Session, spoken: Sequence[Spoken], talk: Talk) -> None:
    threads = _threads(session, spoken)
    # UUIDv7 of one millisecond sort at random: sorted, they keep the order of arrival inside a second of Telegram.
    ids = sorted(uuid7(s.piece.event.received_at) for s in spoken)
    once: dict[tuple[UUID, bytes], tuple[Spoken, UUID, UUID]] = {}
    for s, row in zip(sorted(spoken, key=lambda s: (s.piece.event.received_at, s.piece.key)), ids, strict=True):
        _, connector_id, external_key = s.key
        conversation = threads[connector_id, s.contact[2]].conversation_id
        if conversation is None:
            raise AssertionError("a conversation was added and is not there")
        if (connector_id, external_key) in once:
            talk.outcomes[s.piece.key] = DUPLICATE
        else:
            once[connector_id, external_key] = (s, row, conversation)
    added = intake.add_messages(session, [rows.new_message(s, row, to) for s, row, to in once.values()])
    for s, row, conversation in once.values():
        talk.outcomes[s.piece.key] = STORED if row in added else DUPLICATE
        if row in added:
            talk.added.append((s, conversation))
    attachments = [a for s, row, _ in once.values() if row in added for a in rows.new_attachments(s, row)]
    if attachments:
        intake.add_attachments(session, attachments)


def _threads(session: Session, spoken: Sequence[Spoken]) -> Threads:
    """Contact and conversation of every message; those not there yet are added."""
    first = _first_by_contact(spoken)
    threads = intake.threads(session, first)
    strangers = [s for ref, s in first.items() if ref[1:] not in threads]
    if strangers:
        intake.add_contacts(session, [rows.new_contact(s) for s in strangers])
        threads |= intake.threads(session, [s.contact for s in strangers])
    silent = [s for ref, s in first.items() if threads[ref[1:]].conversation_id is None]
    if silent:
        intake.add_conversations(session, [rows.new_conversation(s, threads[s.contact[1:]]) for s in silent])
        threads |= intake.threads(session, [s.contact for s in silent])
    return threads


def _first_by_contact(spoken: Iterable[Spoken]) -> dict[intake.Ref, Spoken]:
    first: dict[intake.Ref, Spoken] = {}
    for s in spoken:
        first.setdefault(s.contact, s)
    return first
