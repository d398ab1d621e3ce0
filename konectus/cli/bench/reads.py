"""The list, the page of a thread and search at a history of one Client; the history is made by history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.cli.bench import history
from konectus.cli.bench.ground import Ground
from konectus.clock import monotonic
from konectus.sealing import ClientKeys
from konectus.store.queries import inbox, search, threads
from konectus.store.queries.inbox import ListFilter
from konectus.store.roles import Role

TIMES = 200
EACH = 60
# Seconds; a search that takes longer at its 95th percentile fails the run.
SLOWEST_SEARCH = 0.060
ANY = "any word"
_AGENT = UUID(int=0)
_WARM_UP = 10
_T = TypeVar("_T")
# Ranks of words: of `rank n` every n-th-rarest is one, rank 1 stands in half of all messages.
_RANKS = {"very frequent": (1, 10), "middling": (50, 2_000), "rare": (20_000, history.VOCABULARY - 1)}


@dataclass(frozen=True)
class Read:
    """Seconds of each page, opened with the Client's keys, under its policies."""

    messages: int
    lists: tuple[float, ...]
    threads: tuple[float, ...]
    searches: Mapping[str, tuple[float, ...]]


def measure(ground: Ground, messages: int = 50_000) -> Read:
    """Make the history and read it; what was measured before stays in the store."""
    queries = _queries(Random(4))  # noqa: S311 - which words are looked for
    made = history.make(ground, messages, [query for some in queries.values() for query in some])
    random = Random(1)  # noqa: S311 - which page is looked at
    reader = _Reader(ground, ground.installation.keys.of(ground.client_id))
    lists = [random.choice(made.places) for _ in range(TIMES)]
    talks = [random.choice(made.threads) for _ in range(TIMES)]
    seconds = {
        "lists": reader.timed(lists, lambda s, k, at: inbox.list_page(s, k, ListFilter(_AGENT, before=at))),
        "threads": reader.timed(talks, threads.thread_page),
    }
    found = {kind: reader.timed(some, search.messages) for kind, some in queries.items()}
    found[ANY] = tuple(second for kind, some in found.items() if kind != "two words" for second in some)
    return Read(made.messages, seconds["lists"], seconds["threads"], found)


def _queries(random: Random) -> dict[str, list[str]]:
    def some(kind: str) -> list[str]:
        return [history.word(random.randint(*_RANKS[kind])) for _ in range(EACH)]

    single = {kind: some(kind) for kind in _RANKS}
    pairs = [("very frequent", "very frequent"), ("very frequent", "middling"), ("middling", "middling")]
    both = [" ".join(two) for a, b in pairs for two in zip(some(a), some(b), strict=True)][:: len(pairs)]
    return {**single, "absent": ["nuncaescrita"] * (EACH // 3), "two words": both}


@dataclass(frozen=True)
class _Reader:
    ground: Ground
    keys: ClientKeys

    def timed(self, asked: Sequence[_T], ask: Callable[[Session, ClientKeys, _T], object]) -> tuple[float, ...]:
        """Seconds of each, a transaction of the web's role included. The first answers fill caches and are not told."""
        for one in asked[:_WARM_UP]:
            self._ask(one, ask)
        return tuple(self._ask(one, ask) for one in asked)

    def _ask(self, one: _T, ask: Callable[[Session, ClientKeys, _T], object]) -> float:
        began = monotonic()
        with self.ground.installation.database.session(Role.APP, self.keys.client_id) as session:
            ask(session, self.keys, one)
        return monotonic() - began
