"""What an agent does in the inbox: reply, assign, close, keep a draft. Reading is queries.inbox, sending the sender."""

from dataclasses import dataclass
from uuid import UUID

from konectus.domain import windows
from konectus.domain.channels import TEXT_LIMIT, Channel, as_stored, text_length
from konectus.domain.conversations import Author, Delivery, Direction, Status
from konectus.domain.suspension import ClientSuspended
from konectus.errors import Conflict, Invalid, NotFound
from konectus.services.work import Work
from konectus.store import locks, signals
from konectus.store.models.inbox import Conversation, Draft, Message, Outbox, Reply
from konectus.store.queries import clients, conversations, people


class EmptyReply(Invalid):
    code = "empty_reply"


class TextTooLong(Invalid):
    code = "text_too_long"


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


def reply(work: Work, new: NewReply) -> list[UUID]:
    """Queue a reply for the sender and return its parts' message ids; a repeated click returns the same ones.

    Raises NoSuchConversation, ClientSuspended, windows.WindowShut, EmptyReply, TextTooLong, or ReplyIdTaken.
    """
    client_id = _tenant(work)
    locks.client(work.session, client_id, shared=True)  # a Suspension cancels this reply too, or is seen here
    conversation = _locked(work, new.conversation_id)
    _require_sending(work, client_id)
    if not conversations.claim_reply(work.session, _click(work, new)):
        return _parts_before(work, new)
    channel = Channel(conversation.channel)
    text = _require_fits(channel, as_stored(new.text))
    window = windows.of(channel, conversation.window_opened_at, work.now)
    windows.require_open(window, written_by_person=True)
    message = _queue(work, conversation, new, text)
    conversations.touch_replied(work.session, client_id, conversation.id, work.now)
    conversations.delete_draft(work.session, client_id, conversation.id, new.author_id)
    signals.notify(work.session, signals.OUTBOX)
    signals.notify_live(work.session, client_id, [conversation.id])
    return [message]


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


def _queue(work: Work, conversation: Conversation, new: NewReply, text: str) -> UUID:
    client_id = conversation.client_id
    message_id = work.new_id()
    sealed = work.client_keys(client_id).seal_text(text, "message", "text_sealed", message_id)
    work.session.add(
        Message(
            client_id=client_id,
            id=message_id,
            connector_id=conversation.connector_id,
            conversation_id=conversation.id,
            direction=Direction.OUT,
            author=Author.AGENT,
            author_id=new.author_id,
            kind="message",
            text_sealed=sealed,
            occurred_at=work.now,
            received_at=work.now,
            status=Delivery.QUEUED,
            reply_id=new.id,
            part=0,
        )
    )
    work.session.flush()  # the outbox row points at it
    work.session.add(
        Outbox(
            client_id=client_id,
            id=message_id,
            connector_id=conversation.connector_id,
            conversation_id=conversation.id,
            position=f"{message_id.hex}",
            queued_at=work.now,
            not_before=work.now,
            attempts=0,
            by_person=True,
        )
    )
    return message_id


def _require_sending(work: Work, client_id: UUID) -> None:
    found = clients.access(work.session, client_id)
    if found.send:
        raise ClientSuspended("sending is blocked while the Client is suspended", causes=found.causes)


def _require_fits(channel: Channel, text: str) -> str:
    if not text.strip():
        raise EmptyReply("there is nothing to send")
    length, limit = text_length(channel, text), TEXT_LIMIT[channel]
    if length > limit:
        raise TextTooLong(f"{channel} takes {limit}, this is {length}", length=length, limit=limit)
    return text


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
