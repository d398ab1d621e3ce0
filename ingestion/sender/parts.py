"""One part from the outbox to the channel and back: begun, written to the wire, settled. Which one is `outbox`."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError, OperationalError

from ingestion import registry
from ingestion.channels.port.adapter import Outgoing
from ingestion.channels.port.failures import ChannelError
from ingestion.pace import Pace, chance
from ingestion.sender import verdicts
from ingestion.sender.calls import Calls, NoSuchApp
from ingestion.sender.verdicts import Accepted, Moved, Postponed, Refused, Rested, Stopped, Unconfirmed, Verdict
from ingestion.wire import part_name
from konectus import meters
from konectus.domain.connectors import Reason
from konectus.errors import Unavailable
from konectus.meters import Counters
from konectus.services import sending
from konectus.services.sending import Order
from konectus.services.work import Work, Works
from konectus.store.queries.sending import Head

log = logging.getLogger(__name__)

_WITHOUT_APP = timedelta(minutes=5)
# The database may be restarting: an outcome that is not written becomes `unknown` when the lease ends.
_SETTLE_TRIES = 40
_SETTLE_PAUSE = 0.5


@dataclass(frozen=True)
class Parts:
    """Sends parts, each on the thread of its caller."""

    works: Works
    calls: Calls
    pace: Pace
    counters: Counters
    stopping: threading.Event = field(default_factory=threading.Event)

    def send(self, head: Head) -> None:
        """Send one part, if it may go now, and write down what became of it."""
        with self.works.system() as work:
            order = sending.begin(work, head, self._wait_for_person)
        if order is None:
            return
        verdict = self._call(order)
        self.counters.add(meters.SENDS, order.channel, verdict.word)
        self._settle(order, verdict)

    def _wait_for_person(self, order: Order) -> timedelta:
        now = self.works.clock.now()
        return self.pace.wait_for_person(order.connector_id, order.channel, order.recipient, now)

    def _call(self, order: Order) -> Verdict:
        """The request itself. Whatever breaks once it may have been written leaves the outcome open."""
        out = Outgoing(
            recipient=order.recipient,
            part=part_name(order.id),
            late=order.late,
            business_connection=order.business_connection,
        )
        try:
            access = self.calls.access(order.channel, order.account_id, order.app, order.secret)
            sent = registry.adapter(order.channel).send_text(self.calls.http, access, out, order.text)
        except ChannelError as error:
            return self._refusal(order, error)
        except NoSuchApp:
            return Postponed(self.works.clock.now() + _WITHOUT_APP)
        except Exception:  # nobody knows how far it came; a retry could say it twice
            log.exception("send broke", extra={"channel": order.channel})
            return Unconfirmed()
        self._answered(order)
        return Accepted(sent.external_id)

    def _refusal(self, order: Order, error: ChannelError) -> Verdict:
        now = self.works.clock.now()
        if not verdicts.is_trouble(error):
            self._answered(order)
        elif self.pace.went_wrong(order.connector_id, now):
            self._tell_health(sending.degrade, order)
        return verdicts.of_error(error, order, now, chance())

    def _answered(self, order: Order) -> None:
        """The channel is up. A connector that another process, or we before a restart, called down is up again too."""
        closed = self.pace.went_well(order.connector_id, self.works.clock.now())
        if closed or order.degraded:
            self._tell_health(sending.recover, order)

    def _tell_health(self, tell: Callable[[Work, UUID, UUID, Reason], None], order: Order) -> None:
        """Beside the outcome of the part, which must be settled whether this can be written or not."""
        try:
            with self.works.system() as work:
                tell(work, order.client_id, order.connector_id, Reason.PROVIDER_DOWN)
        except (Unavailable, OperationalError) as trouble:
            log.warning("connector's health not written", extra={"reason": type(trouble).__name__})

    def _settle(self, order: Order, verdict: Verdict) -> None:
        """In a transaction of its own, again while the echo is being written or the database is away."""
        for _ in range(_SETTLE_TRIES):
            try:
                with self.works.system() as work:
                    _apply(work, order, verdict)
            except (IntegrityError, OperationalError, Unavailable) as trouble:
                log.warning("outcome waits", extra={"outcome": verdict.word, "reason": type(trouble).__name__})
                self.stopping.wait(_SETTLE_PAUSE)
            else:
                return
        log.error("outcome lost, becomes unknown", extra={"outcome": verdict.word})


def _apply(work: Work, order: Order, verdict: Verdict) -> None:
    match verdict:
        case Accepted():
            sending.accepted(work, order, verdict.external_id)
        case Unconfirmed():
            sending.unconfirmed(work, order)
        case Refused():
            sending.refused(work, order, verdict.failure)
        case Postponed():
            sending.postponed(work, order, verdict.until)
        case Rested():
            sending.rested(work, order, verdict.until)
        case Moved():
            sending.moved(work, order, verdict.recipient)
        case Stopped():
            sending.degrade(work, order.client_id, order.connector_id, verdict.reason)
            sending.postponed(work, order, work.now)
