"""Generated traffic of the three channels: one endless day of many Clients, in the bodies that it travels in.

Seeded: the same seed makes the same bodies. The ledger says what must be stored of them; traffic_delivery sends them.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tests.support import traffic_meta, traffic_telegram
from tests.support import traffic_shapes as shapes
from tests.support.traffic_day import Day
from tests.support.traffic_ledger import Body, Item, Ledger, Place
from tests.support.traffic_shapes import Json

# How far an item may come before or after its turn, in items.
_DISORDER = 40


class Traffic:
    """An endless day of many small stories: told out of order, in batches of many Clients, with repeats and rubbish.

    `end` is the instant before which everything was said.
    """

    def __init__(self, places: Sequence[Place], seed: int, end: datetime) -> None:
        self.places, self.ledger = places, Ledger()
        self.day = Day(places, seed, end)
        self.rng = self.day.rng
        self._sent: list[Body] = []

    def bodies(self, items: int) -> Iterator[Body]:
        """About so many items, as the bodies they travel in; repeats come on top."""
        waiting: list[tuple[float, Item]] = []
        made = 0
        while made < items:
            story = self._story()
            waiting += [(made + index + self.rng.uniform(0, _DISORDER), item) for index, item in enumerate(story)]
            made += len(story)
        yield from self._packed([item for _, item in sorted(waiting, key=lambda pair: pair[0])])

    def _story(self) -> list[Item]:
        place = self.rng.choice(self.places)
        tell = traffic_telegram.story if place.channel == "telegram" else traffic_meta.story
        return tell(self.day, place)

    def _packed(self, items: Sequence[Item]) -> Iterator[Body]:
        """Updates alone, Meta's items in batches of any Clients, with something unknown or broken among them."""
        batches: dict[str, list[Item]] = {"messenger": [], "instagram": []}
        for item in items:
            if item.place.channel == "telegram":
                yield from self._travel(_update(item))
                continue
            batch = batches[item.place.channel]
            batch.append(item)
            if len(batch) >= self.rng.choice((1, 1, 1, 2, 4, 10, 25)):
                yield from self._travel(self._batch(batch))
                batch.clear()
        yield from (body for batch in batches.values() if batch for body in self._travel(self._batch(batch)))

    def _batch(self, items: Sequence[Item]) -> Body:
        chosen, door = list(items), items[0].place.door
        if self._sent and self.rng.random() < 0.1:
            old = self.rng.choice(self._sent)
            chosen += [item for item in old.items if item.place.channel == items[0].place.channel]
        entries = [self._entry(item.place.account, item.listing, item.content) for item in chosen]
        if self.rng.random() < 0.08:
            stranger = shapes.meta_in("999999", "7000", 1_790_000_000_000, message={"mid": "m_stranger", "text": "?"})
            entries.append(self._entry("999999", "messaging", stranger))
        if self.rng.random() < 0.04:
            entries.append(self._entry(items[0].place.account, "messaging", self.rng.choice(shapes.POISON)))
        self.rng.shuffle(entries)
        name = "page" if items[0].place.channel == "messenger" else "instagram"
        return Body(door, json.dumps({"object": name, "entry": entries}).encode(), tuple(chosen))

    def _entry(self, account: str, listing: str, content: Any) -> Json:
        return {"id": account, "time": 1_790_000_000_000, listing: [content]}

    def _travel(self, body: Body) -> Iterator[Body]:
        """The body, perhaps several at once, perhaps an old one after it, perhaps one that nobody signed."""
        chance = self.rng.random()
        yield Body(body.door, body.raw, body.items, body.secret, times=self.rng.randint(2, 8) if chance < 0.06 else 1)
        if chance > 0.95 and self._sent:
            yield self.rng.choice(self._sent)
        elif chance > 0.93:
            yield self._forged(body)
        elif chance > 0.915 and not body.secret:
            yield Body(body.door, self.rng.choice(shapes.JUNK + shapes.EMPTY))
        if len(self._sent) < 500 or self.rng.random() < 0.1:
            self._sent.append(body)

    def _forged(self, body: Body) -> Body:
        """A message of its own that is signed wrongly or not at all: it must never be seen."""
        key = f"m_forged{self.rng.randrange(10**9)}"
        self.ledger.refused.add(key)
        place = body.items[0].place
        if place.channel == "telegram":
            raw = json.dumps(traffic_telegram.stranger(key)).encode()
        else:
            item = shapes.meta_in(place.account, "7000", 1_790_000_000_000, message={"mid": key, "text": key})
            raw = json.dumps({"object": "page", "entry": [self._entry(place.account, "messaging", item)]}).encode()
        return Body(body.door, raw, secret="", signature=self.rng.choice(("wrong", "none", "sha1", "other body's")))


def _update(item: Item) -> Body:
    return Body(item.place.door, json.dumps(item.content).encode(), (item,), item.place.secret)
