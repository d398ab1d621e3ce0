"""A reply taken apart: texts the channel takes and files it takes, checked by their content. No row is written here."""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import filetype
from PIL import Image

from konectus.domain.channels import FILE_LIMITS, TEXT_LIMIT, AttachmentKind, Channel, as_stored, text_length
from konectus.domain.splitting import split_text
from konectus.errors import Invalid

UNKNOWN_TYPE = "application/octet-stream"
# Nobody writes so much by hand; a pasted file is better sent as one.
MOST_TEXTS = 20
_LONGEST_NAME = 200
_SNIFFED = 8192
# Sound and film share this container; by its first page it is told which.
_OGG, _OGG_FILM, _THEORA = "audio/ogg", "video/ogg", b"\x80theora"


class EmptyReply(Invalid):
    code = "empty_reply"


class TextTooLong(Invalid):
    code = "text_too_long"


class TooManyFiles(Invalid):
    code = "too_many_files"


class FileEmpty(Invalid):
    code = "file_empty"


class FileTooBig(Invalid):
    code = "file_too_big"


class FileTypeRefused(Invalid):
    code = "file_type_refused"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the page sent it. What it calls itself counts for its name alone."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """What becomes one message at the channel: a text, or a file."""

    text: str | None = field(default=None, repr=False)
    file: "PieceFile | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceFile:
    """A file with what it is by its content. Pixels of images alone."""

    name: str = field(repr=False)
    kind: AttachmentKind
    media_type: str
    content: bytes = field(repr=False)
    width: int | None = None
    height: int | None = None


def compose(channel: Channel, text: str, files: Sequence[Upload]) -> list[Piece]:
    """The pieces in the order they go out: the text, split where the channel takes less, then the files.

    Raises EmptyReply, TextTooLong, TooManyFiles, FileEmpty, FileTooBig or FileTypeRefused, with the facts.
    """
    text = as_stored(text)
    if not text.strip() and not files:
        raise EmptyReply("there is nothing to send")
    most = FILE_LIMITS[channel].most_files
    if len(files) > most:
        raise TooManyFiles(f"{len(files)} files, at most {most}", count=len(files), limit=most)
    texts = _texts(channel, text) if text.strip() else []
    return [*(Piece(text=one) for one in texts), *(Piece(file=_file(channel, one)) for one in files)]


def _texts(channel: Channel, text: str) -> list[str]:
    length, limit = text_length(channel, text), TEXT_LIMIT[channel] * MOST_TEXTS
    if length > limit:
        raise TextTooLong(f"{channel} takes {limit} in all, this is {length}", length=length, limit=limit)
    texts = split_text(channel, text)
    if len(texts) > MOST_TEXTS:
        raise TextTooLong(f"{len(texts)} messages, at most {MOST_TEXTS}", length=length, limit=limit)
    return texts


def _file(channel: Channel, upload: Upload) -> PieceFile:
    name = _name(upload.name)
    if not upload.content:
        raise FileEmpty("the file is empty", name=name)
    limits, media_type = FILE_LIMITS[channel], _media_type(upload.content)
    kind = limits.kind_of(media_type)
    if kind is None:
        raise FileTypeRefused(f"{channel} takes no {media_type}", name=name, media_type=media_type, types=limits.types)
    size, most = len(upload.content), limits.most_bytes(kind)
    if size > most:
        raise FileTooBig(f"{channel} takes {most} bytes, this is {size}", name=name, size=size, limit=most, kind=kind)
    width, height = _pixels(upload.content) if media_type.startswith("image/") else (None, None)
    return PieceFile(name=name, kind=kind, media_type=media_type, content=upload.content, width=width, height=height)


def _name(given: str) -> str:
    """The last part of a path, without what no file name holds."""
    last = as_stored(given).replace("\\", "/").rpartition("/")[2]
    clean = "".join(sign for sign in last if sign.isprintable()).strip()
    return clean[-_LONGEST_NAME:] or "archivo"


def _media_type(content: bytes) -> str:
    found = filetype.guess(content[:_SNIFFED])
    media_type = str(found.mime) if found else UNKNOWN_TYPE
    return _OGG_FILM if media_type == _OGG and _THEORA in content[:_SNIFFED] else media_type


def _pixels(content: bytes) -> tuple[int | None, int | None]:
    """Width and height as the header says them; nothing is unpacked. None for what cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None, None
