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
from ingestion.pace import Pace, chance
from ingestion.sender.calls import Calls, open_http
from ingestion.sender.connecting import Connecting
from ingestion.sender.loops import Lanes, Loop
from ingestion.sender.media import FileAddresses, Media, addresses
from ingestion.sender.names import Names
from ingestion.sender.outbox import Outbox
from ingestion.sender.parts import Parts
from ingestion.sender.requests import Requests
from konectus.clock import monotonic
from konectus.files.opening import open_files
from konectus.meters import Counters
from konectus.services import jobs
from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.roles import Role

log = logging.getLogger(__name__)

PROCESS = "sender"
POLL = 1.0
BEAT = 5.0
# P31: at most 15 s from the signal to the end. A call lasts 13 s at most, so nearly all end by themselves.
FINISHING = 12.0
BREAKING = 2.0
_LISTEN_AGAIN = 1.0


@dataclass
class Sender:
    """One process's worth of sending. Between `start` and `stop` it works; each part can be stepped by hand."""

    installation: Installation
    http: httpx.Client = field(default_factory=open_http)
    transport: httpx.BaseTransport = field(default_factory=lambda: httpx.HTTPTransport(trust_env=False))
    counters: Counters = field(default_factory=Counters)
    pace: Pace = field(default_factory=Pace)
    stopping: threading.Event = field(default_factory=threading.Event)
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")

    def __post_init__(self) -> None:
        works, settings = self.installation.works, self.installation.settings
        calls = Calls(settings, self.http)
        self.parts = Parts(works, calls, self.pace, self.counters, self.stopping)
        self.outbox = Outbox(works, self.pace, self.parts, lambda: self._wake("outbox"))
        self.requests = Requests(works, Connecting(works, calls), lambda: self._wake("requests"))
        fetcher = Fetcher(self.transport, addresses(settings))
        files, address_of = open_files(settings.data_dir), FileAddresses(works, calls)
        self.media = Media(Keeping(works, files, fetcher, address_of, chance), lambda: self._wake("media"))
        self.names = Names(works, calls, self.stopping)
        self.loops: Mapping[str, Loop] = {
            loop.name: loop
            for loop in (
                Loop("outbox", self.outbox.step, POLL),
                Loop("returns", self.outbox.sweep, POLL),
                Loop("requests", self.requests.step, POLL),
                Loop("media", self.media.step, POLL),
                Loop("names", self.names.step, POLL),
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
        return all((*ended, *idle))

    def _hang_up(self) -> None:
        self.http.close()
        self.transport.close()

    def beat(self) -> bool:
        """The row that says we are alive, with what was counted."""
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
        woken = ("outbox", "returns", "requests") if channel == signals.OUTBOX else ("media", "names")
        for name in woken:
            self._wake(name)
