"""Pages of the list and of a thread as they are read together: rows and who waits as a request, messages and lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.inbox import present
from backoffice.inbox.listing import Filter
from backoffice.inbox.present import Page
from backoffice.inbox.views import Row
from backoffice.pages import Reader
from konectus.sealing import ClientKeys
from konectus.store.queries import inbox, threads
from konectus.store.queries.asking import Requests
from konectus.store.queries.inbox import ListRow
from konectus.store.queries.threads import EventRow, MessageRow

Place = tuple[datetime, UUID]


@dataclass(frozen=True)
class Lists:
    """The list of one person, read with the Client's keys."""

    session: Session
    keys: ClientKeys
    chosen: Filter
    user_id: UUID

    def page(self, reader: Reader, before: str | None = None) -> tuple[Row, ...]:
        """One page of it; two queries, three where requests alone are shown."""
        requests = Requests(self.session, self.keys.client_id, reader.now)
        found = self._asking(requests, before) if self.chosen.kind == "requests" else self._all(before)
        waiting = requests.among([row.id for row in found])
        return tuple(present.row(row, reader, self.user_id, asks=row.id in waiting) for row in found)

    def _all(self, before: str | None) -> list[ListRow]:
        return inbox.list_page(self.session, self.keys, self.chosen.wanted(self.user_id, before))

    def _asking(self, requests: Requests, before: str | None) -> list[ListRow]:
        wanted = self.chosen.wanted(self.user_id, before)
        ids = requests.page(wanted.status, wanted.channel, wanted.before)
        found = inbox.list_rows(self.session, self.keys, self.user_id, ids)
        return sorted(found, key=lambda row: ids.index(row.id))


def newest(session: Session, keys: ClientKeys, conversation_id: UUID) -> Page:
    """The end of a thread."""
    messages = threads.thread_page(session, keys, conversation_id)
    return Page(messages, _events(session, keys, conversation_id, messages))


def before(session: Session, keys: ClientKeys, conversation_id: UUID, place: Place) -> Page:
    """The page that ends where another begins."""
    messages = threads.thread_page(session, keys, conversation_id, before=place)
    return Page(messages, _events(session, keys, conversation_id, messages, until=place[0]))


def after(session: Session, keys: ClientKeys, conversation_id: UUID, place: Place) -> Page:
    """The page that begins where another ends."""
    messages = threads.thread_page(session, keys, conversation_id, after=place)
    is_full = len(messages) >= threads.PAGE
    until = messages[-1].occurred_at if is_full else None
    events = threads.events(session, keys, conversation_id, since=place[0], until=until)
    return Page(messages, events, has_later=is_full)


def around(session: Session, keys: ClientKeys, conversation_id: UUID, message_id: UUID) -> Page:
    """The page around one message; the newest page for a message that is none of this conversation's."""
    messages = threads.page_around(session, keys, conversation_id, message_id)
    if not messages:
        return newest(session, keys, conversation_id)
    last = (messages[-1].occurred_at, messages[-1].id)
    has_later = bool(threads.thread_page(session, keys, conversation_id, after=last))
    until = messages[-1].occurred_at if has_later else None
    events = threads.events(session, keys, conversation_id, since=messages[0].occurred_at, until=until)
    return Page(messages, events, sought=message_id, has_later=has_later)


def _events(
    session: Session,
    keys: ClientKeys,
    conversation_id: UUID,
    messages: Sequence[MessageRow],
    until: datetime | None = None,
) -> Sequence[EventRow]:
    """The lines among these messages; at the beginning of a thread also those before the first."""
    since = messages[0].occurred_at if len(messages) >= threads.PAGE else None
    return threads.events(session, keys, conversation_id, since=since, until=until)
