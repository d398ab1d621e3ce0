"""The state of the account: what is paused, since when, what ends it, and how the channels are."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from backoffice import errors, pages
from backoffice.account import connectors as connector_pages
from backoffice.account.connector_words import STATES
from backoffice.deps import TheReader, TheVisitor, TheWorks, tenant_of
from konectus.store.queries import clients, connectors
from konectus.store.roles import Role

router = APIRouter(include_in_schema=False)

router.include_router(connector_pages.router)


@router.get("/account")
def show_account(works: TheWorks, visitor: TheVisitor, reader: TheReader) -> HTMLResponse:
    """Open to a suspended Client's people as well: it is where they learn what ends the Suspension (Terms 15.1)."""
    client_id = tenant_of(visitor)
    with works.database.session(Role.APP, client_id) as session:
        suspensions = clients.open_suspensions(session, client_id)
        channels = connectors.of_client(session, client_id)
    page = pages.render(
        "account/state.html",
        reader,
        visitor=visitor,
        suspensions=suspensions,
        channels=channels,
        causes=errors.CAUSES,
        states=STATES,
    )
    return HTMLResponse(page)
