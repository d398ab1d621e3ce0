"""Handing in proof of authority (Terms 5.1): files of one form, each taken or refused by itself, and taking one back.

The page they stand on is documents'; what is taken decides services.authority, by the bytes.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from backoffice import errors
from backoffice.account import documents
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from konectus import i18n
from konectus.domain.papers import MOST_BYTES, MOST_PAPERS, PaperRefused
from konectus.errors import Invalid, NotFound
from konectus.i18n import msg
from konectus.services import authority
from konectus.services.authority import NotAsked, TooManyPapers

router = APIRouter(prefix="/account/documents/authority", include_in_schema=False)

WHY = {
    "empty": msg("it is empty"),
    "too_big": msg("it is larger than 10 MB"),
    "kind": msg("it is no PDF, JPEG or PNG, whatever its name says, or it is not whole"),
    "known": msg("it is here already"),
    "many": msg("ten files are the most for one request"),
    "not_asked": msg("nothing is asked for any more"),
}
# All files of a request and the form around them; read one at a time.
MOST_AT_ONCE = MOST_PAPERS * MOST_BYTES + (1 << 20)
_LONGEST_SHOWN = 80


class TooMuchAtOnce(Invalid):
    code = "papers_too_big"


async def given(request: Request) -> AsyncIterator[list[UploadFile]]:
    """The files of the form, still on disk. Raises TooMuchAtOnce before anything is read. Async, as forms are."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_AT_ONCE:
        raise TooMuchAtOnce(limit=MOST_AT_ONCE)
    async with request.form(max_files=MOST_PAPERS + 1, max_fields=2) as form:
        # An empty file field of a plain form is sent as a file without a name.
        yield [one for one in form.getlist("papers") if isinstance(one, UploadFile) and one.filename]


@router.post("")
def hand_in(visit: TheVisit, reader: TheReader, files: Annotated[list[UploadFile], Depends(given)]) -> Response:
    """Each file by itself: one that is refused costs the others nothing, and the page says which and why."""
    visit.require_owner()
    if not files:
        return _back("no_file")
    refused = [(_shown(one), why) for one in files if (why := _taken(visit, one))]
    if not refused:
        return _back("handed_in")
    kept = len(files) - len(refused)
    note = i18n.ngettext("{n} file arrived.", "{n} files arrived.", kept) if kept else ""
    page = documents.page(visit, reader, note, refused=[(name, i18n.gettext(WHY[why])) for name, why in refused])
    page.status_code = errors.STATUS[Invalid]
    return page


@router.post("/{paper_id}/withdraw")
def take_back(visit: TheVisit, paper_id: UUID) -> Response:
    visit.require_owner()
    try:
        with visit.installation.works.system(visit.actor) as work:
            authority.take_back(work, visit.client_id, visit.visitor.user_id, paper_id)
    except NotAsked:
        return _back("decided")
    except NotFound:
        return _back("gone")
    return _back("taken_back")


def _taken(visit: Visit, file: UploadFile) -> str:
    """Empty where it was kept, else why it was not; a key of WHY."""
    if (file.size or 0) > MOST_BYTES:
        return "too_big"
    content = file.file.read(MOST_BYTES + 1)
    try:
        with visit.installation.works.system(visit.actor) as work:
            authority.hand_in(work, visit.client_id, visit.visitor.user_id, file.filename or "", content)
    except PaperRefused as error:
        return str(error.facts["why"])
    except TooManyPapers:
        return "many"
    except NotAsked:
        return "not_asked"
    finally:
        with suppress(OSError):
            file.file.close()
    return ""


def _shown(file: UploadFile) -> str:
    return (file.filename or "")[:_LONGEST_SHOWN]


def _back(note: str) -> Response:
    return RedirectResponse(f"{documents.HOME}?note={note}", errors.SEE_OTHER)
