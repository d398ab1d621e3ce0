"""P31: a stop under load takes at most 15 s, ends with 0, says it is not ready first and loses nothing."""

import asyncio
import itertools
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from konectus.clock import monotonic
from tests.promises.intake import PAGE, drained, message, signature, stored
from tests.support.factories import Factory
from tests.support.processes import Site, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
STOPPED_WITHIN = 15
AT_ONCE = 8


@dataclass
class Load:
    """Deliveries as fast as they are answered, until nobody answers any more."""

    site: Site
    acknowledged: list[str] = field(default_factory=list)
    answers: set[int] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _begun: float = field(default_factory=monotonic)

    async def press(self) -> None:
        async with httpx.AsyncClient(timeout=10) as http:
            await asyncio.gather(*(self._deliver(http) for _ in range(AT_ONCE)))

    async def _deliver(self, http: httpx.AsyncClient) -> None:
        for number in self._numbers:
            mid = f"m_{number:06d}"
            body = message(mid, person=str(7000 + number % 30), at=1_790_000_000_000 + number)
            try:
                answer = await http.post(
                    f"{self.site.url}/webhooks/meta/demo",
                    content=body,
                    headers={"X-Hub-Signature-256": signature(body)},
                )
            except httpx.HTTPError:
                return  # the door is shut: the channel would come again
            self.answers.add(answer.status_code)
            if answer.is_success:
                self.acknowledged.append(mid)


async def stop_under(load: Load) -> tuple[int, float]:
    """The exit code of everything and how long it took."""
    pressing = asyncio.create_task(load.press())
    await asyncio.sleep(3)
    began = monotonic()
    parent = load.site.parent
    parent.send_signal(signal.SIGTERM)
    code = await asyncio.to_thread(parent.wait, 60)
    took = monotonic() - began
    await pressing
    return code, took


def test_stop_under_load_is_quick_and_loses_nothing(site: Site) -> None:
    site.start()
    with site.installation() as installation:
        make = Factory(installation)
        client_id = make.client().id
        make.connector(client_id, account_id=PAGE)
    load = Load(site)
    code, took = asyncio.run(stop_under(load))
    assert code == 0
    assert took <= STOPPED_WITHIN, f"{took:.1f} s"
    assert load.answers <= {200, 503}
    assert len(load.acknowledged) > 50
    site.forget_ended()
    site.start()
    with site.installation() as installation:
        until(lambda: drained(installation), seconds=60, what="the backlog is empty")
        assert sorted(stored(installation, client_id)) == sorted(load.acknowledged)
    print(f"P31: stopped in {took:.1f} s under {len(load.acknowledged) / 3:.0f} deliveries/s")  # noqa: T201 the figure
