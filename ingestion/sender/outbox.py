"""The outbox loop: which parts go out now, at which pace, on which lane; and what is left behind or given back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ingestion.pace import Pace
from ingestion.sender.loops import Lanes
from ingestion.sender.parts import Parts
from konectus.domain.channels import Channel
from konectus.services import returning, sending
from konectus.services.work import Works
from konectus.store.queries import sending as parts
from konectus.store.queries.sending import Head

# Conversations of one connector that are written to at the same time, and threads of one channel.
PER_CONNECTOR = 3
PER_CHANNEL = 8
_MOST = 100
# A call ends within its timeouts (13 s); what has been on the wire for longer belongs to a dead process.
LEASE = timedelta(seconds=60)


@dataclass
class Outbox:
    """Finds due parts and hands them to lanes. `done` is called when one has ended."""

    works: Works
    pace: Pace
    parts: Parts
    done: Callable[[], None]
    lanes: Lanes = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes("send", PER_CHANNEL, PER_CONNECTOR, self.done)

    def step(self) -> bool:
        """Send what is due and has room; the rest waits for a lane that comes free, or for the next poll."""
        channels = self.lanes.with_room([str(channel) for channel in Channel])
        if not channels:
            return False
        now = self.works.clock.now()
        with self.works.system() as work:
            wanted = parts.Wanted(channels, self.pace.resting(now), PER_CONNECTOR, _MOST)
            found = parts.heads(work.session, now, wanted)
        for head in found:
            self._start(head)
        return False

    def sweep(self) -> bool:
        """Parts of a dead process become unknown; cancelled and overdue ones go back to their authors."""
        with self.works.system() as work:
            sending.strand(work, work.now - LEASE)
        with self.works.system() as work:
            return returning.give_back(work) >= returning.BATCH

    def _start(self, head: Head) -> None:
        """Budgets are taken only for what has a thread, a probe only for what has a budget."""
        now, lanes = self.works.clock.now(), self.lanes
        if not lanes.may_run(head.channel, head.connector_id, head.id):
            return
        if self.pace.wait_for_account(head.connector_id, head.channel, now):
            return
        if self.pace.allow(head.connector_id, now):
            lanes.run(head.channel, head.connector_id, head.id, lambda: self.parts.send(head))
