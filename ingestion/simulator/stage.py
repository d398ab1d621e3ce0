"""The set on which everything plays: world, clock, courier, faults, tuning, and who listens to the business."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingestion.simulator.deliver import Courier, Sleep
from ingestion.simulator.faults import Faults
from ingestion.simulator.limits import Limits
from ingestion.simulator.media import File, Library
from ingestion.simulator.state import Attachment, Json, Message, Thread
from ingestion.simulator.tuning import Options, Tuning
from ingestion.simulator.world import World
from konectus.clock import Clock
from konectus.errors import Invalid


@dataclass
class ShiftedClock:
    """A clock that can be set ahead of another, never back."""

    inner: Clock
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return self.inner.now() + self.ahead

    def advance(self, by: timedelta) -> datetime:
        if by < timedelta():
            raise Invalid("the clock goes forward only")
        self.ahead += by
        return self.now()


@dataclass
class Stage:
    """One running simulator."""

    options: Options
    world: World
    clock: ShiftedClock
    courier: Courier
    faults: Faults
    tuning: Tuning
    library: Library
    sleep: Sleep
    listeners: list[Callable[[Thread, Message], None]] = field(default_factory=list)
    calls: list[Json] = field(default_factory=list)
    uploads: dict[str, Attachment] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def media_url(self, key: str) -> str:
        """The address of a kept file, with the marks of a signed link of a content network."""
        mint = self.world.mint
        return f"{self.options.address}/cdn/{key}?_nc_ad=z-m&oh={mint.text(32, 'oh', key).lower()}&oe=7FFFFFFF"

    def attach(self, kind: str, key: str, file: File) -> Attachment:
        facts: Json = {"key": key, "width": file.width, "height": file.height, "seconds": file.seconds}
        return Attachment(kind, self.media_url(key), file.name, file.media_type, len(file.content), file.sha256, facts)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something happen beside the call that caused it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def waiting(self) -> int:
        """What is still to come by itself: deliveries, echoes and receipts."""
        return self.courier.waiting() + len(self._tasks)

    def tell(self, thread: Thread, message: Message) -> None:
        """The business has said something to a person."""
        for listener in self.listeners:
            listener(thread, message)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.courier.close()
