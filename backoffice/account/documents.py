"""Documents of the account: what was accepted, what has to be, and what Konectus asked for (Terms 1, 5.1)."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain.deadlines import after_full_days
from konectus.domain.papers import DAYS_TO_SEND
from konectus.domain.terms import Document
from konectus.i18n import msg
from konectus.services import authority as papers_of
from konectus.services import documents
from konectus.services.documents import Answer, NotTheVersionShown
from konectus.store.queries import documents as rows

router = APIRouter(prefix="/account/documents", include_in_schema=False)

HOME = "/account/documents"
NOTES = {
    "accepted": msg("Accepted, with this version, person and time."),
    "unread": msg("Mark that you accept the Terms; nothing was recorded."),
    "changed": msg("The Terms changed while the page was open. Read them again."),
    "handed_in": msg("The files arrived. A person of Konectus looks at them and writes to you."),
    "taken_back": msg("Taken back; the file is deleted."),
    "decided": msg("A decision was made on these files; they stay as they are."),
    "gone": msg("That file was taken back already."),
    "no_file": msg("Choose a file first; nothing was sent."),
}
NAMES = {
    Document.TERMS: msg("Terms and Conditions"),
    Document.PRIVACY: msg("Privacy Policy"),
    Document.DPA: msg("Data processing agreement"),
}
AUTHORITIES = {
    "declared": (msg("Declared at registration"), "circle-dashed", "tone-mute"),
    "requested": (msg("Documents asked for"), "hourglass", "tone-warn"),
    "verified": (msg("Verified"), "circle-check", "tone-ok"),
    "rejected": (msg("Not proven"), "circle-alert", "tone-warn"),
}

KINDS = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}


class AcceptForm(BaseModel):
    version: UUID
    accepted: bool = False


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    """Also where a first sign-in leads; whoever is no owner reads that an owner has to accept."""
    return page(visit, reader, i18n.gettext(NOTES[note]) if note in NOTES else "")


@router.post("/accept")
def accept(visit: TheVisit, form: Annotated[AcceptForm, Form()]) -> Response:
    """Bound to the version that was shown, and to its Spanish text (Terms 18)."""
    visit.require_owner()
    if not form.accepted:
        return _back("unread")
    language = "en" if i18n.tag() == "en" else "es"
    try:
        with visit.work() as work:
            terms = documents.terms_in_force(work)
            if terms.id != form.version:
                return _back("changed")
            ip = visit.actor.ip
            answer = Answer(version=terms, user_id=visit.visitor.user_id, language=language, ip=ip)
            documents.accept_shown(work, visit.client_id, answer)
    except NotTheVersionShown:
        return _back("changed")
    return _back("accepted")


def page(visit: Visit, reader: Reader, note: str, *, refused: Sequence[tuple[str, str]] = ()) -> HTMLResponse:
    """The whole page; `refused` are files that were not taken, each with the reason in words."""
    with visit.work() as work:
        terms = rows.current(work.session, Document.TERMS, work.now)
        accepted = rows.of_client(work.session, visit.client_id) if visit.is_owner else []
        authority = rows.authority(work.session, visit.client_id)
        asked = rows.asked_authority(work.session, visit.client_id) if authority == "requested" else None
        papers = papers_of.papers(work, visit.client_id) if visit.is_owner else []
    made = pages.render(
        "account/documents.html",
        reader,
        visitor=visit.visitor,
        is_owner=visit.is_owner,
        terms=terms,
        must_accept=visit.visitor.standing.must_accept,
        accepted=accepted,
        asked=asked,
        send_by=after_full_days(asked.at, DAYS_TO_SEND) if asked else None,
        papers=papers,
        refused=refused,
        authority=AUTHORITIES[authority],
        names=NAMES,
        kinds=KINDS,
        note=note,
    )
    return HTMLResponse(made)


def _back(note: str) -> Response:
    return RedirectResponse(f"{HOME}?note={note}", errors.SEE_OTHER)
