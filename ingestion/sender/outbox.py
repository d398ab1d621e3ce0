"""The outbox loop: which parts go out now, at which pace, on which lane; and what is left behind or given back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingestion.pace import Pace
from ingestion.sender.loops import Lanes
from ingestion.sender.parts import Parts
from konectus.domain.channels import Channel
from konectus.services import limits, returning, sending
from konectus.services.limits import Line
from konectus.services.work import Works
from konectus.store.queries import sending as parts
from konectus.store.queries.sending import Head

# Conversations of one connector that are written to at the same time, and threads of one channel.
PER_CONNECTOR = 3
PER_CHANNEL = 8
_MOST = 100
# Longer than a delivery can take, or the next part would overtake one that is still on the wire. What a killed process
# had there is found at once, by its lock; this is for one that hangs.
LEASE = timedelta(minutes=8)
_TIDY = timedelta(minutes=10)


@dataclass
class Outbox:
    """Finds due parts and hands them to lanes. `done` is called when one has ended."""

    works: Works
    pace: Pace
    parts: Parts
    done: Callable[[], None]
    lanes: Lanes = field(init=False)
    _tidied: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes("send", PER_CHANNEL, PER_CONNECTOR, self.done)

    def step(self) -> bool:
        """Send what is due and has room; the rest waits for a lane that comes free, or for the next poll."""
        channels = self.lanes.with_room([str(channel) for channel in Channel])
        if not channels:
            return False
        with self.works.system() as work:
            found = parts.heads(work.session, work.now, parts.Wanted(channels, PER_CONNECTOR, _MOST))
        for head in found:
            self._start(head)
        return False

    def sweep(self) -> bool:
        """Parts of a dead process become unknown; cancelled and overdue ones go back to their authors."""
        with self.works.system() as work:
            sending.strand(work, work.now - LEASE)
            if self._tidied is None or work.now - self._tidied >= _TIDY:
                limits.forget(work)
                self._tidied = work.now
        with self.works.system() as work:
            return returning.give_back(work) >= returning.BATCH

    def _start(self, head: Head) -> None:
        """Budgets are taken only for what has a thread, a probe only for what has a budget."""
        now, line = self.works.clock.now(), Line(head.client_id, head.connector_id, head.channel)
        if not self.lanes.may_run(head.channel, head.connector_id, head.id):
            return
        if not self.pace.may_send(line, now):
            return
        if not head.is_probe or self.pace.may_probe(line):
            self.lanes.run(head.channel, head.connector_id, head.id, lambda: self.parts.send(head))
