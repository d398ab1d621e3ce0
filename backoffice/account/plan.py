"""Plan and seats: what was contracted, as it was described then; a change with its cents before it is asked for."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from markupsafe import Markup
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain.plans import SeatsNotOffered
from konectus.domain.seats import SeatsBelowUse
from konectus.domain.suspension import ClientSuspended
from konectus.errors import Conflict, Invalid, KonectusError
from konectus.i18n import msg
from konectus.papers.invoice import PrintedLine, words_of
from konectus.services import changes
from konectus.services.changes import NothingToChange, Preview
from konectus.services.contracting import NotSubscribed, PlanNotOffered, Wanted
from konectus.store.queries import clients, contracts, described
from konectus.store.queries.contracts import Contract, PendingChange, Published

router = APIRouter(prefix="/account/plan", include_in_schema=False)

HOME = "/account/plan"
NOTES = {
    "asked": msg("The change is asked for."),
    "withdrawn": msg("The change is taken back; everything stays as it is."),
    "late": msg("There was nothing to take back: the change was applied already."),
    "back": msg("The contract is back since now. Its invoice is under Invoices; connect the channels again."),
}
_REFUSALS: dict[type[KonectusError], str] = {
    NothingToChange: msg("That is what you have already. Choose another Plan or other seats."),
    PlanNotOffered: msg("That Plan is no longer offered. Choose one of the list."),
    NotSubscribed: msg("There is no contract to change. Write to Konectus to begin again."),
    ClientSuspended: msg(
        "While the service is paused the Plan is not changed. The page “How it stands” says what ends it."
    ),
}
_MOST_SEATS = 10_000


class ChangeForm(BaseModel):
    plan: UUID | None = None
    seats: int | None = Field(None, ge=1, le=_MOST_SEATS)


@dataclass(frozen=True, slots=True)
class Given:
    """What a request adds to the page: what was chosen, what it would do, why it does not fit."""

    form: ChangeForm | None = None
    found: Preview | None = None
    refused: KonectusError | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a Client has, what it asked for, and what it could have."""

    contract: Contract | None
    pending: PendingChange | None
    asked: Published | None
    plans: list[Published]
    used: int
    description: str


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    """The contract and, below it, what it can become."""
    visit.require_owner()
    return _page(visit, reader, Given(note=i18n.gettext(NOTES[note]) if note in NOTES else ""))


@router.get("/change")
def preview(visit: TheVisit, reader: TheReader, form: Annotated[ChangeForm, Query()]) -> HTMLResponse:
    """What a change does and costs, from the code that does it; nothing is asked for yet."""
    visit.require_owner()
    try:
        with visit.work() as work:
            found = changes.preview(work.session, visit.client_id, Wanted(form.plan, form.seats), work.now)
    except (Invalid, Conflict, ClientSuspended) as error:
        return _page(visit, reader, Given(form, refused=error))
    return _page(visit, reader, Given(form, found))


@router.post("/change")
def ask(visit: TheVisit, reader: TheReader, form: Annotated[ChangeForm, Form()]) -> Response:
    """Ask for it; the sender applies it within seconds, a smaller contract when the period ends."""
    visit.require_owner()
    try:
        with visit.work() as work:
            changes.request_change(work, visit.client_id, Wanted(form.plan, form.seats))
    except (Invalid, Conflict, ClientSuspended) as error:
        return _page(visit, reader, Given(form, refused=error))
    return RedirectResponse(f"{HOME}?note=asked", errors.SEE_OTHER)


@router.post("/withdraw")
def withdraw(visit: TheVisit) -> Response:
    visit.require_owner()
    with visit.work() as work:
        was_there = changes.withdraw(work, visit.client_id)
    return RedirectResponse(f"{HOME}?note={'withdrawn' if was_there else 'late'}", errors.SEE_OTHER)


def _situation(session: Session, client_id: UUID) -> Situation:
    plans = contracts.published(session)
    contract = contracts.contract(session, client_id)
    pending = contracts.pending_change(session, client_id)
    wanted = pending.to_plan_version_id if pending else None
    return Situation(
        contract=contract,
        pending=pending,
        asked=next((one for one in plans if one.plan_version_id == wanted), None),
        plans=plans,
        used=clients.seats(session, client_id)[1],
        # Our own page, kept as text: nothing of it runs or loads here.
        description=Markup(described.page_of(session, contract.plan_version_id)).striptags() if contract else "",  # noqa: S704 tags are taken away
    )


def _page(visit: Visit, reader: Reader, given: Given) -> HTMLResponse:
    form, found, refused = given.form, given.found, given.refused
    with visit.work() as work:
        shown = _situation(work.session, visit.client_id)
    contract, pending = shown.contract, shown.pending
    page = pages.render(
        "account/plan.html",
        reader,
        visitor=visit.visitor,
        now=shown,
        form=form or ChangeForm(plan=contract.plan_version_id if contract else None),
        found=found,
        lines=_lines(found) if found else [],
        refusal=_words(refused) if refused else "",
        over=refused.facts.get("over") if isinstance(refused, SeatsBelowUse) else None,
        is_being_applied=pending is not None and pending.applies_at <= reader.now,
        note=given.note,
    )
    return HTMLResponse(page, errors.status_of(refused) if refused else 200)


def _lines(found: Preview) -> list[tuple[str, int]]:
    """In the words that stand on the invoice."""
    printed = [PrintedLine(one.kind, one.quantity, one.amount_cents, one.facts) for one in found.lines]
    return [(words_of(line), line.amount_cents) for line in printed]


def _words(refused: KonectusError) -> str:
    over, included = refused.facts.get("over"), refused.facts.get("included")
    if isinstance(refused, SeatsBelowUse) and isinstance(over, int):
        return i18n.ngettext(
            "{n} person too many has a seat. Deactivate somebody first; nobody is chosen for you.",
            "{n} people too many have a seat. Deactivate them first; nobody is chosen for you.",
            over,
        )
    if isinstance(refused, SeatsNotOffered) and isinstance(included, int):
        return i18n.gettext("That Plan comes with {n} seats and has no others. Choose another one.", n=included)
    return i18n.gettext(next((words for kind, words in _REFUSALS.items() if isinstance(refused, kind)), NOTHING))


NOTHING = msg("This does not fit; nothing was changed.")
