"""The file of an attachment: what it is called and what it holds, for the one who may open it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from konectus.domain.channels import AttachmentState
from konectus.sealing import ClientKeys
from konectus.store.models.inbox import Attachment


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: UUID
    name: str
    media_type: str | None
    has_preview: bool = False


def by_id(session: Session, keys: ClientKeys, attachment_id: UUID) -> StoredFile | None:
    """A file of this Client whose bytes we hold; None for every other id."""
    row = session.execute(
        select(Attachment.id, Attachment.name_sealed, Attachment.media_type, Attachment.preview_at).where(
            Attachment.client_id == keys.client_id,
            Attachment.id == attachment_id,
            Attachment.state == AttachmentState.STORED,
        )
    ).one_or_none()
    if row is None:
        return None
    sealed = row.name_sealed
    name = keys.open_text(sealed, "attachment", "name_sealed", row.id) if sealed else ""
    return StoredFile(row.id, name, row.media_type, row.preview_at is not None)
