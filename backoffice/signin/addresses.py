"""Confirming another address for the Notices, by the link that was sent there. Asking is account.address'."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from backoffice import deps, pages
from backoffice.deps import TheInstallation
from backoffice.signin import doors
from backoffice.signin.routes import LANGUAGES
from konectus.services import email_changes

router = APIRouter(include_in_schema=False)


@router.get("/confirm-email/{token}")
def show(request: Request, installation: TheInstallation, token: str) -> Response:
    """What would change, and the button: a scanner that follows links changes nothing. Raises LinkSpent."""
    with installation.works.system() as work:
        pending = email_changes.waiting(work, token)
    return _page(request, pending=pending, confirmed=None)


@router.post("/confirm-email/{token}")
def confirm(request: Request, installation: TheInstallation, token: str) -> Response:
    """Raises LinkSpent."""
    return _page(request, pending=None, confirmed=email_changes.confirm(installation.works, token, deps.asker(request)))


def _page(request: Request, **shown: object) -> HTMLResponse:
    page = pages.render("signin/address.html", request.state.reader, languages=LANGUAGES, door=doors.PEOPLE, **shown)
    return HTMLResponse(page)
