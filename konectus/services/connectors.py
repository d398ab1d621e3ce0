"""Connecting and disconnecting Connectors. The provider is called by the sender alone, through requests.

What becomes of a token afterwards (renewed, refreshed, withdrawn) is `grants`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, Reason, RequestKind, RequestState, WrongStep, require_step
from konectus.domain.suspension import ClientSuspended
from konectus.errors import Conflict, Invalid, NotFound
from konectus.ids import token
from konectus.sealing import token_hash
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.connectors import Account, Connector, ConnectorChange, ConnectorRequest
from konectus.store.queries import clients
from konectus.store.queries import connectors as read


class AccountTaken(Conflict):
    """One page, Instagram account or bot belongs to one Client (decisions.md)."""

    code = "account_taken"


class NoSuchConnector(NotFound):
    code = "no_such_connector"


class NoHistory(Conflict):
    """The channel cannot be asked what it delivered."""

    code = "no_history"


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What is known of a token beside itself: its Meta app and Page, who granted it (a hash), until when it lives."""

    app: str | None = None
    page_id: str | None = None
    by: bytes | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NewConnector:
    """An account and the token for it, pasted or granted in a login."""

    channel: Channel
    account_id: str
    secret: str = field(repr=False)
    app: str | None = None
    name: str = ""
    granted: Granted = field(default_factory=Granted)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a Connector is disconnected and where that ends: needs_reconfiguration, or removed."""

    reason: str | None
    then: ConnectorState
    why: str | None = None


SUSPENDED = Ending(Reason.SUSPENDED, ConnectorState.NEEDS_RECONFIGURATION)


def connect(work: Work, client_id: UUID, new: NewConnector) -> UUID:
    """Register a Connector and ask the sender to connect it; returns its id.

    Raises AccountTaken, ClientSuspended, or Invalid for a token or an account id that cannot be right.
    """
    require_may_connect(work, client_id)
    require_plausible(new.channel, new.account_id, new.secret)
    connector_id = work.new_id()
    pasted = _sealed(work, client_id, connector_id, new)
    common = {
        "client_id": client_id,
        "channel": new.channel,
        "account_id": new.account_id,
        "state": ConnectorState.PENDING_AUTH,
    }
    account = Account(id=work.new_id(), connector_id=connector_id, paused=False, **common)
    account.webhook_secret_hash, account.granted_by_hash = pasted.webhook_secret_hash, new.granted.by
    if not read.hold(work.session, account):
        raise _taken(new.channel, new.account_id)
    connector = Connector(id=connector_id, app=new.app, name=new.name or new.account_id, generation=1, **common)
    connector.since = connector.created_at = work.now
    connector.secret_sealed = pasted.secret_sealed
    connector.webhook_secret_sealed = pasted.webhook_secret_sealed
    connector.page_id, connector.token_expires_at = new.granted.page_id, new.granted.expires_at
    work.session.add(connector)
    work.session.flush()  # history and request point at it
    _remember(work, connector_id, client_id, (None, ConnectorState.PENDING_AUTH), None)
    ask(work, client_id, connector_id, RequestKind.CONNECT)
    after = {"channel": str(new.channel), "account": new.account_id}
    work.record("connector.connecting", ("connector", connector_id), Change(client_id=client_id, after=after))
    return connector_id


def reconnect(work: Work, client_id: UUID, connector_id: UUID, secret: str, grant: Granted | None = None) -> None:
    """Reconfigure a disconnected Connector with a fresh token: it keeps its conversations (Terms 2).

    Raises NoSuchConnector, WrongStep, ClientSuspended, Invalid, or AccountTaken where another holds the account now.
    """
    require_may_connect(work, client_id)
    row = locked(work, client_id, connector_id)
    require_step(row.state, ConnectorState.PENDING_AUTH)
    new = NewConnector(channel=row.channel, account_id=row.account_id, secret=secret, granted=grant or Granted())
    require_plausible(new.channel, new.account_id, new.secret)
    pasted = _sealed(work, client_id, connector_id, new)
    if not read.hold_again(work.session, row, pasted, work.now):
        raise _taken(row.channel, row.account_id)
    _remember(work, row.id, client_id, (row.state, ConnectorState.PENDING_AUTH), None)
    ask(work, client_id, connector_id, RequestKind.CONNECT)
    change = Change(
        client_id=client_id,
        before={"state": str(row.state), "generation": row.generation},
        after={"state": str(ConnectorState.PENDING_AUTH), "generation": row.generation + 1},
    )
    work.record("connector.connecting", ("connector", connector_id), change)


def disconnect(work: Work, client_id: UUID, connector_id: UUID, ending: Ending) -> None:
    """Stop a Connector here at once and ask the sender to unsubscribe it at the channel (Terms 2).

    One that is disconnected already is removed on the spot. Raises NoSuchConnector or WrongStep.
    """
    row = locked(work, client_id, connector_id)
    if (row.state, ending.then) == (ConnectorState.NEEDS_RECONFIGURATION, ConnectorState.REMOVED):
        _settle(work, row, ending)
        return
    require_step(row.state, ConnectorState.DISCONNECTING)
    move(work, row, ConnectorState.DISCONNECTING, ending.reason)
    ask(work, client_id, connector_id, RequestKind.DISCONNECT, ending)
    change = Change(client_id, ending.why, {"state": str(row.state)}, {"state": "disconnecting"})
    work.record("connector.disconnecting", ("connector", connector_id), change)


def check(work: Work, client_id: UUID, connector_id: UUID) -> UUID:
    """Ask the sender to look whether token and subscription still hold; returns the request's id.

    Raises NoSuchConnector, or WrongStep where there is no connection to look at.
    """
    row = locked(work, client_id, connector_id)
    if row.state not in LIVE:
        raise WrongStep(f"a connector that is {row.state} has nothing to check", now=row.state)
    return ask(work, client_id, connector_id, RequestKind.CHECK)


def reconcile(work: Work, client_id: UUID, connector_id: UUID) -> UUID:
    """Ask the sender to compare the channel's conversations with ours and to fetch what is missing; the request's id.

    Raises NoSuchConnector, NoHistory for a channel that keeps none, or WrongStep where nothing is connected.
    """
    row = locked(work, client_id, connector_id)
    if row.channel is Channel.TELEGRAM:
        raise NoHistory("Telegram keeps no history for bots: what it dropped after 24 hours is gone")
    if row.state not in LIVE:
        raise WrongStep(f"a connector that is {row.state} cannot be read", now=row.state)
    return ask(work, client_id, connector_id, RequestKind.RECONCILE)


def settle(work: Work, client_id: UUID, connector_id: UUID, state: ConnectorState, reason: str | None = None) -> None:
    """What the channel answered becomes the Connector's state. Raises NoSuchConnector or WrongStep."""
    row = locked(work, client_id, connector_id)
    if row.state is state and row.reason == reason:
        return
    if row.state is not state:
        require_step(row.state, state)
    _settle(work, row, Ending(reason, state))


def _settle(work: Work, row: read.ConnectorRow, ending: Ending) -> None:
    move(work, row, ending.then, ending.reason)
    after = {"state": str(ending.then), "reason": ending.reason}
    change = Change(row.client_id, ending.why, {"state": str(row.state)}, after)
    work.record("connector.settled", ("connector", row.id), change)


def require_may_connect(work: Work, client_id: UUID) -> None:
    """Shared with other commands, but not with a Suspension: that one then finds the new Connector."""
    locks.client(work.session, client_id, shared=True)
    if clients.access(work.session, client_id).ingest:
        raise ClientSuspended("a suspended Client connects no channel")


def require_plausible(channel: Channel, account_id: str, secret: str) -> None:
    if not account_id.strip() or not secret.strip():
        raise Invalid("a connector needs the account's id and its token")
    bot, colon, rest = secret.partition(":")
    if channel is Channel.TELEGRAM and not (bot == account_id and colon and rest):
        raise Invalid("a bot's id is what stands before the colon of its token")


def _sealed(work: Work, client_id: UUID, connector_id: UUID, new: NewConnector) -> read.Pasted:
    """What was pasted, sealed, and for Telegram a webhook secret of ours beside it."""
    keys, granted = work.client_keys(client_id), new.granted
    secret = keys.seal_text(new.secret, "connector", "secret_sealed", connector_id)
    known = (granted.app, granted.page_id, granted.by, granted.expires_at)
    if new.channel is not Channel.TELEGRAM:
        return read.Pasted(secret, None, None, *known)
    ours = token()
    sealed = keys.seal_text(ours, "connector", "webhook_secret_sealed", connector_id)
    return read.Pasted(secret, sealed, token_hash(ours), *known)


def _taken(channel: Channel, account_id: str) -> AccountTaken:
    return AccountTaken(f"{channel} account {account_id} is connected already", channel=channel, account_id=account_id)


def locked(work: Work, client_id: UUID, connector_id: UUID) -> read.ConnectorRow:
    row = read.lock(work.session, client_id, connector_id)
    if row is None:
        raise NoSuchConnector
    return row


def move(work: Work, row: read.ConnectorRow, state: ConnectorState, reason: str | None) -> None:
    read.set_state(work.session, row, state, reason, work.now)
    _remember(work, row.id, row.client_id, (row.state, state), reason)


def _remember(
    work: Work, connector_id: UUID, client_id: UUID, step: tuple[str | None, str], reason: str | None
) -> None:
    work.session.add(
        ConnectorChange(
            client_id=client_id,
            id=work.new_id(),
            connector_id=connector_id,
            from_state=step[0],
            to_state=step[1],
            reason=reason,
            at=work.now,
            by=f"{work.actor.kind}:{work.actor.id}",
        )
    )


def ask(work: Work, client_id: UUID, connector_id: UUID, kind: RequestKind, ending: Ending | None = None) -> UUID:
    """Put a request to the channel into the sender's queue; its id. The caller has locked the Connector."""

    def told(row: ConnectorRequest) -> None:
        row.target_state = ending.then if ending else None
        row.reason = ending.reason if ending else None

    return request(work, client_id, connector_id, kind, told)


def request(
    work: Work, client_id: UUID, connector_id: UUID, kind: RequestKind, fill: Callable[[ConnectorRequest], None]
) -> UUID:
    """A request with what `fill` adds to it. Written once: a Client's people may not change it afterwards."""
    row = ConnectorRequest(
        id=work.new_id(),
        client_id=client_id,
        connector_id=connector_id,
        kind=kind,
        state=RequestState.QUEUED,
        requested_at=work.now,
        requested_by=f"{work.actor.kind}:{work.actor.id}",
        not_before=work.now,
        attempts=0,
    )
    fill(row)
    work.session.add(row)
    signals.notify(work.session, signals.OUTBOX)
    return row.id
