"""Long work a part at a time, with rests: whoever stores messages meanwhile is hardly slowed."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from konectus.clock import monotonic

# Seconds of rest for each second of work, measured in docs/privacy.md; a part quicker than this needs none, so that
# small installations never wait.
REST, UNNOTICED = 4.0, 0.05

Part = TypeVar("Part")
Rest = Callable[[float], None]


def resting(parts: Iterable[Part], rest: Rest = time.sleep) -> Iterator[Part]:
    """Each part, and after it a rest that is as much longer as the part took."""
    for part in parts:
        began = monotonic()
        yield part
        took = monotonic() - began
        if took > UNNOTICED:
            rest(took * REST)
