"""A forgotten password: asking for a link. The link's own page is links'."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, letters, pages
from backoffice.deps import TheInstallation
from backoffice.signin import doors
from backoffice.signin.routes import LANGUAGES
from konectus import i18n
from konectus.errors import TooMany
from konectus.services import resets

router = APIRouter(include_in_schema=False)


class ForgottenForm(BaseModel):
    email: str = Field(max_length=254)


@router.get("/reset")
def show(request: Request) -> HTMLResponse:
    return _page(request, "signin/forgot.html", email="", refusal="")


@router.post("/reset")
def ask(request: Request, installation: TheInstallation, form: Annotated[ForgottenForm, Form()]) -> Response:
    """One answer for every address; who it belongs to is looked up when the visitor has been answered."""
    ip = request.client.host if request.client else ""
    try:
        resets.count(installation.works, ip)
    except TooMany as error:
        seconds = max(1, int(error.retry_after.total_seconds()))
        words = i18n.ngettext("Too many tries. Wait {n} second.", "Too many tries. Wait {n} seconds.", seconds)
        answer = _page(request, "signin/forgot.html", email=form.email, refusal=words)
        answer.status_code = errors.status_of(error)
        return answer
    task = BackgroundTask(letters.later, installation, partial(resets.letter_for, installation.works, form.email))
    return RedirectResponse("/reset/sent", errors.SEE_OTHER, background=task)


@router.get("/reset/sent")
def sent(request: Request) -> HTMLResponse:
    return _page(request, "signin/sent.html", what="reset")


def _page(request: Request, template: str, **shown: object) -> HTMLResponse:
    page = pages.render(template, request.state.reader, languages=LANGUAGES, door=doors.PEOPLE, **shown)
    return HTMLResponse(page)
