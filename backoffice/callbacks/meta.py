"""What comes back from Meta by a browser or a form: answers of logins, withdrawn consents, and how a deletion stands.

The forms are signed; no cookie counts for them. Events are the doors' (ingestion), not ours.
"""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs

import anyio
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.deps import TheActor, TheInstallation, TheReader, TheVisitor, TheWorks, tenant_of
from konectus import meters
from konectus.domain import signed_requests
from konectus.domain.channels import Channel
from konectus.domain.roles import UserRole
from konectus.domain.signed_requests import SignedRequest
from konectus.errors import Forbidden, NotFound
from konectus.i18n import msg
from konectus.services import consents, withdrawals
from konectus.services.work import Actor
from konectus.settings import MetaApp
from konectus.store.queries.consents import Bearer

router = APIRouter(include_in_schema=False)

# A signed_request has some hundred bytes; whoever sends more, or slowly, is not Meta.
MOST_BYTES = 64 * 1024
DEADLINE = 20.0
_MOST_FIELDS = 20
_TOO_LARGE, _TOO_SLOW, _REFUSED = 413, 408, 401
_OUTCOMES = {
    "revoked": msg("The connections this person had allowed were cut and their keys destroyed."),
    "nothing_held": msg("Konectus held nothing of this person."),
}


class Answer(BaseModel):
    """The query a login's dialog sends back; with an error there is no code."""

    state: str = Field("", max_length=200)
    code: str = Field("", max_length=4000)


@dataclass(frozen=True, slots=True)
class Form:
    """A body as it came, or the status that answers it without being read."""

    body: bytes = b""
    refusal: int = 0


async def limited_form(request: Request) -> Form:
    """Read while it comes in: one that is too long or too slow is not waited for."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:12]) > MOST_BYTES:
        return Form(refusal=_TOO_LARGE)
    body = bytearray()
    with anyio.move_on_after(DEADLINE) as deadline:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return Form(refusal=_TOO_LARGE)
    return Form(refusal=_TOO_SLOW) if deadline.cancelled_caught else Form(bytes(body))


TheForm = Annotated[Form, Depends(limited_form)]


@router.post("/webhooks/meta/{app}/deauthorize")
def deauthorize(request: Request, installation: TheInstallation, app: str, form: TheForm) -> Response:
    """The person removed our app at Meta: their Connectors stop and lose their tokens. The answer's body is ignored."""
    known = _app(installation.settings.meta_app(app))
    told = _told(request, known, form)
    if isinstance(told, Response):
        return told
    with installation.works.system(_meta(request)) as work:
        withdrawals.deauthorize(work, known, told)
    return Response()


@router.post("/webhooks/meta/{app}/data-deletion")
def delete_data(request: Request, installation: TheInstallation, app: str, form: TheForm) -> Response:
    """The person asks for deletion: Meta shows them the address and the code of this answer."""
    known = _app(installation.settings.meta_app(app))
    told = _told(request, known, form)
    if isinstance(told, Response):
        return told
    with installation.works.system(_meta(request)) as work:
        code = withdrawals.delete(work, known, told)
    url = f"{installation.settings.public_url.rstrip('/')}/deletion/{code}"
    return JSONResponse({"url": url, "confirmation_code": code})


@router.get("/deletion/{code}")
def show_deletion(works: TheWorks, reader: TheReader, code: str) -> HTMLResponse:
    """For the person, who need not be known here: what was asked, how it stands, what is kept and why."""
    with works.system() as work:
        progress = withdrawals.progress(work, code)
    page = pages.render("account/deletion.html", reader, code=code, progress=progress, outcomes=_OUTCOMES)
    return HTMLResponse(page)


@router.get("/connect/{channel}/callback")
def answer_login(
    works: TheWorks, visitor: TheVisitor, actor: TheActor, channel: Channel, told: Annotated[Answer, Query()]
) -> Response:
    """The browser is back from the channel. The state counts once and for the session that asked: a GET that changes
    something, on purpose (decisions.md). No code: the person said no.
    """
    if visitor.role != UserRole.OWNER or channel is Channel.TELEGRAM:
        raise Forbidden("only an owner connects channels")
    try:
        with works.tenant(tenant_of(visitor), actor) as work:
            found = consents.answer(work, told.state, Bearer(visitor.user_id, visitor.session_id), told.code)
    except consents.ConsentSpent:
        return RedirectResponse("/account/connectors?note=spent", errors.SEE_OTHER)
    return RedirectResponse(f"/account/connectors/logins/{found}", errors.SEE_OTHER)


def _app(found: MetaApp | None) -> MetaApp:
    if found is None:
        raise NotFound
    return found


def _told(request: Request, app: MetaApp, form: Form) -> SignedRequest | Response:
    """Who withdraws; the refusal otherwise. Which of the secrets fitted is counted, never its value."""
    told = None if form.refusal else signed_requests.opened(_field(form.body), app.signing_secrets())
    word = "refused" if told is None else ("taken" if told.secret == 0 else "taken_by_secret_2")
    request.app.state.counters.add(meters.INTAKE_EVENTS, "meta_forms", word)
    return told if told is not None else Response(status_code=form.refusal or _REFUSED)


def _field(body: bytes) -> str:
    try:
        given = parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return ""
    return given.get("signed_request", [""])[0]


def _meta(request: Request) -> Actor:
    address = request.client.host if request.client else None
    return Actor("provider", "meta", "Meta", address, request.state.request_id)
