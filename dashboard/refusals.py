"""A refusal as an answer, and the only HTTP numbers of the dashboard. A browser gets a page, a call gets JSON."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from dashboard import shell
from dashboard.tickets import TicketNotKept, TicketNotRead
from konectus.errors import Forbidden, Invalid, KonectusError, NotFound, Unauthenticated, Unavailable
from konectus.i18n import gettext as _

NUMBERS: dict[type[KonectusError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Invalid: 400,
    Unavailable: 503,
}
SEE_OTHER = 303
RETRY_AFTER = "5"


def answer(request: Request, error: Exception) -> Response:
    """The error's number, with no more than its code and a sentence."""
    number = next((n for kind, n in NUMBERS.items() if isinstance(error, kind)), 500)
    code = error.code if isinstance(error, KonectusError) else "error"
    headers = {"retry-after": RETRY_AFTER} if isinstance(error, Unavailable) else {}
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"code": code}, number, headers)
    # Who looks is said by the host alone; a dashboard of its own has no views to go back to.
    has_views = getattr(request.state, "visitor", None) is not None
    return HTMLResponse(shell.refusal(*_words(error), has_views=has_views), number, headers)


def _words(error: Exception) -> tuple[str, str]:
    match error:
        case NotFound():
            return _("There is no such page"), _("The address may be mistyped, or the page has moved.")
        case TicketNotKept():
            return (
                _("Your browser did not keep the pass to the figures"),
                _("Let it keep cookies of this site and open the site with https://, then go on."),
            )
        case TicketNotRead():
            return (
                _("The pass to the figures was not accepted"),
                _("Tell whoever runs Konectus: both processes need the same KONECTUS_SECRET_KEY and the same time."),
            )
        case Unauthenticated() | Forbidden():
            return _("These figures are for analysts"), _("Sign in again in the back office and open them from there.")
        case Invalid():
            return _("That is not published"), _("The address asks for a period or a combination that no release has.")
        case _:
            return _("The figures do not answer right now"), _("Nothing is lost. Try again in a few seconds.")
