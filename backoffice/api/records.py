"""The outside shape of a message, and the cursors of pages. No reading here."""

import base64
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from konectus.domain.channels import AttachmentState
from konectus.errors import Invalid
from konectus.store.queries.threads import AttachmentRow, MessageRow


class BadCursor(Invalid):
    code = "cursor"


class Attachment(BaseModel):
    """A file, place or share; `url` where its bytes are kept, for the same bearer token."""

    id: UUID
    kind: str
    name: str
    size: int | None
    media_type: str | None
    state: str
    url: str | None


class Reaction(BaseModel):
    """A reaction that holds; `direction` in is the person's, out is ours."""

    emoji: str
    direction: str
    at: datetime


class Message(BaseModel):
    """A message as contract.md promises it. `text` is what is shown now: after an edit the last one, withdrawn none."""

    id: UUID
    conversation_id: UUID
    connector_id: UUID
    direction: str
    kind: str
    text: str
    attachments: list[Attachment]
    external_id: str | None
    occurred_at: datetime
    status: str
    reply_to: UUID | None
    edited_at: datetime | None
    deleted_at: datetime | None
    reactions: list[Reaction]


class Page(BaseModel):
    """`next` asks for the following page; null at the end."""

    messages: list[Message]
    next: str | None


def message(row: MessageRow, base_url: str) -> Message:
    is_gone = row.deleted_at is not None
    return Message(
        id=row.id,
        conversation_id=row.conversation_id,
        connector_id=row.connector_id,
        direction=row.direction,
        kind=row.kind,
        text="" if is_gone else row.text,
        attachments=[] if is_gone else [_attachment(found, base_url) for found in row.attachments],
        external_id=row.external_id,
        occurred_at=row.occurred_at,
        status=row.status,
        reply_to=row.answered.id if row.answered else None,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        reactions=[Reaction(emoji=one.emoji, direction=one.direction, at=one.at) for one in row.reactions],
    )


def cursor(*parts: object) -> str:
    """An opaque name of the last row of a page."""
    text = "|".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in parts)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(given: str) -> tuple[datetime, UUID]:
    """Instant and id of `cursor`. Raises BadCursor."""
    try:
        padded = given + "=" * (-len(given) % 4)
        at, _, last = base64.urlsafe_b64decode(padded.encode()).decode().partition("|")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise BadCursor
        return instant, UUID(last)
    except ValueError:
        raise BadCursor("use the cursor of `next` as it was given") from None


def _attachment(row: AttachmentRow, base_url: str) -> Attachment:
    return Attachment(
        id=row.id,
        kind=row.kind,
        name=row.name,
        size=row.size,
        media_type=row.media_type,
        state=row.state,
        url=f"{base_url}/api/v1/files/{row.id}" if row.state is AttachmentState.STORED else None,
    )
