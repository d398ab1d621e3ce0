"""Telegram's answers as data: by status, then by the fixed words of the description."""

from collections.abc import Sequence
from datetime import timedelta

from ingestion.channels.port.calls import Answer
from ingestion.channels.port.failures import Action, ChannelError, Permanent, Transient
from ingestion.channels.port.reading import id_of, mapping_of, number_of, text_of

# (status, words of the description in lower case, action); the first that fits counts. channels.md 4.8.
ACTIONS: Sequence[tuple[int, str, Action]] = (
    (401, "", Action.NEEDS_REAUTH),
    (404, "", Action.NEEDS_REAUTH),
    (403, "blocked by the user", Action.RECIPIENT_BLOCKED),
    (403, "user is deactivated", Action.RECIPIENT_GONE),
    (403, "can't initiate conversation", Action.RECIPIENT_GONE),
    (403, "was kicked", Action.CHAT_CLOSED),
    (403, "is not a member", Action.CHAT_CLOSED),
    (403, "group chat was deleted", Action.CHAT_CLOSED),
    (403, "", Action.REFUSED),
    (400, "message is not modified", Action.DONE),
    (400, "chat not found", Action.RECIPIENT_GONE),
    (400, "group chat was deleted", Action.CHAT_CLOSED),
    (400, "business connection not found", Action.BUSINESS_GONE),
    (400, "business_peer", Action.BUSINESS_GONE),
    (400, "file is too big", Action.MEDIA),
    (400, "wrong file identifier", Action.MEDIA),
    (400, "failed to get http url content", Action.MEDIA),
    (400, "photo_invalid_dimensions", Action.MEDIA),
    (400, "image_process_failed", Action.MEDIA),
    (409, "", Action.CONFLICT),
    (413, "", Action.MEDIA),
    (400, "", Action.REFUSED),
)
# Who asks for a file and not to send one is told this word instead of a number.
_TOO_BIG = "file is too big"
_BAD_REQUEST, _TOO_LARGE, _TOO_MANY, _SERVER_TROUBLE = 400, 413, 429, 500
_PAUSE = timedelta(seconds=3)


def error_of(answer: Answer) -> ChannelError | None:
    """The failure an answer tells, None for success. Order: retry_after, new chat id, status and words."""
    if answer.body.get("ok") is True:
        return None
    status = number_of(answer.body.get("error_code")) or answer.status
    words = (text_of(answer.body.get("description")) or "").lower()
    parameters = mapping_of(answer.body.get("parameters"))
    name = "too_big" if _TOO_BIG in words else str(status) if answer.body else f"http {answer.status}"
    if wait := _wait(answer, status, number_of(parameters.get("retry_after"))):
        return Transient(name, action=Action.RATE_LIMIT, maybe_accepted=False, retry_after=wait)
    if chat := id_of(parameters.get("migrate_to_chat_id")):
        return Permanent(name, action=Action.MIGRATED, new_recipient=chat)
    action = _action_of(status, words) if answer.body else _action_of_stranger(status)
    if action is Action.DONE:
        return None
    if action is not None:
        return Permanent(name, action=action)
    # A 2xx that is no answer of the Bot API, and every 5xx, leave open whether it took effect.
    return Transient(name, maybe_accepted=status < _BAD_REQUEST or status >= _SERVER_TROUBLE)


def _action_of(status: int, words: str) -> Action | None:
    return next((action for known, part, action in ACTIONS if status == known and part in words), None)


def _action_of_stranger(status: int) -> Action | None:
    """An answer that is not the Bot API's, from something in between: it says nothing of token or person."""
    if status == _TOO_LARGE:
        return Action.MEDIA
    return Action.REFUSED if _BAD_REQUEST <= status < _SERVER_TROUBLE else None


def _wait(answer: Answer, status: int, told: int | None) -> timedelta | None:
    """The whole bot waits; a 429 without a time waits as long as a group does between two messages."""
    if told:
        return timedelta(seconds=min(told, 86400))
    if status == _TOO_MANY:
        return answer.retry_after or _PAUSE
    return None
