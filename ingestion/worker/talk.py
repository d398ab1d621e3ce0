"""Messages of a batch into the store: contacts, conversations, messages, attachments, each once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.wire import part_of
from ingestion.worker import groups, rows
from ingestion.worker.outcomes import APPLIED, DUPLICATE, STORED, Outcomes
from ingestion.worker.rows import Spoken
from konectus.domain.conversations import Direction
from konectus.ids import uuid7s
from konectus.store.queries import intake, receipts
from konectus.store.queries.intake import NewAttachment, Reach, Ref, Thread
from konectus.store.queries.receipts import Naming, Part

Threads = dict[tuple[UUID, bytes], Thread]


@dataclass
class Talk:
    """What the messages of a batch did: added ones with their rows and conversations, parts of ours that echoes named,
    people who are new here (and their contacts), people who write again after they blocked us.
    """

    added: list[tuple[Spoken, UUID, UUID]] = field(default_factory=list)
    named: list[tuple[Spoken, Naming, Part]] = field(default_factory=list)
    strangers: list[Spoken] = field(default_factory=list)
    back: list[Reach] = field(default_factory=list)
    welcomed: list[tuple[UUID, UUID]] = field(default_factory=list)
    outcomes: Outcomes = field(default_factory=dict)

    @property
    def keys(self) -> list[Ref]:
        """The channel's ids of all messages that are new here under that id."""
        return [s.key for s, _, _ in self.added] + [s.key for s, _, _ in self.named]


def store(session: Session, spoken: Sequence[Spoken]) -> Talk:
    """Write what is new. Echoes of our own parts are set apart: they are applied when conversations are locked."""
    talk = Talk()
    others = _apart(session, spoken, talk)
    if others:
        _add(session, groups.moved(session, others), talk)
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
    threads = _threads(session, spoken, talk)
    placed = sorted(((rows.placed_at(s), s.piece.key, s) for s in spoken), key=itemgetter(0, 1))
    # UUIDv7 of one microsecond sort at random: sorted, they keep the order of arrival.
    ids = sorted(uuid7s([at for at, _, _ in placed]), key=attrgetter("int"))
    once: dict[tuple[UUID, bytes], tuple[Spoken, UUID, Thread]] = {}
    for (_, _, s), row in zip(placed, ids, strict=True):
        if once.setdefault(s.key[1:], (s, row, threads[s.contact[1:]]))[0] is not s:
            talk.outcomes[s.piece.key] = DUPLICATE
    said = [(s, row, thread, _place(thread)) for s, row, thread in once.values()]
    added = intake.add_messages(session, [rows.new_message(s, row, to) for s, row, _, to in said])
    attachments: list[NewAttachment] = []
    for s, row, thread, to in said:
        if row not in added:
            talk.outcomes[s.piece.key] = DUPLICATE
            continue
        talk.outcomes[s.piece.key] = STORED
        talk.added.append((s, row, to))
        _welcome(s, thread, talk)
        attachments += rows.new_attachments(s, row)
    if attachments:
        intake.add_attachments(session, attachments)


def _place(thread: Thread) -> UUID:
    if thread.conversation_id is None:
        raise AssertionError("a conversation was added and is not there")
    return thread.conversation_id


def _welcome(spoken: Spoken, thread: Thread, talk: Talk) -> None:
    """Who writes can be written to again."""
    if thread.unreachable and spoken.message.direction is Direction.IN:
        client_id = spoken.holder.client_id
        talk.back.append(Reach(client_id=client_id, id=thread.contact_id, unreachable=None, at=spoken.occurred_at))


def _threads(session: Session, spoken: Sequence[Spoken], talk: Talk) -> Threads:
    """Contact and conversation of every message; those not there yet are added."""
    first = _first_by_contact(spoken)
    threads = intake.threads(session, first)
    strangers = [s for ref, s in first.items() if ref[1:] not in threads]
    if strangers:
        talk.strangers = strangers
        intake.add_contacts(session, [rows.new_contact(s) for s in strangers])
        threads |= intake.threads(session, [s.contact for s in strangers])
        talk.welcomed = [(s.holder.client_id, threads[s.contact[1:]].contact_id) for s in strangers]
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
