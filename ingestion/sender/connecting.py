"""Connecting, disconnecting and checking one Connector at its channel. Claims, retries and giving up are `requests`."""

from dataclasses import dataclass, replace

from ingestion import health, registry
from ingestion.channels.port.adapter import Access, Adapter, Hook
from ingestion.channels.port.failures import Permanent
from ingestion.health import Finding
from ingestion.sender.calls import Calls
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, MOOT, ConnectorState, Reason
from konectus.errors import Conflict, Invalid
from konectus.services import connectors, grants, sending, withdrawals
from konectus.services.grants import Token
from konectus.services.work import Work, Works
from konectus.store.queries import connectors as connector_rows
from konectus.store.queries import requests, upkeep
from konectus.store.queries.connectors import ConnectorRow
from konectus.store.queries.requests import Claimed, Line
from konectus.store.roles import Role

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


class TakenElsewhere(Conflict):
    """Somebody else who has the token receives the bot's events. Taking them back is the owner's to decide."""

    code = "taken_elsewhere"


class NotConnected(Conflict):
    """The Connector went another way while the request waited."""

    code = MOOT


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

    def connect(self, line: Line, claimed: Claimed) -> None:
        """The token is tried, the Connector is connected, and only then subscribed: nothing is dropped in between."""
        if line.state not in (ConnectorState.PENDING_AUTH, *LIVE):
            raise NotConnected(f"the connector is {line.state}")
        token = self._offered(claimed)
        reach = self.reach(line, token)
        name = self.require_own(reach)
        with self.works.system() as work:
            # Locked before it is looked at: a suspension in between has asked for a disconnection and wins.
            row = connector_rows.lock(work.session, line.client_id, line.id)
            if row is None or row.state not in (ConnectorState.PENDING_AUTH, *LIVE):
                raise NotConnected("the connector was stopped meanwhile")
            self._begin(work, row, token, name)
        self._subscribe(reach)
        self._connected(line)

    def _begin(self, work: Work, row: ConnectorRow, token: Token | None, name: str) -> None:
        if row.state is ConnectorState.PENDING_AUTH:
            if row.name == row.account_id:
                requests.rename(work.session, row.client_id, row.id, name)
            connectors.settle(work, row.client_id, row.id, ConnectorState.CONNECTED)
        elif token is not None:
            grants.take(work, row, token)

    def _connected(self, line: Line) -> None:
        """Well again; what it may have missed is looked for, and whoever had the account before is told."""
        with self.works.system() as work:
            sending.recover(work, line.client_id, line.id, *_MENDED)
        self.note(line, None)
        was_away = line.generation > 1 or line.state is ConnectorState.DEGRADED
        with self.works.system() as work:
            grants.taken_over(work, line.channel, line.account_id)
        if was_away:
            self._look_for_missed(line)

    def _offered(self, claimed: Claimed) -> Token | None:
        if claimed.secret_sealed is None:
            return None
        with self.works.system() as work:
            return grants.offered(work, claimed.client_id, claimed.id, claimed.secret_sealed)

    def disconnect(self, line: Line, claimed: Claimed) -> None:
        """Events are stopped at the channel, then the Connector ends where the request says, without its secret."""
        if line.state is not ConnectorState.DISCONNECTING:
            raise NotConnected(f"the connector is {line.state}")
        if line.secret_sealed is not None:
            self._unsubscribe(self.reach(line))
        self.end(claimed)

    def end(self, claimed: Claimed) -> None:
        """The last step, which is taken even when the channel could not be told."""
        state = claimed.target_state or ConnectorState.NEEDS_RECONFIGURATION
        with self.works.system() as work:
            connectors.settle(work, claimed.client_id, claimed.connector_id, state, claimed.reason)
            work.session.flush()  # whoever asked for a deletion is answered when the last of theirs has ended
            withdrawals.settled(work, claimed.connector_id)

    def check(self, line: Line) -> None:
        """The token is tried, a subscription that is gone is made again, and a Connector that was unwell is well.

        Raises TakenElsewhere besides.
        """
        if line.state not in LIVE:
            raise NotConnected(f"the connector is {line.state}")
        reach = self.reach(line)
        self.require_own(reach)
        standing = reach.adapter.check(self.calls.http, reach.access)
        finding = health.judge(standing, reach.hook.url)
        if finding is Finding.ELSEWHERE:
            raise TakenElsewhere("the bot's events go to another address")
        if finding is Finding.MISSING:
            self._subscribe_again(line, reach)
        with self.works.system() as work:
            sending.recover(work, line.client_id, line.id, *_MENDED)
        self.note(line, "unsubscribed" if finding is Finding.MISSING else health.trouble(standing))

    def note(self, line: Line, failure: str | None) -> None:
        """Write down that the channel was asked, and what it complained of."""
        with self.works.database.session(Role.WORKER) as session:
            upkeep.note_check(session, line.id, line.client_id, self.works.clock.now(), failure)

    def _subscribe_again(self, line: Line, reach: Reach) -> None:
        """In between it is silent, which its history shows; what came meanwhile is looked for."""
        with self.works.system() as work:
            sending.degrade(work, line.client_id, line.id, Reason.SILENT)
        self._subscribe(reach)
        self._look_for_missed(line)

    def _look_for_missed(self, line: Line) -> None:
        if line.channel is Channel.TELEGRAM:
            return
        with self.works.system() as work:
            row = connector_rows.lock(work.session, line.client_id, line.id)
            if row is not None and row.state in LIVE:
                connectors.reconcile(work, line.client_id, line.id)

    def reach(self, line: Line, token: Token | None = None) -> Reach:
        """What a call needs: with the Connector's own token, or with one that is being tried."""
        keys = self.works.keys.of(line.client_id)
        own = token.secret if token else keys.read(line.secret_sealed, "connector", "secret_sealed", line.id)
        secret = keys.read(line.webhook_secret_sealed, "connector", "webhook_secret_sealed", line.id)
        app = (token.granted.app if token else None) or line.app
        access = self.calls.access(line.channel, line.account_id, app, own)
        return Reach(line, registry.adapter(line.channel), access, self.calls.hook(line.id, secret))

    def require_own(self, reach: Reach) -> str:
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
