"""P1 and P2: what was answered 200 is in the store exactly once, whatever is killed while requests are unanswered."""

import asyncio
import hashlib
import hmac
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest

from konectus.domain.connectors import ConnectorState
from konectus.services.installation import Installation
from konectus.store.queries import connectors, threads
from konectus.store.roles import Role
from tests.support.factories import Factory
from tests.support.processes import META_SECRET, Site, until

PAGE = "100200300"
DELIVERIES = 2000
KILLS = 5
VICTIMS = ("web", "worker", "postgresql")
AT_ONCE = 12


@dataclass
class Traffic:
    """Signed deliveries, a third of them repeated; keeps sending until each was acknowledged."""

    url: str
    rng: random.Random
    acknowledged: set[str] = field(default_factory=set)
    waiting: int = 0
    unanswered_at_kill: list[int] = field(default_factory=list)
    repeats: int = 0

    async def send_all(self, total: int) -> None:
        queue = list(range(total)) + self.rng.sample(range(total), total // 3)
        self.repeats = total // 3
        self.rng.shuffle(queue)
        work = iter(queue)
        async with httpx.AsyncClient(timeout=10) as http:
            await asyncio.gather(*(self._take(http, work) for _ in range(AT_ONCE)))

    async def _take(self, http: httpx.AsyncClient, work: Iterator[int]) -> None:
        """One of several takers of a shared iterator."""
        for number in work:
            while not await self._deliver(http, number):  # noqa: ASYNC110 a delivery is repeated as a channel does
                await asyncio.sleep(0.05)

    async def _deliver(self, http: httpx.AsyncClient, number: int) -> bool:
        mid = f"m_{number:05d}"
        body = json.dumps(message(mid, person=str(7000 + number % 40), at=1_790_000_000_000 + number)).encode()
        self.waiting += 1
        try:
            answer = await http.post(self.url, content=body, headers={"X-Hub-Signature-256": signature(body)})
        except httpx.HTTPError:
            return False
        finally:
            self.waiting -= 1
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            self.acknowledged.add(mid)
        return answer.status_code == 200


def message(mid: str, *, person: str, at: int) -> dict[str, object]:
    said = {"mid": mid, "text": f"¿Siguen abiertos? {mid}"}
    item = {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": at, "message": said}
    return {"object": "page", "entry": [{"id": PAGE, "time": at, "messaging": [item]}]}


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(META_SECRET.encode(), body, hashlib.sha256).hexdigest()


async def kill_while_unanswered(site: Site, traffic: Traffic, kills: int) -> None:
    """kill -9 of each victim in turn, only at moments when requests are without an answer."""
    for victim in [v for _ in range(kills) for v in VICTIMS]:
        await asyncio.sleep(traffic.rng.uniform(0.3, 0.9))
        while traffic.waiting == 0:  # noqa: ASYNC110 the very moment counts, no event tells it
            await asyncio.sleep(0.001)
        traffic.unanswered_at_kill.append(traffic.waiting)
        site.kill(victim)
        await asyncio.to_thread(until, site.is_ready, seconds=60, what=lambda: f"all is back\n{site.log('up.log')}")


async def deliver_under_kills(site: Site, traffic: Traffic, deliveries: int, kills: int) -> None:
    """Traffic goes on until the last kill: when the deliveries run out, they come again."""
    sending = asyncio.create_task(traffic.send_all(deliveries))
    killing = asyncio.create_task(kill_while_unanswered(site, traffic, kills))
    while not killing.done():
        await asyncio.wait({sending, killing}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not killing.done():
            await sending
            sending = asyncio.create_task(traffic.send_all(deliveries))
    await killing
    await sending


def stored(installation: Installation, client_id: UUID) -> list[str]:
    """External ids of everything the Client holds, as its own role reads them."""
    keys, found, after = installation.keys.of(client_id), list[str](), None
    while True:
        with installation.database.session(Role.APP, client_id) as session:
            rows = threads.messages_after(session, keys, after, connector_id=None, limit=500)
        if not rows:
            return found
        found += [row.external_id or "" for row in rows]
        after = rows[-1].id


def check(site: Site, *, deliveries: int, kills: int, seed: int) -> Traffic:
    site.start_simulator()
    site.register_app()
    page = site.sim("pages", {"name": "Taller Lumbre", "app": "demo", "id": PAGE})
    site.start()
    with site.installation() as installation:
        make = Factory(installation)
        client_id = make.client().id
        make.connector(client_id, account_id=PAGE, secret=page["token"], connected=False)
        until(lambda: is_connected(installation, client_id), seconds=30, what="the page is connected")
        traffic = Traffic(f"{site.url}/webhooks/meta/demo", random.Random(seed))  # noqa: S311 a repeatable schedule
        asyncio.run(deliver_under_kills(site, traffic, deliveries, kills))
        until(lambda: drained(installation), seconds=60, what=lambda: f"the backlog is empty\n{site.log('up.log')}")
        found = stored(installation, client_id)
    assert len(traffic.acknowledged) == deliveries
    assert sorted(found) == sorted(traffic.acknowledged)
    assert len(traffic.unanswered_at_kill) == kills * len(VICTIMS)
    assert all(waiting > 0 for waiting in traffic.unanswered_at_kill)
    return traffic


def is_connected(installation: Installation, client_id: UUID) -> bool:
    with installation.database.session(Role.WORKER) as session:
        return all(row.state is ConnectorState.CONNECTED for row in connectors.of_client(session, client_id))


def drained(installation: Installation) -> bool:
    with installation.database.session(Role.WORKER) as session:
        waiting = session.connection().exec_driver_sql(
            "select count(*) from platform.webhook_event where processed_at is null"
        )
        return waiting.scalar() == 0


@pytest.mark.processes
@pytest.mark.timeout(400)
def test_five_kills_of_each_process_lose_and_double_nothing(site: Site) -> None:
    check(site, deliveries=DELIVERIES, kills=KILLS, seed=20261122)


@pytest.mark.load
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_ten_seeds_of_kills_lose_and_double_nothing(site: Site, seed: int) -> None:
    check(site, deliveries=6000, kills=20, seed=seed)
