"""Registering: the form, what it refuses with all that was typed kept, and the page that answers everybody alike."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Path, Request
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, letters, pages
from backoffice.declared import COUNTRIES, FIELDS, INDUSTRIES, PROHIBITED, ZONES
from backoffice.deps import TheInstallation
from backoffice.signin import doors
from backoffice.signin.routes import LANGUAGES
from konectus import i18n
from konectus.domain.terms import Document, NotAttested
from konectus.errors import Invalid, KonectusError, NotFound, TooMany
from konectus.services import documents, signup
from konectus.services.contracting import PlanNotOffered
from konectus.services.documents import NoTerms, NotTheVersionShown
from konectus.services.installation import Installation
from konectus.services.signup import NewSignup
from konectus.store.queries import contracts, readings
from konectus.store.queries import documents as versions
from konectus.store.queries.documents import Version

router = APIRouter(include_in_schema=False)


class SignupForm(BaseModel):
    """As typed: what does not fit is said by the service, by name of the field."""

    name: str = Field("", max_length=400)
    email: str = Field("", max_length=254)
    kind: str = Field("entity", max_length=20)
    legal_name: str = Field("", max_length=400)
    trade_name: str = Field("", max_length=400)
    tax_id: str = Field("", max_length=40)
    country: str = Field("MX", max_length=4)
    zone: str = Field(i18n.LEGAL_ZONE.key, max_length=60)
    language: str = Field("es", max_length=4)
    industry: str = Field("", max_length=40)
    is_agency: bool = False
    plan: str = Field("", max_length=40)
    terms: str = Field("", max_length=40)
    stated: list[str] = Field(default_factory=list, max_length=20)


@router.get("/signup")
def show(request: Request, installation: TheInstallation) -> Response:
    """The empty form, in the reader's language."""
    form = SignupForm(language="en" if i18n.tag() == "en" else "es")
    return _page(request, installation, form)


@router.post("/signup")
def register(request: Request, installation: TheInstallation, form: Annotated[SignupForm, Form()]) -> Response:
    """The same answer whether the address is known or not; the letter tells, to whom the address belongs."""
    ip = request.client.host if request.client else ""
    try:
        letter = signup.register(installation.works, _told(form), ip=ip)
    except (Invalid, NotAttested, PlanNotOffered, NotTheVersionShown, TooMany, NoTerms) as error:
        answer = _page(request, installation, form, error)
        answer.status_code = errors.status_of(error)
        return answer
    email = form.email
    task = BackgroundTask(letters.later, installation, lambda: letter or signup.again(installation.works, email))
    return RedirectResponse("/signup/sent", errors.SEE_OTHER, background=task)


@router.get("/signup/sent")
def sent(request: Request) -> HTMLResponse:
    page = pages.render("signin/sent.html", request.state.reader, languages=LANGUAGES, door=doors.PEOPLE, what="signup")
    return HTMLResponse(page)


@router.get("/terms")
def show_terms(request: Request, installation: TheInstallation) -> HTMLResponse:
    """The Terms in force, for everybody."""
    with installation.works.visitor() as work:
        return _document(request, documents.terms_in_force(work))


@router.get("/terms/{version}")
def show_version(request: Request, installation: TheInstallation, version: Annotated[int, Path(lt=2**31)]) -> Response:
    """One version, also a former one: who accepted it can read it again."""
    with installation.works.visitor() as work:
        found = versions.by_number(work.session, Document.TERMS, version)
    if found is None:
        raise NotFound
    return _document(request, found)


def _document(request: Request, version: Version) -> HTMLResponse:
    english = i18n.tag() == "en" and version.body_en is not None
    body = version.body_en if english else version.body_es
    shown = {"version": version, "paragraphs": (body or "").splitlines(), "in_english": english}
    return HTMLResponse(pages.render("signin/terms.html", request.state.reader, languages=LANGUAGES, **shown))


def _told(form: SignupForm) -> NewSignup:
    return NewSignup(
        name=form.name,
        email=form.email,
        kind=form.kind,
        legal_name=form.legal_name if form.kind == "entity" else (form.legal_name.strip() or form.name),
        trade_name=form.trade_name,
        tax_id=form.tax_id.strip().upper() or None,
        country=form.country,
        zone=form.zone,
        language=form.language,
        industry=form.industry,
        plan_version_id=_id(form.plan, PlanNotOffered("choose a Plan of the list")),
        terms_id=_id(form.terms, NotTheVersionShown("load the page again")),
        stated=frozenset(form.stated),
        is_agency=form.is_agency,
    )


def _wrong(refused: KonectusError | None) -> tuple[str, str]:
    """The field that does not fit, and what the page says about it."""
    if refused is None:
        return "", ""
    if isinstance(refused, TooMany):
        seconds = max(1, int(refused.retry_after.total_seconds()))
        return "", i18n.ngettext("Too many tries. Wait {n} second.", "Too many tries. Wait {n} seconds.", seconds)
    if isinstance(refused, NotAttested):
        return "stated", i18n.gettext("Everything has to be confirmed; what is missing is marked.")
    if isinstance(refused, PlanNotOffered):
        return "plan", i18n.gettext("Choose a Plan of the list; prices may have changed while the page was open.")
    if isinstance(refused, NotTheVersionShown):
        return "stated", i18n.gettext("The Terms changed while the page was open. Read them and confirm again.")
    field = str(refused.facts.get("field", ""))
    return field, i18n.gettext(FIELDS[field]) if field in FIELDS else i18n.gettext("Something does not fit.")


def _missing(refused: KonectusError | None) -> frozenset[str]:
    found = refused.facts.get("missing", ()) if isinstance(refused, NotAttested) else ()
    return frozenset(found) if isinstance(found, tuple) else frozenset()


def _id(text: str, otherwise: KonectusError) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise otherwise from None


def _page(
    request: Request, installation: Installation, form: SignupForm, refused: KonectusError | None = None
) -> HTMLResponse:
    with installation.works.visitor() as work:
        terms = versions.current(work.session, Document.TERMS, work.now)
        plans = contracts.published(work.session)
        trial_days = readings.current(work.session).trial_days
    if terms is None or not plans:
        shut = pages.render("signin/closed.html", request.state.reader, languages=LANGUAGES, door=doors.PEOPLE)
        return HTMLResponse(shut)
    wrong, words = _wrong(refused)
    page = pages.render(
        "signin/signup.html",
        request.state.reader,
        languages=LANGUAGES,
        door=doors.PEOPLE,
        form=form,
        terms=terms,
        plans=plans,
        trial_days=trial_days,
        wrong=wrong,
        refusal=words,
        missing=_missing(refused),
        industries=INDUSTRIES,
        prohibited=PROHIBITED,
        zones=ZONES,
        countries=COUNTRIES,
    )
    return HTMLResponse(page)
