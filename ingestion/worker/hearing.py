"""Receipts of a batch: which messages of ours arrived or were read. Pure; writing is `settling`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from ingestion.wire import Receipt, Receipts
from ingestion.worker.gathered import Told
from ingestion.worker.movements import Moves, later
from konectus.domain.conversations import Delivery, Direction
from konectus.store.queries.intake import Ref, Thread
from konectus.store.queries.receipts import Found, Named
from konectus.store.queries.tombstones import Met, Taken, Waiting

_RANK = {Delivery.DELIVERED: 1, Delivery.READ: 2}
Known = Mapping[tuple[UUID, bytes], Found]
Threads = Mapping[tuple[UUID, bytes], Thread]


def status_of(receipt: Receipt) -> Delivery:
    return Delivery.READ if receipt.state is Receipts.READ else Delivery.DELIVERED


def refs(heard: Told[Receipt]) -> list[Ref]:
    """The messages it names, also the one up to which all were read."""
    up_to = (heard.event.external_id,) if heard.event.external_id else ()
    return [heard.message(external_id) for external_id in (*heard.event.external_ids, *up_to)]


def people(heard: Sequence[Told[Receipt]]) -> set[Ref]:
    """Whose watermarks came; a receipt alone makes no conversation."""
    return {contact for h in heard if h.event.watermark and (contact := h.contact)}


def move(moves: Moves, heard: Sequence[Told[Receipt]], found: Known, threads: Threads) -> None:
    """Watermarks move the person's conversation. Conversations of named messages are touched; Instagram's read names
    the last one that was read (channels.md 3.2).
    """
    for h in heard:
        client_id, status = h.holder.client_id, status_of(h.event)
        thread = threads.get(h.contact[1:]) if h.contact else None
        if h.event.watermark and thread and thread.conversation_id:
            moves.at(client_id, thread.conversation_id).heard(status, h.event.watermark)
        for ref in refs(h):
            message = found.get(ref[1:])
            if message and message.direction == Direction.OUT:
                movement = moves.at(client_id, message.conversation_id)
                if h.event.external_id:
                    movement.heard(status, message.occurred_at)


def move_met(moves: Moves, met: Sequence[Met]) -> None:
    """Their conversations are locked; what had waited is known when it is taken."""
    for one in met:
        moves.at(one.client_id, one.conversation_id)


def named(heard: Sequence[Told[Receipt]], taken: Sequence[Taken], found: Known, now: datetime) -> list[Named]:
    """Receipts whose messages are here: of this batch, and those that waited. One for each message, the greatest."""
    greatest = {ref: status for ref, status in _greatest(heard).items() if ref[1:] in found}
    for one in taken:
        if one.status:
            status = Delivery(one.status)
            greatest[one.ref] = max(greatest.get(one.ref, status), status, key=_RANK.__getitem__)
    return [
        Named(client_id=ref[0], connector_id=ref[1], external_key=ref[2], status=status, at=now)
        for ref, status in sorted(greatest.items())
    ]


def late(taken: Sequence[Taken], threads: Threads, met: Sequence[Met]) -> Moves:
    """Watermarks that were told before anybody knew the person; a read that waited for its message tells that all
    before it were read.
    """
    moves, messages = Moves(), {one.ref: one for one in met}
    for one in taken:
        message = messages.get(one.ref)
        if message and one.status == Delivery.READ and message.direction == Direction.OUT:
            moves.at(one.client_id, message.conversation_id).heard(Delivery.READ, message.occurred_at)
        thread = threads.get(one.ref[1:])
        if thread is None or thread.conversation_id is None:
            continue
        movement = moves.at(one.client_id, thread.conversation_id) if one.delivered_until or one.read_until else None
        if movement and one.delivered_until:
            movement.heard(Delivery.DELIVERED, one.delivered_until)
        if movement and one.read_until:
            movement.heard(Delivery.READ, one.read_until)
    return moves


def strangers(heard: Sequence[Told[Receipt]], threads: Threads, now: datetime) -> list[Waiting]:
    """Watermarks of people who have no conversation yet: one row a person, the greatest of each."""
    waiting: dict[Ref, Waiting] = {}
    for h in heard:
        until, contact = h.event.watermark, h.contact
        thread = threads.get(contact[1:]) if contact else None
        if until is None or contact is None or (thread and thread.conversation_id):
            continue
        before = waiting.get(contact)
        delivered, read = (before.delivered_until, before.read_until) if before else (None, None)
        is_read = status_of(h.event) is Delivery.READ
        waiting[contact] = Waiting(
            client_id=contact[0],
            connector_id=contact[1],
            external_key=contact[2],
            status=None,
            withdrawn_at=None,
            at=now,
            delivered_until=delivered if is_read else later(delivered, until),
            read_until=later(read, until) if is_read else read,
        )
    return list(waiting.values())


def missing(heard: Sequence[Told[Receipt]], found: Known, now: datetime) -> list[Waiting]:
    """Receipts whose messages are not here yet."""
    return [
        Waiting(client_id=ref[0], connector_id=ref[1], external_key=ref[2], status=status, withdrawn_at=None, at=now)
        for ref, status in _greatest(heard).items()
        if ref[1:] not in found
    ]


def _greatest(heard: Sequence[Told[Receipt]]) -> dict[Ref, Delivery]:
    greatest: dict[Ref, Delivery] = {}
    for h in heard:
        status = status_of(h.event)
        for ref in refs(h):
            greatest[ref] = max(greatest.get(ref, status), status, key=_RANK.__getitem__)
    return greatest
