"""The pages of the two doors: form, one-click people of the demo, sign-out. Each works without a script."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import deps, errors, pages, sessions
from backoffice.deps import TheInstallation, TheWorks
from backoffice.signin import doors
from backoffice.signin.doors import Door
from konectus import i18n
from konectus.domain.suspension import ClientSuspended
from konectus.errors import KonectusError, NotFound, TooMany
from konectus.services import identity
from konectus.services.work import Works

LANGUAGES = (("es-MX", "Español (México)"), ("en", "English"))


class SignInForm(BaseModel):
    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)
    code: str = Field("", max_length=7)
    next: str = Field("", max_length=2000)


class DemoForm(BaseModel):
    person: str = Field(max_length=40)
    next: str = Field("", max_length=2000)


def door_of(request: Request) -> Door:
    return doors.STAFF if sessions.within(request.url.path, "/admin") else doors.PEOPLE


TheDoor = Annotated[Door, Depends(door_of)]


def router() -> APIRouter:
    """The routes of both doors."""
    found = APIRouter(include_in_schema=False)
    for door in (doors.PEOPLE, doors.STAFF):
        found.add_api_route(door.path, show, methods=["GET"])
        found.add_api_route(door.path, sign_in, methods=["POST"])
        found.add_api_route(f"{door.path}/demo", enter_demo, methods=["POST"])
        found.add_api_route(door.out, sign_out, methods=["POST"])
    return found


def show(
    request: Request, door: TheDoor, installation: TheInstallation, wanted: Annotated[str, Query(alias="next")] = ""
) -> Response:
    return _page(request, door, installation, SignInForm.model_construct(email="", password="", code="", next=wanted))


def sign_in(
    request: Request, door: TheDoor, installation: TheInstallation, form: Annotated[SignInForm, Form()]
) -> Response:
    """Open a session, or show the form again with the cause. The same words for an unknown and a wrong account."""
    given = identity.Credentials(form.email, form.password, _address(request), form.code)
    try:
        token = doors.sign_in(door, installation.works, given)
    except (identity.WrongCredentials, identity.CodeNeeded, ClientSuspended, TooMany) as error:
        answer = _page(request, door, installation, form, refusal=_words(error))
        answer.status_code = errors.status_of(error)
        return answer
    return _entered(request, door, installation.works, token, form.next)


def enter_demo(
    request: Request, door: TheDoor, installation: TheInstallation, form: Annotated[DemoForm, Form()]
) -> Response:
    """One click, in the demo on this machine alone; anywhere else the address does not exist."""
    if not deps.is_demo(request):
        raise NotFound
    token = door.enter_demo(installation.works, form.person, _address(request))
    if token is None:
        raise NotFound
    return _entered(request, door, installation.works, token, form.next)


def sign_out(request: Request, door: TheDoor, works: TheWorks) -> Response:
    _end_former(request, door, works)
    answer = RedirectResponse(door.path, errors.SEE_OTHER)
    sessions.drop(answer, door.kind)
    return answer


def _entered(request: Request, door: Door, works: Works, token: str, wanted: str) -> Response:
    """A fresh token at every sign-in; the browser's former session ends."""
    _end_former(request, door, works)
    visitor = door.visitor_of(works, token)
    answer = RedirectResponse(door.leads_to(wanted, visitor), errors.SEE_OTHER)
    sessions.keep(answer, door.kind, token)
    return answer


def _end_former(request: Request, door: Door, works: Works) -> None:
    former = sessions.token_in(request.headers.get("cookie", ""), door.kind)
    if former:
        door.sign_out(works, former)


def _page(
    request: Request, door: Door, installation: TheInstallation, form: SignInForm, refusal: str = ""
) -> HTMLResponse:
    people = door.demo_people(installation.works) if deps.is_demo(request) else []
    return HTMLResponse(
        pages.render(
            "signin/login.html",
            request.state.reader,
            door=door,
            heading=i18n.gettext(door.heading),
            hint=i18n.gettext(door.hint),
            languages=LANGUAGES,
            people=people,
            email=form.email,
            next=form.next,
            refusal=refusal,
        )
    )


def _words(error: KonectusError) -> str:
    if isinstance(error, TooMany):
        seconds = max(1, int(error.retry_after.total_seconds()))
        return i18n.ngettext("Too many tries. Wait {n} second.", "Too many tries. Wait {n} seconds.", seconds)
    if isinstance(error, identity.CodeNeeded):
        return i18n.gettext("The code is missing, wrong, or was used already. Wait for the next one.")
    if isinstance(error, ClientSuspended) and error.facts.get("is_deleting"):
        return i18n.gettext(
            "The data of your organization is being deleted or is gone, so its contract cannot come back. You may"
            " register anew; what was owed stays owed."
        )
    if isinstance(error, ClientSuspended):
        return i18n.gettext("Signing in is closed for your organization. Write to Konectus to learn what opens it.")
    return i18n.gettext("E-mail and password do not match.")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
