"""The three channels of the Terms (4) and what the rules need to know of each. No wire format lives here."""

import re
from enum import StrEnum


class Channel(StrEnum):
    MESSENGER = "messenger"
    INSTAGRAM = "instagram"
    TELEGRAM = "telegram"


class AttachmentKind(StrEnum):
    """What an attachment is to an agent, whatever its channel calls it."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    SHARE = "share"
    STORY = "story"
    UNKNOWN = "unknown"


class AttachmentState(StrEnum):
    """Where its bytes are. A dead link is a state of the attachment, never of the message."""

    PENDING = "pending"
    STORED = "stored"
    LINK_ONLY = "link_only"
    NO_BYTES = "no_bytes"
    FAILED = "failed"


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def as_stored(text: str) -> str:
    """The text as sent; only NUL and half surrogates, which no database takes, become U+FFFD (P4)."""
    return _UNSTORABLE.sub("\ufffd", text)


def text_length(channel: Channel, text: str) -> int:
    """Length as the channel counts it: characters, UTF-8 bytes (Instagram) or UTF-16 units (Telegram)."""
    if channel is Channel.INSTAGRAM:
        return len(text.encode())
    if channel is Channel.TELEGRAM:
        return len(text.encode("utf-16-le")) // 2
    return len(text)


# channels.md 2.3, 3.3 and 4.6, in the units of text_length.
TEXT_LIMIT = {Channel.MESSENGER: 2000, Channel.INSTAGRAM: 1000, Channel.TELEGRAM: 4096}
