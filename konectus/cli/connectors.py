"""`konectus connector`: connect an account, look, disconnect, reconnect. The sender alone talks to channels."""

import sys
import time
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from konectus.cli.clients import COMMAND, ClientOption
from konectus.cli.console import progress, say, table
from konectus.cli.database import opened
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason, RequestKind, RequestState
from konectus.domain.signed_requests import grantor
from konectus.errors import Conflict, NotFound, Unavailable
from konectus.services import connectors, grants, suspensions
from konectus.services.connectors import Ending, Granted, NewConnector
from konectus.services.grants import Token
from konectus.services.installation import Installation
from konectus.store.queries import connectors as read
from konectus.store.queries import overview, requests
from konectus.store.roles import Role

PATIENCE = 30.0
_POLL = 0.2

commands = typer.Typer(help="Connectors of Clients to channels.", no_args_is_help=True)
ConnectorId = Annotated[UUID, typer.Argument(metavar="ID", help="the Connector's id")]
SecretFile = Annotated[
    str | None,
    typer.Option("--secret-file", metavar="FILE", help="where its access token is; - is standard input, none asks"),
]


class ChannelRefused(Conflict):
    """What the channel said, as the sender wrote it down."""

    code = "channel_refused"


class SenderSilent(Unavailable):
    code = "sender_silent"


@commands.command()
def add(  # noqa: PLR0913, PLR0917 - options of a command are its parameters
    client_id: ClientOption,
    channel: Annotated[Channel, typer.Option(help="which channel")],
    account: Annotated[str, typer.Option(help="id of the Page, Instagram account or bot")],
    secret_file: SecretFile = None,
    app: Annotated[str | None, typer.Option(help="our name of the Meta app")] = None,
    page: Annotated[str | None, typer.Option(help="the Page an Instagram account is linked to")] = None,
    granted_by: Annotated[str | None, typer.Option(help="app-scoped id of the person who granted the token")] = None,
) -> None:
    """Connect an account and wait until the channel has accepted it; prints the Connector's id."""
    secret = _secret(secret_file)
    with opened() as installation:
        by = _grantor(installation, app, granted_by) if granted_by else None
        granted = Granted(app=app, page_id=page, by=by)
        new = NewConnector(channel=channel, account_id=account, secret=secret, app=app, granted=granted)
        with installation.works.system(COMMAND) as work:
            suspensions.client_of(work, client_id)
            connector_id = connectors.connect(work, client_id, new)
        await_request(installation, connector_id)
    say(str(connector_id))


@commands.command()
def reconnect(connector_id: ConnectorId, secret_file: SecretFile = None) -> None:
    """Go on with a fresh token: after a lifted suspension, or where the old one died; conversations stay."""
    secret = _secret(secret_file)
    with opened() as installation:
        client_id = _client_of(installation, connector_id)
        with installation.works.system(COMMAND) as work:
            grants.renew(work, client_id, connector_id, Token(secret=secret))
        await_request(installation, connector_id)
        say(_state_of(installation, client_id, connector_id))


@commands.command("list")
def list_connectors(client_id: ClientOption) -> None:
    """A Client's Connectors."""
    with opened() as installation, installation.works.system(COMMAND) as work:
        suspensions.client_of(work, client_id)
        found = read.of_client(work.session, client_id)
    rows = [(row.id, row.channel, row.account_id, row.name, row.state, row.reason) for row in found]
    table(("id", "channel", "account", "name", "state", "reason"), rows)


@commands.command()
def check(connector_id: ConnectorId) -> None:
    """Ask the channel whether token and subscription still hold."""
    with opened() as installation:
        client_id = _client_of(installation, connector_id)
        with installation.works.system(COMMAND) as work:
            connectors.check(work, client_id, connector_id)
        await_request(installation, connector_id, kind=RequestKind.CHECK)
        say(_state_of(installation, client_id, connector_id))


@commands.command()
def reconcile(connector_id: ConnectorId) -> None:
    """Compare the channel's conversations with ours and fetch what is missing (Messenger and Instagram)."""
    with opened() as installation:
        client_id = _client_of(installation, connector_id)
        with installation.works.system(COMMAND) as work:
            asked = connectors.reconcile(work, client_id, connector_id)
        found = _watched(installation, asked)
    say(", ".join(f"{name.replace('_', ' ')} {found.get(name, 0)}" for name in _COUNTS))


_COUNTS = ("conversations", "messages", "missing", "added", "too_old")
# Two calls a second: a busy account takes a while, and what was not heard of for so long has nobody at it.
_STILL = 120.0


def _watched(installation: Installation, request_id: UUID) -> dict[str, int]:
    """Show how far the sender is until it is done. Raises ChannelRefused, or SenderSilent when nothing moves."""
    moved, seen = monotonic(), 0
    with progress("comparing with the channel") as advance:
        while True:
            with installation.database.session(Role.WORKER) as session:
                standing = requests.standing(session, request_id)
            if standing.state is RequestState.FAILED:
                raise ChannelRefused(f"the channel refused: {standing.error}")
            if standing.state is RequestState.DONE:
                return {name: int(standing.progress.get(name, 0)) for name in _COUNTS}
            now = int(standing.progress.get("conversations", 0))
            if now != seen:
                advance(now - seen)
                moved, seen = monotonic(), now
            if monotonic() - moved > _STILL:
                raise SenderSilent("nothing moved for two minutes; is konectus up or konectus sender running?")
            time.sleep(_POLL)


@commands.command()
def remove(connector_id: ConnectorId) -> None:
    """Disconnect at the channel and remove; what was received stays."""
    ending = Ending(Reason.REQUESTED, ConnectorState.REMOVED, "konectus connector remove")
    with opened() as installation:
        client_id = _client_of(installation, connector_id)
        with installation.works.system(COMMAND) as work:
            connectors.disconnect(work, client_id, connector_id, ending)
        await_request(installation, connector_id, kind=RequestKind.DISCONNECT)
    say("removed")


def await_request(
    installation: Installation,
    connector_id: UUID,
    patience: float = PATIENCE,
    kind: RequestKind = RequestKind.CONNECT,
) -> None:
    """Wait until the sender has done what was last asked of this kind. Raises ChannelRefused or SenderSilent."""
    deadline = monotonic() + patience
    while True:
        with installation.database.session(Role.WORKER) as session:
            request = requests.newest(session, connector_id, kind)
        if request is None or request.state is RequestState.DONE:
            return
        if request.state is RequestState.FAILED:
            raise ChannelRefused(f"the channel refused: {request.error}")
        if monotonic() > deadline:
            said = f" (it said: {request.error})" if request.error else ""
            raise SenderSilent(
                f"the sender has not finished after {patience:g} s{said}; is konectus up or konectus sender running?"
            )
        time.sleep(_POLL)


def _grantor(installation: Installation, app: str | None, person: str) -> bytes:
    """How calls to deauthorize name who granted a token. Raises BadParameter for an app that is not configured."""
    known = installation.settings.meta_app(app)
    if known is None:
        raise typer.BadParameter(f"--granted-by needs --app, one of KONECTUS_META_APPS, not {app!r}")
    return grantor(installation.keys.hashing(), known.id, person)


def _secret(given: str | None) -> str:
    """The token from a file, from standard input for -, else asked for: a command line is seen by everybody here."""
    if given == "-":
        return sys.stdin.readline().strip()
    if given is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("give --secret-file with the token's file, or - for standard input")
        asked: str = typer.prompt("Access token", hide_input=True)
        return asked.strip()
    try:
        return Path(given).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read the token from {given}: {error}") from None


def _client_of(installation: Installation, connector_id: UUID) -> UUID:
    with installation.database.session(Role.WORKER) as session:
        client_id = overview.client_of_connector(session, connector_id)
    if client_id is None:
        raise NotFound(f"no Connector has the id {connector_id}; konectus connector list shows them")
    return client_id


def _state_of(installation: Installation, client_id: UUID, connector_id: UUID) -> str:
    with installation.database.session(Role.WORKER) as session:
        row = next(row for row in read.of_client(session, client_id) if row.id == connector_id)
    return f"{row.state} ({row.reason})" if row.reason else str(row.state)
