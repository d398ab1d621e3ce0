"""What all stories of one seeded day draw from: chance, numbers and instants that never repeat, and words."""

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from tests.support.traffic_ledger import Place

HOSTILE = [entry["text"] for entry in json.loads((Path(__file__).parents[1] / "corpus" / "hostile.json").read_bytes())]
EMOJIS = ("❤️", "👍", "😂", "😮", "😢")
PEOPLE = range(7000, 7009)
_WORDS = ("¿Abren mañana?", "Gracias 🙏", "¿Cuánto cuesta?", "ñandú", "Va, quedo al pendiente", "ok", "x" * 900, "你好")
_HOSTILE_SHARE = 0.15
_LONG = timedelta(hours=20)


class Day:
    """A day that ends at `end`; the same seed and the same calls give the same day."""

    def __init__(self, places: Sequence[Place], seed: int, end: datetime) -> None:
        self.places, self.rng = places, random.Random(seed)  # noqa: S311 reason: a repeatable day, nothing secret
        self._start = (end - _LONG).replace(microsecond=0)
        self._ids = {place: count(1) for place in places}
        self._updates = {place: count(500_000) for place in places}
        self._ticks = {place: count() for place in places}

    def next_id(self, place: Place) -> int:
        """Counts in every place from one: equal ids in several places are the rule."""
        return next(self._ids[place])

    def next_update(self, place: Place) -> int:
        return next(self._updates[place])

    def tick(self, place: Place) -> datetime:
        """The next instant of a place; whole seconds on Telegram."""
        number = next(self._ticks[place])
        step = timedelta(seconds=number) if place.channel == "telegram" else timedelta(milliseconds=7 * number)
        return self._start + step

    def text(self) -> str:
        words = HOSTILE if self.rng.random() < _HOSTILE_SHARE else _WORDS
        return f"{self.rng.choice(words)} {self.rng.randrange(10**6)}"
