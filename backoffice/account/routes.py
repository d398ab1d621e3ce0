"""The state of the account: what holds now and since when, what ends it, what still works and what to do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.account import address, authority, cancel, comeback, details, documents, figures, invoices, people, plan
from backoffice.account import connectors as connector_pages
from backoffice.account.connector_words import STATES
from backoffice.account.visits import TheVisit
from backoffice.deps import TheReader
from konectus.domain.connectors import ConnectorState
from konectus.domain.deadlines import after_full_days
from konectus.domain.details import confirm_from
from konectus.domain.elapsed import full_days_left
from konectus.domain.suspension import Access
from konectus.i18n import msg
from konectus.services import notices as notice_service
from konectus.store.queries import connectors, notices, readings, registered, situation
from konectus.store.queries.situation import Ended, OpenCause

router = APIRouter(include_in_schema=False)

for part in (
    connector_pages,
    plan,
    invoices,
    figures,
    people,
    documents,
    authority,
    details,
    address,
    cancel,
    comeback,
):
    router.include_router(part.router)

_MOST_NOTICES = 6


@dataclass(frozen=True, slots=True)
class Told:
    """A cause, or the end of the contract, with its clocks; `deadline_at`: until when it could have been paid."""

    open: OpenCause | Ended
    deadline_at: datetime | None
    days_left: int
    days: int


@router.get("/account")
def show_account(visit: TheVisit, reader: TheReader) -> HTMLResponse:
    """Open to a suspended Client's people as well: it is where they learn what ends the Suspension (Terms 15.1)."""
    with visit.work() as work:
        policy = readings.current(work.session)
        causes = situation.open_causes(work.session, visit.client_id)
        ended = situation.ended(work.session, visit.client_id)
        channels = connectors.of_client(work.session, visit.client_id)
        told = notices.banners(work.session, visit.client_id, _MOST_NOTICES) if visit.is_owner else []
        own = registered.of_client(work.session, visit.client_id)
    days = policy.payment_notice_days
    page = pages.render(
        "account/state.html",
        reader,
        visitor=visit.visitor,
        is_owner=visit.is_owner,
        causes=[_told(one, reader.now, days) for one in causes],
        ended=_told(ended, reader.now, days) if ended else None,
        words=errors.CAUSES,
        channels=channels,
        states=STATES,
        needs_reconnecting=any(row.state is ConnectorState.NEEDS_RECONFIGURATION for row in channels),
        abilities=abilities(visit.visitor.access),
        notices=told,
        asks_details=visit.is_owner and confirm_from(own.created_at, own.confirmed_at) <= reader.now,
    )
    return HTMLResponse(page)


@router.post("/account/notices/{notice_id}/read")
def read_notice(visit: TheVisit, notice_id: UUID) -> Response:
    """Somebody who may act says that they read it; the line goes away, the proof stays."""
    visit.require_owner()
    with visit.work() as work:
        notice_service.acknowledge(work, notice_id)
    return RedirectResponse("/account", errors.SEE_OTHER)


def abilities(access: Access) -> list[tuple[str, bool]]:
    """What an owner can do at the moment, as the cause matrix says (lifecycle.md 3)."""
    return [
        (msg("Pay"), not access.deleting),
        (msg("Export everything"), not access.export),
        (msg("See invoices and notices"), True),
        (msg("Cancel the contract"), not (access.terminated or access.deleting)),
        (msg("Read and answer"), not access.inbox),
        (msg("Receive messages"), not access.ingest),
        (msg("Connect channels"), not access.ingest),
    ]


def _told(found: OpenCause | Ended, now: datetime, notice_days: int) -> Told:
    told_at = found.told_at if isinstance(found, OpenCause) else None
    opened, closes = found.window_opened_at, found.closes_at
    left = max(full_days_left(closes, now), 0) if closes else 0
    length = (closes - opened) // timedelta(days=1) if opened and closes else 0
    return Told(found, after_full_days(told_at, notice_days) if told_at else None, left, length)
