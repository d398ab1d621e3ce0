"""What a file is, by its content. What a channel or a link says of it counts for nothing."""

import filetype

from ingestion.attachments.refusals import Refused
from konectus.domain.channels import AttachmentKind

UNKNOWN = "application/octet-stream"
# Voice notes arrive as MP4 and video stickers as WebM, so sound and moving pictures share their containers.
_MOVING = ("audio/", "video/")
_FAMILIES = {
    AttachmentKind.IMAGE: ("image/",),
    AttachmentKind.AUDIO: _MOVING,
    AttachmentKind.VIDEO: (*_MOVING, "image/gif"),
    # Telegram's animated stickers are a gzipped animation.
    AttachmentKind.STICKER: ("image/", "video/", "application/gzip"),
}
_SNIFFED = 8192


def of(content: bytes, kind: AttachmentKind) -> str:
    """The media type. Raises Refused where content is not the kind it came as, such as a page that says "expired"."""
    found = filetype.guess(content[:_SNIFFED])
    media_type = str(found.mime) if found else UNKNOWN
    families = _FAMILIES.get(kind)
    if families is not None and not media_type.startswith(families):
        raise Refused("wrong_type")
    return media_type
