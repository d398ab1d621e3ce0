"""One batch's effects in one order of locks: conversations, then what waited, then messages. What each effect is stands
in `hearing` (receipts), `amending` (edits, withdrawals, reactions) and `noting` (events).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.worker import amending, groups, hearing, noting, policies
from ingestion.worker.amending import Amended
from ingestion.worker.gathered import Gathered
from ingestion.worker.hearing import Known, Threads
from ingestion.worker.movements import Movement, Moves, Place, follow, move
from ingestion.worker.noting import Note
from ingestion.worker.rows import Spoken
from ingestion.worker.talk import Talk
from konectus.domain.channels import Channel
from konectus.domain.conversations import Direction
from konectus.store.keystore import Keys, NoKey
from konectus.store.queries import intake, receipts, tombstones
from konectus.store.queries.intake import SOME_APP, Reach, Ref
from konectus.store.queries.tombstones import Met, Waiting


@dataclass(frozen=True)
class Scene:
    """Where and when: the batch's transaction, the keys, the ids of our own apps at Meta."""

    session: Session
    keys: Keys
    now: datetime
    own_apps: frozenset[str] = frozenset()


@dataclass
class Settled:
    """What a batch touched: (client, conversation) to tell the inbox, messages to index again or to forget; `moved`
    ones stand in another conversation now.
    """

    places: set[Place] = field(default_factory=set)
    amended: Amended = field(default_factory=Amended)
    moved: list[tuple[UUID, UUID]] = field(default_factory=list)


@dataclass
class _Meeting:
    """What this batch speaks of and what is already here of it."""

    found: Known = field(default_factory=dict)
    met: Sequence[Met] = ()
    callers: Sequence[Ref] = ()
    notes: list[Note] = field(default_factory=list)
    threads: Threads = field(default_factory=dict)


def settle(scene: Scene, talk: Talk, told: Gathered, new: Sequence[Note]) -> Settled:
    """Everything a batch says about messages and conversations, after its own and the `new` events were added."""
    session = scene.session
    about = told.amended | {ref for heard in told.heard for ref in hearing.refs(heard)}
    here = _Meeting()
    merged = groups.migrate(session, scene.keys, new)
    if ended := {one.ended: one.going_on for _, one in merged}:
        talk.added = [(s, row, ended.get(conversation, conversation)) for s, row, conversation in talk.added]
    here.found = receipts.by_keys(session, about) if about else {}
    here.met = tombstones.met(session, talk.keys) if talk.keys else ()
    here.callers = tombstones.callers(session, [s.contact for s in talk.strangers]) if talk.strangers else ()
    here.notes = [*new, *noting.recall(session, scene.keys, here.callers)]
    settled = _apply(scene, talk, told, here)
    settled.moved = [(client_id, message) for client_id, one in merged for message in one.messages]
    policies.settle(session, scene.keys, scene.now, new)
    return settled


def wake(scene: Scene, since: datetime) -> Settled:
    """Apply what was kept since then and whose message or person has come: batches side by side miss each other."""
    here = _Meeting()
    here.met = [one for one in tombstones.met_since(scene.session, since) if _has_keys(scene.keys, one.client_id)]
    callers = tombstones.callers_since(scene.session, since)
    here.callers = [ref for ref in callers if _has_keys(scene.keys, ref[0])]
    if not here.met and not here.callers:
        return Settled()
    here.notes = noting.recall(scene.session, scene.keys, here.callers)
    return _apply(scene, Talk(), Gathered(), here)


def _has_keys(keys: Keys, client_id: UUID) -> bool:
    """Where a Client's are destroyed, nothing of it may be written any more; its rows are about to go as well."""
    try:
        keys.of(client_id)
    except NoKey:
        return False
    return True


def _apply(scene: Scene, talk: Talk, told: Gathered, here: _Meeting) -> Settled:
    session, moves = scene.session, Moves()
    people = hearing.people(told.heard) | {note.contact for note in here.notes if note.contact} | set(here.callers)
    here.threads = intake.threads(session, people) if people else {}
    for caller in here.callers:
        # Conversations are locked before what waits for them is taken.
        if (thread := here.threads.get(caller[1:])) and thread.conversation_id:
            moves.at(caller[0], thread.conversation_id)
    _talked(moves, talk)
    hearing.move(moves, told.heard, here.found, here.threads)
    hearing.move_met(moves, here.met)
    amending.move(moves, told.reacted, here.found)
    amending.move_met(session, moves, here.met)
    reaches = _noted(scene, moves, here)
    move(session, moves)
    if talk.named:
        receipts.name_parts(session, [naming for _, naming, _ in talk.named])
    taken = tombstones.take(session, [one.ref for one in here.met] + list(here.callers)) if _waited(here) else []
    late = hearing.late(taken, here.threads, here.met)
    move(session, late)
    if named := hearing.named(told.heard, taken, here.found, scene.now):
        receipts.advance(session, named)
    if waiting := _missing(scene, told, here):
        tombstones.bury(session, waiting)
    settled = Settled(set(moves), amending.write(session, scene.keys, told, taken))
    if changes := _latest([*talk.back, *reaches]):
        intake.set_reach(session, changes)
    follow(session, moves)
    follow(session, late)
    changed = (*settled.amended.edited, *settled.amended.withdrawn)
    settled.places |= {(one.client_id, one.conversation_id) for one in changed} | _reacted(told, here)
    return settled


def _waited(here: _Meeting) -> bool:
    return bool(here.met or here.callers)


def _talked(moves: Moves, talk: Talk) -> None:
    for s, _, conversation in talk.added:
        movement = moves.at(s.holder.client_id, conversation)
        movement.spoke(s.stirred_at, s.message.direction)
        if s.message.direction is Direction.OUT:
            movement.sent(s.occurred_at)
        else:
            _came(movement, s)
    for s, _naming, part in talk.named:
        moves.at(s.holder.client_id, part.conversation_id).sent(part.occurred_at)


def _came(movement: Movement, spoken: Spoken) -> None:
    """A message of the person opens the window, and tells who holds the thread: in `standby` another app does."""
    if opener := spoken.opener:
        movement.opened(spoken.stirred_at, opener)
    if "business_connection" in spoken.message.facts:
        movement.through_owner(spoken.stirred_at)
    if spoken.holder.channel != Channel.TELEGRAM and "backfilled" not in spoken.message.facts:
        movement.owned(spoken.occurred_at, SOME_APP if spoken.message.standby else "")


def _noted(scene: Scene, moves: Moves, here: _Meeting) -> list[Reach]:
    """Events move the conversations of their people; whom they make reachable or not."""
    reaches: list[Reach] = []
    for note in here.notes:
        thread = here.threads.get(note.contact[1:]) if note.contact else None
        if thread is None:
            continue
        if thread.conversation_id:
            noting.move(moves.at(note.client_id, thread.conversation_id), note, scene.own_apps)
        if reach := noting.reach(note, thread.contact_id):
            reaches.append(reach)
    return reaches


def _latest(reaches: Iterable[Reach]) -> list[Reach]:
    latest: dict[UUID, Reach] = {}
    for one in reaches:
        before = latest.get(one.id)
        if before is None or one.at > before.at:
            latest[one.id] = one
    return list(latest.values())


def _missing(scene: Scene, told: Gathered, here: _Meeting) -> list[Waiting]:
    """What is kept until its message or its person comes; one row for each."""
    waiting: dict[Ref, Waiting] = {}
    for one in hearing.missing(told.heard, here.found, scene.now):
        waiting[one.client_id, one.connector_id, one.external_key] = one
    for one in hearing.strangers(told.heard, here.threads, scene.now):
        waiting[one.ref] = one
    for one in (*amending.missing(told, here.found, scene.now), *_early(scene, here)):
        before = waiting.get(one.ref)
        waiting[one.ref] = Waiting(
            client_id=one.client_id,
            connector_id=one.connector_id,
            external_key=one.external_key,
            status=before.status if before else None,
            withdrawn_at=one.withdrawn_at,
            at=scene.now,
            delivered_until=before.delivered_until if before else None,
            read_until=before.read_until if before else None,
        )
    return list(waiting.values())


def _early(scene: Scene, here: _Meeting) -> list[Waiting]:
    """Events that change something, of people nobody knows yet."""
    refs = {n.contact for n in here.notes if n.contact and n.kind in noting.EFFECTIVE}
    return [
        Waiting(
            client_id=ref[0], connector_id=ref[1], external_key=ref[2], status=None, withdrawn_at=None, at=scene.now
        )
        for ref in sorted(refs)
        if ref[1:] not in here.threads
    ]


def _reacted(told: Gathered, here: _Meeting) -> set[Place]:
    """Conversations in which a reaction came or went, also one that opens nothing."""
    seen = ((one, here.found.get(one.message(one.event.external_id)[1:])) for one in told.reacted)
    return {(one.holder.client_id, message.conversation_id) for one, message in seen if message}
