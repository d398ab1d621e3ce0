"""Asking again for a file that did not come. Fetching it is the sender's."""

from uuid import UUID

from konectus.domain.channels import AttachmentState
from konectus.errors import Conflict, NotFound
from konectus.services.work import Work
from konectus.store import signals
from konectus.store.queries import media

# Failures that may have passed. What was too large, no file of its kind or at an address we never go to stays so.
RETRYABLE = frozenset({"gone", "unreachable", "disconnected"})


class NoSuchAttachment(NotFound):
    code = "no_such_attachment"


class NotRetryable(Conflict):
    """It is here, on its way, or would be refused again."""

    code = "attachment_not_retryable"


def retry(work: Work, attachment_id: UUID) -> None:
    """A Client's person asks for a failed file again. Raises NoSuchAttachment or NotRetryable."""
    if work.client_id is None:
        raise NoSuchAttachment
    found = media.standing(work.session, work.client_id, attachment_id)
    if found is None:
        raise NoSuchAttachment
    if found.state is not AttachmentState.FAILED or found.failure not in RETRYABLE:
        raise NotRetryable(f"a file that is {found.state} ({found.failure}) is not asked for again")
    media.again(work.session, work.client_id, attachment_id)
    signals.notify_live(work.session, work.client_id, [found.conversation_id])
