"""The list of conversations and the page of a thread at the number of messages that the store holds by now."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from konectus.cli.bench.ground import Ground
from konectus.clock import monotonic
from konectus.store.queries import inbox, threads, usage
from konectus.store.queries.inbox import ListFilter, ListRow
from konectus.store.roles import Role

TIMES = 200
_AGENT = UUID(int=0)


@dataclass(frozen=True)
class Read:
    """Seconds of each page, opened with the Client's keys, under its policies."""

    messages: int
    lists: tuple[float, ...]
    threads: tuple[float, ...]


def measure(ground: Ground) -> Read:
    rows = _every_row(ground)
    random = Random(1)  # noqa: S311 - which page is looked at
    keys = ground.installation.keys.of(ground.client_id)
    with ground.installation.database.session(Role.WORKER) as session:
        messages = sum(usage.message_counts(session).values())

    def a_list() -> None:
        row = random.choice(rows)
        with ground.installation.database.session(Role.APP, ground.client_id) as session:
            inbox.list_page(session, keys, ListFilter(user_id=_AGENT, before=(row.last_at, row.id)))

    def a_thread() -> None:
        with ground.installation.database.session(Role.APP, ground.client_id) as session:
            threads.thread_page(session, keys, random.choice(rows).id)

    return Read(messages, _timed(a_list), _timed(a_thread))


def _timed(act: Callable[[], None]) -> tuple[float, ...]:
    found = []
    for _ in range(TIMES):
        began = monotonic()
        act()
        found.append(monotonic() - began)
    return tuple(found)


def _every_row(ground: Ground) -> list[ListRow]:
    keys, rows = ground.installation.keys.of(ground.client_id), list[ListRow]()
    with ground.installation.database.session(Role.APP, ground.client_id) as session:
        while True:
            before = (rows[-1].last_at, rows[-1].id) if rows else None
            page = inbox.list_page(session, keys, ListFilter(user_id=_AGENT, before=before))
            if not page:
                return rows
            rows += page
