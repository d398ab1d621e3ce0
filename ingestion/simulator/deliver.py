"""Webhook deliveries: ordered queues, retries, hold, reorder, redeliver. Knows bytes, not their meaning."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx

from ingestion.simulator.mint import Mint
from ingestion.simulator.tuning import Tuning
from konectus.clock import Clock, monotonic
from konectus.errors import NotFound

State = Literal["pending", "queued", "held", "merged", "delivered", "dropped"]
Sleep = Callable[[float], Awaitable[None]]

_ANSWER_WITHIN = 20.0
_AT_ONCE = 40
_RETRY_AFTER_AT_MOST = 3600.0
_TELEGRAM_CAP = (60.0, 120.0)
_META_DELAYS = (0.0, 0.0, 2.0, 10.0, 30.0, 60.0, 120.0)
_META_LAST_DELAY = 300.0


@dataclass(frozen=True)
class Target:
    """Where bytes go and what goes with them."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Attempt:
    at: datetime
    status: int | None
    error: str
    seconds: float
    retry_after: str = ""

    @property
    def is_good(self) -> bool:
        return self.status is not None and httpx.codes.is_success(self.status)


@dataclass
class Delivery:
    """The bytes of one POST and what became of them. `resolve` gives the present target, None where none is wanted."""

    channel: str
    account: str
    person: str
    kind: str
    body: bytes
    resolve: Callable[[], Target | None]
    created_at: datetime
    blocks_queue: bool = False
    keep_for: timedelta = timedelta(hours=1)
    id: str = ""
    state: State = "queued"
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    chat: str = ""
    update_id: int = 0

    @property
    def queue(self) -> tuple[str, str, str, str]:
        """One queue per chat; on Telegram what is no message, edit or deletion has queues of its own."""
        shared = {"message", "edit", "deleted"}
        apart = self.kind if self.channel == "telegram" and self.kind not in shared else ""
        return (self.channel, self.account, self.chat or self.person, apart)


class Courier:
    """Carries deliveries. Queues run beside each other, one goes strictly in order.

    A delivery that `blocks_queue` (Telegram) is tried until it arrives or is too old before the next may go; any other
    (Meta) is tried again beside the queue, so that later ones overtake it, as in life.
    """

    def __init__(self, http: httpx.AsyncClient, clock: Clock, sleep: Sleep, mint: Mint, tuning: Tuning) -> None:
        self.http, self.clock, self.sleep, self.mint, self.tuning = http, clock, sleep, mint, tuning
        self.log: list[Delivery] = []
        self.given_up: Callable[[Delivery], None] = _nothing
        self._queues: dict[tuple[str, ...], deque[Delivery]] = defaultdict(deque)
        self._held: dict[tuple[str, str], list[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def note(self, delivery: Delivery) -> Delivery:
        """Give a delivery its id and keep it in the log without sending it."""
        delivery.id = f"d{len(self.log) + 1}"
        self.log.append(delivery)
        return delivery

    def send(self, delivery: Delivery) -> None:
        """Queue a delivery, or hold it where its account is held."""
        held = self._held.get((delivery.channel, delivery.account))
        if held is not None:
            delivery.state = "held"
            held.append(delivery)
            return
        delivery.state = "queued"
        queue = self._queues[delivery.queue]
        queue.append(delivery)
        if len(queue) == 1:
            self._start(self._run(queue))

    def by_id(self, delivery_id: str) -> Delivery:
        found = next((d for d in self.log if d.id == delivery_id), None)
        if found is None:
            raise NotFound(f"no delivery {delivery_id!r}")
        return found

    def hold(self, channel: str, account: str) -> None:
        self._held.setdefault((channel, account), [])

    def held(self) -> list[Delivery]:
        """Everything that is held, whatever the account."""
        return [delivery for waiting in self._held.values() for delivery in waiting]

    def forget_held(self, gone: list[Delivery]) -> None:
        """These travel in another way; their accounts stay held."""
        ids = {delivery.id for delivery in gone}
        for waiting in self._held.values():
            waiting[:] = [delivery for delivery in waiting if delivery.id not in ids]

    def release(self, channel: str, account: str, order: str) -> int:
        """Let the held deliveries go in that order (fifo, reverse, shuffle); later ones are no longer held."""
        held = self._held.pop((channel, account), [])
        if order == "reverse":
            held = held[::-1]
        elif order == "shuffle":
            held = self.mint.shuffled(held, "release", len(self.log))
        for delivery in held:
            self.send(delivery)
        return len(held)

    def waiting(self) -> int:
        """How many deliveries are queued or wait for another try; held ones do not count."""
        return sum(d.state == "queued" for d in self.log)

    async def attempt(self, delivery: Delivery, target: Target) -> Attempt:
        """POST the bytes once, note and return what came back."""
        delivery.url, delivery.headers = target.url, target.headers
        started, at = monotonic(), self.clock.now()
        status, error, asked = None, "", ""
        try:
            answer = await self.http.post(
                target.url, content=delivery.body, headers=target.headers, timeout=_ANSWER_WITHIN
            )
            status, error = answer.status_code, "" if answer.is_success else answer.text[:200]
            asked = answer.headers.get("Retry-After", "")
        except httpx.HTTPError as trouble:
            error = type(trouble).__name__
        made = Attempt(at, status, error, round(monotonic() - started, 4), asked)
        delivery.attempts.append(made)
        return made

    async def redeliver(self, delivery: Delivery, times: int, *, at_once: bool) -> list[int | None]:
        """Send the same bytes with the same headers again; the answers in the order of sending."""
        target = Target(delivery.url, delivery.headers)
        if at_once:
            made = await asyncio.gather(*(self.attempt(delivery, target) for _ in range(times)))
        else:
            made = [await self.attempt(delivery, target) for _ in range(times)]
        return [attempt.status for attempt in made]

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.http.aclose()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, queue: deque[Delivery]) -> None:
        while queue:
            delivery = queue[0]
            if delivery.blocks_queue:
                await self._until_settled(delivery)
            elif not await self._try(delivery):
                self._start(self._until_settled(delivery))
            queue.popleft()

    async def _until_settled(self, delivery: Delivery) -> None:
        while not await self._try(delivery):
            await self.sleep(self._delay(delivery) * self.tuning.retry_scale)

    async def _try(self, delivery: Delivery) -> bool:
        """One attempt; True when nothing is left to do for this delivery."""
        target = delivery.resolve()
        if target is None:
            delivery.state = "pending" if delivery.blocks_queue else "dropped"
            return True
        async with self._slots:
            made = await self.attempt(delivery, target)
        if made.is_good:
            delivery.state = "delivered"
        elif self.clock.now() - delivery.created_at >= delivery.keep_for:
            delivery.state = "dropped"
            self.given_up(delivery)
        return delivery.state != "queued"

    def _delay(self, delivery: Delivery) -> float:
        tried = len(delivery.attempts)
        if not delivery.blocks_queue:
            return _META_DELAYS[tried - 1] if tried <= len(_META_DELAYS) else _META_LAST_DELAY
        return _asked(delivery) or min(
            2.0 ** (tried - 1) if tried > 1 else 0.0, self.mint.between(*_TELEGRAM_CAP, "retry", delivery.id, tried)
        )


def _asked(delivery: Delivery) -> float:
    """The webhook's own Retry-After in seconds, as far as it is obeyed."""
    text = delivery.attempts[-1].retry_after
    return min(float(text), _RETRY_AFTER_AT_MOST) if text.isdigit() else 0.0


def _nothing(delivery: Delivery) -> None:
    """Nobody minds that a delivery was given up."""
