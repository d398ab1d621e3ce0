"""Names of files inside the archive: what somebody called a file, made safe for every machine it is unpacked on."""

import re
import unicodedata
from pathlib import PurePosixPath
from uuid import UUID

# No program runs these, and no browser runs scripts of them; everything else is called .bin besides its own name.
_KINDS = """jpg jpeg png gif webp bmp heic avif mp4 mov webm avi 3gp mp3 ogg oga opus wav m4a aac amr
pdf txt csv doc docx xls xlsx ppt pptx odt ods odp zip vcf ics"""
HARMLESS = frozenset(_KINDS.split())
_OF_TYPE = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "audio/wav": "wav",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
_MOST_BYTES = 100
_REFUSED = re.compile(r'[<>:"/\\|?*]')


def media_name(attachment_id: UUID, name: str, media_type: str | None) -> str:
    """Where a file lies in the archive. The id makes it unique and keeps it from being a device or a hidden file."""
    folder = attachment_id.hex[-2:]
    return f"media/{folder}/{attachment_id}{_ending(name, media_type)}"


def _ending(name: str, media_type: str | None) -> str:
    safe = _safe(name)
    of_type = _OF_TYPE.get(media_type or "", "bin")
    if not safe:
        return f".{of_type}"
    own = PurePosixPath(safe).suffix.lower().lstrip(".")
    if own in HARMLESS:
        return f"-{_cut(safe[: -len(own) - 1])}.{own}"
    return f"-{_cut(safe)}.{of_type}"


def _safe(name: str) -> str:
    """Letters, digits and signs that every file system takes; nothing that hides or turns around what is read."""
    composed = unicodedata.normalize("NFC", name)
    kept = "".join("_" if _is_refused(letter) else letter for letter in composed)
    return kept.strip(". _")


def _is_refused(letter: str) -> bool:
    # C: control, format (direction, joiners), surrogates, private; Z but the blank: separators of lines and others.
    category = unicodedata.category(letter)
    return category[0] == "C" or (category[0] == "Z" and letter != " ") or bool(_REFUSED.match(letter))


def _cut(stem: str) -> str:
    """At most so many bytes, never in the middle of a letter."""
    return stem.encode()[:_MOST_BYTES].decode(errors="ignore").strip(". ")
