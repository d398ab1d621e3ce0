"""The three channels of the Terms (4) and what the rules need to know of each. No wire format lives here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    MESSENGER = "messenger"
    INSTAGRAM = "instagram"
    TELEGRAM = "telegram"

    @property
    def has_history(self) -> bool:
        """Whether the channel can be asked what was sent (channels.md 2.8, 3.4; 4.6: Telegram tells nobody)."""
        return self is not Channel.TELEGRAM


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
    # Its message was withdrawn: nothing of it is shown, the bytes are deleted by a job.
    WITHDRAWN = "withdrawn"


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


_MB = 1 << 20
_STILL = frozenset({"image/png", "image/jpeg"})
_PICTURES = _STILL | {"image/gif"}
# By content an AAC, MP3 or WAV file has several names.
_SOUNDS = frozenset({"audio/aac", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/wav", "audio/x-wav"})
_FILMS = frozenset({"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"})


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a channel takes as a file: by media type (told by content), in bytes, and how many in one reply.

    A type that is none of `kinds` goes as a file where `any_file` is true, else it is refused.
    """

    kinds: Mapping[AttachmentKind, frozenset[str]]
    any_file: bool
    bytes: int
    image_bytes: int
    most_files: int = 10

    @property
    def types(self) -> tuple[str, ...]:
        """Media types that are taken; empty: all."""
        return () if self.any_file else tuple(sorted(frozenset[str]().union(*self.kinds.values())))

    def kind_of(self, media_type: str) -> AttachmentKind | None:
        """As what a file of this type goes out; None where the channel does not take it."""
        found = (kind for kind, types in self.kinds.items() if media_type in types)
        return next(found, AttachmentKind.FILE if self.any_file else None)

    def most_bytes(self, kind: AttachmentKind) -> int:
        return self.image_bytes if kind is AttachmentKind.IMAGE else self.bytes


_HEARD = {"audio/mpeg", "audio/ogg", "audio/amr"}
# channels.md 2.6, 3.3 and 4.6. Telegram's images are bounded as files: one that is no photo goes as a document.
FILE_LIMITS: Mapping[Channel, FileLimits] = {
    Channel.MESSENGER: FileLimits(
        kinds={AttachmentKind.IMAGE: _PICTURES, AttachmentKind.AUDIO: _SOUNDS | _HEARD, AttachmentKind.VIDEO: _FILMS},
        any_file=True,
        bytes=25 * _MB,
        image_bytes=8 * _MB,
    ),
    Channel.INSTAGRAM: FileLimits(
        kinds={
            AttachmentKind.IMAGE: _STILL,
            AttachmentKind.AUDIO: _SOUNDS,
            AttachmentKind.VIDEO: _FILMS,
            AttachmentKind.FILE: frozenset({"application/pdf"}),
        },
        any_file=False,
        bytes=25 * _MB,
        image_bytes=8 * _MB,
    ),
    Channel.TELEGRAM: FileLimits(
        kinds={
            AttachmentKind.IMAGE: _PICTURES | {"image/webp"},
            AttachmentKind.AUDIO: _SOUNDS | _HEARD,
            AttachmentKind.VIDEO: _FILMS,
        },
        any_file=True,
        bytes=50 * _MB,
        image_bytes=50 * _MB,
    ),
}
# What Telegram takes as a photo (channels.md 4.6); anything else it is sent as a document.
_PHOTO_BYTES, _PHOTO_SIDES, _PHOTO_RATIO = 10 * _MB, 10_000, 20


def is_telegram_photo(size: int, width: int | None, height: int | None) -> bool:
    """Whether Telegram shows an image of so many bytes and pixels as a photo."""
    if not width or not height:
        return False
    is_flat = max(width, height) <= _PHOTO_RATIO * min(width, height)
    return size <= _PHOTO_BYTES and width + height <= _PHOTO_SIDES and is_flat
