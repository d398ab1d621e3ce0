"""What changed in a Client's conversations, as HTML for each open inbox. Runs in a thread; who listens is the hub's."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice import pages
from backoffice.inbox import listing, present
from backoffice.inbox.listing import Filter
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

_MOST_KNOWN = 300


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
    """What the open inboxes of one Client were told last: a receipt then sends one bubble, not fifty."""

    threads: OrderedDict[UUID, dict[UUID, int]] = field(default_factory=OrderedDict)
    windows: dict[UUID, datetime | None] = field(default_factory=dict)

    def news(self, conversation_id: UUID, messages: list[MessageRow]) -> list[MessageRow]:
        """The messages that differ from what was told; all of them where nothing was told yet."""
        former = self.threads.pop(conversation_id, {})
        self.threads[conversation_id] = told = {message.id: hash(message) for message in messages}
        while len(self.threads) > _MOST_KNOWN:
            forgotten, _ = self.threads.popitem(last=False)
            self.windows.pop(forgotten, None)
        return [message for message in messages if former.get(message.id) != told[message.id]]

    def is_new_window(self, row: ListRow) -> bool:
        former = self.windows.get(row.id, row.window_opened_at)
        self.windows[row.id] = row.window_opened_at
        return former != row.window_opened_at


@dataclass(frozen=True)
class _Reading:
    """One reading of the store for all desks; each query runs once however many look."""

    session: Session
    keys: ClientKeys
    now: datetime
    colleagues: list[profiles.Colleague]
    rows: dict[tuple[UUID, UUID], ListRow | None] = field(default_factory=dict)
    nodes: dict[tuple[str, str, UUID], str] = field(default_factory=dict)

    def row(self, user_id: UUID, conversation_id: UUID) -> ListRow | None:
        """Per person, since each sees the own draft."""
        key = (user_id, conversation_id)
        if key not in self.rows:
            self.rows[key] = inbox.list_row(self.session, self.keys, user_id, conversation_id)
        return self.rows[key]


def render(
    works: Works, client_id: UUID, conversation_ids: Iterable[UUID], desks: list[Desk], known: Known
) -> list[list[Event]]:
    """The events for each desk, in the order given. A row that left the list of a desk is `gone` there."""
    with works.database.session(Role.APP, client_id) as session:
        keys = works.keys.of(client_id)
        reading = _Reading(session, keys, works.clock.now(), profiles.colleagues(session, client_id))
        news = {
            conversation_id: known.news(conversation_id, threads.thread_page(session, keys, conversation_id))
            for conversation_id in conversation_ids
        }
        opened = [c for c in news if desks and _window_moved(reading, known, desks[0], c)]
        return [_for_desk(reading, desk, news, opened) for desk in desks]


def _window_moved(reading: _Reading, known: Known, desk: Desk, conversation_id: UUID) -> bool:
    row = reading.row(desk.visitor.user_id, conversation_id)
    return row is not None and known.is_new_window(row)


def _for_desk(reading: _Reading, desk: Desk, news: dict[UUID, list[MessageRow]], opened: list[UUID]) -> list[Event]:
    visitor = desk.visitor
    reader = Reader(reading.now, visitor.zone)
    found: list[Event] = []
    with i18n.use(visitor.locale):
        for conversation_id, messages in news.items():
            row = reading.row(visitor.user_id, conversation_id)
            if row is None:
                continue
            found.append(_row_event(row, desk, reader))
            html = _head(reading, row, desk, reader) + _nodes(reading, conversation_id, messages, reader)
            found.append(Event("node", html))
        found.extend(Event("box", str(conversation_id)) for conversation_id in opened)
        counts = inbox.counts(reading.session, reading.keys.client_id, visitor.user_id)
        found.append(
            Event("side", pages.render("inbox/side.html", reader, side=listing.side(visitor, desk.chosen, counts)))
        )
    return found


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
    key = (i18n.current(), reader.zone, conversation_id)
    if key not in reading.nodes:
        turns = present.turns(messages, reader)
        show: Callable[..., str] = partial(pages.render, "inbox/turn.html", reader)
        reading.nodes[key] = "".join(show(turn=turn) for turn in turns)
    return reading.nodes[key]
