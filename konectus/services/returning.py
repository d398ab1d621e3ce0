"""Parts that will not be sent go back to their authors as drafts, so that nothing an agent wrote is lost."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from konectus.sealing import Unreadable
from konectus.services.sending import LONGEST_WAIT
from konectus.services.work import Work
from konectus.store import signals
from konectus.store.keystore import NoKey
from konectus.store.models.inbox import Draft
from konectus.store.queries import conversations
from konectus.store.queries import returning as parts

BATCH = 200


class Words(Protocol):
    """A part with what its author wrote, sealed."""

    @property
    def client_id(self) -> UUID: ...

    @property
    def id(self) -> UUID: ...

    @property
    def conversation_id(self) -> UUID: ...

    @property
    def author_id(self) -> UUID | None: ...

    @property
    def text_sealed(self) -> bytes | None: ...


def give_back(work: Work) -> int:
    """Return cancelled and overdue parts, and those of Connectors that are gone; how many went back."""
    found = parts.returnable(work.session, work.now - LONGEST_WAIT, BATCH)
    if not found:
        return 0
    put_back(work, found)
    parts.close_returned(work.session, found, work.now)
    threads: dict[UUID, set[UUID]] = defaultdict(set)
    for part in found:
        threads[part.client_id].add(part.conversation_id)
    for client_id, conversation_ids in threads.items():
        signals.notify_live(work.session, client_id, conversation_ids)
    return len(found)


def put_back(work: Work, found: Sequence[Words]) -> None:
    """What these parts said is in their authors' drafts again; files have no words and stay with their parts."""
    by_draft: dict[tuple[UUID, UUID, UUID], list[Words]] = defaultdict(list)
    for part in found:
        if part.author_id is not None:
            by_draft[part.client_id, part.conversation_id, part.author_id].append(part)
    for (client_id, conversation_id, author_id), theirs in sorted(by_draft.items()):
        try:
            _draft(work, client_id, conversation_id, author_id, theirs)
        except (NoKey, Unreadable):
            continue  # an erased Client has no words left to give back


def _draft(work: Work, client_id: UUID, conversation_id: UUID, author_id: UUID, theirs: Sequence[Words]) -> None:
    """What was to be sent stands before what the agent has begun since."""
    keys = work.client_keys(client_id)
    texts = [keys.read(part.text_sealed, "message", "text_sealed", part.id) for part in theirs]
    begun = parts.lock_draft(work.session, client_id, conversation_id, author_id)
    texts.append(keys.read(begun, "draft", "text_sealed", conversation_id))
    text = "\n\n".join(filter(None, texts))
    if not text:
        return
    conversations.save_draft(
        work.session,
        Draft(
            client_id=client_id,
            conversation_id=conversation_id,
            user_id=author_id,
            text_sealed=keys.seal_text(text, "draft", "text_sealed", conversation_id),
            updated_at=work.now,
        ),
    )
