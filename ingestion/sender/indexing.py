"""Puts what was said, and who said it, into the index of words. Runs in the sender, off the way of intake and replies.

A Client's index is written by one at a time, under its lock: what is read there is what is shown, whatever edits and
withdrawals come meanwhile, and each of those is queued or waited for by its own transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain import search as rule
from konectus.sealing import ClientKeys
from konectus.services.work import Work, Works
from konectus.store import locks
from konectus.store.keystore import NoKey
from konectus.store.queries import search, search_index
from konectus.store.queries.search_index import Indexed, Pending

# One transaction: so long waits a withdrawal of the same Client at most (some 60 ms on the reference machine).
_MESSAGES = 500
_ROWS = 50
# A key that is missing may be a key store that is not mounted: what waits, waits on.
_WITHOUT_KEY = timedelta(minutes=5)
# Of older installations: nothing was said through these channels before.
_FIRST_MONTH = date(2015, 1, 1)


@dataclass(frozen=True)
class Indexing:
    """One loop's work."""

    works: Works
    _resting: dict[UUID, datetime] = field(default_factory=dict, init=False)

    def step(self) -> bool:
        """Index a batch; True when there may be more. Catch-up goes on where nothing newer waits."""
        return self._newest() or self._catch_up()

    def _newest(self) -> bool:
        with self.works.system() as work:
            by_client: dict[UUID, list[Pending]] = defaultdict(list)
            for pending in _within(search_index.claim(work.session, _ROWS, self._without_keys(work.now))):
                by_client[pending.client_id].append(pending)
            done = [self._index(work, client_id, by_client[client_id]) for client_id in sorted(by_client)]
        return any(done)

    def _index(self, work: Work, client_id: UUID, pending: Sequence[Pending]) -> bool:
        """What waits of one Client; False where somebody else is at its index."""
        if not locks.try_search_index(work.session, client_id):
            return False
        if (keys := self._keys(client_id, work.now)) is not None:
            _messages(work.session, keys, [row for one in pending for row in one.message_ids])
            _contacts(work.session, keys, [row for one in pending for row in one.contact_ids])
            search_index.done(work.session, pending)
        return True

    def _catch_up(self) -> bool:
        """The next messages of a Client that was here before search was, and the people they are from."""
        with self.works.system() as work:
            started = search_index.claim_catch_up(work.session, work.now, self._without_keys(work.now))
            if started is None or not locks.try_search_index(work.session, started.client_id):
                return False
            client_id, keys = started.client_id, self._keys(started.client_id, work.now)
            if keys is None:
                return True
            found = search_index.older(work.session, client_id, started.older_than, _MESSAGES)
            if not found:
                search_index.done(work.session, [started])
                return True
            self._cover({at for _, at, _ in found}, work.now)
            _messages(work.session, keys, [row for row, _, _ in found])
            contacts = [contact for _, _, contact in found]
            _contacts(work.session, keys, search_index.not_indexed(work.session, client_id, contacts))
            search_index.go_on_from(work.session, started, found[-1][0])
        return True

    def _keys(self, client_id: UUID, now: datetime) -> ClientKeys | None:
        """None where they are not there: destroyed with the Client, whose rows go as well, or not mounted."""
        try:
            return self.works.keys.of(client_id)
        except NoKey:
            self._resting[client_id] = now + _WITHOUT_KEY
            return None

    def _without_keys(self, now: datetime) -> list[UUID]:
        """Clients that are left alone for a while."""
        for client_id in [client_id for client_id, until in self._resting.items() if until <= now]:
            del self._resting[client_id]
        return sorted(self._resting)

    def _cover(self, instants: set[datetime], now: datetime) -> None:
        """Have the months of these messages there. In a transaction of its own: it locks the whole index."""
        days = {at.astimezone(UTC).date().replace(day=1) for at in instants}
        with self.works.system() as work:
            for day in sorted(day for day in days if _FIRST_MONTH <= day <= now.astimezone(UTC).date()):
                search.keep_partitions(work.session, day, day)


def _within(pending: Sequence[Pending]) -> list[Pending]:
    """As many rows as make one transaction; the first in any case."""
    kept: list[Pending] = []
    size = 0
    for one in pending:
        size += len(one.message_ids) + len(one.contact_ids)
        if kept and size > _MESSAGES:
            break
        kept.append(one)
    return kept


def _messages(session: Session, keys: ClientKeys, ids: Sequence[UUID]) -> None:
    if not ids:
        return
    shown = search_index.shown(session, keys, ids)
    words = {message.id: rule.words(message.text) for message in shown}
    hashed = _hashed(keys, words.values(), search.WORD)
    rows = [Indexed(message, [hashed[word] for word in words[message.id]]) for message in shown]
    search_index.write_messages(session, keys.client_id, rows)


def _contacts(session: Session, keys: ClientKeys, ids: Sequence[UUID]) -> None:
    if not ids:
        return
    beginnings = {one.id: rule.beginnings(*one.names) for one in search_index.named(session, keys, ids)}
    hashed = _hashed(keys, beginnings.values(), search.BEGINNING)
    prefixes = {contact: [hashed[one] for one in found] for contact, found in beginnings.items()}
    search_index.write_contacts(session, keys.client_id, prefixes)


def _hashed(keys: ClientKeys, lists: Iterable[Sequence[str]], purpose: str) -> dict[str, int]:
    once = list({word for words in lists for word in words})
    return dict(zip(once, search.hashes(keys, once, purpose), strict=True))
