"""From the product's refusals to what a browser or a program sees: status, words, problem document. Never a stack.

The only place of the back office that knows HTTP numbers of errors.
"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from backoffice import pages
from konectus import i18n
from konectus.domain.suspension import Cause
from konectus.errors import Conflict, Forbidden, Invalid, KonectusError, NotFound, TooMany, Unauthenticated, Unavailable
from konectus.i18n import msg

STATUS: dict[type[KonectusError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}
SERVER_ERROR = 500
SEE_OTHER = 303
NO_CONTENT = 204


@dataclass(frozen=True)
class Words:
    """What happened and what comes next, as msgids; `glyph` is a symbol of icons.svg."""

    heading: str
    what_next: str
    glyph: str = "circle-alert"


# By code of the error, then by code of its category.
WORDS = {
    "unauthenticated": Words(
        msg("Sign in to go on"), msg("Your session ended. Sign in and you return to this page."), glyph="key-round"
    ),
    "forbidden": Words(
        msg("Your role does not include this"), msg("An owner of your account can give you the right."), glyph="lock"
    ),
    "foreign_request": Words(
        msg("This did not come from Konectus"),
        msg("Open the page in Konectus and try again there."),
        glyph="shield-alert",
    ),
    "client_suspended": Words(
        msg("The service is paused"),
        msg("Nothing is sent or received. The owner of your account sees there what ends the pause."),
        glyph="circle-pause",
    ),
    "not_found": Words(
        msg("There is nothing here"), msg("The address is wrong, or it is not yours to see."), glyph="search"
    ),
    "window_shut": Words(
        msg("The reply window shut before this was sent"),
        msg("It opens again when they write. Your text is kept in the box."),
        glyph="lock",
    ),
    "text_too_long": Words(
        msg("The text is too long for this channel"), msg("Even in 20 messages. Shorten it."), glyph="pencil"
    ),
    "empty_reply": Words(msg("There is nothing to send"), msg("Write something or attach a file."), glyph="pencil"),
    "reply_id_taken": Words(
        msg("This was sent in another conversation"), msg("Open this conversation again and send it there.")
    ),
    "upload_too_big": Words(
        msg("These files are too big to be sent at once"), msg("Send them one by one."), glyph="paperclip"
    ),
    "too_many_files": Words(
        msg("These are too many files for one message"), msg("Send them in several."), glyph="paperclip"
    ),
    "file_empty": Words(msg("One of the files is empty"), msg("Choose it again; the rest is kept."), glyph="paperclip"),
    "file_too_big": Words(
        msg("One of the files is too big for this channel"),
        msg("Make it smaller or share a link to it; the rest is kept."),
        glyph="paperclip",
    ),
    "file_type_refused": Words(
        msg("The channel does not take this kind of file"),
        msg("Send it in another format; the rest is kept."),
        glyph="paperclip",
    ),
    "not_cancellable": Words(
        msg("It cannot be stopped any more"), msg("It is on its way or has arrived."), glyph="send"
    ),
    "not_retryable": Words(
        msg("This cannot be sent again from here"), msg("See how it stands now; it may be sent already."), glyph="send"
    ),
    "not_unknown": Words(msg("What became of it is known by now"), msg("See its state below the message.")),
    "attachment_not_retryable": Words(
        msg("This file cannot be fetched again"), msg("Open the conversation in the channel to see it.")
    ),
    "acceptance_needed": Words(
        msg("An owner of your account has to accept the Terms first"),
        msg("They are on the page Documents of the account; then everything is here."),
        glyph="file-text",
    ),
    "owners_only": Words(
        msg("Only an owner of your account does this"),
        msg("Ask one of them; they are listed under People."),
        glyph="lock",
    ),
    "owner_needed": Words(
        msg("Only an owner of your account does this"),
        msg("Ask one of them; they are listed under People."),
        glyph="lock",
    ),
    "seats_full": Words(
        msg("All seats of your Plan are taken"),
        msg("Deactivate somebody or add a seat under Plan; nothing was changed."),
        glyph="users",
    ),
    "seats_below_use": Words(
        msg("More people have a seat than you would keep"),
        msg("Deactivate some of them under People first; nothing was changed."),
        glyph="users",
    ),
    "last_owner": Words(
        msg("This is the only owner"), msg("Name another owner first; nothing was changed."), glyph="user-round"
    ),
    "email_taken": Words(
        msg("That e-mail signs in already"), msg("A person belongs to one Client; use another address."), glyph="mail"
    ),
    "conflict": Words(
        msg("Somebody was faster"), msg("Load the page again to see how it stands now."), glyph="rotate-cw"
    ),
    "invalid": Words(
        msg("Something does not fit"), msg("Look at the fields again; nothing was saved."), glyph="pencil"
    ),
    "too_many": Words(msg("Too many tries"), msg("Wait a moment and try again."), glyph="hourglass"),
    "no_ticket_key": Words(
        msg("This installation hands out no passes to the figures"),
        msg("Tell whoever runs it: the web process needs the same KONECTUS_SECRET_KEY as the dashboard."),
        glyph="key-round",
    ),
    "unavailable": Words(
        msg("We cannot do this right now"),
        msg("It is our trouble. Try again in a moment; nothing of yours is lost."),
        glyph="wifi-off",
    ),
    "error": Words(msg("Something failed on our side"), msg("We have noted it. Try again; nothing of yours is lost.")),
}

# What a Client's people read while a cause is open: what happened, and what ends it.
CAUSES = {
    Cause.NONPAYMENT: Words(
        msg("The service is paused because of a pending payment"),
        msg("It returns by itself with the payment; then the channels are connected again."),
    ),
    Cause.TRIAL_EXPIRED: Words(
        msg("The free trial ended"),
        msg("It returns once a Plan is contracted; then the channels are connected again."),
    ),
    Cause.AUP: Words(
        msg("The service is paused while we review how it is used"),
        msg("Konectus decides after hearing you; answer the notice we sent to your registered e-mail."),
    ),
    Cause.LEGAL_ORDER: Words(
        msg("The service is paused by order of an authority"),
        msg("It lasts as long as the order does. Write to Konectus to learn more."),
    ),
    Cause.SECURITY: Words(
        msg("The service is paused for the security of the account"),
        msg("It returns once the account is verified. Write to Konectus to begin."),
    ),
}


def install(app: FastAPI) -> None:
    """Give the app our answers for refusals, for addresses that do not exist and for what we did not foresee."""
    app.add_exception_handler(KonectusError, _refused)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(Exception, _unforeseen)


def answer(request: Request, error: KonectusError) -> Response:
    """The page, fragment or problem document of a refusal."""
    if isinstance(error, Unauthenticated) and _wants_page(request):
        return to_sign_in(request)
    if error.code == "acceptance_needed" and _wants_page(request):
        return RedirectResponse("/account/documents", SEE_OTHER)
    answered = _written(request, status_of(error), words_of(error), error.code)
    if isinstance(error, TooMany):
        answered.headers["Retry-After"] = str(max(1, int(error.retry_after.total_seconds())))
    return answered


def status_of(error: KonectusError) -> int:
    return (
        next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        if isinstance(error, tuple(STATUS))
        else SERVER_ERROR
    )


def words_of(error: KonectusError) -> Words:
    """The words of its code, else of the nearest ancestor's code."""
    codes = (getattr(kind, "code", None) for kind in type(error).__mro__)
    return next((WORDS[code] for code in codes if code in WORDS), WORDS["error"])


def to_sign_in(request: Request) -> Response:
    """The door that belongs to the address; the reader returns to it afterwards."""
    door = "/admin/login" if request.url.path.startswith(_HOUSES_OF_STAFF) else "/login"
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{door}?{urlencode({'next': here})}", SEE_OTHER)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, KonectusError)
    return answer(request, error)


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    category = next((kind for kind, status in STATUS.items() if status == error.status_code), None)
    code = (
        category.code if category else ("not_found" if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else "error")
    )
    answered = _written(request, error.status_code, WORDS[code], code)
    answered.headers.update(error.headers or {})
    return answered


async def _unreadable(request: Request, _: Exception) -> Response:
    """Fields that do not fit; FastAPI's own body repeats what was sent, ours does not."""
    return answer(request, Invalid())


async def _unforeseen(request: Request, _: Exception) -> Response:
    return unforeseen(request)


def unforeseen(request: Request) -> Response:
    """What the browser may know of a failure; the guard outside notes the rest."""
    return _written(request, SERVER_ERROR, WORDS["error"], "error")


def _written(request: Request, status: int, words: Words, code: str) -> Response:
    error_id = str(request.scope.get("state", {}).get("request_id", ""))
    heading, what_next = i18n.gettext(words.heading), i18n.gettext(words.what_next)
    if _wants_problem(request):
        problem = {"type": "about:blank", "title": heading, "status": status, "detail": what_next, "code": code}
        return JSONResponse(problem, status, media_type="application/problem+json")
    # A 404 is the same bytes for what is absent and for what is another's (promise P17): no number in its body.
    shown = {
        "heading": heading,
        "what_next": what_next,
        "glyph": words.glyph,
        "error_id": "" if status == STATUS[NotFound] else error_id,
    }
    reader = request.state.reader
    if is_script(request):
        headers = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
        return HTMLResponse(pages.render("parts/refusal.html", reader, **shown), status, headers)
    return HTMLResponse(pages.render("error.html", reader, home=_home(request), **shown), status)


_HOUSES_OF_STAFF = ("/admin", "/dashboard", "/views", "/tickets")


def _home(request: Request) -> str:
    if not request.url.path.startswith(_HOUSES_OF_STAFF):
        return "/inbox"
    house = "/" + request.url.path.split("/")[1]
    return "/dashboard" if house == "/tickets" else house


def _wants_problem(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or ("json" in accept and "text/html" not in accept)


def _wants_page(request: Request) -> bool:
    is_page = "text/html" in request.headers.get("accept", "")
    return is_page and not _wants_problem(request) and not is_script(request)


def is_script(request: Request) -> bool:
    """Asked by htmx or by our own script in a page that is open already."""
    return "hx-request" in request.headers
