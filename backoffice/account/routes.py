"""The state of the account: what is paused, since when, what ends it, and how the channels are."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from backoffice import errors, pages
from backoffice.deps import TheReader, TheVisitor, TheWorks, tenant_of
from konectus.domain.connectors import ConnectorState
from konectus.i18n import msg
from konectus.store.queries import clients, connectors
from konectus.store.roles import Role

router = APIRouter(include_in_schema=False)

STATES = {
    ConnectorState.PENDING_AUTH: ("circle-dashed", msg("Being connected"), "tone-mute"),
    ConnectorState.CONNECTED: ("circle-check", msg("Connected"), "tone-ok"),
    ConnectorState.DEGRADED: ("triangle-alert", msg("With trouble"), "tone-warn"),
    ConnectorState.DISCONNECTING: ("unplug", msg("Being disconnected"), "tone-mute"),
    ConnectorState.NEEDS_RECONFIGURATION: ("unplug", msg("Has to be connected again"), "tone-warn"),
}


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
