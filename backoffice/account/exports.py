"""An owner takes everything along (Terms 15.3): asks for an archive, watches it being built, fetches it.

Open while suspended and after the end of the contract, until a deletion starts. What is in it: reports.export.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from backoffice import errors, pages
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from backoffice.pages import Reader
from konectus import i18n
from konectus.clock import monotonic
from konectus.domain.deadlines import local_day
from konectus.domain.endings import ExportState
from konectus.errors import TooMany
from konectus.files.port import Files
from konectus.i18n import msg
from konectus.services import archives, exports
from konectus.services.archives import Mark
from konectus.store.queries import exports as rows
from konectus.store.roles import Role

router = APIRouter(prefix="/account/export", include_in_schema=False)

HOME = "/account/export"
# What a page says after a button, by the word in its address.
NOTES = {
    "running": msg("One archive is being built already; it is the one below."),
    "often": msg("That is four archives within an hour. Ask again in a while."),
    "gone": msg("That archive cannot be fetched any more. Ask for a new one."),
}
STATES = {
    ExportState.REQUESTED: ("hourglass", msg("Waits to be built"), "tone-mute"),
    ExportState.BUILDING: ("hourglass", msg("Being built"), "tone-mute"),
    ExportState.READY: ("circle-check", msg("Ready"), "tone-ok"),
    ExportState.FAILED: ("circle-alert", msg("It could not be built; Konectus looks into it"), "tone-warn"),
    ExportState.EXPIRED: ("circle-dashed", msg("Expired: its bytes are deleted"), "tone-mute"),
}
_FETCHED = (ExportState.READY, ExportState.EXPIRED)
# One range of bytes; a program that lost its connection goes on from there.
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII | re.IGNORECASE)
# A Suspension that blocks exports cuts a download within this (P13).
_LOOK_AGAIN = 2.0


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    """What is in an archive, the button, and the archives of late."""
    visit.require_owner()
    return HTMLResponse(_page("account/export.html", visit, reader, i18n.gettext(NOTES[note]) if note in NOTES else ""))


@router.get("/progress")
def progress(visit: TheVisit, reader: TheReader) -> HTMLResponse:
    """The archives of late alone; the page asks for it while one is being built."""
    visit.require_owner()
    return HTMLResponse(_page("account/export_jobs.html", visit, reader, ""))


@router.post("")
def ask(visit: TheVisit) -> Response:
    """Raises ClientSuspended where a cause blocks exports."""
    visit.require_owner()
    try:
        with visit.work() as work:
            exports.request(work, visit.client_id)
    except exports.ExportRunning:
        return _back("running")
    except TooMany:
        return _back("often")
    return _back()


@router.post("/{job_id}/download")
def download(request: Request, visit: TheVisit, job_id: UUID, range: Annotated[str, Header()] = "") -> Response:  # noqa: A002 the header's own name
    """The archive as it lies there, piece by piece. A POST: that somebody fetched it is kept (P22, P25).

    Raises NotFound for what is absent or another Client's, ClientSuspended. A program that goes on with a range is told
    with ExportGone what a browser is told by the page: it would take that for the rest of the file.
    """
    visit.require_owner()
    try:
        with visit.work() as work:
            found = exports.download(work, visit.client_id, job_id)
            keys = work.client_keys(visit.client_id)
            size, sha256, step = found.finished
            first, last = _asked(range, size)
    except _NoSuchRange as none:  # and nothing was fetched: no word of it is kept
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=none.headers)
    except exports.ExportGone:
        if range:
            raise
        return _back("gone")
    files: Files = request.app.state.files
    segments = archives.read_notes(files, keys, Mark.read(step)).segments
    headers = {
        "Content-Disposition": f'attachment; filename="{_file_name(visit, found.requested_at)}"',
        "Content-Length": str(last - first + 1),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Repr-Digest": f"sha-256=:{base64.b64encode(sha256).decode()}:",
    }
    status = HTTPStatus.OK
    if (first, last) != (0, size - 1):
        status, headers["Content-Range"] = HTTPStatus.PARTIAL_CONTENT, f"bytes {first}-{last}/{size}"
    content = archives.read(files, keys, segments, first, last - first + 1)
    return StreamingResponse(_while_allowed(visit, job_id, content), status, headers, "application/zip")


def _while_allowed(visit: Visit, job_id: UUID, content: Iterator[bytes]) -> Iterator[bytes]:
    """A long download ends where a new one would be refused; the browser sees that it is cut short."""
    looked = monotonic()
    for part in content:
        if monotonic() - looked > _LOOK_AGAIN:
            with visit.installation.database.session(Role.APP, visit.client_id) as session:
                found, now = rows.by_id(session, job_id, client_id=visit.client_id), visit.installation.clock.now()
                if found is None or not rows.may_fetch(session, visit.client_id, visit.visitor.session_id, now):
                    raise exports.ExportGone("whoever fetched it may not any more")
                exports.require_ready(session, found, now)
            looked = monotonic()
        yield part


def _page(template: str, visit: Visit, reader: Reader, note: str) -> str:
    with visit.work() as work:
        jobs = rows.recent(work.session, visit.client_id)
        closes_at = rows.closes_at(work.session, visit.client_id)
    is_running = any(job.is_running for job in jobs)
    return pages.render(
        template,
        reader,
        visitor=visit.visitor,
        jobs=jobs,
        states=STATES,
        closes_at=closes_at,
        is_running=is_running,
        is_blocked=visit.visitor.access.export,
        sample=_file_name(visit, next((job.requested_at for job in jobs if job.state in _FETCHED), reader.now)),
        note=note,
    )


class _NoSuchRange(Exception):
    """RFC 9110, 15.5.17: a range behind the end, with how long the archive is."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.headers = {
            "Content-Range": f"bytes */{size}",
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-store",
        }


def _asked(header: str, size: int) -> tuple[int, int]:
    """First and last byte; the whole where there is no range to be read. Raises _NoSuchRange.

    RFC 9110, 14.1: "bytes=-5" are the last five; a range whose end comes before its start is none; several ranges at
    once may be answered with the whole.
    """
    part = _RANGE.fullmatch(header.strip())
    if part is None or part[1] == part[2] == "":
        return 0, size - 1
    if not part[1]:
        first, last = max(size - int(part[2]), 0), size - 1
    else:
        first, last = int(part[1]), int(part[2] or part[1])
    if last < first and part[1]:
        return 0, size - 1
    if first >= size:
        raise _NoSuchRange(size)
    return first, min(last, size - 1) if part[2] and part[1] else size - 1


def _file_name(visit: Visit, asked_at: datetime) -> str:
    """Letters that every header and file system takes, and the legal day on which it was asked for."""
    plain = unicodedata.normalize("NFKD", visit.visitor.client_name).encode("ascii", "ignore").decode()
    house = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40] or "cliente"
    return f"konectus-{house}-{local_day(asked_at)}.zip"


def _back(note: str = "") -> Response:
    return RedirectResponse(f"{HOME}?note={note}" if note else HOME, errors.SEE_OTHER)
