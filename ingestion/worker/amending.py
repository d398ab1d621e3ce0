"""Edits, withdrawals and reactions of a batch as rows, and what they change in messages that are here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.wire import Edit, Reaction
from ingestion.worker import refiling
from ingestion.worker.gathered import Gathered, Told
from ingestion.worker.hearing import Known
from ingestion.worker.movements import Moves
from konectus.domain.windows import Opener
from konectus.store.keystore import Keys
from konectus.store.queries import amendments
from konectus.store.queries.amendments import Blank, Changed, NewReaction, NewVersion, Withdrawal
from konectus.store.queries.intake import Ref
from konectus.store.queries.tombstones import Met, Taken, Waiting


@dataclass
class Amended:
    """Messages that read differently after a batch: `edited` ones, and those of which nothing is left."""

    edited: list[Changed] = field(default_factory=list)
    withdrawn: list[Changed] = field(default_factory=list)


def new_version(told: Told[Edit], ref: Ref) -> NewVersion:
    """A redelivery makes the same id: message, time, number and words."""
    edit, keys = told.event, told.keys
    files = json.dumps([refiling.told_of(attachment) for attachment in edit.attachments])
    said = (edit.external_id, told.when, str(edit.number or ""), edit.text or "", files)
    row = UUID(bytes=keys.key_of("version", str(ref[1]), *said))
    return NewVersion(
        client_id=ref[0],
        id=row,
        connector_id=ref[1],
        external_key=ref[2],
        at=told.at,
        number=edit.number,
        text_sealed=keys.seal_text(edit.text, "message_version", "text_sealed", row) if edit.text else None,
        attachments_sealed=keys.seal_text(files, "message_version", "attachments_sealed", row)
        if edit.attachments
        else None,
        received_at=told.piece.event.received_at,
    )


def new_reaction(told: Told[Reaction], ref: Ref) -> NewReaction:
    """One for each message and person; in a group several persons react."""
    reaction, keys = told.event, told.keys
    who = str(reaction.facts.get("sender") or reaction.contact or "")
    row = UUID(bytes=keys.key_of("reaction", str(ref[1]), reaction.external_id, who))
    return NewReaction(
        client_id=ref[0],
        id=row,
        connector_id=ref[1],
        external_key=ref[2],
        direction=reaction.direction,
        emoji_sealed=keys.seal_text(reaction.emoji, "reaction", "emoji_sealed", row) if reaction.emoji else None,
        at=told.at,
        number=reaction.number,
        received_at=told.piece.event.received_at,
        put_at=_put_at(told) if reaction.emoji else None,
    )


def _put_at(told: Told[Reaction]) -> datetime:
    """No later than it came in."""
    return min(told.at, told.piece.event.received_at)


def move(moves: Moves, told: Sequence[Told[Reaction]], found: Known) -> None:
    """A reaction opens the reply window (channels.md 2.4); one that is taken away does not."""
    for one in told:
        message = found.get(one.message(one.event.external_id)[1:])
        if message and one.event.emoji:
            moves.at(one.holder.client_id, message.conversation_id).opened(_put_at(one), Opener.REACTION)


def move_met(session: Session, moves: Moves, met: Sequence[Met]) -> None:
    """So does one that came before its message."""
    places = {one.ref: one.conversation_id for one in met}
    for ref, at in (amendments.reacted(session, places) if places else {}).items():
        moves.at(ref[0], places[ref]).opened(at, Opener.REACTION)


def missing(told: Gathered, found: Known, now: datetime) -> list[Waiting]:
    """What is kept until its message comes."""
    waiting: list[Waiting] = []
    withdrawn: dict[Ref, datetime | None] = dict.fromkeys(told.amended)
    withdrawn |= _first(told)
    for ref, at in withdrawn.items():
        if ref[1:] not in found:
            waiting.append(
                Waiting(
                    client_id=ref[0], connector_id=ref[1], external_key=ref[2], status=None, withdrawn_at=at, at=now
                )
            )
    return waiting


def write(session: Session, keys: Keys, told: Gathered, taken: Sequence[Taken]) -> Amended:
    """After what is missing has been kept: its rows, and those of messages, are the locks that edits and withdrawals
    of one message share.
    """
    amended = Amended()
    edits = [(one, one.message(one.event.external_id)) for one in told.edited]
    withdrawn = _first(told)
    for one in taken:
        if one.withdrawn_at:
            withdrawn[one.ref] = min(withdrawn.get(one.ref, one.withdrawn_at), one.withdrawn_at)
    changing = {ref for _, ref in edits} | set(withdrawn) | {one.ref for one in taken}
    if changing:
        amendments.lock(session, changing)
    if edits:
        amendments.add_versions(session, _once([new_version(one, ref) for one, ref in edits]))
    if told.reacted:
        _add_reactions(session, told.reacted)
    if withdrawn:
        amended.withdrawn = _withdraw(session, keys, withdrawn)
    if edited := {ref for _, ref in edits} | {one.ref for one in taken}:
        amended.edited = amendments.mark_edited(session, edited)
        refiling.add(session, keys, amended.edited)
    return amended


def _first(told: Gathered) -> dict[Ref, datetime]:
    """The messages this batch withdraws, and when first."""
    first: dict[Ref, datetime] = {}
    for one in told.withdrawn:
        ref = one.message(one.event.external_id)
        first[ref] = min(first.get(ref, one.at), one.at)
    return first


def _once(versions: Iterable[NewVersion]) -> list[NewVersion]:
    return list({version.id: version for version in versions}.values())


def _add_reactions(session: Session, told: Sequence[Told[Reaction]]) -> None:
    latest: dict[UUID, NewReaction] = {}
    for one in told:
        row = new_reaction(one, one.message(one.event.external_id))
        before = latest.get(row.id)
        if before is not None:
            put = [at for at in (before.put_at, row.put_at) if at]
            newer = max(before, row, key=lambda one: (one.at, one.number or 0))
            row = replace(newer, put_at=max(put, default=None))
        latest[row.id] = row
    amendments.add_reactions(session, list(latest.values()))


def _withdraw(session: Session, keys: Keys, withdrawn: Mapping[Ref, datetime]) -> list[Changed]:
    changed = amendments.withdraw(
        session,
        [
            Withdrawal(client_id=ref[0], connector_id=ref[1], external_key=ref[2], at=at)
            for ref, at in withdrawn.items()
        ],
    )
    at = max(withdrawn.values())
    files = amendments.attachments_of(session, [(one.client_id, one.id) for one in changed]) if changed else []
    if files:
        amendments.blank_attachments(
            session,
            [
                Blank(
                    client_id=client,
                    id=row,
                    source_sealed=keys.of(client).seal_text("{}", "attachment", "source_sealed", row),
                    at=at,
                )
                for client, row in files
            ],
        )
    return changed
