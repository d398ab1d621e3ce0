"""A click on Send as the browser posts it: text and files in one form, so that a refusal loses neither.

Bounded before it is read; what a channel takes of it is the service's to decide.
"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from konectus.errors import Invalid
from konectus.services.composing import Upload

MOST_BYTES = 110 * (1 << 20)  # two of the largest files that any channel takes, and the form around them
_MOST_FILES = 10
_LONGEST_TEXT = 100_000


class TooMuchAtOnce(Invalid):
    """More bytes in one click than we hold in memory at once."""

    code = "upload_too_big"


@dataclass(frozen=True)
class Given:
    """`reply_id` is made by the page before the first try: however often it arrives, it is one reply."""

    reply_id: UUID
    text: str
    files: tuple[Upload, ...]


async def given(request: Request) -> Given:
    """Raises TooMuchAtOnce, or Invalid for a form that no page of ours sends. Async, as reading a form is."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        raise TooMuchAtOnce(limit=MOST_BYTES)
    async with request.form(max_files=_MOST_FILES + 1, max_fields=4) as form:
        return Given(_reply_id(form), _text(form), tuple([await _upload(one) for one in _files(form)]))


TheReply = Annotated[Given, Depends(given)]


def _reply_id(form: FormData) -> UUID:
    try:
        return UUID(str(form.get("reply_id", "")))
    except ValueError:
        raise Invalid from None


def _text(form: FormData) -> str:
    text = form.get("text", "")
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        raise Invalid
    return text.replace("\r\n", "\n")


def _files(form: FormData) -> list[UploadFile]:
    """An empty file field of a plain form is sent as a file without a name."""
    found = [one for one in form.getlist("files") if isinstance(one, UploadFile)]
    return [one for one in found if one.filename]


async def _upload(found: UploadFile) -> Upload:
    """What a browser says of a file; what it is, its content tells the service."""
    return Upload(name=found.filename or "", media_type=found.content_type or "", content=await found.read())
