"""Connecting, disconnecting and checking one Connector at its channel. Claims, retries and giving up are `requests`."""

from dataclasses import dataclass, replace

from ingestion import registry
from ingestion.channels.port.adapter import Access, Adapter, Hook
from ingestion.channels.port.failures import Permanent
from ingestion.sender.calls import Calls
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, Reason
from konectus.errors import Conflict, Invalid
from konectus.services import connectors, sending
from konectus.services.work import Works
from konectus.store.queries import connectors as connector_rows
from konectus.store.queries import requests
from konectus.store.queries.requests import Claimed, Line

# What a check that goes well mends. What people or the channel's policy stopped stays stopped.
_MENDED = (
    Reason.NEEDS_REAUTH,
    Reason.PERMISSION_LOST,
    Reason.RESTRICTED,
    Reason.SILENT,
    Reason.PROVIDER_DOWN,
)
_SIBLING = {Channel.MESSENGER: Channel.INSTAGRAM, Channel.INSTAGRAM: Channel.MESSENGER}


class WrongAccount(Invalid):
    """The token speaks for another page, account or bot than the Connector names."""

    code = "wrong_account"


class NotConnected(Conflict):
    """The Connector went another way while the request waited."""

    code = "not_connected"


@dataclass(frozen=True, slots=True)
class Reach:
    """One Connector within reach: its adapter, and what a call needs."""

    line: Line
    adapter: Adapter
    access: Access
    hook: Hook


@dataclass(frozen=True)
class Connecting:
    """The three things asked of a channel. Each raises ChannelError, NoSuchApp, NoKey, or its own refusals."""

    works: Works
    calls: Calls

    def connect(self, line: Line) -> None:
        """The token is tried, the Connector is connected, and only then subscribed: nothing is dropped in between."""
        if line.state not in (ConnectorState.PENDING_AUTH, *LIVE):
            raise NotConnected(f"the connector is {line.state}")
        reach = self._reach(line)
        name = self._require_own(reach)
        with self.works.system() as work:
            # Locked before it is looked at: a suspension in between has asked for a disconnection and wins.
            row = connector_rows.lock(work.session, line.client_id, line.id)
            if row is None or row.state not in (ConnectorState.PENDING_AUTH, *LIVE):
                raise NotConnected("the connector was stopped meanwhile")
            if row.state is ConnectorState.PENDING_AUTH:
                if row.name == row.account_id:
                    requests.rename(work.session, line.client_id, line.id, name)
                connectors.settle(work, line.client_id, line.id, ConnectorState.CONNECTED)
        self._subscribe(reach)
        with self.works.system() as work:
            sending.recover(work, line.client_id, line.id, Reason.SILENT)

    def disconnect(self, line: Line, claimed: Claimed) -> None:
        """Events are stopped at the channel, then the Connector ends where the request says, without its secret."""
        if line.state is not ConnectorState.DISCONNECTING:
            raise NotConnected(f"the connector is {line.state}")
        if line.secret_sealed is not None:
            self._unsubscribe(self._reach(line))
        self.end(claimed)

    def end(self, claimed: Claimed) -> None:
        """The last step, which is taken even when the channel could not be told."""
        state = claimed.target_state or ConnectorState.NEEDS_RECONFIGURATION
        with self.works.system() as work:
            connectors.settle(work, claimed.client_id, claimed.connector_id, state, claimed.reason)

    def check(self, line: Line) -> None:
        """The token is tried, a subscription that is gone is made again, and a Connector that was unwell is well."""
        if line.state not in LIVE:
            raise NotConnected(f"the connector is {line.state}")
        reach = self._reach(line)
        self._require_own(reach)
        standing = reach.adapter.check(self.calls.http, reach.access)
        is_elsewhere = standing.url is not None and standing.url != reach.hook.url
        if not standing.subscribed or is_elsewhere:
            self._subscribe(reach)
        with self.works.system() as work:
            sending.recover(work, line.client_id, line.id, *_MENDED)

    def _reach(self, line: Line) -> Reach:
        keys = self.works.keys.of(line.client_id)
        token = keys.read(line.secret_sealed, "connector", "secret_sealed", line.id)
        secret = keys.read(line.webhook_secret_sealed, "connector", "webhook_secret_sealed", line.id)
        access = self.calls.access(line.channel, line.account_id, line.app, token)
        return Reach(line, registry.adapter(line.channel), access, self.calls.hook(line.id, secret))

    def _require_own(self, reach: Reach) -> str:
        """The account's name. Raises WrongAccount."""
        told = reach.adapter.profile(self.calls.http, reach.access)
        if told.account != reach.line.account_id:
            raise WrongAccount(f"the token is that of {told.account}")
        return told.name

    def _subscribe(self, reach: Reach) -> None:
        """A Page has one list of fields for Messenger and its Instagram account: Messenger's holds the other's."""
        if reach.line.channel is Channel.INSTAGRAM and self._sibling_lives(reach):
            page = replace(reach.access, account="me")
            registry.adapter(Channel.MESSENGER).subscribe(self.calls.http, page, reach.hook)
        else:
            reach.adapter.subscribe(self.calls.http, reach.access, reach.hook)

    def _unsubscribe(self, reach: Reach) -> None:
        """Not where the subscription serves somebody else: the Page's other channel, or a bot used elsewhere since."""
        if reach.line.channel is Channel.TELEGRAM:
            standing = reach.adapter.check(self.calls.http, reach.access)
            if standing.url != reach.hook.url:
                return
        elif self._sibling_lives(reach):
            return
        reach.adapter.unsubscribe(self.calls.http, reach.access)

    def _sibling_lives(self, reach: Reach) -> bool:
        """Whether the Page's other channel is connected here, for whichever Client."""
        if reach.access.flavour != "page" or reach.line.channel not in _SIBLING:
            return False
        other = _SIBLING[reach.line.channel]
        try:
            told = registry.adapter(other).profile(self.calls.http, reach.access)
        except Permanent:
            return False
        with self.works.system() as work:
            return requests.is_live(work.session, other, told.account)
