"""Figures of a Client's own work for its owners and supervisors: exact, its own alone, day by day as a file too.

Read as role APP, so a row of another Client is out of reach. No agent is measured by name: that is nowhere kept.
"""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from backoffice import errors, pages
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from konectus.domain import spans
from konectus.domain.deadlines import local_day
from konectus.domain.roles import UserRole
from konectus.domain.sheets import as_csv
from konectus.domain.spans import BadPeriod
from konectus.domain.suspension import ClientSuspended
from konectus.errors import Forbidden, Invalid
from konectus.services import usage

router = APIRouter(prefix="/account/figures", include_in_schema=False)

_READERS = (UserRole.OWNER, UserRole.SUPERVISOR)


@router.get("")
def show(visit: TheVisit, reader: TheReader, period: str = spans.DEFAULT) -> HTMLResponse:
    """Raises Forbidden for agents, and ClientSuspended: while the service is paused the archive holds everything."""
    _require(visit)
    try:
        span, is_wrong = spans.asked(period, local_day(reader.now)), False
    except BadPeriod:
        span, is_wrong = spans.asked(spans.DEFAULT, local_day(reader.now)), True
    with visit.work() as work:
        use = usage.read(work.session, span, visit.client_id)
    page = pages.render(
        "account/figures.html",
        reader,
        visitor=visit.visitor,
        use=use,
        chosen=span.name,
        months=spans.choices(local_day(reader.now)),
        is_wrong=is_wrong,
    )
    return HTMLResponse(page, errors.STATUS[Invalid] if is_wrong else 200)


@router.get(".csv")
def download(visit: TheVisit, reader: TheReader, period: str = spans.DEFAULT) -> Response:
    """A row a day and channel. Raises BadPeriod."""
    _require(visit)
    span = spans.asked(period, local_day(reader.now))
    with visit.work() as work:
        made = as_csv(*usage.sheet(usage.read(work.session, span, visit.client_id)))
    headers = {
        "Content-Disposition": f'attachment; filename="figures-{span.first}-{span.last}.csv"',
        "Cache-Control": "private, no-store",
    }
    return Response(made, headers=headers, media_type="text/csv; charset=utf-8")


def _require(visit: Visit) -> None:
    if visit.visitor.role not in _READERS:
        raise Forbidden
    if not visit.visitor.access.is_open:
        raise ClientSuspended
