"""Connecting by a login at Meta (channels.md 1.5, 1.6): the address to go to, the answer, the account that is picked.

The web process writes down what the browser brings; the sender exchanges it. No call to a channel is made here.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from konectus import ids
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.domain.consents import LIFE, ConsentState
from konectus.errors import NotFound
from konectus.sealing import token_hash
from konectus.services import connectors, grants
from konectus.services.connectors import Granted, NewConnector
from konectus.services.grants import Token
from konectus.services.work import Work
from konectus.settings import MetaApp, Settings
from konectus.store import signals
from konectus.store.models.connectors import Consent
from konectus.store.queries import connectors as rows
from konectus.store.queries import consents as read
from konectus.store.queries.consents import Bearer, Login

GRAPH_VERSION = "v26.0"
PAGE_SCOPES = (
    "pages_show_list", "pages_messaging", "pages_manage_metadata", "pages_read_engagement", "instagram_basic",
    "instagram_manage_messages", "business_management",
)  # fmt: skip
INSTAGRAM_SCOPES = ("instagram_business_basic", "instagram_business_manage_messages")
_TABLE = "consent"


class ConsentSpent(NotFound):
    """Unknown, used, too old or begun by somebody else: the four are not told apart."""

    code = "consent_spent"


class NoSuchLogin(NotFound):
    """The settings name no Meta app for this channel and login."""

    code = "no_such_login"


@dataclass(frozen=True, slots=True)
class Offer:
    """An account that the person may connect, with its token."""

    channel: Channel
    account_id: str
    name: str
    secret: str = field(repr=False)
    page_id: str | None = None
    expires_at: datetime | None = None
    # Tasks of the person on the Page that are missing: it can be seen, and not be connected.
    missing: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.channel}:{self.account_id}"


def app_for(settings: Settings, channel: Channel, flavour: str) -> MetaApp:
    """The first app whose login can connect the channel. Raises NoSuchLogin."""
    found = next((app for app in settings.meta_apps if app.flavour == flavour), None)
    if found is None or channel is Channel.TELEGRAM or (channel is Channel.MESSENGER and flavour == "instagram"):
        raise NoSuchLogin
    return found


@dataclass(frozen=True, slots=True)
class Wish:
    """What a login is to connect: a new account of a channel, or a Connector again."""

    channel: Channel
    app: MetaApp
    connector_id: UUID | None = None


def begin(work: Work, settings: Settings, wish: Wish, bearer: Bearer) -> str:
    """Write down that this session goes to log in; the address of the dialog, with a state that counts once.

    Raises ClientSuspended, or NoSuchConnector for a Connector that is not this Client's.
    """
    client_id = _tenant(work)
    connectors.require_may_connect(work, client_id)
    if wish.connector_id is not None:
        connectors.locked(work, client_id, wish.connector_id)
    state = ids.token()
    row = Consent(
        id=work.new_id(),
        client_id=client_id,
        user_id=bearer.user_id,
        session_id=bearer.session_id,
        connector_id=wish.connector_id,
        channel=wish.channel,
        app=wish.app.name,
        state_hash=token_hash(state),
        state=ConsentState.ASKED,
        asked_at=work.now,
        expires_at=work.now + LIFE,
        not_before=work.now,
        attempts=0,
    )
    work.session.add(row)
    return dialog(settings, wish, state)


def dialog(settings: Settings, wish: Wish, state: str) -> str:
    """The address of the login dialog of the app's flavour."""
    app = wish.app
    query = {
        "client_id": app.login_id,
        "redirect_uri": callback(settings, wish.channel),
        "response_type": "code",
        "state": state,
    }
    if app.flavour == "instagram":
        query["scope"] = ",".join(INSTAGRAM_SCOPES)
        return f"{settings.instagram_login_url.rstrip('/')}/oauth/authorize?{urlencode(query)}"
    query |= {"config_id": app.config_id} if app.config_id else {"scope": ",".join(PAGE_SCOPES)}
    return f"{settings.meta_login_url.rstrip('/')}/{GRAPH_VERSION}/dialog/oauth?{urlencode(query)}"


def callback(settings: Settings, channel: Channel) -> str:
    """Where the dialog sends the browser back to; it stands in the app's settings at Meta letter by letter."""
    return f"{settings.public_url.rstrip('/')}/connect/{channel}/callback"


def answer(work: Work, state: str, bearer: Bearer, code: str) -> UUID:
    """What the browser brought back; the login's id. No code: the person said no.

    Raises ConsentSpent, or ClientSuspended: meanwhile the service may have been paused, and no token is asked for.
    """
    connectors.require_may_connect(work, _tenant(work))
    found = read.take_answer(work.session, token_hash(state), bearer, work.now)
    if found is None:
        raise ConsentSpent
    if not code:
        read.fail(work.session, found, "declined")
        return found
    # Instagram adds two signs that are no part of it (channels.md 1.6).
    sealed = work.client_keys(_tenant(work)).seal_text(code.removesuffix("#_"), _TABLE, "code_sealed", found)
    read.keep_code(work.session, found, sealed, work.now)
    signals.notify(work.session, signals.OUTBOX)
    return found


def code_of(work: Work, login: Login) -> str:
    return work.client_keys(login.client_id).read(login.code_sealed, _TABLE, "code_sealed", login.id)


def offer(work: Work, login: Login, offers: list[Offer], granted_by: bytes | None) -> None:
    """Keep the accounts to pick from, sealed, for the rest of the hour."""
    told = [
        [o.channel, o.account_id, o.name, o.secret, o.page_id, o.expires_at and o.expires_at.isoformat(), o.missing]
        for o in offers
    ]
    sealed = work.client_keys(login.client_id).seal_text(json.dumps(told), _TABLE, "offers_sealed", login.id)
    read.offer(work.session, login.id, sealed, granted_by)


def login_of(work: Work, consent_id: UUID, bearer: Bearer) -> Login:
    """This person's own login. Raises ConsentSpent."""
    found = read.of_user(work.session, consent_id, bearer, work.now)
    if found is None:
        raise ConsentSpent
    return found


def offers_of(work: Work, login: Login) -> list[Offer]:
    """The accounts to pick from; of a login for one channel, or for one Connector, those that fit."""
    if login.offers_sealed is None:
        return []
    text = work.client_keys(login.client_id).open_text(login.offers_sealed, _TABLE, "offers_sealed", login.id)
    return [
        Offer(Channel(channel), account, name, secret, page, until and datetime.fromisoformat(until), tuple(missing))
        for channel, account, name, secret, page, until, missing in json.loads(text)
    ]


def pick(work: Work, login: Login, key: str) -> UUID:
    """Connect an account of the offer, again where this Client has it already; the Connector's id.

    Raises NotFound for an account that was not offered, AccountTaken, ClientSuspended.
    """
    chosen = next((o for o in offers_of(work, login) if o.key == key and not o.missing), None)
    if chosen is None:
        raise NotFound("no such account in this offer")
    granted = Granted(app=login.app, page_id=chosen.page_id, by=login.granted_by_hash, expires_at=chosen.expires_at)
    own = rows.of_account(work.session, login.client_id, chosen.channel, chosen.account_id)
    if own is not None and own.state in (*LIVE, ConnectorState.NEEDS_RECONFIGURATION):
        grants.renew(work, login.client_id, own.id, Token(secret=chosen.secret, granted=granted))
        return own.id
    new = NewConnector(
        channel=chosen.channel,
        account_id=chosen.account_id,
        secret=chosen.secret,
        app=login.app,
        name=chosen.name,
        granted=granted,
    )
    return connectors.connect(work, login.client_id, new)


def _tenant(work: Work) -> UUID:
    assert work.client_id is not None, "only a Client's people log in for it"
    return work.client_id
