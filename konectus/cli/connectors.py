"""`konectus connector`: connect an account, look, disconnect, reconnect. The sender alone talks to channels."""

import sys
import time
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from konectus.cli.clients import COMMAND, ClientOption
from konectus.cli.console import say, table
from konectus.cli.database import opened
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason, RequestState
from konectus.errors import Conflict, NotFound, Unavailable
from konectus.services import connectors, suspensions
from konectus.services.connectors import Ending, NewConnector
from konectus.services.installation import Installation
from konectus.store.queries import connectors as read
from konectus.store.queries import overview
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
def add(
    client_id: ClientOption,
    channel: Annotated[Channel, typer.Option(help="which channel")],
    account: Annotated[str, typer.Option(help="id of the Page, Instagram account or bot")],
    secret_file: SecretFile = None,
    app: Annotated[str | None, typer.Option(help="our name of the Meta app")] = None,
) -> None:
    """Connect an account and wait until the channel has accepted it; prints the Connector's id."""
    new = NewConnector(channel=channel, account_id=account, secret=_secret(secret_file), app=app)
    with opened() as installation:
        with installation.works.system(COMMAND) as work:
            suspensions.client_of(work, client_id)
            connector_id = connectors.connect(work, client_id, new)
        await_request(installation, connector_id)
    say(str(connector_id))


@commands.command()
def reconnect(connector_id: ConnectorId, secret_file: SecretFile = None) -> None:
    """Connect a disconnected one again with a fresh token, as after a lifted suspension; it keeps its conversations."""
    secret = _secret(secret_file)
    with opened() as installation:
        client_id = _client_of(installation, connector_id)
        with installation.works.system(COMMAND) as work:
            connectors.reconnect(work, client_id, connector_id, secret)
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
        await_request(installation, connector_id)
        say(_state_of(installation, client_id, connector_id))


@commands.command()
def remove(connector_id: ConnectorId) -> None:
    """Disconnect at the channel and remove; what was received stays."""
    ending = Ending(Reason.REQUESTED, ConnectorState.REMOVED, "konectus connector remove")
    with opened() as installation:
        client_id = _client_of(installation, connector_id)
        with installation.works.system(COMMAND) as work:
            connectors.disconnect(work, client_id, connector_id, ending)
        await_request(installation, connector_id)
    say("removed")


def await_request(installation: Installation, connector_id: UUID, patience: float = PATIENCE) -> None:
    """Wait until the sender has done what was last asked. Raises ChannelRefused or SenderSilent."""
    deadline = monotonic() + patience
    while True:
        with installation.database.session(Role.WORKER) as session:
            request = overview.newest_request(session, connector_id)
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
