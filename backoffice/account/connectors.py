"""The Connectors of a Client: how each is, connecting, checking, disconnecting. What a browser brings back from a
login at the channel comes in through `callbacks`.
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.account import connector_words
from backoffice.account.visits import TheVisit
from backoffice.deps import TheReader
from konectus import i18n
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, Reason
from konectus.domain.consents import ConsentState
from konectus.errors import Conflict, Invalid, NotFound
from konectus.i18n import msg
from konectus.services import connectors, consents, grants
from konectus.services.connectors import Ending, NewConnector
from konectus.services.consents import Wish
from konectus.services.grants import Token
from konectus.services.work import Work
from konectus.settings import Settings
from konectus.store.queries import connectors as rows
from konectus.store.queries.connectors import ConnectorRow

router = APIRouter(prefix="/account/connectors", include_in_schema=False)

HOME = "/account/connectors"
_HOSTS = {"page": "Facebook", "instagram": "Instagram"}
# What a page says after a button, by the word in its address; nothing else is ever shown.
NOTES = {
    "connecting": msg("The connection is being made; this takes a few seconds."),
    "checking": msg("The channel is being asked; the answer stands here in a few seconds."),
    "disconnecting": msg("The channel is being disconnected."),
    "taken": msg("That account is connected to another Client already. Disconnect it there first."),
    "token": msg("That is no token of a bot: it looks like 123456789:AAE…"),
    "declined": msg("Nothing was connected: the permission was not given."),
    "spent": msg("That login is over. Begin again; it takes a minute."),
    "unchecked": msg("There is no connection to look at."),
}
_FAILURES = {
    "declined": NOTES["declined"],
    "no_accounts": msg("The channel names no account that this person manages. Log in with another person."),
    "channel_unreachable": msg("The channel did not answer. Begin again in a moment."),
}
_FAILED = msg("The channel did not accept the login. Begin again.")


class LoginForm(BaseModel):
    channel: Channel
    flavour: Literal["page", "instagram"]
    connector: UUID | None = None


class TokenForm(BaseModel):
    token: str = Field(max_length=200)


class PickForm(BaseModel):
    account: str = Field(max_length=100)


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    """Every Connector with its state, what mends it, and what can be connected."""
    with visit.work() as work:
        found = [connector_words.told(row, work.now) for row in rows.of_client(work.session, visit.client_id)]
    found.sort(key=lambda told: told.row.state is ConnectorState.CONNECTED)  # what wants something stands first
    page = pages.render(
        "account/connectors.html",
        reader,
        visitor=visit.visitor,
        connectors=found,
        flavours=_flavours(visit.installation.settings),
        is_owner=visit.is_owner,
        is_paused=visit.visitor.access.ingest,
        note=i18n.gettext(NOTES[note]) if note in NOTES else "",
    )
    return HTMLResponse(page)


@router.post("/login")
def log_in(visit: TheVisit, reader: TheReader, form: Annotated[LoginForm, Form()]) -> HTMLResponse:
    """Before the browser leaves: what will be asked there. A link goes there, since no form may lead away (CSP)."""
    visit.require_owner()
    settings = visit.installation.settings
    app = consents.app_for(settings, form.channel, form.flavour)
    with visit.work() as work:
        address = consents.begin(work, settings, Wish(form.channel, app, form.connector), visit.bearer)
    shown = {"address": address, "host": _HOSTS[app.flavour], "channel_name": form.channel}
    return HTMLResponse(pages.render("account/login.html", reader, visitor=visit.visitor, **shown))


@router.get("/logins/{consent_id}")
def show_login(visit: TheVisit, reader: TheReader, consent_id: UUID) -> HTMLResponse:
    """While the channel is asked, then the accounts to pick from, or why there are none."""
    visit.require_owner()
    with visit.work() as work:
        login = consents.login_of(work, consent_id, visit.bearer)
        offers = consents.offers_of(work, login)
        own = {(row.channel, row.account_id): row for row in rows.of_client(work.session, visit.client_id)}
    failed = login.state is ConsentState.FAILED
    page = pages.render(
        "account/accounts.html",
        reader,
        visitor=visit.visitor,
        login=login,
        waits=login.state is ConsentState.ANSWERED,
        offers=[(offer, _standing(own.get((offer.channel, offer.account_id)))) for offer in offers],
        failure=i18n.gettext(_FAILURES.get(login.error or "", _FAILED)) if failed else "",
    )
    return HTMLResponse(page)


@router.post("/logins/{consent_id}")
def pick(visit: TheVisit, consent_id: UUID, form: Annotated[PickForm, Form()]) -> Response:
    """Connect one of the accounts."""
    visit.require_owner()
    try:
        with visit.work() as work:
            consents.pick(work, consents.login_of(work, consent_id, visit.bearer), form.account)
    except connectors.AccountTaken:
        return _back("taken")
    return _back("connecting")


@router.post("/telegram")
def connect_bot(visit: TheVisit, form: Annotated[TokenForm, Form()]) -> Response:
    """A bot by its token; one that is here already goes on with the new token."""
    visit.require_owner()
    secret = form.token.strip()
    try:
        with visit.work() as work:
            _connect_bot(work, visit.client_id, secret)
    except connectors.AccountTaken:
        return _back("taken")
    except Invalid:
        return _back("token")
    return _back("connecting")


def _connect_bot(work: Work, client_id: UUID, secret: str) -> None:
    bot = secret.partition(":")[0]
    own = rows.of_account(work.session, client_id, Channel.TELEGRAM, bot)
    if own is not None and own.state in (*LIVE, ConnectorState.NEEDS_RECONFIGURATION):
        grants.renew(work, client_id, own.id, Token(secret=secret))
    else:
        connectors.connect(work, client_id, NewConnector(channel=Channel.TELEGRAM, account_id=bot, secret=secret))


@router.post("/{connector_id}/check")
def check(visit: TheVisit, connector_id: UUID) -> Response:
    visit.require_owner()
    try:
        with visit.work() as work:
            connectors.check(work, visit.client_id, connector_id)
    except Conflict:
        return _back("unchecked")
    return _back("checking")


@router.post("/{connector_id}/again")
def subscribe_again(visit: TheVisit, connector_id: UUID) -> Response:
    """With the token it has: also takes a bot back that another program took over."""
    visit.require_owner()
    try:
        with visit.work() as work:
            grants.again(work, visit.client_id, connector_id)
    except Conflict:
        return _back("unchecked")
    return _back("connecting")


@router.get("/{connector_id}/disconnect")
def ask_disconnect(visit: TheVisit, reader: TheReader, connector_id: UUID) -> HTMLResponse:
    """What will happen, before it does."""
    visit.require_owner()
    with visit.work() as work:
        row = next((r for r in rows.of_client(work.session, visit.client_id) if r.id == connector_id), None)
    if row is None:
        raise NotFound
    return HTMLResponse(pages.render("account/disconnect.html", reader, visitor=visit.visitor, row=row))


@router.post("/{connector_id}/disconnect")
def disconnect(visit: TheVisit, connector_id: UUID) -> Response:
    """Unsubscribed at the channel and removed; conversations stay."""
    visit.require_owner()
    ending = Ending(Reason.REQUESTED, ConnectorState.REMOVED, "Disconnected on the account page")
    with visit.work() as work:
        connectors.disconnect(work, visit.client_id, connector_id, ending)
    return _back("disconnecting")


def _standing(own: ConnectorRow | None) -> str:
    """How an account of the offer is connected here already."""
    return i18n.gettext(connector_words.STATES[own.state][1]) if own is not None else ""


def _flavours(settings: Settings) -> list[tuple[Channel, str, str]]:
    """(channel, flavour, host) of every login there is an app for, in the order they are offered."""
    known = {app.flavour for app in settings.meta_apps}
    all_of_them = ((Channel.MESSENGER, "page"), (Channel.INSTAGRAM, "instagram"), (Channel.INSTAGRAM, "page"))
    return [(channel, flavour, _HOSTS[flavour]) for channel, flavour in all_of_them if flavour in known]


def _back(note: str) -> Response:
    return RedirectResponse(f"{HOME}?note={note}", errors.SEE_OTHER)
