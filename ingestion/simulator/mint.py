"""Ids, tokens and choices, all drawn from one seed and the words that name what they are for. No global state."""

import base64
import hashlib
from collections.abc import Sequence
from typing import TypeVar

Option = TypeVar("Option")

_MID_BYTES = 64
_INSTAGRAM_MID_HEAD = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOj"


class Mint:
    """The same seed and words always give the same value, in whatever order they are asked for."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def number(self, *words: object) -> int:
        return int.from_bytes(self._bytes(16, words))

    def below(self, limit: int, *words: object) -> int:
        return self.number(*words) % limit

    def between(self, low: float, high: float, *words: object) -> float:
        return low + (high - low) * self.below(1_000_000, *words) / 1_000_000

    def pick(self, options: Sequence[Option], *words: object) -> Option:
        return options[self.below(len(options), *words)]

    def shuffled(self, items: Sequence[Option], *words: object) -> list[Option]:
        order = sorted(range(len(items)), key=lambda index: self.number(*words, index))
        return [items[index] for index in order]

    def digits(self, length: int, *words: object) -> str:
        """A number as text with exactly that many digits, never with a leading zero."""
        low = 10 ** (length - 1)
        return str(low + self.below(9 * low, *words))

    def text(self, length: int, *words: object) -> str:
        """Letters that are safe in a URL."""
        return (
            base64.urlsafe_b64encode(self._bytes(length, words)).decode()[:length].replace("-", "a").replace("_", "b")
        )

    def messenger_mid(self, *words: object) -> str:
        return "m_" + base64.urlsafe_b64encode(self._bytes(_MID_BYTES, words)).decode().rstrip("=")

    def instagram_mid(self, *words: object) -> str:
        middle = base64.urlsafe_b64encode(self._bytes(_MID_BYTES + 32, words)).decode().rstrip("=")
        return f"{_INSTAGRAM_MID_HEAD}{middle}ZDZD"

    def _bytes(self, length: int, words: Sequence[object]) -> bytes:
        name = "\x1f".join([str(self.seed), *map(str, words)])
        return hashlib.shake_256(name.encode("utf-8", "surrogatepass")).digest(length)
