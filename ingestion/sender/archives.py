"""Starts `python -m reports.export` for archives that Clients asked for (decisions.md, "Loops under a minute").

The process of its own builds, so that its memory and its faults are its own; here is only who runs.
"""

import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from konectus.clock import monotonic
from konectus.services.work import Works
from konectus.store.queries import exports

log = logging.getLogger(__name__)

# At once in one sender: an archive is a core's work and nobody waits for it at the screen.
MOST = 1


class Child(Protocol):
    """A process that builds."""

    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


def start(job_id: UUID) -> Child:
    """A process of ours, with our environment and our standard error."""
    return subprocess.Popen(  # noqa: S603 a program of ours by name
        [sys.executable, "-m", "reports.export", str(job_id)], stdout=subprocess.DEVNULL
    )


@dataclass
class Archives:
    """What this sender has running. A request is claimed by the process itself, so two senders may start one each."""

    works: Works
    start: Callable[[UUID], Child] = start
    _running: dict[UUID, Child] = field(default_factory=dict, init=False)
    _is_stopping: bool = field(default=False, init=False)

    def step(self) -> bool:
        """Look after those who ended, then start what waits; never asks to be called again at once."""
        for job_id, child in list(self._running.items()):
            if (code := child.poll()) is not None:
                del self._running[job_id]
                log.log(logging.INFO if code == 0 else logging.WARNING, "archive process ended", extra={"code": code})
        room = MOST - len(self._running)
        if room <= 0 or self._is_stopping:
            return False
        with self.works.system() as work:
            due = exports.due(work.session, work.now, MOST + len(self._running))
        for job_id in [one for one in due if one not in self._running][:room]:
            self._running[job_id] = self.start(job_id)
        return False

    def ask_to_stop(self) -> None:
        """No further one begins; those that run finish what they are at and hand the rest back."""
        self._is_stopping = True
        for child in list(self._running.values()):
            child.terminate()

    def stop(self, seconds: float) -> None:
        """Wait so long for those that run, then cut them off; somebody else goes on from their last step."""
        self.ask_to_stop()
        deadline = monotonic() + seconds
        for child in self._running.values():
            try:
                child.wait(max(deadline - monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._running.clear()
