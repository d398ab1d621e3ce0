"""One-time links: the first password of a person, a reset, and the second factor of the staff, shown once."""

from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import deps, errors, pages
from backoffice.deps import TheWorks
from backoffice.signin import doors
from backoffice.signin.routes import LANGUAGES
from konectus import i18n
from konectus.services import credentials

router = APIRouter(include_in_schema=False)
_STAFF_PATH = f"{doors.STAFF.path}/link"


class PasswordForm(BaseModel):
    password: str = Field(max_length=1000)


@router.get("/invite/{token}")
@router.get("/reset/{token}")
@router.get(_STAFF_PATH + "/{token}")
def show(request: Request, token: str) -> Response:
    """The form alone: a link is spent by sending it, so a mail scanner that follows links spends nothing."""
    del token
    return _page(request)


@router.post("/invite/{token}")
@router.post("/reset/{token}")
def set_password(request: Request, works: TheWorks, token: str, form: Annotated[PasswordForm, Form()]) -> Response:
    try:
        credentials.set_user_password(works, token, form.password, deps.asker(request))
    except credentials.PasswordTooShort as error:
        return _page(request, refused=error)
    return RedirectResponse(doors.PEOPLE.path, errors.SEE_OTHER)


@router.post(_STAFF_PATH + "/{token}")
def set_staff_password(
    request: Request, works: TheWorks, token: str, form: Annotated[PasswordForm, Form()]
) -> Response:
    """Sets the password and shows the new second factor, the only time it is ever shown."""
    try:
        factor = credentials.set_staff_password(works, token, form.password, deps.asker(request))
    except credentials.PasswordTooShort as error:
        return _page(request, refused=error)
    drawn = segno.make(factor.uri, error="m").svg_inline(scale=4, border=3, light="#fff", omitsize=True)
    page = pages.render(
        "signin/factor.html",
        request.state.reader,
        languages=LANGUAGES,
        door=doors.STAFF,
        drawn=Markup(drawn),  # noqa: S704 -- drawn by segno: paths alone, no text of anybody
        secret=factor.secret,
    )
    return HTMLResponse(page)


def _page(request: Request, refused: credentials.PasswordTooShort | None = None) -> HTMLResponse:
    staff = request.url.path.startswith(_STAFF_PATH)
    least = credentials.LEAST_PASSWORD
    words = i18n.gettext("A password has at least {n} characters; a whole phrase is best.", n=least)
    page = pages.render(
        "signin/password.html",
        request.state.reader,
        languages=LANGUAGES,
        door=doors.STAFF if staff else doors.PEOPLE,
        least=least,
        rule=words,
        refused=refused is not None,
    )
    return HTMLResponse(page, errors.status_of(refused) if refused else 200)
