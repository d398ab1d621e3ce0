"""Registered data (Terms 5.1): what stands there, correcting it, asking for the rest, and the yearly yes.

The rules are services.details'; the address of the Notices has its own forms in address.py.
"""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.account.visits import TheVisit, Visit
from backoffice.declared import COUNTRIES, FIELDS, INDUSTRIES, PROHIBITED, ZONES
from backoffice.deps import TheReader
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain.details import confirm_from
from konectus.domain.terms import NotAttested
from konectus.errors import Invalid, KonectusError
from konectus.i18n import msg
from konectus.services import details
from konectus.services.details import Correction, DetailsChanged
from konectus.store.queries import registered

router = APIRouter(prefix="/account/details", include_in_schema=False)

HOME = "/account/details"
NOTES = {
    "corrected": msg("Saved. What was there before stays in the history of your account."),
    "same": msg("Nothing was different, so nothing was changed."),
    "confirmed": msg("Thank you: confirmed, with your name and this day. We ask again in a year."),
    "asked": msg("A person of Konectus looks at it and writes to you."),
    "letter": msg("The link is on its way to the new address; it works once, for 24 hours."),
    "withdrawn": msg("Taken back: notices go where they went."),
    "late": msg("There was nothing to take back."),
}
WRONG = {
    **{name: FIELDS[name] for name in ("zone", "language", "industry")},
    "trade_name": msg("Write the name by which your business is known, in 200 characters at most."),
    "wanted": msg("Say what has to be corrected, in 1,000 characters at most."),
}


class DetailsForm(BaseModel):
    trade_name: str = Field("", max_length=400)
    zone: str = Field("", max_length=60)
    language: str = Field("", max_length=4)
    industry: str = Field("", max_length=40)
    lawful: bool = False
    version: int = Field(0, ge=0, le=2**31 - 1)


class WishForm(BaseModel):
    wanted: str = Field("", max_length=4000)


class AddressForm(BaseModel):
    email: str = Field("", max_length=400)


@dataclass(frozen=True, slots=True)
class Given:
    """What a request adds to the page: what was typed in its forms, and what does not fit by the field's name."""

    details: DetailsForm | None = None
    wanted: str = ""
    email: str = ""
    wrong: dict[str, str] = field(default_factory=dict)
    refused: KonectusError | None = None
    note: str = ""


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    """Open while suspended: notices have to arrive then as well."""
    visit.require_owner()
    return page(visit, reader, Given(note=i18n.gettext(NOTES[note]) if note in NOTES else ""))


@router.post("")
def correct(visit: TheVisit, reader: TheReader, form: Annotated[DetailsForm, Form()]) -> Response:
    """Raises ClientSuspended once a deletion has started."""
    visit.require_owner()
    given = Correction(form.trade_name, form.zone, form.language, form.industry, form.version, form.lawful)
    try:
        with visit.work() as work:
            changed = details.correct(work, visit.client_id, visit.visitor.user_id, given)
    except NotAttested as error:
        words = i18n.gettext("Another industry has to be attested: mark the statement.")
        return page(visit, reader, Given(form, wrong={"lawful": words}, refused=error))
    except DetailsChanged as error:
        words = i18n.gettext(
            "Somebody changed these data meanwhile; the page shows how they stand now. Nothing was saved."
        )
        return page(visit, reader, Given(wrong={"": words}, refused=error))
    except Invalid as error:
        return page(visit, reader, Given(form, wrong=_wrong(error), refused=error))
    return back("corrected" if changed else "same")


@router.post("/confirm")
def confirm(visit: TheVisit) -> Response:
    visit.require_owner()
    with visit.work() as work:
        details.confirm(work, visit.client_id, visit.visitor.user_id)
    return back("confirmed")


@router.post("/wanted")
def ask(visit: TheVisit, reader: TheReader, form: Annotated[WishForm, Form()]) -> Response:
    """What says who contracted is corrected by a person."""
    visit.require_owner()
    try:
        with visit.work() as work:
            details.ask(work, visit.client_id, visit.visitor.user_id, form.wanted)
    except Invalid as error:
        return page(visit, reader, Given(wanted=form.wanted, wrong=_wrong(error), refused=error))
    return back("asked")


def page(visit: Visit, reader: Reader, given: Given) -> HTMLResponse:
    """All of it; a form that did not fit stands as it was typed."""
    with visit.work() as work:
        found = registered.of_client(work.session, visit.client_id)
        wanted = registered.wanted(work.session, visit.client_id)
        pending = registered.pending_email(work.session, visit.client_id)
    typed = given.details or DetailsForm(
        trade_name=found.trade_name,
        zone=found.zone,
        language=found.language,
        industry=found.industry,
        version=found.version,
    )
    made = pages.render(
        "account/details.html",
        reader,
        visitor=visit.visitor,
        found=found,
        form=typed,
        given=given,
        wanted=wanted,
        pending=pending,
        is_due=confirm_from(found.created_at, found.confirmed_at) <= reader.now,
        industries=INDUSTRIES,
        prohibited=PROHIBITED,
        zones=ZONES if typed.zone in ZONES else (typed.zone, *ZONES),
        country=COUNTRIES.get(found.country, found.country),
    )
    return HTMLResponse(made, errors.status_of(given.refused) if given.refused else 200)


def back(note: str) -> Response:
    return RedirectResponse(f"{HOME}?note={note}", errors.SEE_OTHER)


def _wrong(error: Invalid) -> dict[str, str]:
    name = str(error.facts.get("field", ""))
    return {name: i18n.gettext(WRONG[name])} if name in WRONG else {"": i18n.gettext("Something does not fit.")}
