"""Threads of the sender: loops that a signal wakes, and lanes that keep a slow channel from holding up the others."""

import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from konectus.clock import monotonic
from konectus.errors import Unavailable

log = logging.getLogger(__name__)

_AFTER_TROUBLE = 1.0


@dataclass
class Loop:
    """Runs `step` when woken, at least every `seconds`; at once again while it answers True."""

    name: str
    step: Callable[[], bool]
    seconds: float
    _woken: threading.Event = field(default_factory=threading.Event, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """No further step begins."""
        self._stopping.set()
        self._woken.set()

    def join(self, seconds: float) -> bool:
        """Wait for the running step; whether it ended."""
        if self._thread is None:
            return True
        self._thread.join(max(seconds, 0))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            more, wait = False, self.seconds
            try:
                more = self.step()
            except Unavailable as trouble:
                log.warning("loop waits", extra={"loop": self.name, "reason": trouble.code})
                wait = _AFTER_TROUBLE
            except Exception:  # a mistake in one loop must not end it, let alone the others
                log.exception("loop failed", extra={"loop": self.name})
                wait = _AFTER_TROUBLE
            if not more:
                self._woken.wait(wait)


@dataclass
class Lanes:
    """One pool of threads per lane (a channel): what hangs in one lane never takes a thread of another."""

    name: str
    threads: int
    per_group: int
    done: Callable[[], None]
    _pools: dict[str, ThreadPoolExecutor] = field(default_factory=dict, init=False)
    _running: dict[Hashable, tuple[str, Hashable]] = field(default_factory=dict, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)

    def room(self, lane: str) -> int:
        """How many threads of a lane are free."""
        with self._changed:
            return self.threads - sum(one == lane for one, _ in self._running.values())

    def with_room(self, lanes: list[str]) -> list[str]:
        """Those lanes that have a free thread."""
        return [lane for lane in lanes if self.room(lane) > 0]

    def may_run(self, lane: str, group: Hashable, key: Hashable) -> bool:
        """Whether work of this key is not running, and lane and group have room."""
        with self._changed:
            return self._may_run(lane, group, key)

    def run(self, lane: str, group: Hashable, key: Hashable, work: Callable[[], None]) -> bool:
        """Do it on a thread of the lane; False where there is no room or it is running already."""
        with self._changed:
            if not self._may_run(lane, group, key):
                return False
            self._running[key] = (lane, group)
            if lane not in self._pools:
                self._pools[lane] = ThreadPoolExecutor(self.threads, f"{self.name}-{lane}")
        self._pools[lane].submit(self._work, key, work)
        return True

    def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing runs; whether that came about."""
        deadline = monotonic() + seconds
        with self._changed:
            while self._running and (left := deadline - monotonic()) > 0:
                self._changed.wait(left)
            return not self._running

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _may_run(self, lane: str, group: Hashable, key: Hashable) -> bool:
        if key in self._running:
            return False
        in_lane = sum(one == lane for one, _ in self._running.values())
        in_group = sum(other == group for _, other in self._running.values())
        return in_lane < self.threads and in_group < self.per_group

    def _work(self, key: Hashable, work: Callable[[], None]) -> None:
        try:
            work()
        except Unavailable as trouble:
            log.warning("work waits", extra={"lanes": self.name, "reason": trouble.code})
        except Exception:  # one part or request that fails must not take its thread along
            log.exception("work failed", extra={"lanes": self.name})
        finally:
            with self._changed:
                self._running.pop(key, None)
                self._changed.notify_all()
            self.done()
