"""Coming back after the contract ended (Terms 15.3): the Plans with what they cost today, what is owed, and the yes.

Until a deletion starts. Who may and what follows decides services.comebacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.account import plan
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain import invoicing
from konectus.domain.endings import DeletionBegun, NotEnding
from konectus.domain.invoicing import Period
from konectus.domain.seats import SeatsBelowUse
from konectus.errors import Invalid, KonectusError
from konectus.i18n import msg
from konectus.services import comebacks
from konectus.services.comebacks import Comeback, ComebackRefused, Possible
from konectus.services.contracting import PlanNotOffered
from konectus.services.documents import Answer, NotTheVersionShown
from konectus.store.queries import contracts, readings
from konectus.store.queries.contracts import Published

router = APIRouter(prefix="/account/return", include_in_schema=False)

HOME = "/account/return"
REFUSALS: Mapping[type[KonectusError], tuple[str, str]] = {
    PlanNotOffered: ("plan", msg("That Plan is no longer offered. Choose one of the list.")),
    SeatsBelowUse: ("plan", msg("More people have a seat than that Plan has: free seats or choose a larger Plan.")),
    NotTheVersionShown: ("accepted", msg("The Terms changed while the page was open. Read them and confirm again.")),
}


class ComebackForm(BaseModel):
    plan: UUID | None = None
    version: UUID | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
    """A Plan with the first invoice it would bring, issued and due today; `fits`: everybody keeps their seat."""

    plan: Published
    period: Period
    net_cents: int
    total_cents: int
    fits: bool


@router.get("")
def show(visit: TheVisit, reader: TheReader) -> Response:
    """Where the contract lives, its own page."""
    visit.require_owner()
    return _page(visit, reader, ComebackForm())


@router.post("")
def come_back(visit: TheVisit, reader: TheReader, form: Annotated[ComebackForm, Form()]) -> Response:
    """Contract again, from this moment on."""
    visit.require_owner()
    wrong = _unsaid(form)
    if wrong:
        return _page(visit, reader, form, *wrong)
    try:
        _contract(visit, form)
    except tuple(REFUSALS) as error:
        field, words = next(told for kind, told in REFUSALS.items() if isinstance(error, kind))
        return _page(visit, reader, form, field, i18n.gettext(words))
    except (ComebackRefused, DeletionBegun):
        return RedirectResponse(HOME, errors.SEE_OTHER)  # which says why
    except NotEnding:
        return RedirectResponse(plan.HOME, errors.SEE_OTHER)
    return RedirectResponse(f"{plan.HOME}?note=back", errors.SEE_OTHER)


def _contract(visit: Visit, form: ComebackForm) -> None:
    assert form.plan is not None, "asked for before"
    language = "en" if i18n.tag() == "en" else "es"
    with visit.installation.works.system(visit.actor) as work:
        found = comebacks.possible(work, visit.client_id)
        if found is None:
            raise NotEnding
        if found.terms.id != form.version:
            raise NotTheVersionShown
        answer = Answer(version=found.terms, user_id=visit.visitor.user_id, language=language, ip=visit.actor.ip)
        comebacks.come_back(work, visit.client_id, Comeback(plan_version_id=form.plan, answer=answer))


def _unsaid(form: ComebackForm) -> tuple[str, str] | None:
    """The field that is missing, with its words."""
    if form.plan is None:
        return "plan", i18n.gettext("Choose a Plan of the list.")
    if not form.accepted:
        return "accepted", i18n.gettext("Mark that you accept the Terms; nothing was recorded.")
    return None


def _page(visit: Visit, reader: Reader, form: ComebackForm, wrong: str = "", refusal: str = "") -> Response:
    with visit.work() as work:
        found = comebacks.possible(work, visit.client_id)
        if found is None:
            return RedirectResponse(plan.HOME, errors.SEE_OTHER)
        plans = contracts.published(work.session)
        tax = readings.current(work.session).tax_basis_points
    page = pages.render(
        "account/comeback.html",
        reader,
        visitor=visit.visitor,
        found=found,
        plans=[_offered(one, found, tax, reader) for one in plans],
        form=form,
        wrong=wrong,
        refusal=refusal,
    )
    return HTMLResponse(page, errors.STATUS[Invalid] if refusal else 200)


def _offered(one: Published, found: Possible, tax: int, reader: Reader) -> Offered:
    lines = invoicing.period_lines(one.offer, one.offer.seats)
    period = invoicing.first(reader.now, one.offer.interval).period
    total = invoicing.total(invoicing.with_tax(lines, tax))
    return Offered(one, period, invoicing.total(lines), total, found.seats_used <= one.offer.seats)
