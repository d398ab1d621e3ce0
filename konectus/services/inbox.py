"""What an agent does in the inbox: reply, take back, decide, assign, close, keep a draft. Reading is queries.inbox."""

from dataclasses import dataclass
from uuid import UUID

from konectus.domain.channels import Channel, as_stored
from konectus.domain.conversations import Status
from konectus.errors import Conflict, NotFound
from konectus.files.port import Files
from konectus.services import composing, queueing
from konectus.services.composing import Upload
from konectus.services.parts import cancel_part, decide_unknown, retry_part
from konectus.services.queueing import NewParts
from konectus.services.work import Work
from konectus.store import locks, signals
from konectus.store.models.inbox import Conversation, Draft, Reply
from konectus.store.queries import conversations, people

# With what is done to single parts, so that pages have one door to all acts of an agent.
__all__ = [
    "NewReply",
    "NoSuchConversation",
    "ReplyIdTaken",
    "Upload",
    "assign",
    "cancel_part",
    "close",
    "decide_unknown",
    "mark_read",
    "reopen",
    "reply",
    "retry_part",
    "save_draft",
]


class ReplyIdTaken(Conflict):
    code = "reply_id_taken"


class NoSuchConversation(NotFound):
    code = "no_such_conversation"


@dataclass(frozen=True, slots=True)
class NewReply:
    """A click on Send. The page makes the id, so that a double click, a reload or a second tab sends once."""

    id: UUID
    conversation_id: UUID
    author_id: UUID
    text: str
    files: tuple[Upload, ...] = ()


def reply(work: Work, new: NewReply, files: Files | None = None) -> list[UUID]:
    """Queue a reply for the sender and return its parts' message ids in order; a repeated click returns the same ones.

    The bytes of its files are in `files` before anything of it can be committed: a crash leaves a file nobody names.
    Raises NoSuchConversation, ClientSuspended, windows.WindowShut, ReplyIdTaken, FilesDown, and what
    composing.compose raises.
    """
    client_id = _tenant(work)
    seen = conversations.by_id(work.session, client_id, new.conversation_id)
    if seen is None:
        raise NoSuchConversation
    queueing.require_sending(work, client_id)
    if conversations.is_clicked(work.session, client_id, new.id):
        return _parts_before(work, new)
    pieces = composing.compose(Channel(seen.channel), new.text, new.files)
    queueing.require_open(work, seen)
    # Before anything is locked: neither a Suspension nor the worker must wait for a file store.
    kept = queueing.keep_files(work, client_id, files, pieces)
    locks.client(work.session, client_id, shared=True)  # a Suspension cancels this reply too, or is seen here
    queueing.require_sending(work, client_id)
    conversation = _locked(work, new.conversation_id)
    if not conversations.claim_reply(work.session, _click(work, new)):
        return _parts_before(work, new)
    queueing.require_open(work, conversation)
    messages = queueing.queue(work, conversation, NewParts(new.id, new.author_id, kept))
    conversations.delete_draft(work.session, client_id, conversation.id, new.author_id)
    return messages


def assign(work: Work, conversation_id: UUID, user_id: UUID | None) -> None:
    """Give a conversation to a colleague, or to nobody. Raises NoSuchConversation or NotFound for a stranger."""
    conversation = _locked(work, conversation_id)
    if user_id is not None and not people.is_active_user(work.session, _tenant(work), user_id):
        raise NotFound("no such colleague")
    conversation.assignee_id = user_id
    _tell(work, conversation)


def close(work: Work, conversation_id: UUID) -> None:
    """Close a conversation; the next inbound message opens it again. Raises NoSuchConversation."""
    conversation = _locked(work, conversation_id)
    conversation.status = Status.CLOSED
    conversation.closed_at = work.now
    _tell(work, conversation)


def reopen(work: Work, conversation_id: UUID) -> None:
    """Undo a close. Raises NoSuchConversation."""
    conversation = _locked(work, conversation_id)
    conversation.status = Status.OPEN
    conversation.closed_at = None
    _tell(work, conversation)


def mark_read(work: Work, conversation_id: UUID) -> None:
    """The agent has the thread before their eyes; channels are not told (channels.md 3.3)."""
    if conversations.mark_read(work.session, _tenant(work), conversation_id):
        signals.notify_live(work.session, _tenant(work), [conversation_id])


def save_draft(work: Work, conversation_id: UUID, user_id: UUID, text: str) -> None:
    """Keep what the agent wrote and did not send; empty text forgets it. Raises NoSuchConversation."""
    client_id = _tenant(work)
    _locked(work, conversation_id)
    if not text.strip():
        conversations.delete_draft(work.session, client_id, conversation_id, user_id)
        return
    sealed = work.client_keys(client_id).seal_text(as_stored(text), "draft", "text_sealed", conversation_id)
    conversations.save_draft(
        work.session,
        Draft(
            client_id=client_id,
            conversation_id=conversation_id,
            user_id=user_id,
            text_sealed=sealed,
            updated_at=work.now,
        ),
    )


def _click(work: Work, new: NewReply) -> Reply:
    return Reply(
        client_id=_tenant(work),
        id=new.id,
        conversation_id=new.conversation_id,
        author_id=new.author_id,
        created_at=work.now,
    )


def _parts_before(work: Work, new: NewReply) -> list[UUID]:
    """The parts of the click that was first. Raises ReplyIdTaken where that one answered somebody else."""
    parts = conversations.parts_of(work.session, _tenant(work), new.conversation_id, new.id)
    if not parts:
        raise ReplyIdTaken("this id was used in another conversation")
    return parts


def _locked(work: Work, conversation_id: UUID) -> Conversation:
    found = conversations.lock(work.session, _tenant(work), conversation_id)
    if found is None:
        raise NoSuchConversation
    return found


def _tell(work: Work, conversation: Conversation) -> None:
    signals.notify_live(work.session, conversation.client_id, [conversation.id])


def _tenant(work: Work) -> UUID:
    if work.client_id is None:
        raise AssertionError("the inbox works for one Client")
    return work.client_id
