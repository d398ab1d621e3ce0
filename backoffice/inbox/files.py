"""An attachment's bytes, opened for an agent of its Client. Never a type that a browser would run."""

from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from backoffice.inbox.looks import OpenLook
from backoffice.inbox.states import PREVIEWED
from konectus.errors import NotFound
from konectus.files import sealed
from konectus.files.port import Files
from konectus.store.queries import stored_files

router = APIRouter(include_in_schema=False)

_PLAYED = ("audio/mpeg", "audio/ogg", "audio/mp4", "audio/aac", "video/mp4", "video/webm")
_UNKNOWN = "application/octet-stream"


@router.get("/files/{attachment_id}")
def show_file(request: Request, look: OpenLook, attachment_id: UUID) -> Response:
    """Raises NotFound for what is absent, not stored, or another Client's."""
    with look.session() as session:
        found = stored_files.by_id(session, look.keys, attachment_id)
    if found is None:
        raise NotFound
    files: Files = request.app.state.files
    safe = found.media_type in (*PREVIEWED, *_PLAYED)
    disposition = "inline" if safe else "attachment"
    return Response(
        sealed.read(files, look.keys, found.id),
        media_type=found.media_type if safe else _UNKNOWN,
        headers={
            "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(found.name or str(found.id), safe='')}",
            "Cache-Control": "private, max-age=300",
        },
    )
