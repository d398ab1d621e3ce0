"""The sender put together: its loops, the connection that wakes them, its heartbeat, and how it stops."""

import logging
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import psycopg

from ingestion.attachments.fetch import Fetcher
from ingestion.attachments.keeping import Keeping
from ingestion.attachments.transport import open_transport
from ingestion.pace import Pace, chance
from ingestion.sender.archives import Archives
from ingestion.sender.asking import Asking
from ingestion.sender.calls import Calls, open_http
from ingestion.sender.connecting import Connecting
from ingestion.sender.contracts import Contracts
from ingestion.sender.delivery import Delivery
from ingestion.sender.indexing import Indexing
from ingestion.sender.letters import Letters
from ingestion.sender.loops import Lanes, Loop
from ingestion.sender.mailing import Mailing
from ingestion.sender.media import FileAddresses, Media, addresses
from ingestion.sender.names import Names
from ingestion.sender.outbox import Outbox
from ingestion.sender.parts import Parts
from ingestion.sender.requests import Requests
from ingestion.sender.wires import Wires
from konectus import meters
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.files.opening import open_files
from konectus.meters import Counters
from konectus.services import jobs
from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.queries import limits
from konectus.store.roles import Role

log = logging.getLogger(__name__)

PROCESS = "sender"
POLL = 1.0
BEAT = 5.0
# P31: at most 15 s from the signal to the end. A call lasts 13 s at most, so nearly all end by themselves.
FINISHING = 12.0
BREAKING = 2.0
_LISTEN_AGAIN = 1.0
_ASKED = ("outbox", "returns", "requests", "archives", "notices", "contracts")


@dataclass
class Sender:
    """One process's worth of sending. Between `start` and `stop` it works; each part can be stepped by hand."""

    installation: Installation
    http: httpx.Client = field(default_factory=open_http)
    transport: httpx.BaseTransport = field(default_factory=open_transport)
    counters: Counters = field(default_factory=Counters)
    stopping: threading.Event = field(default_factory=threading.Event)
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")

    def __post_init__(self) -> None:
        works, settings = self.installation.works, self.installation.settings
        calls, pace = Calls(settings, self.http), Pace(works)
        files, address_of = open_files(settings.data_dir, settings.files_url), FileAddresses(works, calls)
        delivery = Delivery(calls, files, works.keys, works.clock, settings.public_url)
        self.wires = Wires(self.installation.database.conninfo(Role.WORKER))
        self.parts = Parts(works, delivery, pace, self.wires, self.counters, self.stopping)
        self.outbox = Outbox(works, pace, self.parts, lambda: self._wake("outbox"))
        self.asking = Asking(works, delivery, self.stopping)
        self.requests = Requests(works, Connecting(works, calls), lambda: self._wake("requests"), self.stopping)
        fetcher = Fetcher(self.transport, addresses(settings))
        self.media = Media(Keeping(works, files, fetcher, address_of, chance), lambda: self._wake("media"))
        self.names = Names(works, calls, self.stopping)
        self.letters, self.indexing = Letters(works), Indexing(works)
        self.archives = Archives(works)
        self.mailing = Mailing.of(self.installation, self.stopping)
        self.loops: Mapping[str, Loop] = {
            loop.name: loop
            for loop in (
                Loop("outbox", self.outbox.step, POLL),
                Loop("returns", self.outbox.sweep, POLL),
                Loop("requests", self.requests.step, POLL),
                Loop("media", self.media.step, POLL),
                Loop("names", self.names.step, POLL),
                Loop("asking", self.asking.step, POLL),
                Loop("letters", self.letters.step, POLL),
                Loop("withdrawn", self.media.sweep, 2 * POLL),
                Loop("search", self.indexing.step, POLL),
                Loop("archives", self.archives.step, 10 * POLL),
                Loop("notices", self.mailing.step, 2 * POLL),
                Loop("contracts", Contracts(self.installation).step, 2 * POLL),
                Loop("heartbeat", self.beat, BEAT),
            )
        }
        self._listener = threading.Thread(target=self._listen, name="listen", daemon=True)

    @property
    def lanes(self) -> tuple[Lanes, ...]:
        return self.outbox.lanes, self.requests.lanes, self.media.lanes

    def start(self) -> None:
        self._listener.start()
        for loop in self.loops.values():
            loop.start()

    def stop(self) -> bool:
        """No new claims; what is on the wire is finished, then broken off. Whether everything ended."""
        deadline = monotonic() + FINISHING
        self.stopping.set()
        self.archives.ask_to_stop()
        self.mailing.ask_to_stop()
        for loop in self.loops.values():
            loop.stop()
        # Loops first: the last step of one may still hand something to a lane.
        ended = [loop.join(deadline - monotonic()) for loop in self.loops.values()]
        idle = [lanes.wait_idle(max(deadline - monotonic(), 0)) for lanes in self.lanes]
        if not all((*ended, *idle)):
            # Calls that outlast this break and are settled as what they are: mostly unknown.
            self._hang_up()
            idle = [lanes.wait_idle(BREAKING) for lanes in self.lanes]
        self._hang_up()
        for lanes in self.lanes:
            lanes.close()
        self.archives.stop(max(deadline - monotonic(), 1.0))
        self.media.close()
        self.wires.close()
        return all((*ended, *idle))

    def _hang_up(self) -> None:
        self.http.close()
        self.transport.close()

    def beat(self) -> bool:
        """The row that says we are alive, with what was counted."""
        with self.installation.works.system() as work:
            breakers = limits.open_by_channel(work.session)
        for channel in Channel:
            self.counters.put(meters.BREAKERS_OPEN, channel, value=breakers.get(channel, 0))
        jobs.beat(self.installation, PROCESS, self.worker, self.counters.snapshot())
        return False

    def _wake(self, name: str) -> None:
        self.loops[name].wake()

    def _listen(self) -> None:
        """OUTBOX wakes what sends; LIVE, told of every batch of new messages, what they bring: files and new people."""
        conninfo = self.installation.database.conninfo(Role.WORKER)
        while not self.stopping.is_set():
            try:
                with psycopg.connect(conninfo, autocommit=True) as conn:
                    conn.execute(f"listen {signals.OUTBOX}".encode())
                    conn.execute(f"listen {signals.LIVE}".encode())
                    while not self.stopping.is_set():
                        for notice in conn.notifies(timeout=_LISTEN_AGAIN):
                            self._told(notice.channel)
            except (psycopg.Error, OSError) as trouble:
                log.warning("not listening, polling", extra={"reason": type(trouble).__name__})
                self.stopping.wait(_LISTEN_AGAIN)

    def _told(self, channel: str) -> None:
        for name in _ASKED if channel == signals.OUTBOX else ("media", "names"):
            self._wake(name)
