"""What an agent decides about one part of a reply: take it back, send it again, say what became of it."""

from collections.abc import Callable, Sequence
from uuid import UUID

from konectus.domain.conversations import Delivery
from konectus.errors import Conflict, NotFound
from konectus.files import sealed
from konectus.files.port import Files
from konectus.services import queueing, returning
from konectus.services.composing import UNKNOWN_TYPE, Piece, PieceFile
from konectus.services.queueing import Kept, NewParts
from konectus.services.work import Work
from konectus.store import locks, signals
from konectus.store.models.inbox import Conversation, Reply
from konectus.store.queries import conversations, outbox
from konectus.store.queries.conversations import PartRow

CANCELLED, SENT_AGAIN = "cancelled", "sent_again"
_AGAIN = (Delivery.FAILED, Delivery.CANCELLED)


class NoSuchMessage(NotFound):
    code = "no_such_message"


class NotCancellable(Conflict):
    """It is on the wire, or done with."""

    code = "not_cancellable"


class NotRetryable(Conflict):
    """It has not failed, or was sent again already."""

    code = "not_retryable"


class NotUnknown(Conflict):
    """What became of it is known."""

    code = "not_unknown"


def cancel_part(work: Work, message_id: UUID) -> None:
    """Take back what still waits; its words are a draft of their author again, its file can be sent again.

    Raises NoSuchMessage or NotCancellable.
    """
    _, part = _locked(work, message_id)
    if not outbox.cancel(work.session, part.client_id, part.id, CANCELLED):
        raise NotCancellable
    returning.put_back(work, [part])
    outbox.close_part(work.session, part.client_id, part.id, work.now)
    signals.notify_live(work.session, part.client_id, [part.conversation_id])


def retry_part(work: Work, message_id: UUID, files: Files | None = None) -> UUID:
    """Send a part that failed or was cancelled once more, as a new part; its message id.

    Raises NoSuchMessage, NotRetryable, ClientSuspended, windows.WindowShut, NoSuchFile or FilesDown.
    """
    kept = _kept(work, _seen(work, message_id, _require_retryable), files)
    conversation, part = _locked(work, message_id, _require_retryable)
    return _again(work, conversation, part, kept)


def decide_unknown(work: Work, message_id: UUID, files: Files | None = None, *, arrived: bool) -> UUID:
    """The agent knows better than we: it arrived (the same part, sent), or it goes out again as a new one.

    Should the channel tell of the first one after all, it is sent too. Raises as `retry_part`, and NotUnknown.
    """
    kept = None if arrived else _kept(work, _seen(work, message_id, _require_unknown), files)
    conversation, part = _locked(work, message_id, _require_unknown)
    if kept is not None:
        return _again(work, conversation, part, kept)
    outbox.move(work.session, part.client_id, part.id, (Delivery.UNKNOWN,), status=Delivery.SENT, failure=None)
    signals.notify_live(work.session, part.client_id, [part.conversation_id])
    return part.id


def _any(part: PartRow) -> None:
    del part


def _require_retryable(part: PartRow) -> None:
    if part.status not in _AGAIN or (part.failure or "").partition(":")[0] == SENT_AGAIN:
        raise NotRetryable


def _require_unknown(part: PartRow) -> None:
    if part.status is not Delivery.UNKNOWN:
        raise NotUnknown


def _seen(work: Work, message_id: UUID, require: Callable[[PartRow], None] = _any) -> PartRow:
    """A part of this Client's replies as it is now. Raises NoSuchMessage, and what is required."""
    if work.client_id is None:
        raise AssertionError("the inbox works for one Client")
    part = conversations.part(work.session, work.client_id, message_id)
    if part is None:
        raise NoSuchMessage
    require(part)
    return part


def _locked(work: Work, message_id: UUID, require: Callable[[PartRow], None] = _any) -> tuple[Conversation, PartRow]:
    """The part and its conversation, locked in the order of the worker: conversation, message. Raises as `_seen`."""
    seen = _seen(work, message_id)
    locks.client(work.session, seen.client_id, shared=True)  # as for a reply: a Suspension waits, or is seen
    conversation = conversations.lock(work.session, seen.client_id, seen.conversation_id)
    part = conversations.lock_part(work.session, seen.client_id, message_id)
    # Elsewhere: a group was given a new id meanwhile and two conversations became one.
    if conversation is None or part is None or part.conversation_id != conversation.id:
        raise NoSuchMessage
    require(part)
    return conversation, part


def _kept(work: Work, part: PartRow, files: Files | None) -> Sequence[Kept]:
    """What the part says, its file once more in the file store. Before anything is locked: nobody waits for a disk."""
    conversation = conversations.by_id(work.session, part.client_id, part.conversation_id)
    if conversation is None:
        raise NoSuchMessage
    _require_open(work, conversation)
    return queueing.keep_files(work, part.client_id, files, [_piece(work, part, files)])


def _require_open(work: Work, conversation: Conversation) -> None:
    queueing.require_sending(work, conversation.client_id)
    queueing.require_open(work, conversation)


def _again(work: Work, conversation: Conversation, part: PartRow, kept: Sequence[Kept]) -> UUID:
    _require_open(work, conversation)
    reply_id = _click(work, conversation, part)
    failure = f"{SENT_AGAIN}:{part.failure or ''}".rstrip(":")
    status = Delivery.FAILED if part.status is Delivery.UNKNOWN else part.status
    outbox.move(work.session, part.client_id, part.id, (part.status,), status=status, failure=failure)
    return queueing.queue(work, conversation, NewParts(reply_id, part.author_id, kept))[0]


def _click(work: Work, conversation: Conversation, part: PartRow) -> UUID:
    reply_id = work.new_id()
    if part.author_id is None:
        raise NotRetryable
    conversations.claim_reply(
        work.session,
        Reply(
            client_id=part.client_id,
            id=reply_id,
            conversation_id=conversation.id,
            author_id=part.author_id,
            created_at=work.now,
        ),
    )
    return reply_id


def _piece(work: Work, part: PartRow, files: Files | None) -> Piece:
    keys = work.client_keys(part.client_id)
    row = conversations.file_of(work.session, part.client_id, part.id)
    if row is None:
        return Piece(text=keys.read(part.text_sealed, "message", "text_sealed", part.id))
    if files is None:
        raise AssertionError("a part with a file needs a file store")
    file = PieceFile(
        name=keys.read(row.name_sealed, "attachment", "name_sealed", row.id),
        kind=row.kind,
        media_type=row.media_type or UNKNOWN_TYPE,
        content=sealed.read(files, keys, row.id),
        width=row.width,
        height=row.height,
    )
    return Piece(file=file)
