"""An attachment's bytes, opened for an agent of its Client. Never a type that a browser would run."""

import re
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from backoffice.inbox.attached import PLAYED, PREVIEWED
from backoffice.inbox.looks import OpenLook
from konectus.errors import NotFound
from konectus.files import sealed
from konectus.files.port import Files, NoSuchFile
from konectus.store.queries import stored_files

router = APIRouter(include_in_schema=False)

_UNKNOWN = "application/octet-stream"
_PLAYED = frozenset(media_type for family in PLAYED.values() for media_type in family)
_SHOWN = frozenset(PREVIEWED) | _PLAYED
# One range of bytes; several at once are answered with the whole file, as RFC 9110 14.2 allows.
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


@router.get("/files/{attachment_id}")
def show_file(request: Request, look: OpenLook, attachment_id: UUID, size: Literal["", "preview"] = "") -> Response:
    """The file, a part of it, or its small picture.

    Raises NotFound for what is absent, not stored, gone from the file store, or another Client's: all look the same.
    """
    with look.session() as session:
        found = stored_files.by_id(session, look.keys, attachment_id)
    if found is None or (size and not found.has_preview):
        raise NotFound
    files: Files = request.app.state.files
    try:
        content = sealed.read_preview(files, look.keys, found.id) if size else sealed.read(files, look.keys, found.id)
    except NoSuchFile:
        raise NotFound from None
    media_type = sealed.PREVIEW_TYPE if size else found.media_type
    is_safe = media_type in _SHOWN
    headers = {
        "Content-Disposition": _disposition(found.name or str(found.id), is_safe=is_safe),
        "Cache-Control": "private, no-store",
    }
    if media_type not in _PLAYED:
        return Response(content, media_type=media_type if is_safe else _UNKNOWN, headers=headers)
    return _played(content, str(media_type), headers | {"Accept-Ranges": "bytes"}, request.headers.get("range", ""))


def _disposition(name: str, *, is_safe: bool) -> str:
    return f"{'inline' if is_safe else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"


def _played(content: bytes, media_type: str, headers: dict[str, str], asked: str) -> Response:
    """Sound or film, from where the player asks: without it nobody can seek."""
    part = _RANGE.fullmatch(asked.strip())
    if part is None or not (part[1] or part[2]):
        return Response(content, media_type=media_type, headers=headers)
    whole = len(content)
    first = int(part[1]) if part[1] else max(whole - int(part[2]), 0)
    last = min(int(part[2]), whole - 1) if part[1] and part[2] else whole - 1
    if first >= whole or (part[1] and part[2] and int(part[2]) < first):
        unmet = headers | {"Content-Range": f"bytes */{whole}"}
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=unmet)
    headers |= {"Content-Range": f"bytes {first}-{last}/{whole}"}
    return Response(content[first : last + 1], HTTPStatus.PARTIAL_CONTENT, headers, media_type)
