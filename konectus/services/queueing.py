"""Pieces of a reply into the store: files sealed first, then messages and what the sender has still to do for each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from konectus.domain import windows
from konectus.domain.channels import AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery, Direction
from konectus.domain.suspension import ClientSuspended
from konectus.files import sealed
from konectus.files.port import Files
from konectus.services.composing import Piece
from konectus.services.work import Work
from konectus.store import signals
from konectus.store.models.inbox import Attachment, Conversation, Message, Outbox
from konectus.store.queries import clients, conversations, search


@dataclass(frozen=True, slots=True)
class Kept:
    """A piece whose file, if it has one, lies sealed in the file store under `file_id`."""

    piece: Piece
    file_id: UUID | None


@dataclass(frozen=True, slots=True)
class NewParts:
    """What one click makes: the pieces in order, under the id of the click."""

    reply_id: UUID
    author_id: UUID | None
    kept: Sequence[Kept]


def require_sending(work: Work, client_id: UUID) -> None:
    """Raises ClientSuspended."""
    found = clients.access(work.session, client_id)
    if found.send:
        raise ClientSuspended("sending is blocked while the Client is suspended", causes=found.causes)


def require_open(work: Work, conversation: Conversation) -> None:
    """Raises windows.WindowShut."""
    through_owner = windows.through_owner(conversation.window_opened_at, conversation.business_at)
    channel = Channel(conversation.channel)
    window = windows.of(channel, conversation.window_opened_at, work.now, through_owner=through_owner)
    windows.require_open(window, written_by_person=True)


def keep_files(work: Work, client_id: UUID, files: Files | None, pieces: Sequence[Piece]) -> list[Kept]:
    """Seal the files before anything names them; what then is not committed is a file nobody asks for.

    Raises FilesDown.
    """
    kept = []
    for piece in pieces:
        file_id = None
        if piece.file is not None:
            if files is None:
                raise AssertionError("a reply with files needs a file store")
            file_id = work.new_id()
            sealed.write(files, work.client_keys(client_id), file_id, piece.file.content)
        kept.append(Kept(piece, file_id))
    return kept


def queue(work: Work, conversation: Conversation, new: NewParts) -> list[UUID]:
    """Write the parts of a locked conversation and wake the sender; their message ids in order."""
    # UUIDv7 of one millisecond sort at random: sorted, the thread shows the parts in the order they go out.
    ids = sorted(work.new_id() for _ in new.kept)
    for number, (message_id, kept) in enumerate(zip(ids, new.kept, strict=True)):
        work.session.add(_message(work, conversation, new, (message_id, number, kept.piece.text)))
    work.session.flush()  # attachments and outbox rows point at them
    for number, (message_id, kept) in enumerate(zip(ids, new.kept, strict=True)):
        if kept.file_id is not None:
            work.session.add(_attachment(work, conversation.client_id, message_id, kept))
        work.session.add(_undone(work, conversation, message_id, f"{ids[0].hex}.{number:03}"))
    work.session.flush()  # the conversation is written after what is in it, as the worker does
    spoken = [message_id for message_id, kept in zip(ids, new.kept, strict=True) if kept.piece.text is not None]
    if spoken:
        search.queue(work.session, conversation.client_id, spoken, work.now)
    conversations.touch_replied(work.session, conversation.client_id, conversation.id, work.now)
    signals.notify(work.session, signals.OUTBOX)
    signals.notify_live(work.session, conversation.client_id, [conversation.id])
    return ids


def _message(work: Work, conversation: Conversation, new: NewParts, part: tuple[UUID, int, str | None]) -> Message:
    message_id, number, text = part
    keys = work.client_keys(conversation.client_id)
    return Message(
        client_id=conversation.client_id,
        id=message_id,
        connector_id=conversation.connector_id,
        conversation_id=conversation.id,
        direction=Direction.OUT,
        author=Author.AGENT,
        author_id=new.author_id,
        kind="message",
        text_sealed=keys.seal_text(text, "message", "text_sealed", message_id) if text is not None else None,
        occurred_at=work.now,
        received_at=work.now,
        status=Delivery.QUEUED,
        reply_id=new.reply_id,
        part=number,
    )


def _attachment(work: Work, client_id: UUID, message_id: UUID, kept: Kept) -> Attachment:
    file, keys = kept.piece.file, work.client_keys(client_id)
    if file is None or kept.file_id is None:
        raise AssertionError("a text has no file")
    source = json.dumps({"type": str(file.kind)})
    return Attachment(
        client_id=client_id,
        id=kept.file_id,
        message_id=message_id,
        position=0,
        kind=file.kind,
        state=AttachmentState.STORED,
        source_sealed=keys.seal_text(source, "attachment", "source_sealed", kept.file_id),
        name_sealed=keys.seal_text(file.name, "attachment", "name_sealed", kept.file_id),
        media_type=file.media_type,
        size=len(file.content),
        stored_at=work.now,
        attempts=0,
        width=file.width,
        height=file.height,
    )


def _undone(work: Work, conversation: Conversation, message_id: UUID, position: str) -> Outbox:
    return Outbox(
        client_id=conversation.client_id,
        id=message_id,
        connector_id=conversation.connector_id,
        conversation_id=conversation.id,
        position=position,
        queued_at=work.now,
        not_before=work.now,
        attempts=0,
        by_person=True,
        asked=0,
    )
