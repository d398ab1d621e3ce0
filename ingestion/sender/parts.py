"""One part from the outbox to the channel and back: begun, written to the wire, settled. Which one is `outbox`."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError, OperationalError

from ingestion.channels.port.failures import ChannelError
from ingestion.pace import Pace, chance
from ingestion.sender import verdicts
from ingestion.sender.calls import NoSuchApp
from ingestion.sender.delivery import Delivery
from ingestion.sender.verdicts import Accepted, Moved, Postponed, Refused, Rested, Stopped, Unconfirmed, Verdict
from ingestion.sender.wires import Wires
from konectus import meters
from konectus.domain.connectors import Reason
from konectus.errors import Unavailable
from konectus.files.port import FilesDown, NoSuchFile
from konectus.meters import Counters
from konectus.sealing import Unreadable
from konectus.services import sending
from konectus.services.limits import Line
from konectus.services.orders import Order
from konectus.services.sending import Refusal
from konectus.services.work import Work, Works
from konectus.store.queries.sending import Head

log = logging.getLogger(__name__)

_WITHOUT_APP = timedelta(minutes=5)
_WITHOUT_FILES = timedelta(minutes=1)
# The database may be restarting: an outcome that is not written becomes `unknown` when the process ends.
_SETTLE_TRIES = 40
_SETTLE_PAUSE = 0.5


@dataclass(frozen=True)
class Parts:
    """Sends parts, each on the thread of its caller."""

    works: Works
    delivery: Delivery
    pace: Pace
    wires: Wires
    counters: Counters
    stopping: threading.Event = field(default_factory=threading.Event)

    def send(self, head: Head) -> None:
        """Send one part, if it may go now, and write down what became of it."""
        with self.wires.held(head.id) as is_ours:
            if not is_ours:
                return
            with self.works.system() as work:
                order = sending.begin(work, head, self._wait_for)
            if order is None:
                return
            verdict = self._call(order, is_probe=head.is_probe)
            self.counters.add(meters.SENDS, order.channel, verdict.word)
            self._settle(order, verdict)

    def _wait_for(self, work: Work, order: Order) -> timedelta:
        """What chat and kind of file are granted, beyond the account's budget."""
        line = line_of(order)
        wait = self.pace.wait_for_chat(work, line, order.conversation_id, order.recipient)
        return wait or self.pace.wait_for_file(work, line, order.file.kind if order.file else None)

    def _call(self, order: Order, *, is_probe: bool) -> Verdict:
        """The request itself. Whatever breaks once it may have been written leaves the outcome open."""
        try:
            done = self.delivery.deliver(order)
        except ChannelError as error:
            return self._refusal(order, error, is_probe=is_probe)
        except NoSuchApp:
            return Postponed(self.works.clock.now() + _WITHOUT_APP)
        except (NoSuchFile, Unreadable):
            return Refused(Refusal("file_lost"))
        except FilesDown:
            return Postponed(self.works.clock.now() + _WITHOUT_FILES)
        except Exception:  # nobody knows how far it came; a retry could say it twice
            log.exception("send broke", extra={"channel": order.channel})
            return Unconfirmed()
        self._answered(order, is_probe=is_probe)
        self._beside(lambda: self.pace.note_usage(line_of(order), done.sent.usage, self.works.clock.now()))
        return Accepted(done.sent.external_id, done.took_thread)

    def _refusal(self, order: Order, error: ChannelError, *, is_probe: bool) -> Verdict:
        now = self.works.clock.now()
        if not verdicts.is_trouble(error):
            self._answered(order, is_probe=is_probe)
        elif self._beside(lambda: self.pace.went_wrong(line_of(order), now)):
            self._tell_health(sending.degrade, order)
        return verdicts.of_error(error, order, now, chance())

    def _answered(self, order: Order, *, is_probe: bool) -> None:
        """The channel is up. A connector that another process, or we before a restart, called down is up again too."""
        now = self.works.clock.now()
        closed = self._beside(lambda: self.pace.went_well(line_of(order), now, is_probe=is_probe))
        if closed or order.degraded:
            self._tell_health(sending.recover, order)

    def _tell_health(self, tell: Callable[[Work, UUID, UUID, Reason], None], order: Order) -> None:
        def write() -> None:
            with self.works.system() as work:
                tell(work, order.client_id, order.connector_id, Reason.PROVIDER_DOWN)

        self._beside(write)

    @staticmethod
    def _beside(write: Callable[[], bool | None]) -> bool:
        """Beside the outcome of the part, which must be settled whether this can be written or not."""
        try:
            return bool(write())
        except (Unavailable, OperationalError) as trouble:
            log.warning("state of the channel not written", extra={"reason": type(trouble).__name__})
            return False

    def _settle(self, order: Order, verdict: Verdict) -> None:
        """In a transaction of its own, again while the echo is being written or the database is away."""
        for _ in range(_SETTLE_TRIES):
            try:
                with self.works.system() as work:
                    gone = _apply(work, order, verdict)
            except (IntegrityError, OperationalError, Unavailable) as trouble:
                log.warning("outcome waits", extra={"outcome": verdict.word, "reason": type(trouble).__name__})
                self.stopping.wait(_SETTLE_PAUSE)
            else:
                self.delivery.forget(order.client_id, gone)
                return
        log.error("outcome lost, becomes unknown", extra={"outcome": verdict.word})


def line_of(order: Order) -> Line:
    """Whose pace the order counts for."""
    return Line(order.client_id, order.connector_id, order.channel)


def _apply(work: Work, order: Order, verdict: Verdict) -> tuple[UUID, ...]:
    """Returns files that nobody names any more."""
    gone: tuple[UUID, ...] = ()
    match verdict:
        case Accepted():
            gone = sending.accepted(work, order, verdict.external_id)
            sending.reached(work, order, took_thread=verdict.took_thread)
        case Unconfirmed():
            sending.unconfirmed(work, order)
        case Refused():
            sending.refused(work, order, verdict.refusal)
        case Postponed():
            sending.postponed(work, order, verdict.until)
        case Rested():
            sending.rested(work, order, verdict.until)
        case Moved():
            sending.moved(work, order, verdict.recipient)
        case Stopped():
            sending.degrade(work, order.client_id, order.connector_id, verdict.reason)
            sending.postponed(work, order, work.now)
    return gone
