"""Cancelling the contract (Terms 15.2): facts, date, what follows; and taking it back until it takes effect."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain.deadlines import after_full_days
from konectus.domain.endings import AlreadyEnding, EndedBy, NotEnding
from konectus.errors import Invalid
from konectus.i18n import msg
from konectus.services import terminations
from konectus.store.queries import billing, clients, connectors, payments, readings
from konectus.store.queries import terminations as rows

router = APIRouter(prefix="/account/cancel", include_in_schema=False)

HOME = "/account/cancel"
NOTES = {
    "cancelled": msg("Cancelled. Until the date below you can take it back."),
    "withdrawn": msg("Taken back: the contract goes on as before."),
    "late": msg("It cannot be taken back any more. Until a deletion begins you can come back with a new contract."),
    "already": msg("The contract ends already."),
}


class CancelForm(BaseModel):
    when: Literal["period", "now"] = "period"
    understood: bool = False


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    visit.require_owner()
    return _page(visit, reader, CancelForm(), note=i18n.gettext(NOTES[note]) if note in NOTES else "")


@router.post("")
def cancel(visit: TheVisit, reader: TheReader, form: Annotated[CancelForm, Form()]) -> Response:
    """Open while suspended as well: nobody is kept (lifecycle.md 3)."""
    visit.require_owner()
    if not form.understood:
        words = i18n.gettext("Mark that you read what follows; nothing was cancelled.")
        return _page(visit, reader, form, refusal=words)
    try:
        with visit.work() as work:
            terminations.cancel(work, visit.client_id, at_once=form.when == "now")
    except AlreadyEnding:
        return _back("already")
    return _back("cancelled")


@router.post("/withdraw")
def withdraw(visit: TheVisit) -> Response:
    visit.require_owner()
    try:
        with visit.work() as work:
            terminations.withdraw(work, visit.client_id)
    except NotEnding:
        return _back("late")
    return _back("withdrawn")


def _page(visit: Visit, reader: Reader, form: CancelForm, *, refusal: str = "", note: str = "") -> HTMLResponse:
    with visit.work() as work:
        session = work.session
        live = rows.live(session, visit.client_id)
        ends_at = rows.contract_ends_at(session, visit.client_id)
        policy = readings.current(session)
        owed = sum(one.balance_cents for one in billing.owed(session, visit.client_id))
        credit = payments.credit(session, visit.client_id)
        people = clients.seats(session, visit.client_id)[1]
        channels = len(connectors.of_client(session, visit.client_id))
    at = max(ends_at, reader.now) if ends_at else reader.now
    effective_at = live.effective_at if live else at
    page = pages.render(
        "account/cancel.html",
        reader,
        visitor=visit.visitor,
        live=live,
        own=live is not None and live.by_whom is EndedBy.CLIENT,
        form=form,
        period_ends_at=at,
        export_until=after_full_days(effective_at, policy.export_window_days),
        export_until_now=after_full_days(reader.now, policy.export_window_days),
        export_days=policy.export_window_days,
        owed_cents=owed,
        credit_cents=credit,
        people=people,
        channels=channels,
        refusal=refusal,
        note=note,
    )
    return HTMLResponse(page, errors.STATUS[Invalid] if refusal else 200)


def _back(note: str) -> Response:
    return RedirectResponse(f"{HOME}?note={note}", errors.SEE_OTHER)
