"""A running installation with Clients whose accounts the channels know, for promises about the intake."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import httpx

from konectus.clock import SystemClock
from konectus.domain.channels import Channel
from konectus.services.installation import Installation
from tests.ingestion.harness import webhook_secret
from tests.promises.intake import drained
from tests.support import traffic_shapes as shapes
from tests.support.factories import Factory
from tests.support.processes import Site, until
from tests.support.traffic import Traffic
from tests.support.traffic_delivery import Postman
from tests.support.traffic_ledger import Body, Fact, Item, Ledger, Place
from tests.support.traffic_shapes import Json
from tests.support.traffic_verdict import Verdict, judge

DOOR = "/webhooks/meta/demo"
CHANNELS = (Channel.MESSENGER, Channel.INSTAGRAM, Channel.TELEGRAM)
_accounts = count(7_200_000_001)


@dataclass
class Running:
    """A site that is up, and a door beside it for the test."""

    site: Site
    installation: Installation

    def client(self, channels: Sequence[Channel] = CHANNELS) -> list[Place]:
        """A new Client with an account of each channel, known to the simulator and to the doors."""
        make = Factory(self.installation)
        client_id = make.client().id
        places = [self._place(make, client_id, channel) for channel in channels]
        for place in places:
            until(lambda found=place: self._is_open(found), seconds=15, what=f"the doors know {place.account}")  # type: ignore[misc]  # mypy infers no lambda with a default
        return places

    def clients(self, number: int) -> list[Place]:
        return [place for _ in range(number) for place in self.client()]

    def postman(self, ledger: Ledger) -> Postman:
        return Postman(self.site.port, ledger)

    def traffic(self, places: list[Place], seed: int) -> Traffic:
        return Traffic(places, seed, self.now())

    def now(self) -> datetime:
        return SystemClock().now()

    def settle(self, seconds: float = 60) -> None:
        """Everything that was acknowledged has been handled."""
        until(self._is_drained, seconds=seconds, what=lambda: f"the backlog is empty\n{self.site.log('up.log')}")

    def judged(self, ledger: Ledger, places: Sequence[Place], seconds: float = 10) -> Verdict:
        """What is held against what was told; what is put together a moment after its batch gets that moment."""
        clients: list[UUID] = sorted({place.client_id for place in places})
        deadline = time.monotonic() + seconds  # noqa: TID251 reason: a test waits for processes
        while not (verdict := judge(self.installation, ledger, clients)).is_clean:
            if time.monotonic() > deadline:  # noqa: TID251 reason: a test waits for processes
                break
            time.sleep(1)
        return verdict

    def _is_drained(self) -> bool:
        return drained(self.installation)

    def _place(self, make: Factory, client_id: UUID, channel: Channel) -> Place:
        account = str(next(_accounts))
        if channel is Channel.TELEGRAM:
            token = f"{account}:AA{'x' * 33}"
            self.site.sim("bots", {"username": f"b{account}_bot", "name": "Taller", "token": token})
            connector_id = make.connector(client_id, channel=channel, account_id=account, secret=token)
            secret = webhook_secret(self.installation, connector_id)
            return Place(client_id, connector_id, channel, account, f"/webhooks/telegram/{connector_id}", secret)
        page: Json = {"name": "Taller", "app": "demo", "token": f"EAA{account}"}
        if channel is Channel.INSTAGRAM:
            page |= {"id": f"9{account}", "instagram": {"username": f"u{account}", "id": account}}
        else:
            page["id"] = account
        self.site.sim("pages", page)
        connector_id = make.connector(client_id, channel=channel, account_id=account, secret=f"EAA{account}")
        return Place(client_id, connector_id, channel, account, DOOR)

    def _is_open(self, place: Place) -> bool:
        """Of a bot the door opens once its map was read; an update of no kind leaves nothing behind."""
        if not place.secret:
            return True
        headers = {"X-Telegram-Bot-Api-Secret-Token": place.secret}
        body = json.dumps({"update_id": 1, "an_update_of_no_kind": {}})
        return httpx.post(f"{self.site.url}{place.door}", content=body, headers=headers).is_success


def said(place: Place, number: int, text: str, *, person: str = "7000", at: datetime | None = None) -> Body:
    """Somebody writes to a Page: one item in a body of its own."""
    at = at or datetime(2026, 11, 20, 18, 0, tzinfo=UTC) + timedelta(milliseconds=number)
    item = written(place, number, text, person=person, at=at)
    return bodied([item])


def written(place: Place, number: int, text: str, *, person: str = "7000", at: datetime) -> Item:
    """The item of a message with this number; the same number is the same message."""
    key, at = f"m_{number:07d}", at.replace(microsecond=at.microsecond // 1000 * 1000)
    content = shapes.meta_in(place.account, person, round(at.timestamp() * 1000), message={"mid": key, "text": text})
    return Item(place, content, (Fact("said", place, key, person, at).saying(text),))


def bodied(items: Sequence[Item]) -> Body:
    """One body with an entry for each item."""
    entries = [{"id": item.place.account, "time": 1, "messaging": [item.content]} for item in items]
    return Body(DOOR, json.dumps({"object": "page", "entry": entries}).encode(), tuple(items))


@contextmanager
def running(folder: Path, *, workers: int = 1, **extra: str) -> Iterator[Running]:
    """`konectus up` and the simulator, stopped in the end."""
    site = Site(folder, extra=extra, workers=workers)
    try:
        site.start_simulator()
        site.register_app()
        site.start()
        with site.installation() as installation:
            yield Running(site, installation)
    finally:
        site.stop()
