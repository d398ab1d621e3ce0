"""What becomes of our e-mail, as a mail provider (or whatever stands before one) tells it: POST /webhooks/mail.

Signed, each event counted once by its id. What follows from an event is services/notice_proof.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from backoffice.callbacks import signed
from backoffice.deps import TheInstallation
from konectus.domain.notices import MAIL_EVENTS
from konectus.services import notices
from konectus.services.installation import Installation
from konectus.services.notices import MailEvent
from konectus.services.work import Actor

router = APIRouter(include_in_schema=False)

_KINDS = {str(kind): kind for kind in MAIL_EVENTS}
_LONGEST = 200
_NOT_UNDERSTOOD = "not_understood"


@router.post("/webhooks/mail")
async def take_events(request: Request, installation: TheInstallation) -> Response:
    """One event, or `{"events": […]}`. 200 for whatever is signed and JSON, with how many of which outcome."""
    settings = installation.settings
    told = await signed.read(request, settings.mail_webhook_secret, settings.max_webhook_bytes)
    if isinstance(told, Response):
        return told
    address = request.client.host if request.client else None
    actor = Actor("provider", "mail", "mail", address, request.state.request_id)
    return JSONResponse(await run_in_threadpool(_take, installation, told.content, actor))


def _take(installation: Installation, content: Mapping[str, Any], actor: Actor) -> dict[str, int]:
    """One transaction an event: what stops half way is told again, and counts once."""
    counted: Counter[str] = Counter()
    now = installation.clock.now()
    for found in _events(content, now):
        if found is None:
            counted[_NOT_UNDERSTOOD] += 1
            continue
        with installation.works.system(actor) as work:
            counted[notices.event(work, found)] += 1
    return dict(counted)


def _events(content: Mapping[str, Any], now: datetime) -> Iterator[MailEvent | None]:
    given = content.get("events", [content])
    for one in given if isinstance(given, list) else [given]:
        yield _event(one, now) if isinstance(one, dict) else None


def _event(given: dict[str, Any], now: datetime) -> MailEvent | None:
    kind = _KINDS.get(str(given.get("kind")))
    event_id, message_id = given.get("id"), given.get("message_id")
    if kind is None or not isinstance(event_id, str) or not isinstance(message_id, str):
        return None
    if not 0 < len(event_id) <= _LONGEST or not 0 < len(message_id) <= _LONGEST:
        return None
    # Without an instant that can be read it counts from now: later, never earlier than it was.
    at = _instant(given.get("occurred_at")) or now
    return MailEvent(f"mail:{event_id}", f"<{message_id.strip().strip('<>')}>", kind, at, given)


def _instant(given: object) -> datetime | None:
    """ISO 8601 with its offset, or whole seconds since 1970."""
    try:
        if isinstance(given, int) and not isinstance(given, bool):
            return datetime.fromtimestamp(given, UTC)
        found = datetime.fromisoformat(given) if isinstance(given, str) else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None
