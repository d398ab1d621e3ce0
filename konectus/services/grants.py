"""What becomes of a Connector's token: renewed by its owner, refreshed by us, taken over by another Client."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, Reason, RequestKind, WrongStep
from konectus.services import connectors
from konectus.services.connectors import Granted
from konectus.services.work import Change, Work
from konectus.store.models.connectors import ConnectorRequest
from konectus.store.queries import connectors as read

_TABLE, _COLUMN = "connector_request", "secret_sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token to go on with, and what is known of it."""

    secret: str = field(repr=False)
    granted: Granted = field(default_factory=Granted)


def renew(work: Work, client_id: UUID, connector_id: UUID, token: Token) -> None:
    """Go on with another token: a disconnected Connector begins again, a live one receives while it is being tried.

    A live Connector keeps its old token until the channel has accepted the new one. Raises NoSuchConnector, WrongStep,
    ClientSuspended, Invalid, or AccountTaken.
    """
    connectors.require_may_connect(work, client_id)
    row = connectors.locked(work, client_id, connector_id)
    if row.state not in LIVE:
        connectors.reconnect(work, client_id, connector_id, token.secret, token.granted)
        return
    connectors.require_plausible(row.channel, row.account_id, token.secret)

    def bring(request: ConnectorRequest) -> None:
        keys = work.client_keys(client_id)
        request.secret_sealed = keys.seal_text(_written(token), _TABLE, _COLUMN, request.id)

    connectors.request(work, client_id, connector_id, RequestKind.CONNECT, bring)


def again(work: Work, client_id: UUID, connector_id: UUID) -> None:
    """Subscribe a live Connector again with the token it has, also where somebody else took its events over.

    Raises NoSuchConnector, or WrongStep where nothing is connected.
    """
    row = connectors.locked(work, client_id, connector_id)
    if row.state not in LIVE:
        raise WrongStep(f"a connector that is {row.state} needs a token", now=row.state)
    connectors.ask(work, client_id, connector_id, RequestKind.CONNECT)


def offered(work: Work, client_id: UUID, request_id: UUID, sealed: bytes) -> Token:
    """The token a request to connect brings along."""
    told = json.loads(work.client_keys(client_id).open_text(sealed, _TABLE, _COLUMN, request_id))
    return Token(secret=told["secret"], granted=_granted(told))


def take(work: Work, row: read.ConnectorRow, token: Token) -> None:
    """The channel has accepted the token: a live Connector goes on with it. The caller has locked the row."""
    sealed = work.client_keys(row.client_id).seal_text(token.secret, "connector", "secret_sealed", row.id)
    granted = token.granted
    pasted = read.Pasted(sealed, None, None, granted.app, granted.page_id, granted.by, granted.expires_at)
    read.take_secret(work.session, row, pasted)
    after = {"expires_at": granted.expires_at.isoformat() if granted.expires_at else None}
    work.record("connector.renewed", ("connector", row.id), Change(row.client_id, after=after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prolonged:
    """A token that the channel has prolonged: as it was kept, what came back, and until when it lives now."""

    before: bytes = field(repr=False)
    secret: str = field(repr=False)
    until: datetime


def refreshed(work: Work, row: read.ConnectorRow, new: Prolonged) -> bool:
    """Write the prolonged token down; False where the Connector has another one by now. The row is locked."""
    sealed = work.client_keys(row.client_id).seal_text(new.secret, "connector", "secret_sealed", row.id)
    if not read.refresh_secret(work.session, row, new.before, sealed, new.until):
        return False
    told = Change(row.client_id, after={"expires_at": new.until.isoformat()})
    work.record("connector.token_refreshed", ("connector", row.id), told)
    return True


def taken_over(work: Work, channel: Channel, account_id: str) -> int:
    """Somebody connected an account that others had to give up: theirs say so (decisions.md); how many."""
    marked = 0
    for client_id, connector_id in read.freed(work.session, channel, account_id):
        row = read.lock(work.session, client_id, connector_id)
        if row is not None and row.state is ConnectorState.NEEDS_RECONFIGURATION:
            connectors.settle(work, client_id, connector_id, row.state, Reason.REAUTHORIZED_ELSEWHERE)
            marked += row.reason != Reason.REAUTHORIZED_ELSEWHERE
    return marked


def _written(token: Token) -> str:
    granted = token.granted
    told = {
        "secret": token.secret,
        "app": granted.app,
        "page_id": granted.page_id,
        "by": granted.by.hex() if granted.by else None,
        "expires_at": granted.expires_at.isoformat() if granted.expires_at else None,
    }
    return json.dumps(told)


def _granted(told: dict[str, str | None]) -> Granted:
    by, expires_at = told["by"], told["expires_at"]
    return Granted(
        app=told["app"],
        page_id=told["page_id"],
        by=bytes.fromhex(by) if by else None,
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
    )
