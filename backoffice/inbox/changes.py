"""What changed in a Client's conversations, as HTML for each open inbox. Runs in a thread; who listens is the hub's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice import pages
from backoffice.inbox import listing, present
from backoffice.inbox.listing import Filter
from backoffice.inbox.tabs import NOTHING, Opening
from backoffice.inbox.views import Person
from backoffice.pages import Reader
from backoffice.sessions import Visitor
from konectus import i18n
from konectus.sealing import ClientKeys
from konectus.services.work import Works
from konectus.store.queries import inbox, profiles, threads
from konectus.store.queries.inbox import ListRow
from konectus.store.queries.threads import MessageRow
from konectus.store.roles import Role


@dataclass(frozen=True)
class Event:
    """One event of the stream; its data is HTML, or an id."""

    name: str
    data: str
    id: str = ""


@dataclass(frozen=True)
class Desk:
    """An open inbox: who looks, and at which list."""

    visitor: Visitor
    chosen: Filter


@dataclass
class Known:
    """What one stream was told of the conversation its page shows: a receipt then sends one bubble, not fifty."""

    opening: Opening = NOTHING
    messages: dict[UUID, int] = field(default_factory=dict)
    window: tuple[datetime | None, ...] = ()

    def turn_to(self, opening: Opening) -> None:
        """The page was written anew: what was told before says nothing of it."""
        if self.opening is not opening:
            self.opening, self.messages, self.window = opening, {}, ()

    def news(self, messages: list[MessageRow]) -> list[MessageRow]:
        """The messages that differ from what was told; all of them where nothing was told yet."""
        former, self.messages = self.messages, {message.id: hash(message) for message in messages}
        return [message for message in messages if former.get(message.id) != self.messages[message.id]]

    def is_new_window(self, row: ListRow) -> bool:
        former, self.window = self.window, (row.window_opened_at,)
        return former != self.window


@dataclass(frozen=True)
class Telling:
    """What one stream is to be told: which conversations changed, and the one that its page shows."""

    desk: Desk
    ids: tuple[UUID, ...]
    opening: Opening
    known: Known


@dataclass(frozen=True)
class _Reading:
    """One reading of the store for all desks; each query runs once however many look."""

    session: Session
    keys: ClientKeys
    now: datetime
    rows: dict[UUID, dict[UUID, ListRow]] = field(default_factory=dict)
    counts: dict[UUID, inbox.Counts] = field(default_factory=dict)
    threads: dict[UUID, list[MessageRow]] = field(default_factory=dict)
    nodes: dict[tuple[object, ...], str] = field(default_factory=dict)

    def read_lists(self, tellings: list[Telling]) -> None:
        """Rows and counts per person, since each sees the own draft and the own view."""
        wanted: dict[UUID, dict[UUID, None]] = {}
        for telling in tellings:
            wanted.setdefault(telling.desk.visitor.user_id, {}).update(dict.fromkeys(telling.ids))
        for user_id, ids in wanted.items():
            self.rows[user_id] = {row.id: row for row in inbox.list_rows(self.session, self.keys, user_id, list(ids))}
            self.counts[user_id] = inbox.counts(self.session, self.keys.client_id, user_id)

    def thread(self, conversation_id: UUID) -> list[MessageRow]:
        if conversation_id not in self.threads:
            self.threads[conversation_id] = threads.thread_page(self.session, self.keys, conversation_id)
        return self.threads[conversation_id]

    @cached_property
    def colleagues(self) -> list[profiles.Colleague]:
        return profiles.colleagues(self.session, self.keys.client_id)


def render(works: Works, client_id: UUID, tellings: list[Telling]) -> list[list[Event]]:
    """The events for each stream, in the order given. A row that left the list of a desk is `gone` there."""
    with works.database.session(Role.APP, client_id) as session:
        reading = _Reading(session, works.keys.of(client_id), works.clock.now())
        reading.read_lists(tellings)
        return [_for_desk(reading, telling) for telling in tellings]


def _for_desk(reading: _Reading, telling: Telling) -> list[Event]:
    desk, visitor = telling.desk, telling.desk.visitor
    reader = Reader(reading.now, visitor.zone)
    rows = reading.rows[visitor.user_id]
    found: list[Event] = []
    with i18n.use(visitor.locale):
        for row in (rows[one] for one in telling.ids if one in rows):
            found.append(_row_event(row, desk, reader))
            if row.id == telling.opening.conversation_id:
                found.extend(_thread_events(reading, telling, row, reader))
        side = listing.side(visitor, desk.chosen, reading.counts[visitor.user_id])
        found.append(Event("side", pages.render("inbox/side.html", reader, side=side)))
    return found


def _thread_events(reading: _Reading, telling: Telling, row: ListRow, reader: Reader) -> Iterator[Event]:
    """Of the thread that the page shows: head and changed bubbles, and whether its box may have to change."""
    known = telling.known
    known.turn_to(telling.opening)
    news = known.news(reading.thread(row.id))
    yield Event("node", _head(reading, row, telling.desk, reader) + _nodes(reading, row.id, news, reader))
    if known.is_new_window(row):
        yield Event("box", str(row.id))


def _row_event(row: ListRow, desk: Desk, reader: Reader) -> Event:
    if not desk.chosen.admits(row, desk.visitor.user_id):
        return Event("gone", str(row.id))
    shown = present.row(row, reader, desk.visitor.user_id)
    return Event("row", pages.render("inbox/row.html", reader, row=shown, list_query=desk.chosen.query))


def _head(reading: _Reading, row: ListRow, desk: Desk, reader: Reader) -> str:
    user_id = desk.visitor.user_id
    return pages.render(
        "inbox/head.html",
        reader,
        thread=present.thread(row, [], reader, user_id=user_id, reply_id=row.id),
        people=people(reading.colleagues, user_id),
        list_query=desk.chosen.query,
    )


def people(colleagues: list[profiles.Colleague], user_id: UUID) -> list[Person]:
    return [Person(one.user_id, one.name, is_reader=one.user_id == user_id) for one in colleagues]


def _nodes(reading: _Reading, conversation_id: UUID, messages: list[MessageRow], reader: Reader) -> str:
    key = (i18n.current(), reader.zone, conversation_id, *(message.id for message in messages))
    if key not in reading.nodes:
        turns = present.turns(messages, reader)
        show: Callable[..., str] = partial(pages.render, "inbox/turn.html", reader)
        reading.nodes[key] = "".join(show(turn=turn) for turn in turns)
    return reading.nodes[key]
