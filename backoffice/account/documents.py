"""Documents of the account: what was accepted, what has to be, and what Konectus asked for (Terms 1, 5.1)."""

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
from konectus.domain.terms import Document
from konectus.i18n import msg
from konectus.services import documents
from konectus.services.documents import Answer, NotTheVersionShown
from konectus.store.queries import documents as rows

router = APIRouter(prefix="/account/documents", include_in_schema=False)

HOME = "/account/documents"
NOTES = {
    "accepted": msg("Accepted, with this version, person and time."),
    "unread": msg("Mark that you accept the Terms; nothing was recorded."),
    "changed": msg("The Terms changed while the page was open. Read them again."),
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


class AcceptForm(BaseModel):
    version: UUID
    accepted: bool = False


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    """Also where a first sign-in leads; whoever is no owner reads that an owner has to accept."""
    return _page(visit, reader, i18n.gettext(NOTES[note]) if note in NOTES else "")


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


def _page(visit: Visit, reader: Reader, note: str) -> HTMLResponse:
    with visit.work() as work:
        terms = rows.current(work.session, Document.TERMS, work.now)
        accepted = rows.of_client(work.session, visit.client_id) if visit.is_owner else []
        authority = rows.authority(work.session, visit.client_id)
        asked = rows.asked_authority(work.session, visit.client_id) if authority == "requested" else None
    page = pages.render(
        "account/documents.html",
        reader,
        visitor=visit.visitor,
        is_owner=visit.is_owner,
        terms=terms,
        must_accept=visit.visitor.standing.must_accept,
        accepted=accepted,
        asked=asked,
        authority=AUTHORITIES[authority],
        names=NAMES,
        note=note,
    )
    return HTMLResponse(page)


def _back(note: str) -> Response:
    return RedirectResponse(f"{HOME}?note={note}", errors.SEE_OTHER)
