"""The ticket to a dashboard that runs as a process of its own, for who may see the figures. Its gate is elsewhere.

Nothing is stored, so following a link here changes nothing but the reader's own cookie.
"""

import re
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from backoffice import errors, sessions
from backoffice.deps import TheInstallation, TheVisitor
from konectus import passes
from konectus.errors import Unavailable

HOME = "/dashboard/"
router = APIRouter(include_in_schema=False)
# No empty segment and none that begins with a dot: a browser makes no other host and no other house of it.
_PAGE = re.compile(r"/dashboard(?:/\w[\w.-]*)*/?(?:\?[!-~]{0,300})?", re.ASCII)


class NoTicketKey(Unavailable):
    """Behind the usual switch nobody needs a ticket, so the web process starts without the key."""

    code = "no_ticket_key"


@router.api_route(passes.DASHBOARD_DOOR, methods=["GET", "HEAD"])
def hand_out(
    installation: TheInstallation, visitor: TheVisitor, wanted: Annotated[str, Query(alias="next")] = ""
) -> Response:
    """Whoever the guard let in returns to the page asked for with a ticket. Raises NoTicketKey."""
    key = installation.settings.secret_key
    if key is None:
        raise NoTicketKey("KONECTUS_SECRET_KEY: give it to both processes")
    until = installation.clock.now() + passes.DASHBOARD_LASTS
    answer = RedirectResponse(leads_to(wanted), errors.SEE_OTHER)
    ticket = passes.issue(key.get_secret_value(), passes.DASHBOARD, str(visitor.user_id), until)
    sessions.keep_ticket(answer, ticket)
    return answer


def leads_to(wanted: str) -> str:
    """The page of the figures that was asked for, else the first of them. Never another host."""
    return wanted if _PAGE.fullmatch(wanted) else HOME
