"""Requests of pages and commands to channels: claimed, carried out, tried again, given up. Calls are `connecting`."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ingestion.channels.port.failures import Action, ChannelError, Transient
from ingestion.pace import chance
from ingestion.sender.calls import NoSuchApp
from ingestion.sender.connecting import Connecting, NotConnected, TakenElsewhere, WrongAccount
from ingestion.sender.consents import Consents
from ingestion.sender.loops import Lanes
from ingestion.sender.upkeep import Upkeep
from konectus.domain.budgets import pause
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, MOOT, ConnectorState, Reason, RequestKind, RequestState
from konectus.errors import KonectusError
from konectus.sealing import Unreadable
from konectus.services import connectors, sending
from konectus.services.work import Works
from konectus.store.keystore import NoKey
from konectus.store.queries import connectors as connector_rows
from konectus.store.queries import requests
from konectus.store.queries.requests import Claimed, Line

log = logging.getLogger(__name__)

# Longer than a request's calls can last together, so that only a dead process loses its claim.
LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = {
    RequestKind.CONNECT: 5,
    RequestKind.DISCONNECT: 6,
    RequestKind.CHECK: 3,
    RequestKind.REFRESH: 5,
    RequestKind.RECONCILE: 8,
}
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)
_THREADS = 6
_MOST = 20
_EXPECTED = (ChannelError, NoSuchApp, NoKey, Unreadable, WrongAccount, TakenElsewhere, NotConnected)
# The stable code of a request's error, by what the channel said.
_CODES = {
    Action.NEEDS_REAUTH: "wrong_token",
    Action.PERMISSION_LOST: "permission_lost",
    Action.RESTRICTED: "restricted",
    Action.CONFLICT: "conflict",
}
# Why a Connector is not connected, or no longer well, by that code.
_REASONS = {
    "wrong_token": Reason.NEEDS_REAUTH,
    "wrong_account": Reason.NEEDS_REAUTH,
    "restricted": Reason.RESTRICTED,
    "channel_unreachable": Reason.PROVIDER_DOWN,
    "taken_elsewhere": Reason.SILENT,
}
# What these could not do says nothing about whether events come in; the next look will.
_KEEP_ON = {RequestKind.REFRESH, RequestKind.RECONCILE}
_TELLING = {"wrong_token", "permission_lost", "restricted"}


@dataclass
class Requests:
    """Finds due requests and logins and carries each out on its channel's lane."""

    works: Works
    connecting: Connecting
    done: Callable[[], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    lanes: Lanes = field(init=False)
    upkeep: Upkeep = field(init=False)
    consents: Consents = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes("request", _THREADS, 1, self.done)
        self.upkeep = Upkeep(self.works, self.connecting, self.stopping)
        self.consents = Consents(self.works, self.connecting.calls)

    def step(self) -> bool:
        self.consents.step(self.lanes)
        channels = self.lanes.with_room([str(channel) for channel in Channel])
        with self.works.system() as work:
            found = requests.claim(work.session, work.now, work.now + LEASE, requests.Room(channels, _MOST))
        for claimed in found:
            self._start(claimed)
        return False

    def carry_out(self, claimed: Claimed) -> None:
        """One request to its end, or back into the queue."""
        with self.works.system() as work:
            line = requests.line(work.session, claimed.client_id, claimed.connector_id)
        if line is None:
            self._finish(claimed, f"{MOOT}: the connector is gone")
            return
        if claimed.attempts > MOST_ATTEMPTS[claimed.kind]:
            # Every attempt before ended with its process.
            self._give_up(claimed, line, "channel_unreachable", "interrupted")
            return
        try:
            is_over = self._do(claimed, line)
        except NotConnected as moot:
            self._finish(claimed, f"{moot.code}: {moot}")
        except Transient as trouble:
            self._again(claimed, line, trouble)
        except _EXPECTED as refusal:
            self._give_up(claimed, line, _code(refusal), str(refusal))
        else:
            if is_over:
                self._finish(claimed, None)

    def _start(self, claimed: Claimed) -> None:
        """Without a free thread it goes back at once: the claim must not wait out its lease."""
        if not self.lanes.run(claimed.channel, claimed.connector_id, claimed.id, lambda: self.carry_out(claimed)):
            with self.works.system() as work:
                requests.give_up_claim(work.session, claimed.id, work.now)

    def _do(self, claimed: Claimed, line: Line) -> bool:
        """Whether it is over; what takes many turns has put itself back into the queue."""
        match claimed.kind:
            case RequestKind.CONNECT:
                self.connecting.connect(line, claimed)
            case RequestKind.DISCONNECT:
                self.connecting.disconnect(line, claimed)
            case RequestKind.CHECK:
                self.connecting.check(line)
            case RequestKind.REFRESH:
                self.upkeep.refresh(line)
            case RequestKind.RECONCILE:
                return self.upkeep.reconcile(line, claimed)
        return True

    def _again(self, claimed: Claimed, line: Line, trouble: Transient) -> None:
        if claimed.attempts >= MOST_ATTEMPTS[claimed.kind]:
            self._give_up(claimed, line, "channel_unreachable", str(trouble))
            return
        wait = trouble.retry_after or pause(claimed.attempts, chance(), _FIRST_PAUSE, _LONGEST_PAUSE)
        with self.works.system() as work:
            requests.postpone(work.session, claimed.id, f"channel_unreachable: {trouble}", work.now + wait)

    def _give_up(self, claimed: Claimed, line: Line, code: str, words: str) -> None:
        """A disconnection ends all the same (Terms 2); otherwise the Connector says what is wrong with it."""
        log.info("request refused", extra={"kind": claimed.kind, "channel": line.channel, "reason": code})
        if claimed.kind is RequestKind.DISCONNECT:
            self.connecting.end(claimed)
        elif _concerns_connector(claimed, line, code):
            self.connecting.note(line, f"{code}: {words}")
            self._mark(claimed, _REASONS.get(code, Reason.PERMISSION_LOST))
        self._finish(claimed, f"{code}: {words}")

    def _mark(self, claimed: Claimed, reason: Reason) -> None:
        with self.works.system() as work:
            row = connector_rows.lock(work.session, claimed.client_id, claimed.connector_id)
            if row is not None and row.state is ConnectorState.PENDING_AUTH:
                then = ConnectorState.NEEDS_RECONFIGURATION
                connectors.settle(work, claimed.client_id, claimed.connector_id, then, reason)
            elif row is not None and row.state in LIVE:
                # Connected and not subscribed: sends may go well all the while, so they must not mend it.
                silent = claimed.kind is RequestKind.CONNECT and reason is Reason.PROVIDER_DOWN
                sending.degrade(work, claimed.client_id, claimed.connector_id, Reason.SILENT if silent else reason)

    def _finish(self, claimed: Claimed, error: str | None) -> None:
        state = RequestState.DONE if error is None else RequestState.FAILED
        with self.works.system() as work:
            requests.finish(work.session, claimed.id, state, error, work.now)


def _code(refusal: KonectusError) -> str:
    if isinstance(refusal, ChannelError):
        return _CODES.get(refusal.action, "channel_refused")
    return refusal.code


def _concerns_connector(claimed: Claimed, line: Line, code: str) -> bool:
    """Not when a token that was only being tried is refused, nor when a token could not be prolonged this time."""
    if claimed.secret_sealed is not None and line.state in LIVE:
        return False
    return claimed.kind not in _KEEP_ON or code in _TELLING
